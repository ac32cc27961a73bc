"""What a generation answers to photos whose product is known, and what it would answer if it did not have that product.

Every query is asked twice: as it is, and as a stranger, its product taken out of the index. The weights make one third
of the answers strangers', which is the mean over every way of choosing a third of the queries.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.bundle.generation import Generation
from engine.calibration import NEEDED, Values
from engine.codes import Floats, direction, similarity
from engine.index.flat import set_threads
from engine.index.protocol import Rows
from engine.ranking import rank
from index_builder.queries import Queries
from index_builder.shelf import Numbers, open_shelf, own_rows, scope_without

STRANGERS = 1 / 3
NEAR_COPY = 1.5
"""An indexed photo of the query's product is a near-copy if its similarity is that many standard deviations above the
mean of the product's photos: catalogue photos come in bursts, and a customer's photo is not from one.
"""
ENOUGH_TO_TELL = 4
"""Photos of a product from which on its similarities have a spread; of fewer none counts as a near-copy."""


@dataclass(frozen=True, slots=True)
class Observations:
    """First answers. similarity, margin, right (0 or 1), weight: float64 [n]; query, product, stranger: the number of
    the query and of its product, and whether that product was taken out, [n].
    """

    similarity: Values
    margin: Values
    right: Values
    weight: Values
    query: Numbers
    product: Numbers
    stranger: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.right)

    @property
    def queries(self) -> int:
        """How many queries were asked."""
        return len(np.unique(self.query))

    @property
    def products(self) -> int:
        """How many products they were of."""
        return len(np.unique(self.product))

    def part(self, chosen: npt.NDArray[np.bool_]) -> "Observations":
        """The observations where `chosen`, bool [n], is true."""
        return Observations(*(getattr(self, name)[chosen] for name in self.__slots__))


def observe(generation: Generation, queries: Queries, without_copies: bool) -> Observations:
    """Ask every query whose product is indexed, besides as its own photo. `without_copies`: near-copies are out too."""
    set_threads(1)  # as in evaluate
    found = list(_answers(generation, queries, without_copies))
    columns = np.array(found, dtype=np.float64).reshape(-1, 7).T
    similar, margin, right, weight = columns[:4]
    query, product = columns[4:6].astype(np.int64)
    return Observations(similar, margin, right, weight, query, product, columns[6].astype(np.bool_))


def _answers(generation: Generation, queries: Queries, without_copies: bool) -> Iterator[tuple[float, ...]]:
    shelf = open_shelf(generation)
    by_product = np.argsort(shelf.products, kind="stable")
    starts = np.searchsorted(shelf.products[by_product], np.arange(len(shelf.number_of) + 1))
    for query, (row, itself) in enumerate(zip(queries.rows, own_rows(shelf, queries), strict=True)):
        product = shelf.number_of.get(row.product)
        if product is None:
            continue
        every = np.sort(by_product[starts[product] : starts[product + 1]])
        others = np.setdiff1d(every, itself)
        if not len(others):
            continue
        embedding = queries.embeddings[query]
        copies = near_copies(generation, embedding, others) if without_copies else others[:0]
        for stranger, out in ((False, np.union1d(itself, copies)), (True, np.union1d(itself, every))):
            first = rank(generation, embedding, NEEDED, scope_without(generation.manifest.scope, out)).found[:NEEDED]
            if first:
                margin = first[0].similarity - first[1].similarity if len(first) > 1 else 0.0
                right = first[0].product_id == row.product
                weight = STRANGERS if stranger else 1 - STRANGERS
                yield first[0].similarity, max(margin, 0.0), right, weight, query, product, stranger


def near_copies(generation: Generation, embedding: Floats, others: Rows) -> Rows:
    """Which rows of the query's product are nearer to it than its other photos make plausible, int64 [n]."""
    if len(others) < ENOUGH_TO_TELL:
        return others[:0]
    values = similarity(direction(embedding, generation.thresholds), generation.codes(others)).astype(np.float64)
    copies: Rows = others[values > values.mean() + NEAR_COPY * values.std()]
    return copies
