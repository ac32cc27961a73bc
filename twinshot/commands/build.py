"""`twinshot build`: train, export and index, each as a process of its own."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from engine.files import require_folder

WORK_FOLDER = ".build"
"""In the bundle folder: the run and the model, so that each shop has its own."""


def build(
    catalogue: Annotated[Path, typer.Argument(help="CSV, Parquet, JSON lines, a folder tree, or the eProduct folder.")],
    out: Annotated[Path, typer.Option(help="The bundle folder to publish into.")],
    work: Annotated[Path | None, typer.Option(help="Folder for the run and the model (default: OUT/.build).")] = None,
    weights: Annotated[str, typer.Option(help="Starting weights: hub, none, a file, or a finished run.")] = "hub",
    backbone: Annotated[str, typer.Option(help="Any timm model name.")] = "mobilenetv2_100",
    bits: Annotated[int, typer.Option(help="Bits per code.")] = 512,
    epochs: Annotated[int | None, typer.Option(min=0, help="Epochs (0: no training, only a projection).")] = None,
    titles: Annotated[bool, typer.Option("--titles", help="Also learn the words that many titles share.")] = False,
    projection: Annotated[str, typer.Option(help="From features to bits: whiten, pca or itq.")] = "whiten",
    size: Annotated[int, typer.Option(help="Side of the searched photo in pixels.")] = 224,
    precision: Annotated[str, typer.Option(help="Of training: float32, bfloat16 or auto.")] = "auto",
    compile_: Annotated[bool, typer.Option("--compile", help="Train with torch.compile.")] = False,
    processes: Annotated[int, typer.Option(min=1, help="Processes that share every training batch.")] = 1,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A value of the recipe, such as average=0.7.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal models on a CPU.")] = 0,
    images: Annotated[Path | None, typer.Option(help="Folder or tar file with the photos.")] = None,
    column: Annotated[list[str] | None, typer.Option(help="Our column = theirs, such as image=photo_path.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if any row of the catalogue is bad.")] = False,
    device: Annotated[Literal["cpu", "cuda"], typer.Option(help="For training, and to encode.")] = "cpu",
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads (default: one for each core).")] = None,
    force: Annotated[str | None, typer.Option(help="Publish despite the quality gate, for this reason.")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print what `twinshot index --json` does, and only that.")
    ] = False,
) -> None:
    """Turn a catalogue into a published generation: train + export + index.

    Stopped at any moment it goes on where it was when run again.
    Example: twinshot build catalogue.csv --out bundles --weights hub
    """
    from twinshot.processes import run_to_end

    folder = work or out / WORK_FOLDER
    require_folder(out, "--out")
    require_folder(folder, "--work")
    common = _flags(device=device, column=column, images=images, strict=strict, threads=threads)
    training = _flags(weights=weights, backbone=backbone, bits=bits, epochs=epochs, titles=titles, set=set_, seed=seed)
    training += _flags(projection=projection, size=size, precision=precision, compile=compile_, processes=processes)
    publishing = _flags(force=force, json=json)
    steps = [
        ["train", str(catalogue), *common, *training, f"--out={folder / 'run'}"],
        ["export", str(folder / "run"), f"--out={folder / 'model'}"],
        ["index", str(catalogue), *common, *publishing, f"--model={folder / 'model'}", f"--out={out}"],
    ]
    for step in steps:
        print(f"== twinshot {step[0]}", file=sys.stderr, flush=True)
        code = run_to_end(step, quiet=json and step[0] != "index")
        if code:
            raise typer.Exit(code)


def _flags(**values: object) -> list[str]:
    """Options as a command line has them: a list is repeated, True is a switch, None and False are left away."""
    found = []
    for name, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            if item is True:
                found.append(f"--{name}")
            elif item is not None and item is not False:
                found.append(f"--{name}={item}")
    return found
