"""A section that cannot be made says so in one sentence, with what would give it."""

from typing import Any

Section = dict[str, Any]

NO_QUERIES = (
    "No photo was there to ask with: give some products a second photo, or the catalogue rows of split val "
    "whose products are indexed."
)


def missing(sentence: str) -> Section:
    """In place of a section."""
    return {"missing": sentence}
