"""`twinshot check`: what is in a catalogue, and every row that cannot be used."""

import json as jsonlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.wording import counted

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from engine.catalogue.check import Checked

_SHOWN = 20
"""Bad rows that are printed."""
_SHOWN_GROUPS = 5


def check(
    catalogue: Annotated[Path, typer.Argument(help="CSV, Parquet, JSON lines, a folder tree, or the eProduct folder.")],
    column: Annotated[list[str] | None, typer.Option(help="Our column = theirs, such as image=photo_path.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder, tar file or 'pattern*.tar' with the photos.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if any row is bad.")] = False,
    no_photos: Annotated[bool, typer.Option("--no-photos", help="Do not open photos; only look for them.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    bad_rows: Annotated[Path | None, typer.Option(help="Write all bad rows to this CSV file.")] = None,
) -> None:
    """Count a catalogue's rows and list every bad one by file and row.

    Exit code 2 if no row is good or, with --strict, if any is bad.
    Example: twinshot check shop.csv --column image=photo_path --images photos.tar
    """
    from engine.catalogue.bad_row import write_bad_rows
    from engine.catalogue.catalogue import open_catalogue
    from engine.catalogue.check import check as check_rows
    from engine.catalogue.check import require_good
    from engine.catalogue.columns import column_mapping
    from engine.catalogue.doubtful import doubtful_splits
    from engine.files import require_file_place
    from engine.preprocess import Preprocessing
    from engine.terminal.progress import counting

    if bad_rows is not None:
        require_file_place(bad_rows, "--bad-rows")
    opened = open_catalogue(catalogue, columns=column_mapping(column or []), images=images)
    threads = len(os.sched_getaffinity(0))
    with counting("rows checked") as progress:
        checked = check_rows(opened, Preprocessing(), photos=not no_photos, threads=threads, progress=progress)
    if bad_rows is not None:
        write_bad_rows(bad_rows, checked.bad)
    if json:
        print(jsonlib.dumps(_as_json(checked), ensure_ascii=False))
    else:
        _print(checked, bad_rows)
    require_good(checked, strict)
    if checked.bad:
        _warn(
            f"{counted(len(checked.bad), 'bad row')} would be left out of training and of the index "
            "(--strict makes it an error; docs/catalogues.md has the remedies)"
        )
    if doubtful := doubtful_splits(checked.rows):
        _warn(doubtful)


def _warn(said: str) -> None:
    print(f"twinshot: warning: {said}", file=sys.stderr)


def _as_json(checked: "Checked") -> dict[str, Any]:
    return {
        "catalogue": checked.name,
        "rows": len(checked.rows) + len(checked.bad),
        "good": len(checked.rows),
        "bad": len(checked.bad),
        "reasons": {reason.value: count for reason, count in checked.reasons.items()},
        "splits": {split or "": count for split, count in checked.splits.items()},
        "products": checked.products,
        "hierarchy": checked.hierarchy,
        "labelled": checked.labelled,
        "photos_opened": checked.photos,
        "identical_photos": [[row.image_id for row in group] for group in checked.duplicates],
        "bad_rows": [row.as_json() for row in checked.bad],
    }


def _print(checked: "Checked", written: Path | None) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    total = counted(len(checked.rows) + len(checked.bad), "row")
    console.print(f"{checked.name}: {total}, {len(checked.rows):,} good, {len(checked.bad):,} bad", markup=False)
    if checked.rows:
        console.print(_splits(checked))
        console.print(_hierarchy(checked))
        products = counted(checked.products, "product")
        console.print(products if checked.products else "no product ids: each photo is a product of its own")
        _print_duplicates(checked, console)
    if checked.bad:
        _print_bad(checked, written, console)


def _splits(checked: "Checked") -> "Table":
    from engine.terminal.tables import table

    indexed = {row.split for row in checked.rows if row.indexed}
    made = table("split", "rows", "indexed", numbers=("rows", "indexed"))
    for split, count in checked.splits.most_common():
        made.add_row(split or "(none)", f"{count:,}", "yes" if split in indexed else "no")
    return made


def _hierarchy(checked: "Checked") -> "Table":
    from engine.terminal.tables import table

    made = table("level", "categories", "rows with one", numbers=("categories", "rows with one"))
    for level, count in checked.hierarchy.items():
        made.add_row(level, f"{count:,}", f"{checked.labelled[level]:,}")
    return made


def _print_duplicates(checked: "Checked", console: "Console") -> None:
    if not checked.photos:
        console.print("photos were not opened (--no-photos): damaged and identical ones are not known")
        return
    if not checked.duplicates:
        console.print("no two photos are byte for byte the same")
        return
    count = sum(map(len, checked.duplicates))
    groups = counted(len(checked.duplicates), "group")
    console.print(f"{count:,} photos are byte for byte the same as another, in {groups}:")
    for group in checked.duplicates[:_SHOWN_GROUPS]:
        more = f" and {len(group) - 4:,} more" if len(group) > 4 else ""
        console.print(f"  {', '.join(row.image for row in group[:4])}{more}", markup=False)
    if len(checked.duplicates) > _SHOWN_GROUPS:
        console.print("  … (--json lists all groups)")


def _print_bad(checked: "Checked", written: Path | None, console: "Console") -> None:
    from engine.terminal.tables import table

    made = table("reason", "bad rows", numbers=("bad rows",))
    for reason, count in checked.reasons.most_common():
        made.add_row(reason.value, f"{count:,}")
    console.print(made)
    console.print("row 1 is the first row of data, below the header:")
    for row in checked.bad[:_SHOWN]:
        console.print(str(row), markup=False)
    if len(checked.bad) > _SHOWN and written is None:
        console.print(f"… and {len(checked.bad) - _SHOWN:,} more (--bad-rows F.csv writes all of them)")
    if written is not None:
        console.print(f"all bad rows are in {written}", markup=False)
