"""What is to be indexed: the rows of a catalogue, with the log's word above them where a state is named."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.catalogue.bad_row import BadRow
from engine.catalogue.catalogue import Catalogue, open_catalogue
from engine.catalogue.check import Checked, require_good
from engine.catalogue.row import Row
from engine.errors import CatalogueError
from engine.wording import counted
from index_builder.logged import NO_CATALOGUE, Word, stay_removed, with_word

NOTHING = Checked(NO_CATALOGUE, [], [], [], photos=False)
"""Of a shop that has no product yet."""


def open_for_index(
    path: Path | None, columns: Mapping[str, str], images: Path | None, splits: Sequence[str], word: Word | None
) -> tuple[Catalogue | None, list[str]]:
    """The catalogue at `path` without the rows that an index does not need, with `word` above it, and what it removes.

    path: None is a shop without a catalogue, which has what `word` says alone; None is returned where that is nothing.
    Raises CatalogueError.
    """
    if path is None:
        return (with_word(None, word) if word is not None and word.products else None), []
    catalogue = _needed(open_catalogue(path, columns=columns, images=images, shelf=splits or None))
    return (catalogue, []) if word is None else (with_word(catalogue, word), stay_removed(catalogue, word))


def require_rows(checked: Checked, splits: Sequence[str], strict: bool, word: Word | None) -> None:
    """Raise CatalogueError unless there is something good to index, or all of it was deleted through the log."""
    there = any(row.indexed for row in checked.rows)
    if splits and not there:
        raise CatalogueError(
            f"{checked.name} has no usable row of --index-splits {','.join(splits)}; "
            f"`twinshot check {checked.name}` counts its splits and lists bad rows"
        )
    emptied = word is not None and bool(word.changes) and not checked.bad
    if emptied and not there:
        return
    require_good(checked, strict)
    if not there:
        raise CatalogueError(
            f"{checked.name} has no row to index, only {counted(len(checked.rows), 'row')} of the splits val, test or "
            "query; start a shop without products with --empty"
        )


def _needed(catalogue: Catalogue) -> Catalogue:
    """Without the rows that were put off the shelf, such as eProduct's training photos, but for those that judge."""

    def entries() -> Iterator[Row | BadRow]:
        return (e for e in catalogue.entries() if isinstance(e, BadRow) or e.shelved is not False or e.split == "val")

    return Catalogue(catalogue.name, catalogue.photos, entries)
