"""`twinshot demo`: the whole path on a small sample catalogue."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(help="The work folder; what is in it and unchanged is used again.")] = Path(
        "demo"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the service on this machine.")] = 8000,
    catalogue: Annotated[
        Path | None, typer.Option(help="Your own instead of the sample: CSV, Parquet, JSON lines, folders.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="With --catalogue: our column = theirs, such as image=photo_path.")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="With --catalogue: folder, tar file or 'pattern*.tar' with the photos.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End after the queries, everything stopped.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line of stdout.")] = False,
) -> None:
    """Draw a sample shop, train, export, index, serve it, ask it with held-out photos, and stay up.

    With --catalogue the rows of split test (else query, else val) are asked; without any, photos are held out.
    Example: twinshot demo --once --json
    """
    from engine.errors import InputError
    from twinshot.demo.run import Options, run_demo
    from twinshot.demo.shop import OwnCatalogue

    if catalogue is None and (column or images):
        raise InputError("--column and --images are for a catalogue of your own; name it with --catalogue")
    own = None if catalogue is None else OwnCatalogue(catalogue, tuple(column or ()), images)
    run_demo(Options(out, port, own, once, json))
