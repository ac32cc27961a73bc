"""`twinshot verify`, `generations` and `rollback`: what lies in a bundle folder."""

from typing import Annotated

import typer

from engine.wording import counted
from index_builder.commands import completion
from index_builder.commands.options import AsJson, Bundles, GenerationId, print_json


def verify(
    bundles: Bundles,
    generation: GenerationId = None,
    json: AsJson = False,
) -> None:
    """Read every file of a generation and compare its checksum.

    Example: twinshot verify bundles
    """
    from engine.bundle.generation import open_generation
    from engine.bundle.store import current

    opened = open_generation(bundles / (generation or current(bundles)), verify=True)
    files = opened.manifest.files
    total = sum(record.bytes for record in files.values())
    if json:
        print_json({"generation": opened.id, "files": len(files), "bytes": total, "whole": True})
    else:
        typer.echo(f"{opened.id} is whole: {counted(len(files), 'file')}, {total / 1e6:,.1f} MB")


def generations(bundles: Bundles, json: AsJson = False) -> None:
    """List the generations of a bundle folder, the newest first.

    Example: twinshot generations bundles
    """
    from engine.bundle.store import listed, require_bundles

    require_bundles(bundles)
    rows = [
        {
            "generation": own.manifest.generation,
            "live": own.live,
            "created": own.manifest.created,
            "rows": own.manifest.rows,
            "products": own.manifest.products,
            "model": own.manifest.model.onnx_sha256[:12],
            "compacted_from": own.manifest.source.compacted_from,
            "recall@1": own.manifest.quality.get("product", {}).get("recall@1"),
        }
        for own in listed(bundles)
    ]
    if json:
        print_json({"generations": rows})
        return
    from engine.terminal.tables import console, table

    shown = table("generation", "photos", "products", "recall@1", "", numbers=("photos", "products", "recall@1"))
    for row in rows:
        recall = "-" if row["recall@1"] is None else f"{row['recall@1']:.3f}"
        marks = ["live"] * row["live"] + ["compacted"] * (row["compacted_from"] is not None)
        shown.add_row(row["generation"], f"{row['rows']:,}", f"{row['products']:,}", recall, ", ".join(marks))
    console().print(shown)


def rollback(
    bundles: Bundles,
    to: Annotated[
        str | None,
        typer.Option(
            help="The generation; default: the one before the live one.", autocompletion=completion.generations
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Make an older generation live again.

    Example: twinshot rollback bundles
    """
    from index_builder.publish import roll_back

    live = roll_back(bundles, to)
    if json:
        print_json({"generation": live})
    else:
        typer.echo(f"{live} is live")
