"""Products that the catalogue has and the log of changes removed: they are not indexed."""

from collections.abc import Sequence

from engine.wording import counted
from index_builder.report.missing import Section

SHOWN = 20


def removed(products: Sequence[str]) -> Section:
    """How many, and the first ids."""
    return {"count": len(products), "first": list(products[:SHOWN])}


def removed_in_words(section: Section) -> str:
    """The same in one line, with the remedy, where there are any."""
    count, first = section["count"], section["first"]
    more = ", …" if count > len(first) else ""
    return (
        f"{counted(count, 'product')} of the catalogue {'stays' if count == 1 else 'stay'} removed, as the log says: "
        f"{', '.join(first)}{more}; `twinshot products add` brings {'it' if count == 1 else 'them'} back"
    )
