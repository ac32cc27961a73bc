"""The commands `train` and `export`. Importing this file loads neither torch nor a photo library."""

import json as jsonlib
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from engine.errors import CatalogueError, InputError
from engine.files import require_folder
from engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from engine.catalogue.bad_row import BadRow
    from engine.catalogue.row import Row
    from model_export.data import Read
    from model_export.progress import Reporter
    from model_export.projection import Method
    from model_export.recipe import Recipe
    from model_export.settings import Settings
    from model_export.train import Trained


def train(
    catalogue: Annotated[Path, typer.Argument(help="CSV, Parquet, JSON lines, a folder tree, or the eProduct folder.")],
    out: Annotated[Path, typer.Option(help="The run's folder; a run that was cut off there is resumed.")],
    backbone: Annotated[str, typer.Option(help="Any timm model name.")] = "mobilenetv2_100",
    weights: Annotated[
        str, typer.Option(help="Starting weights: hub, none, a .safetensors or .pth file, or a run.")
    ] = "hub",
    bits: Annotated[int, typer.Option(help="Bits per code, a multiple of 8.")] = 512,
    epochs: Annotated[
        int | None, typer.Option(min=0, help="Epochs; 0 needs no labels and only fits a projection.")
    ] = None,
    titles: Annotated[
        bool, typer.Option("--titles", help="Also learn the words that many titles share (RUN/attributes.json).")
    ] = False,
    projection: Annotated[str, typer.Option(help="From features to bits: whiten, pca or itq.")] = "whiten",
    size: Annotated[int, typer.Option(help="Side of the searched photo in pixels; training crops take 6/7.")] = 224,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="float32, bfloat16, or auto: as the device has it.")] = "auto",
    compile_: Annotated[bool, typer.Option("--compile", help="Compile the network with torch.compile.")] = False,
    processes: Annotated[
        int, typer.Option(min=1, help="Processes that share every batch; on CUDA each takes a device.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal models on a CPU.")] = 0,
    threads: Annotated[
        int | None, typer.Option(help="CPU threads, of all processes together (default: one for each core).")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A value of the recipe, such as average=0.7; a wrong name lists all."),
    ] = None,
    column: Annotated[list[str] | None, typer.Option(help="Our column = theirs, such as image=photo_path.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder or tar file with the photos.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if any row of the catalogue is bad.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train a model on a catalogue: RUN = config.json, last.pt, best.pt, log.csv, final.pt.

    Example: twinshot train catalogue.csv --out run --weights hub
    """
    require_folder(out, "--out")
    from model_export.settings import Settings, find_device, find_precision

    where = find_device(device)
    settings = Settings(
        backbone=backbone,
        weights=weights,
        bits=bits,
        seed=seed,
        size=size,
        projection=_method(projection),
        recipe=_recipe(weights, set_, epochs, titles),
        device=where,
        threads=threads or len(os.sched_getaffinity(0)),
        precision=find_precision(precision, where),
        compile=compile_,
    )
    done = _trained(catalogue, column, images, strict, out, settings, processes)
    if done is not None:
        _tell(json, asdict(done), _summary(done))


def export(
    run: Annotated[Path, typer.Argument(help="A finished run of `twinshot train`.")],
    out: Annotated[Path, typer.Option(help="The model folder to write.")],
    bits: Annotated[int | None, typer.Option(help="Only the first so many bits of the code.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write a run as a model folder (model.onnx, model.json), if ONNX Runtime gives what torch gives.

    Example: twinshot export run --out model
    """
    from model_export.export import export as write

    done = write(run, out, bits)
    parity = done.parity
    summary = {
        "model": str(done.model),
        "size": f"{done.bytes / 1e6:.1f} MB",
        "parity": f"on {counted(parity.photos, 'photo')} the largest difference is {parity.max_difference:.1g}, "
        f"{parity.differing_bits:.4%} of bits differ",
    }
    _tell(json, {"model": str(done.model), "bytes": done.bytes, "parity": parity.model_dump()}, summary)


def _method(name: str) -> "Method":
    from model_export.projection import Method

    if name not in get_args(Method):
        raise InputError(f"--projection {name!r} is none of {', '.join(get_args(Method))}")
    return cast("Method", name)


def _trained(
    catalogue: Path,
    column: list[str] | None,
    images: Path | None,
    strict: bool,
    out: Path,
    settings: "Settings",
    processes: int,
) -> "Trained | None":
    """Train in this process, in several that it starts, or as one of torchrun's, of which the first has the answer."""
    from model_export.group import joined, torchrun_place
    from model_export.launch import at, train_together
    from model_export.progress import Reporter
    from model_export.train import train as run

    place = torchrun_place()
    if place is not None and processes > 1:
        raise InputError(f"--processes {processes} under torchrun, which starts the processes itself; leave one away")
    reporter = Reporter(quiet=place is not None and place.rank > 0)
    rows, read = _open(catalogue, column, images, strict, settings, reporter)
    if place is not None:
        own = at(place, settings)
        with joined(place, own.device) as group:
            done = run(rows, read, str(catalogue), out, own, reporter, group)
        return done if group.leads else None
    if processes > 1:
        return train_together(processes, rows, read, str(catalogue), out, settings)
    return run(rows, read, str(catalogue), out, settings, reporter)


def _recipe(weights: str, set_: list[str] | None, epochs: int | None, titles: bool) -> "Recipe":
    """The recipe that the options ask for; `--set titles=…` may weigh what `--titles` switches on."""
    from model_export.recipe import TITLES, Recipe, parse_overrides

    overrides = parse_overrides(set_ or [])
    if epochs is not None:
        overrides["epochs"] = epochs
    if titles:
        overrides.setdefault("titles", TITLES)
    recipe = Recipe.for_weights(weights, overrides)
    if titles and not recipe.titles:
        raise InputError("--titles and --set titles=0 contradict each other; leave one of them away")
    return recipe


def _open(
    catalogue: Path,
    column: list[str] | None,
    images: Path | None,
    strict: bool,
    settings: "Settings",
    reporter: "Reporter",
) -> "tuple[list[Row], Read]":
    """The good rows that training may see, and their reader. Photos of other splits are not even opened."""
    from engine.catalogue.bad_row import BadRow
    from engine.catalogue.catalogue import Catalogue, open_catalogue
    from engine.catalogue.check import check, require_good
    from engine.catalogue.columns import column_mapping
    from engine.catalogue.doubtful import doubtful_splits
    from model_export.splits import is_used, training_rows
    from model_export.titles import mine_attributes

    source = open_catalogue(catalogue, columns=column_mapping(column or []), images=images)
    fit_only = settings.recipe.epochs == 0
    # said before hours of training: a split that is not val steers nothing
    if doubtful := doubtful_splits(entry for entry in source.entries() if not isinstance(entry, BadRow)):
        reporter.line(f"warning: {doubtful}")

    def entries() -> "Iterator[Row | BadRow]":
        return (entry for entry in source.entries() if isinstance(entry, BadRow) or is_used(entry, fit_only))

    if settings.recipe.titles:  # before all photos are decoded: that may take hours
        mine_attributes(training_rows([entry for entry in entries() if not isinstance(entry, BadRow)]), str(catalogue))
    used = Catalogue(source.name, source.photos, entries)
    checked = check(used, settings.preprocessing, threads=settings.threads)
    require_good(checked, strict)
    if checked.bad:
        reporter.line(f"{counted(len(checked.bad), 'bad row')} left out (`twinshot check {catalogue}` lists them)")
    _require_some(checked.rows if fit_only else training_rows(checked.rows), catalogue)
    return checked.rows, Catalogue(source.name, source.photos, _no_entries).read


def _no_entries() -> "Iterator[Row | BadRow]":
    """For a reader that only reads photos: other processes can be given it, unlike one that also reads a table."""
    return iter(())


def _require_some(rows: "Sequence[Row]", catalogue: Path) -> None:
    """Raise CatalogueError for a single photo: it would lie on the threshold of every bit. None is told elsewhere."""
    if len(rows) == 1:
        raise CatalogueError(
            f"{catalogue} has one photo to train on ({rows[0].where}), and two are the fewest; add some"
        )


def _summary(done: "Trained") -> dict[str, str]:
    said = [f"{name.removeprefix('val_').replace('_at_', '@')} {value:.3f}" for name, value in done.figures.items()]
    held_out = counted(done.held_out, "held-out photo")
    best = {"best epoch": f"{done.best_epoch}, on {held_out}: {', '.join(said)}"} if said else {}
    return {"run": str(done.run), "photos": f"{done.photos:,}", "time": f"{done.seconds:,.0f} s", **best}


def _tell(as_json: bool, values: dict[str, Any], summary: dict[str, str]) -> None:
    if as_json:
        typer.echo(jsonlib.dumps(values, default=str))
        return
    from engine.terminal.tables import print_summary

    print_summary(summary)
