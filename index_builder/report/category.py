"""A category as people read it; as a filter it is written by engine.scope.name_of."""

from engine.taxonomy import Path3


def in_one_line(path: Path3) -> str:
    """As the page of the service shows it too: Shoes › Boots › Chelsea boots."""
    return " › ".join(own for own in path if own) or "(none)"
