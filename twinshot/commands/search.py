"""`twinshot search`: search a bundle without a service."""

import json as jsonlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from engine.bundle.generation import Generation
    from engine.ranking import Found

Scored = tuple[float | None, bool | None]


def search(
    bundles: Annotated[Path, typer.Argument(help="The bundle folder.")],
    photos: Annotated[list[Path], typer.Argument(help="Photos to search with.")],
    limit: Annotated[int, typer.Option(min=1, max=200, help="Products per photo.")] = 10,
    category: Annotated[
        list[str] | None,
        typer.Option(help="Only these categories (any of them)."),
    ] = None,
    pictures: Annotated[
        bool | None,
        typer.Option(
            "--pictures/--no-pictures",
            help="Pictures above the table. Default: where the terminal has graphics; elsewhere they are coarse.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per photo and line.")] = False,
) -> None:
    """Find the products on photos. A photo that cannot be used is named, the others are answered; exit code 2.

    With --json it has `error` in place of `results`.

    Example: twinshot search demo/bundles photo.jpg --limit 5
    """
    from engine.bundle.generation import open_generation
    from engine.bundle.store import current
    from engine.calibration import NEEDED
    from engine.encoder import Encoder
    from engine.errors import PhotoError
    from engine.preprocess import load
    from engine.ranking import rank
    from engine.scope import scope_of

    generation = open_generation(bundles / current(bundles))
    encoder = Encoder(generation.folder, verify=False)
    scope = scope_of(category, generation.manifest.categories) if category else generation.manifest.scope
    drawing = not json and _draws(generation, pictures)
    code = 0
    for path in photos:
        try:
            data = _read(path)
            pixels = load(data, encoder.card.preprocessing)
        except PhotoError as error:
            code = error.exit_code
            print(f"twinshot: {path}: {error}", file=sys.stderr, flush=True)
            if json:
                _print_json(path, generation, error=str(error))
            continue
        embedding = encoder.encode(pixels[None]).embeddings[0]
        found = rank(generation, embedding, max(limit, NEEDED), scope).found
        scored = _scored(generation, found)[:limit]
        if json:
            _print_json(path, generation, results=_results(found[:limit], scored))
            continue
        if drawing:
            _draw(data, generation, found[:limit])
        _table(path, generation, found[:limit], scored)
    if code:
        raise typer.Exit(code)


def _read(path: Path) -> bytes:
    """A photo's bytes, once: what comes from a pipe cannot be read again."""
    from engine.errors import UnreadableError

    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"the photo cannot be read ({error.strerror or error})") from error


def _scored(generation: "Generation", found: "Sequence[Found]") -> list[Scored]:
    """Score and match of each, as the service gives them; None where the generation has no scores."""
    from engine.calibration import scores_of

    own = generation.manifest.calibration
    scored = scores_of(own, [each.similarity for each in found])
    return [(score, None if own is None or score is None else own.matches(score)) for score in scored]


def _results(found: "Sequence[Found]", scored: Sequence[Scored]) -> list[dict[str, Any]]:
    return [
        {
            "product_id": own.product_id,
            "score": score,
            "match": match,
            "similarity": own.similarity,
            "distance": own.distance,
            "image_id": own.image_id,
        }
        for own, (score, match) in zip(found, scored, strict=True)
    ]


def _print_json(path: Path, generation: "Generation", **answer: object) -> None:
    print(jsonlib.dumps({"photo": str(path), "generation": generation.id, **answer}, ensure_ascii=False))


def _draws(generation: "Generation", wanted: bool | None) -> bool:
    """Whether pictures are drawn: never in a pipe, nor where the index has none."""
    if wanted is False:
        return False
    from twinshot.pictures import can_draw

    if not can_draw(coarsely=wanted is True):
        return False
    if generation.thumbs is None and wanted:
        print("twinshot: no pictures: this index has no thumbnails (`twinshot index --thumbs`)", file=sys.stderr)
    return generation.thumbs is not None


def _draw(data: bytes, generation: "Generation", found: "Sequence[Found]") -> None:
    from rich.console import Console

    from engine.bundle.thumbs import make_thumb
    from engine.preprocess import decode
    from twinshot.pictures import drawn, tile

    assert generation.thumbs is not None
    console = Console()
    photo = make_thumb(decode(data, generation.card.preprocessing).image)
    tiles = [tile("photo", photo), *(tile(str(n), generation.thumbs[own.row]) for n, own in enumerate(found, 1))]
    console.print(drawn(tiles, console.width))


def _table(path: Path, generation: "Generation", found: "Sequence[Found]", scored: Sequence[Scored]) -> None:
    from rich.text import Text

    from engine.terminal.tables import console, table, whole

    names = ("#", "product", "score", "similarity", "distance", "photo", "title")
    shown = table(*names, numbers=("#", *names[2:5]), cut=("title",), title=str(path))
    for place, (own, (score, match)) in enumerate(zip(found, scored, strict=True), 1):
        sure = Text("-" if score is None else f"{score * 100:.0f} %", style="bold green" if match else "")
        title = whole(generation.table.record(own.row).title or "")
        product, photo = whole(own.product_id), whole(own.image_id)
        shown.add_row(str(place), product, sure, f"{own.similarity:.3f}", str(own.distance), photo, title)
    console().print(shown)
