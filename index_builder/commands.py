"""The commands of this program: what is typed, what is printed. The work is in the modules they import."""

import json as json_format
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from engine.errors import InputError
from engine.files import require_file_place, require_folder, write_atomic
from engine.wording import counted

Bundles = Annotated[Path, typer.Argument(help="The bundle folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Columns = Annotated[list[str] | None, typer.Option("--column", help="FIELD=COLUMN of a table, such as image=photo.")]
Images = Annotated[Path | None, typer.Option(help="Folder, tar file or pattern of tar files with the photos.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads; default: every core.")]
DeviceChoice = Annotated[Literal["cpu", "cuda"], typer.Option(help="Where the model runs.")]


def index(
    model: Annotated[Path, typer.Option(help="The exported model folder.")],
    out: Annotated[Path, typer.Option(help="The bundle folder; made if missing.")],
    catalogue: Annotated[Path | None, typer.Argument(help="CSV, Parquet, JSON lines, folder tree or eProduct.")] = None,
    column: Columns = None,
    images: Images = None,
    index_splits: Annotated[
        str | None,
        typer.Option(help="Splits to index, such as train; default all but val, test, query; of eProduct index alone."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail at a bad row instead of listing it.")] = False,
    shard_rows: Annotated[int, typer.Option(min=1, help="Rows in one shard.")] = 1_000_000,
    keep: Annotated[int, typer.Option(min=1, help="Generations that stay for roll-back.")] = 3,
    force: Annotated[str | None, typer.Option(help="Publish a worse generation; the reason is recorded.")] = None,
    empty: Annotated[bool, typer.Option("--empty", help="A shop with no products yet: no catalogue.")] = False,
    thumbs: Annotated[
        bool | None, typer.Option("--thumbs/--no-thumbs", help="Keep thumbnails; default below 100,000 rows.")
    ] = None,
    keep_embeddings: Annotated[
        bool | None,
        typer.Option("--keep-embeddings/--no-keep-embeddings", help="Keep floats; default below 2,000,000 rows."),
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
        splits=tuple(_names(index_splits)),
        strict=strict,
        wishes=Wishes(shard_rows, keep_embeddings, thumbs),
        keep=keep,
        force=force,
        threads=threads or cores(),
        device=device,
    )
    indexed = index_catalogue(order, Progress())
    if json:
        _print_json({**indexed.report, "folder": str(indexed.folder)})
    else:
        _print_indexed(indexed.report, indexed.folder)


def evaluate(
    bundles: Bundles,
    queries: Annotated[Path, typer.Option(help="A catalogue with the query photos.")],
    query_splits: Annotated[
        str | None, typer.Option(help="Splits to ask, such as val,test; default test, else query, else all rows.")
    ] = None,
    generation: Annotated[str | None, typer.Option(help="Its id; default: the live one.")] = None,
    column: Columns = None,
    images: Images = None,
    truth: Annotated[
        Path | None, typer.Option(help="The right photos of each query, as `twinshot submit` writes a file.")
    ] = None,
    threads: Threads = None,
    json: Annotated[
        Path | None, typer.Option(help="Write the figures to this file; - prints them and nothing else.")
    ] = None,
) -> None:
    """Measure recall on photos whose products are known: in float, in bits, and rescored as /search answers.

    Example: twinshot evaluate bundles --queries catalogue.csv --query-splits val
    """
    from engine.catalogue.columns import column_mapping
    from index_builder.evaluating import as_json, evaluate_catalogue
    from index_builder.progress import Progress

    printed = json == Path("-")
    if json is not None and not printed:
        require_file_place(json, "--json")
    progress = Progress()
    asked = evaluate_catalogue(
        bundles,
        queries,
        splits=_names(query_splits),
        generation=generation,
        columns=column_mapping(column or []),
        images=images,
        threads=threads or cores(),
        progress=progress,
        truth=truth,
    )
    result = as_json(asked, progress)
    if printed:
        _print_json(result)
        return
    if json is not None:
        write_atomic(json, json_format.dumps(result, indent=1).encode())
    _print_evaluation(result)


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
        _print_json({"generation": opened.id, "files": len(files), "bytes": total, "whole": True})
    else:
        typer.echo(f"{opened.id} is whole: {len(files)} files, {total / 1e6:,.1f} MB")


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
            "recall@1": own.manifest.quality.get("product", {}).get("recall@1"),
        }
        for own in listed(bundles)
    ]
    if json:
        _print_json({"generations": rows})
        return
    for row in rows:
        recall = "" if row["recall@1"] is None else f"  recall@1 {row['recall@1']:.3f}"
        mark = "live" if row["live"] else "    "
        typer.echo(f"{mark}  {row['generation']}  {row['rows']:>10,} photos  {row['products']:>9,} products{recall}")


def rollback(
    bundles: Bundles,
    to: Annotated[str | None, typer.Option(help="The generation; default: the one before the live one.")] = None,
) -> None:
    """Make an older generation live again.

    Example: twinshot rollback bundles
    """
    from index_builder.publish import roll_back

    typer.echo(f"{roll_back(bundles, to)} is live")


def cores() -> int:
    """The processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else (os.cpu_count() or 1)


def _names(listed: str | None) -> list[str]:
    """The names of an option such as `val,test`; splits are lower case."""
    return [own.strip().lower() for own in listed.split(",")] if listed else []


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json_format.dumps(value))


def _print_indexed(report: dict[str, Any], folder: Path) -> None:
    categories = f" in {counted(report['categories'], 'category', 'categories')}" if report["categories"] else ""
    typer.echo(
        f"{report['generation']} is live: {counted(report['rows'], 'photo')} of "
        f"{counted(report['products'], 'product')}{categories}, {report['bytes'] / 1e6:,.1f} MB"
    )
    typer.echo(
        f"{counted(report['new_photos'], 'new photo')}, "
        f"{counted(report['duplicate_photos'], 'copy', 'copies')} of others; "
        f"{report['photos_per_second']:,.0f} photos/s, {report['seconds'].get('encode', 0):,.1f} s to encode, "
        f"{report['seconds']['build']:,.1f} s to build"
    )
    if report["bad_rows"]:
        typer.echo(f"{counted(report['bad_rows'], 'bad row')}, listed in {folder / 'bad_rows.csv'}")
    quality = report["quality"]
    if quality["queries"]:
        recall = quality["product"].get("recall@1")
        shown = "none of them can be answered" if recall is None else f"product recall@1 {recall:.3f}"
        typer.echo(
            f"{counted(quality['answered'], 'held-out query', 'held-out queries')} ({quality['queries']}): {shown}"
        )
    typer.echo(_scores_line(report["calibration"], report["uncalibrated"]))


def _scores_line(own: dict[str, Any] | None, why_not: str | None) -> str:
    if own is None:
        return f"no scores: {why_not}"
    precision = "not known" if own["precision"] is None else f"{own['precision']:.2f}"
    return (
        f"scores from {own['queries']:,} photos of {own['products']:,} products ({own['source']}), a third of them "
        f"strangers: calibration error {own['ece']:.3f} (95 % interval {own['ece_low']:.3f} to {own['ece_high']:.3f}); "
        f"recommended min_score {own['min_score']:.2f}: precision {precision}, recall {own['recall']:.2f}"
    )


def _print_evaluation(result: dict[str, Any]) -> None:
    typer.echo(
        f"{result['generation']}: {result['answerable']:,} of {counted(result['queries'], 'query', 'queries')} "
        f"({result['query_splits']}) have their {result['relevant']} among {counted(result['rows'], 'photo')}"
    )
    for kind in ("float", "bits", "bits_rescored"):
        found = result[kind]
        if found is None or not found["photo"]:
            continue
        name = f"float ({found['of']})" if kind == "float" else kind.replace("_", ", ")
        for level in ("photo", "product"):
            figures = "  ".join(f"{metric} {value:.3f}" for metric, value in found[level].items())
            typer.echo(f"{name:<17} {level:<8} {figures}")
    for level, own in result.get("categories", {}).items():
        _print_level(level, own)


def _print_level(level: str, own: dict[str, Any]) -> None:
    model, answers = own["model"] or {}, own["index"]
    shown = {name: value for name, value in {**model, **answers}.items() if isinstance(value, float)}
    figures = "  ".join(f"{metric} {value:.3f}" for metric, value in shown.items())
    unknown = {"the model": model.get("unknown", 0), "the index": answers["unknown"]}
    gaps = "".join(f"; unknown to {whom}: {count:,}" for whom, count in unknown.items() if count)
    typer.echo(f"{'category':<17} {level:<8} {figures}  of {counted(own['queries'], 'query', 'queries')}{gaps}")
