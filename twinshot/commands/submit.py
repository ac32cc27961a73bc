"""`twinshot submit`: the answers to a catalogue's queries, as the eProduct challenge takes them."""

import json as jsonlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.wording import counted
from index_builder.commands.options import AsJson, Bundles, Columns, GenerationId, Images, Threads, cores

if TYPE_CHECKING:
    from index_builder.submitting import Submitted


def submit(
    bundles: Bundles,
    queries: Annotated[Path, typer.Option(help="The eProduct folder, or another catalogue with the query photos.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    query_splits: Annotated[str, typer.Option(help="Splits to ask, such as query,test.")] = "query",
    generation: GenerationId = None,
    column: Columns = None,
    images: Images = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail at a bad row: no query gets an empty list.")] = False,
    threads: Threads = None,
    json: AsJson = False,
) -> None:
    """Write the ten nearest photos of every query: no header, one line `query,"photo photo …"` each.

    Stopped at any moment it goes on where it was when run again.
    Example: twinshot submit bundles --queries /data/eproduct --out submission.csv
    """
    from engine.catalogue.columns import column_mapping
    from index_builder.progress import Progress
    from index_builder.submitting import Questions
    from index_builder.submitting import submit as write

    splits = tuple(own.strip().lower() for own in query_splits.split(","))
    asked = Questions(queries, splits, column_mapping(column or []), images, strict)
    done = write(bundles, asked, out, generation, threads or cores(), Progress())
    if json:
        told = asdict(done) | {"out": str(out), "bad": len(done.bad), "bad_file": str(done.bad_file)}
        print(jsonlib.dumps(told))
        return
    answered = counted(done.queries, "query", "queries")
    print(f"{out}: {answered} answered from {counted(done.photos, 'photo')} of {done.generation}")
    _warn(done)


def _warn(done: "Submitted") -> None:
    from index_builder.submission import ANSWERS

    if done.empty:
        print(f"{counted(done.empty, 'query', 'queries')} got an empty list: no usable photo", file=sys.stderr)
    if done.bad:
        print(f"{counted(len(done.bad), 'bad row')}, listed in {done.bad_file}", file=sys.stderr)
    if done.photos < ANSWERS:
        print(f"no list is longer than {done.photos}: no more photos are indexed", file=sys.stderr)
