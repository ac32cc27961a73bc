"""What several commands have in common: options, and how they print."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from index_builder.commands import completion

Bundles = Annotated[Path, typer.Argument(help="The bundle folder.")]
GenerationId = Annotated[
    str | None, typer.Option(help="Its id; default: the live one.", autocompletion=completion.generations)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Columns = Annotated[list[str] | None, typer.Option("--column", help="FIELD=COLUMN of a table, such as image=photo.")]
Images = Annotated[Path | None, typer.Option(help="Folder, tar file or pattern of tar files with the photos.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads; default: every core.")]
DeviceChoice = Annotated[Literal["cpu", "cuda"], typer.Option(help="Where the model runs.")]
Splits = Annotated[
    str | None,
    typer.Option(help="Splits to index, such as train; default all but val, test, query; of eProduct index alone."),
]
Thumbs = Annotated[
    bool | None,
    typer.Option("--thumbs/--no-thumbs", help="Keep thumbnails; default below 100,000 rows."),
]
KeepEmbeddings = Annotated[
    bool | None,
    typer.Option("--keep-embeddings/--no-keep-embeddings", help="Keep floats; default below 2,000,000 rows."),
]
State = Annotated[Path, typer.Option(envvar="TWINSHOT_STATE", help="The state folder of the service.")]


def cores() -> int:
    """The processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else (os.cpu_count() or 1)


def names_of(listed: str | None) -> list[str]:
    """The names of an option such as `val,test`; splits are lower case."""
    return [own.strip().lower() for own in listed.split(",")] if listed else []


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on standard output."""
    typer.echo(json.dumps(value))
