"""`twinshot verify`, `generations` and `rollback`: what lies in a bundle folder."""

from typing import Annotated

import typer

from engine.wording import counted
from index_builder.commands.options import AsJson, Bundles, print_json


def verify(
    bundles: Bundles,
    generation: Annotated[str | None, typer.Option(help="Its id; default: the live one.")] = None,
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
    for row in rows:
        more = "" if row["recall@1"] is None else f"  recall@1 {row['recall@1']:.3f}"
        mark = "live" if row["live"] else "    "
        more += "  compacted" if row["compacted_from"] else ""
        photos, products = counted(row["rows"], "photo"), counted(row["products"], "product")
        typer.echo(f"{mark}  {row['generation']}  {photos:>17}  {products:>18}{more}")


def rollback(
    bundles: Bundles,
    to: Annotated[str | None, typer.Option(help="The generation; default: the one before the live one.")] = None,
) -> None:
    """Make an older generation live again.

    Example: twinshot rollback bundles
    """
    from index_builder.publish import roll_back

    typer.echo(f"{roll_back(bundles, to)} is live")
