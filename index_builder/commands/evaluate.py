"""`twinshot evaluate`."""

import json as json_format
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.files import require_file_place, write_atomic
from engine.wording import counted
from index_builder.commands.options import Bundles, Columns, Images, Threads, cores, names_of, print_json


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
