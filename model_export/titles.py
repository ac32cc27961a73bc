"""Attributes mined from titles: words, and pairs of words side by side, that many titles share, as labels of photos.

Han et al., "Large-Scale Product Retrieval with Weakly Supervised Representation Learning", arXiv:2208.00955 (second in
eProduct 2022), learned thousands of them. Sellers write what the category leaves open: colour, pattern, brand.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from engine.catalogue.row import Row
from engine.errors import CatalogueError
from engine.wording import counted

FEWEST = 10
"""Products whose titles have an attribute, at least: fewer examples teach the photos, not the word."""
LARGEST_SHARE = 0.5
"""Share of the products, at most: what most titles say tells few of them apart."""
MOST = 2000
"""Attributes, the most frequent ones."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

Indices = npt.NDArray[np.int64]


class Attribute(BaseModel):
    """A word or a pair of words, and how many products' titles have it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    products: int


class Attributes(BaseModel):
    """attributes.json: the labels in the order of the head's outputs, the most frequent first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    products: int
    """Products that were counted: those with a title, equal titles once."""
    attributes: tuple[Attribute, ...]


def mine_attributes(rows: Sequence[Row], name: str) -> Attributes:
    """The attributes of the titles of `rows` from the catalogue `name`; depends on no order.

    A product counts once however many photos and titles it has, and products with equal titles count once, so that
    copied listings have no vote. Raises CatalogueError where no row has a title, or no attribute is frequent enough.
    """
    titled = sorted({(row.product, _normal(row.title)) for row in rows if row.title and row.title.strip()})
    if not titled:
        raise CatalogueError(
            f"--titles: no row of {name} that is trained on has a title; "
            "name their column with --column title=…, or leave --titles off"
        )
    products = {tuple(title for _, title in own) for _, own in groupby(titled, key=itemgetter(0))}
    largest = int(LARGEST_SHARE * len(products))
    counts = Counter(word for titles in products for word in _union(_words(title) for title in titles))
    words = {word: n for word, n in counts.items() if FEWEST <= n <= largest and _says_something(word)}
    # No pair is more frequent than its words: of words below the last place, none can be in a pair that takes one.
    floor = sorted([*words.values(), *[FEWEST] * MOST], reverse=True)[MOST - 1]
    common = {word for word, n in counts.items() if n >= floor}
    paired = Counter(pair for titles in products for pair in _union(_pairs(title, common) for title in titles))
    pairs = {pair: n for pair, n in paired.items() if floor <= n <= largest and not _repeats(pair, n, words)}
    found = sorted({**words, **pairs}.items(), key=lambda item: (-item[1], item[0]))[:MOST]
    if not found:
        raise CatalogueError(
            f"--titles: too little is common to {counted(len(products), 'different title')} of {name}: no word is in "
            f"{FEWEST} of them or more and in {LARGEST_SHARE:.0%} or fewer; leave --titles off"
        )
    return Attributes(products=len(products), attributes=tuple(Attribute(name=own, products=n) for own, n in found))


def label(rows: Sequence[Row], attributes: Attributes) -> tuple[Indices, Indices]:
    """Which attributes each row's own title has: those of row i are found[starts[i] : starts[i + 1]], ascending.

    Returns starts int64 [rows + 1] and found int64 [all], indices into `attributes.attributes`.
    """
    index = {own.name: i for i, own in enumerate(attributes.attributes)}
    starts, found = [0], []
    for row in rows:
        title = _normal(row.title or "")
        found += sorted(index[own] for own in _words(title) | _pairs(title) if own in index)
        starts.append(len(found))
    return np.array(starts, dtype=np.int64), np.array(found, dtype=np.int64)


def _normal(title: str) -> str:
    """One form of letters (NFKC) in lower case, blanks evened out."""
    return " ".join(unicodedata.normalize("NFKC", title).lower().split())


def _union(sets: Iterable[set[str]]) -> set[str]:
    return set().union(*sets)


def _words(title: str) -> set[str]:
    return set(_WORD.findall(title))


def _pairs(title: str, common: set[str] | None = None) -> set[str]:
    """Words with nothing but a blank or a hyphen between them: `sky blue`, `iphone 12`, but nothing across a comma."""
    found = set()
    for first, second in pairwise(_WORD.finditer(title)):
        pair = first[0], second[0]
        near = not title[first.end() : second.start()].strip(" -")
        if near and (common is None or common.issuperset(pair)) and any(map(_says_something, pair)):
            found.add(" ".join(pair))
    return found


def _says_something(word: str) -> bool:
    """A number alone does not: 9 is a size, a price or a count; nor a letter. Their neighbours say which of these."""
    return len(word) > 1 and not word.isnumeric()


def _repeats(pair: str, count: int, words: dict[str, int]) -> bool:
    """Whether one of its words, an attribute itself, is always in this pair: their labels would be the same."""
    return any(words.get(word) == count for word in pair.split(" "))
