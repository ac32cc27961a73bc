"""`twinshot fetch`: a product feed with picture URLs becomes a catalogue with photos."""

import json as jsonlib
import sys
from pathlib import Path
from typing import Annotated

import typer


def fetch(
    feed: Annotated[Path, typer.Argument(help="CSV, Parquet or JSON lines with a column of picture URLs.")],
    out: Annotated[Path, typer.Option(help="Folder for photos/ and catalogue.csv.")],
    allow_host: Annotated[list[str], typer.Option(help="A host of the pictures, such as cdn.shop.example.")],
    column: Annotated[list[str] | None, typer.Option(help="Our column = theirs, such as image=picture_url.")] = None,
    delay: Annotated[float, typer.Option(min=0.0, help="Seconds from one request to a host to the next.")] = 0.1,
    allow_private: Annotated[bool, typer.Option("--allow-private", help="Also take private addresses.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Fetch the pictures of a product feed and write a catalogue of them.

    Stopped at any moment it goes on where it was when run again; no picture is fetched twice.
    Example: twinshot fetch feed.csv --column image=picture_url --allow-host cdn.shop.example --out shop
    """
    from engine.catalogue.columns import Columns, column_mapping
    from engine.errors import TwinshotError
    from engine.files import require_folder
    from engine.preprocess import Preprocessing
    from engine.terminal.progress import counting
    from engine.wording import counted
    from twinshot.fetch.addresses import HostList
    from twinshot.fetch.download import Downloader
    from twinshot.fetch.feed import FAILED_FILE, fetch_feed

    require_folder(out, "--out")
    columns = Columns(column_mapping(column or []))
    hosts = HostList(allow_host)
    limit = Preprocessing().max_bytes
    with (
        Downloader(hosts, allow_private=allow_private, delay=delay, max_bytes=limit) as downloader,
        counting("rows done") as progress,
    ):
        done = fetch_feed(feed, out, columns, downloader, progress)
    if json:
        figures = {"new": done.new, "already": done.already, "failed": len(done.failed)}
        print(jsonlib.dumps({"catalogue": str(done.catalogue), **figures}))
    else:
        new = counted(done.new, "picture")
        print(f"{done.catalogue}: {new} fetched, {done.already:,} already there, {len(done.failed):,} failed")
    if done.failed:
        rows = counted(len(done.failed), "row")
        message = f"{rows} of {feed} without a picture ({out / FAILED_FILE}); the first: {done.failed[0]}"
        if not done.new + done.already:
            raise TwinshotError(message)
        print(f"twinshot: warning: {message}", file=sys.stderr)
