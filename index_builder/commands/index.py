"""`twinshot index`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.errors import InputError
from engine.files import require_folder
from engine.wording import counted
from index_builder.commands.options import (
    AsJson,
    Columns,
    DeviceChoice,
    Images,
    KeepEmbeddings,
    Splits,
    Threads,
    Thumbs,
    cores,
    names_of,
    print_json,
)

PATIENCE = 600.0
"""Seconds that a nightly run waits for a compaction that is under way; one of ten million photos takes less."""


def index(
    model: Annotated[Path, typer.Option(help="The exported model folder.")],
    out: Annotated[Path, typer.Option(help="The bundle folder; made if missing.")],
    catalogue: Annotated[Path | None, typer.Argument(help="CSV, Parquet, JSON lines, folder tree or eProduct.")] = None,
    column: Columns = None,
    images: Images = None,
    index_splits: Splits = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail at a bad row instead of listing it.")] = False,
    shard_rows: Annotated[int, typer.Option(min=1, help="Rows in one shard.")] = 1_000_000,
    keep: Annotated[int, typer.Option(min=1, help="Full generations that stay for roll-back.")] = 3,
    force: Annotated[str | None, typer.Option(help="Publish a worse generation; the reason is recorded.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="A shop with no products yet: no catalogue.")] = False,
    thumbs: Thumbs = None,
    keep_embeddings: KeepEmbeddings = None,
    state: Annotated[
        Path | None,
        typer.Option(
            help="The state folder of the service: what was changed through it stands above the catalogue. "
            "Off unless it is given here: TWINSHOT_STATE is not read, the catalogue may be another shop's."
        ),
    ] = None,
    threads: Threads = None,
    device: DeviceChoice = "cpu",
    json: AsJson = False,
) -> None:
    """Encode a catalogue (only photos that are new), build a generation, measure it and bring it live.

    Example: twinshot index catalogue.csv --model model --out bundles
    """
    from engine.catalogue.columns import column_mapping
    from index_builder.indexing import Order
    from index_builder.indexing import index as index_catalogue
    from index_builder.plan import Wishes
    from index_builder.progress import Progress

    if empty == (catalogue is not None):
        raise InputError("name a catalogue to index, or --empty for a shop without products, and not both")
    require_folder(out, "--out")
    order = Order(
        catalogue=catalogue,
        model=model,
        out=out,
        columns=column_mapping(column or []),
        images=images,
        splits=tuple(names_of(index_splits)),
        strict=strict,
        wishes=Wishes(shard_rows, keep_embeddings, thumbs),
        keep=keep,
        force=force,
        threads=threads or cores(),
        device=device,
        state=state,
        patience=PATIENCE,
    )
    indexed = index_catalogue(order, Progress())
    if json:
        print_json({**indexed.report, "folder": str(indexed.folder)})
    else:
        _print_indexed(indexed.report, indexed.folder)


def _print_indexed(report: dict[str, Any], folder: Path) -> None:
    from engine.terminal.tables import print_summary
    from index_builder.report.removed import removed_in_words

    categories = f" in {counted(report['categories'], 'category', 'categories')}" if report["categories"] else ""
    seconds = report["seconds"]
    bad = f"{report['bad_rows']:,}, listed in {folder / 'bad_rows.csv'}" if report["bad_rows"] else None
    print_summary(
        {
            "live": report["generation"],
            "photos": f"{report['rows']:,} of {counted(report['products'], 'product')}{categories}",
            "size": f"{report['bytes'] / 1e6:,.1f} MB",
            "encoded": f"{counted(report['new_photos'], 'new photo')}, "
            f"{counted(report['duplicate_photos'], 'copy', 'copies')} of others; "
            f"{report['photos_per_second']:,.0f} photos/s, {seconds.get('encode', 0):,.1f} s",
            "built": f"in {seconds['build']:,.1f} s",
            "bad rows": bad,
            "removed": removed_in_words(report["stay_removed"]) if report["stay_removed"]["count"] else None,
            "report": str(folder / "report.html"),
            "recall@1": _recall(report["quality"]),
            "scores": _scores(report["calibration"], report["uncalibrated"]),
        }
    )


def _recall(quality: dict[str, Any]) -> str | None:
    """Of products, on held-out queries; None where none were asked."""
    if not quality["queries"]:
        return None
    recall = quality["product"].get("recall@1")
    shown = "none can be answered" if recall is None else f"{recall:.3f}"
    asked = counted(quality["answered"], "held-out query", "held-out queries")
    return f"{shown} of products, {asked} ({quality['queries']})"


def _scores(own: dict[str, Any] | None, why_not: str | None) -> str:
    if own is None:
        return f"none: {why_not}"
    precision = "not known" if own["precision"] is None else f"{own['precision']:.2f}"
    return (
        f"from {own['queries']:,} photos of {own['products']:,} products ({own['source']}), a third of them "
        f"strangers: calibration error {own['ece']:.3f} (95 % interval {own['ece_low']:.3f} to {own['ece_high']:.3f}); "
        f"recommended min_score {own['min_score']:.2f}: precision {precision}, recall {own['recall']:.2f}"
    )
