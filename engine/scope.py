"""Category filters: from what a caller writes to the row ranges that are searched.

A filter is `meta:X`, `level2:X`, `leaf:X`, `path:META/LEVEL2/LEAF` (what candidates are named by; `path:` alone: what
has no category), or a bare name where only one category has it. Several filters mean any of them.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from engine.bundle.manifest import CategorySlice
from engine.errors import ScopeError
from engine.index.protocol import Scope
from engine.taxonomy import LEVELS, NO_PATH, Path3, is_under

SHOWN = 10
"""Categories that a message names."""
MAX_NAME = 100
"""Characters of an unknown name that are compared with all that are known."""


def scope_of(filters: Iterable[str], categories: Sequence[CategorySlice]) -> Scope:
    """The rows of the categories that any of `filters` names, as ascending disjoint ranges.

    Raises ScopeError: unknown, or ambiguous with the candidates.
    """
    return rows_under(paths_of(filters, categories), categories)


def paths_of(filters: Iterable[str], categories: Sequence[CategorySlice]) -> list[Path3]:
    """The category, or the parent of several, that each of `filters` names. Raises ScopeError."""
    return [_resolve(text, categories) for text in filters]


def rows_under(paths: Sequence[Path3], categories: Sequence[CategorySlice]) -> Scope:
    """The rows whose category is, or lies below, any of `paths`, as ascending disjoint ranges; none if there are none.

    A level that a path leaves open matches anything; NO_PATH is what has no category.
    """
    chosen = [own for own in categories if is_in(own.path, paths)]
    ranges: list[tuple[int, int]] = []
    for own in sorted(chosen, key=lambda own: own.start):
        if ranges and ranges[-1][1] == own.start:
            ranges[-1] = (ranges[-1][0], own.stop)
        else:
            ranges.append((own.start, own.stop))
    return tuple(ranges)


def is_in(category: Path3, paths: Iterable[Path3]) -> bool:
    """Whether `category` is, or lies below, any of `paths`; in NO_PATH is what has no category."""
    return any(category == path if path == NO_PATH else is_under(category, path) for path in paths)


def name_of(path: Path3) -> str:
    """How a category is written as a filter that is never ambiguous: `path:Fruit/Kiwi/Kiwi`, a parent `path:Fruit`."""
    return "path:" + "/".join((part or "").replace("/", "%2F") for part in path).rstrip("/")


def _resolve(text: str, categories: Sequence[CategorySlice]) -> Path3:
    prefix, colon, rest = text.partition(":")
    nodes = _nodes(categories)
    if colon and prefix == "path":
        found = [path for path in nodes if name_of(path) == name_of(_split(rest))]
    elif colon and prefix in LEVELS:
        depth = LEVELS.index(prefix)
        found = [path for path in nodes if path[depth] == rest and all(part is None for part in path[depth + 1 :])]
    else:
        found = [path for path in nodes if _last(path) == text]
    if not found:
        raise ScopeError(f"no category {text!r}; {_instead(text, nodes)}")
    if len(found) > 1:
        candidates = tuple(name_of(path) for path in found)
        raise ScopeError(f"category {text!r} is ambiguous: {', '.join(candidates[:SHOWN])}", candidates)
    return found[0]


def _instead(text: str, nodes: Sequence[Path3]) -> str:
    """Categories whose names are like `text`, of its level if it names one, else the first ones of all."""
    level, _, name = text.rpartition(":")
    names = [(LEVELS[depth], own) for path in nodes for depth, own in _deepest(path)]
    known = dict.fromkeys(own for of, own in names if of == level or level not in LEVELS)
    close = get_close_matches(name.rpartition("/")[2][:MAX_NAME], known)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    top = list(dict.fromkeys(next(own for own in path if own) for path in nodes if path != NO_PATH))
    if not top:
        return "the catalogue has no categories"
    more = f" and {len(top) - SHOWN:,} more" if len(top) > SHOWN else ""
    return f"there are {', '.join(map(repr, top[:SHOWN]))}{more}, and what is below them"


def _nodes(categories: Sequence[CategorySlice]) -> list[Path3]:
    """Every category and every parent of one, once, in order; NO_PATH where something has no category."""
    nodes: dict[Path3, None] = {}
    for own in categories:
        meta, level2, _ = own.path
        parents = [path for path in ((meta, None, None), (meta, level2, None)) if path != NO_PATH]
        nodes |= dict.fromkeys([*parents, own.path])
    return list(nodes)


def _last(path: Path3) -> str | None:
    return next((name for _, name in _deepest(path)), None)


def _deepest(path: Path3) -> list[tuple[int, str]]:
    """The last level of a category, counted from 0, and its name there; nothing of NO_PATH."""
    return [(depth, name) for depth, name in enumerate(path) if name is not None][-1:]


def _split(text: str) -> Path3:
    parts = [part.replace("%2F", "/") or None for part in text.split("/")] + [None] * 3
    return parts[0], parts[1], parts[2]
