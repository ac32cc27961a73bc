"""`twinshot evaluate`."""

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.files import require_file_place, write_atomic
from engine.wording import counted
from index_builder.commands.options import (
    Bundles,
    Columns,
    GenerationId,
    Images,
    Threads,
    cores,
    names_of,
    print_json,
)

if TYPE_CHECKING:
    from rich.table import Table


def evaluate(
    bundles: Bundles,
    queries: Annotated[Path, typer.Option(help="A catalogue with the query photos.")],
    query_splits: Annotated[
        str | None, typer.Option(help="Splits to ask, such as val,test; default test, else query, else all rows.")
    ] = None,
    generation: GenerationId = None,
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
        splits=names_of(query_splits),
        generation=generation,
        columns=column_mapping(column or []),
        images=images,
        threads=threads or cores(),
        progress=progress,
        truth=truth,
    )
    result = as_json(asked, progress)
    if printed:
        print_json(result)
        return
    if json is not None:
        write_atomic(json, json_format.dumps(result, indent=1).encode())
    _print_evaluation(result)


def _print_evaluation(result: dict[str, Any]) -> None:
    from engine.terminal.tables import console, print_summary

    print_summary(
        {
            "generation": result["generation"],
            "queries": f"{result['answerable']:,} of {result['queries']:,} ({result['query_splits']}) have their "
            f"{result['relevant']} among {counted(result['rows'], 'photo')}{_unnamed(result)}",
            **_matches(result),
        }
    )
    found = {kind: result[kind] for kind in ("float", "bits", "bits_rescored") if (result[kind] or {}).get("photo")}
    names = {
        kind: f"float ({own['of']})" if kind == "float" else kind.replace("_", ", ") for kind, own in found.items()
    }
    for level in ("photo", "product"):
        if found:
            console().print(_figures(level, {names[kind]: own[level] for kind, own in found.items()}))
    if levels := result.get("categories", {}):
        console().print(_figures("category", {level: _of_level(own) for level, own in levels.items()}))
        for line in filter(None, map(_unknown, levels, levels.values())):
            typer.echo(line)


def _unnamed(result: dict[str, Any]) -> str:
    without = result["queries_without_product"]
    return f"; {without:,} without a product id left out" if without else ""


def _matches(result: dict[str, Any]) -> dict[str, str]:
    own = result["matches"]
    if own is None:
        return {}
    reach = f"reach min_score {own['min_score']:.2f}"
    said = {"matches": f"{own['matched']:,} of {result['answerable']:,} {reach}, {own['right']:,} of them rightly"}
    if own.get("strangers"):
        of = f"{own['strangers_matched']:,} of {own['strangers']:,}"
        said["strangers"] = f"{of} {reach}; their products are not in the index"
    return said


def _figures(what: str, rows: dict[str, dict[str, float | int]]) -> "Table":
    """A line for each of `rows`, a column for each figure that any of them has."""
    from engine.terminal.tables import table

    columns = list(dict.fromkeys(name for figures in rows.values() for name in figures))
    made = table(what, *columns, numbers=tuple(columns))
    for name, figures in rows.items():
        made.add_row(name, *(_shown(figures.get(own)) for own in columns))
    return made


def _shown(figure: float | int | None) -> str:
    if figure is None:
        return "-"
    return f"{figure:,}" if isinstance(figure, int) else f"{figure:.3f}"


def _of_level(own: dict[str, Any]) -> dict[str, float | int]:
    both = {**(own["model"] or {}), **own["index"]}
    return {"queries": own["queries"], **{name: value for name, value in both.items() if isinstance(value, float)}}


def _unknown(level: str, own: dict[str, Any]) -> str | None:
    """How many queries have a category of this level that is not known; None where all are."""
    unknown = {"the model": (own["model"] or {}).get("unknown", 0), "the index": own["index"]["unknown"]}
    gaps = [f"{count:,} unknown to {whom}" for whom, count in unknown.items() if count]
    return f"{level}: queries with a category {', '.join(gaps)}" if gaps else None
