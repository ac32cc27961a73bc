"""What a model of the study is worth: seen and unseen products, packages against clean pictures, strangers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.study.cell import Cell
from benchmarks.study.photos import Fold, Record, few, folder, in_fold, path_in_fold, write
from engine.bundle.generation import Generation, open_generation
from engine.catalogue.catalogue import open_catalogue
from engine.encoder import Encoder
from engine.ranking import rank
from index_builder.cache import cache_folder
from index_builder.evaluate import Evaluation, Outcome, evaluate
from index_builder.indexing import Order, index
from index_builder.plan import Wishes
from index_builder.progress import Progress
from index_builder.queries import Queries, encode_queries

Keep = Callable[[Record], bool]


@dataclass(frozen=True)
class Bench:
    """A cell's model and the shelves that it is asked with; photos are encoded once for all of them."""

    cell: Cell
    model: Path
    threads: int
    test: bool = False
    """Asked are the photos of `test` in place of those of `val`."""

    @property
    def split(self) -> str:
        """Whose photos are asked."""
        return "test" if self.test else "val"

    def shelf(self, name: str, keep: Keep) -> Generation:
        """The rows of the grocery catalogue that `keep` accepts, indexed."""
        catalogue = write("grocery", keep, self.cell.folder / f"{name}.csv")
        order = Order(
            catalogue=catalogue,
            model=self.model,
            out=self.cell.folder / "bundles",
            images=folder("grocery"),
            wishes=Wishes(thumbs=False),
            force="the study's shelves are not versions of one another",
            threads=self.threads,
        )
        return open_generation(index(order, Progress()).folder)

    def asked(self, name: str, generation: Generation, keep: Keep) -> Queries:
        """The rows of the grocery catalogue that `keep` accepts, as queries."""
        path = write("grocery", keep, self.cell.folder / f"{name}.csv", test=self.test)
        catalogue = open_catalogue(path, images=folder("grocery"))
        encoder = Encoder(generation.folder, threads=self.threads, verify=False)
        cache = cache_folder(self.cell.folder / "bundles", generation.card)
        rows = list(catalogue.rows())
        return encode_queries(
            catalogue, rows, encoder, cache, self.threads, lambda: None, features=True, probabilities=True
        )


def measure(cell: Cell, model: Path, threads: int, test: bool = False) -> dict[str, Any]:
    """All protocols that this cell can answer, by name; each with its figures and its queries' own results.

    Asked is `val`, or with `test` that split.
    """
    bench = Bench(cell, model, threads, test)
    is_asked: Keep = lambda row: row["split"] == bench.split  # noqa: E731
    is_query: Keep = lambda row: is_asked(row) and (cell.fold is None or in_fold(row, cell.fold))  # noqa: E731
    if cell.photos is not None:
        shop = few(cell.photos)
        shelf = bench.shelf("shelf", lambda row: row["image_id"] in shop)
        of = "seen" if cell.fold is None else "unseen"
        return {of: _figures(evaluate(shelf, bench.asked("queries", shelf, is_query)))}
    is_shelf: Keep = lambda row: row["split"] in ("train", "iconic")  # noqa: E731
    is_package: Keep = lambda row: is_query(row) and row["meta"] == "Packages"  # noqa: E731
    found: dict[str, Any] = {}
    shelf = bench.shelf("shelf", is_shelf)
    of = "transfer" if cell.catalogue != "grocery" or cell.after else "seen" if cell.fold is None else "unseen"
    found[of] = _figures(evaluate(shelf, bench.asked("queries", shelf, is_query)))
    clean = bench.shelf("iconic", lambda row: row["split"] == "iconic")
    found["packages"] = _figures(evaluate(clean, bench.asked("packages", clean, is_package)))
    if cell.fold is not None:
        without = bench.shelf("known", lambda row: is_shelf(row) and not in_fold(row, cell.fold))
        everyone = bench.asked("everyone", without, is_asked)
        found["no_match"] = _strangers(without, everyone, cell.fold)
        known: Keep = lambda row: is_asked(row) and not in_fold(row, cell.fold)  # noqa: E731
        found["seen"] = _figures(evaluate(shelf, bench.asked("known_queries", shelf, known)))
    return found


def _figures(own: Evaluation) -> dict[str, Any]:
    part = own.float_part
    assert part is not None, "an index of this size keeps its floats"
    return {
        **own.as_json(),
        "hits": {
            "float": _marks(own.floats[part]),
            "bits": _marks(own.bits),
            "bits_rescored": _marks(own.bits_rescored),
        },
    }


def _marks(outcome: Outcome) -> dict[str, str]:
    """For each query 1 or 0: whether the first, and one of the first five, products are right; the same of photos."""

    def marks(lists: Any, k: int) -> str:
        return "".join("1" if judged.relevant[:k].any() else "0" for judged in lists)

    return {
        "product@1": marks(outcome.product, 1),
        "product@5": marks(outcome.product, 5),
        "photo@1": marks(outcome.photo, 1),
        "photo@10": marks(outcome.photo, 10),
    }


def _strangers(generation: Generation, queries: Queries, fold: Fold) -> dict[str, Any]:
    """How well the similarity of the first answer tells photos of indexed products from those of absent ones."""
    everything = ((0, generation.manifest.rows),)
    tops = np.array([rank(generation, row, 1, everything).found[0].similarity for row in queries.embeddings])
    strange = np.array([path_in_fold(row.category, fold) for row in queries.rows])
    return {"auroc": auroc(tops[~strange], tops[strange])}


def auroc(positive: npt.NDArray[np.float64], negative: npt.NDArray[np.float64]) -> float:
    """The chance that a positive value is above a negative one, ties counting half (Mann-Whitney U ÷ pairs)."""
    values = np.concatenate([positive, negative])
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    n, m = len(positive), len(negative)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))
