"""`twinshot build`: train, export and index, each as a process of its own."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.files import require_folder


def build(
    catalogue: Annotated[Path, typer.Argument(help="CSV, Parquet, JSON lines, a folder tree, or the eProduct folder.")],
    out: Annotated[Path, typer.Option(help="The bundle folder to publish into.")],
    work: Annotated[Path | None, typer.Option(help="Folder for the run and the model (default: OUT/../build).")] = None,
    weights: Annotated[str, typer.Option(help="Starting weights: hub, none, or a file.")] = "hub",
    backbone: Annotated[str, typer.Option(help="Any timm model name.")] = "mobilenetv2_100",
    bits: Annotated[int, typer.Option(help="Bits per code.")] = 512,
    epochs: Annotated[int | None, typer.Option(help="Epochs (0: no training, only a projection).")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder or tar file with the photos.")] = None,
    column: Annotated[list[str] | None, typer.Option(help="Our column = theirs, such as image=photo_path.")] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    force: Annotated[str | None, typer.Option(help="Publish despite the quality gate, for this reason.")] = None,
) -> None:
    """Turn a catalogue into a published generation: train + export + index.

    Stopped at any moment it goes on where it was when run again.
    Example: twinshot build catalogue.csv --out bundles --weights hub
    """
    folder = work or out.resolve().parent / "build"
    require_folder(out, "--out")
    require_folder(folder, "--work")
    common = [f"--images={images}"] if images else []
    common += [f"--column={pair}" for pair in column or []]
    steps = [
        ["train", str(catalogue), f"--out={folder / 'run'}", f"--weights={weights}", f"--backbone={backbone}",
         f"--bits={bits}", f"--device={device}", *([] if epochs is None else [f"--epochs={epochs}"]), *common],
        ["export", str(folder / "run"), f"--out={folder / 'model'}"],
        ["index", str(catalogue), f"--model={folder / 'model'}", f"--out={out}", f"--device={device}",
         *([f"--force={force}"] if force else []), *common],
    ]  # fmt: skip
    for step in steps:
        print(f"== twinshot {step[0]}", file=sys.stderr, flush=True)
        done = subprocess.run([sys.executable, "-m", "twinshot", *step], check=False)
        if done.returncode:
            raise typer.Exit(done.returncode)
