"""`twinshot search`: search a bundle without a service."""

import json as jsonlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from engine.preprocess import Pixels, Preprocessing


def search(
    bundles: Annotated[Path, typer.Argument(help="The bundle folder.")],
    photos: Annotated[list[Path], typer.Argument(help="Photos to search with.")],
    limit: Annotated[int, typer.Option(min=1, max=200, help="Products per photo.")] = 10,
    category: Annotated[list[str] | None, typer.Option(help="Only these categories (any of them).")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per photo and line.")] = False,
) -> None:
    """Find the products on photos. A photo that cannot be used is named, the others are answered; exit code 2.

    Example: twinshot search demo/bundles photo.jpg --limit 5
    """
    from engine.bundle.generation import open_generation
    from engine.bundle.store import current
    from engine.encoder import Encoder
    from engine.errors import InputError
    from engine.ranking import rank
    from engine.scope import scope_of

    generation = open_generation(bundles / current(bundles))
    encoder = Encoder(generation.folder, verify=False)
    scope = scope_of(category, generation.manifest.categories) if category else generation.manifest.scope
    readable = 0
    for path in photos:
        pixels = _load(path, encoder.card.preprocessing)
        if pixels is None:
            continue
        readable += 1
        embedding = encoder.encode(pixels[None]).embeddings[0]
        found = rank(generation, embedding, limit, scope).found[:limit]
        if json:
            results = [own._asdict() for own in found]
            print(jsonlib.dumps({"photo": str(path), "generation": generation.id, "results": results}))
        else:
            _table(path, [(f.product_id, f.image_id, f.similarity, f.distance, f.row) for f in found], generation)
    if readable < len(photos):
        raise typer.Exit(InputError.exit_code)


def _load(path: Path, spec: "Preprocessing") -> "Pixels | None":
    """The model's input; None for a photo that cannot be used, which is then said on stderr."""
    from engine.errors import PhotoError
    from engine.preprocess import load

    try:
        return load(path.read_bytes(), spec)
    except OSError as error:
        reason = f"the photo cannot be read ({error.strerror or error})"
    except PhotoError as error:
        reason = str(error)
    print(f"twinshot: {path}: {reason}", file=sys.stderr, flush=True)
    return None


def _table(path: Path, found: list[tuple[str, str, float, int, int]], generation: object) -> None:
    from rich.console import Console
    from rich.table import Table

    from engine.bundle.generation import Generation

    assert isinstance(generation, Generation)
    table = Table(title=str(path), title_justify="left")
    for name in ("rank", "product", "photo", "similarity", "distance", "title"):
        table.add_column(name, justify="right" if name in ("rank", "similarity", "distance") else "left")
    for place, (product, image, similarity, distance, row) in enumerate(found, 1):
        title = generation.table.record(row).title or ""
        table.add_row(str(place), product, image, f"{similarity:.3f}", str(distance), title)
    Console().print(table)
