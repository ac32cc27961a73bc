"""Search inside the categories that the model finds likely, against search over all: recall and time.

Trained on grocery `train` without the leaves of one fold, asked `val`; `test` is not read. Five shops: the leaves that
were trained on alone; all leaves, asked for those trained on and for the others; the demo's, asked for products that
were trained on, and for others of the same leaves. The time is that of drawn codes in categories of eProduct's sizes.
QUICK=1: a short training, without the demo's shop, fewer codes.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import demo
from benchmarks.category_speed import speed
from benchmarks.likely import LikelyCategories
from benchmarks.result import QUICK, Claim, claim, write
from benchmarks.study.cell import Cell, model_of
from benchmarks.study.measure import Bench, Keep
from benchmarks.study.photos import in_fold, path_in_fold
from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current
from engine.catalogue.catalogue import open_catalogue
from engine.encoder import Encoder
from engine.index.protocol import Scope, size
from engine.ranking import rank
from engine.taxonomy import LEVELS
from index_builder.bootstrap import paired_interval
from index_builder.cache import cache_folder
from index_builder.evaluate import evaluate
from index_builder.queries import Queries, encode_queries

FOLD = 0
CELL = Cell("short", {"epochs": 1}, size=96, fold=FOLD) if QUICK else Cell("default", fold=FOLD)
MASSES = (0.99,) if QUICK else (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)
SHOWN = 0.99
"""The mass whose figures are claims; the results have all."""
OLD_LEAVES, NEW_PRODUCTS = "old leaves", "drawn, new products"
MOST = 10
"""Categories; a photo that needs more to reach the mass is searched over all."""

Marks = npt.NDArray[np.float64]


def hits(generation: Generation, queries: Queries, scopes: list[Scope]) -> tuple[Marks, Marks]:
    """Whether each query's product is the first, and among the first ten, of its scope: 0 or 1."""
    first, ten = [], []
    for row, embedding, scope in zip(queries.rows, queries.embeddings, scopes, strict=True):
        found = [own.product_id for own in rank(generation, embedding, 10, scope).found[:10]]
        first.append(found[:1] == [row.product])
        ten.append(row.product in found)
    return np.array(first, dtype=np.float64), np.array(ten, dtype=np.float64)


def compared(generation: Generation, queries: Queries) -> dict[str, Any]:
    """Search inside likely categories, for every level and mass, beside search over all."""
    assert queries.probabilities is not None
    whole = generation.manifest.scope
    first, ten = hits(generation, queries, [whole] * len(queries.rows))
    found: dict[str, Any] = {"queries": len(queries.rows), "recall@1": first.mean(), "recall@10": ten.mean()}
    for level in LEVELS:
        likely = LikelyCategories.of(generation.card.taxonomy, level, generation.manifest.categories)
        for mass in MASSES:
            scopes = [likely.scope(own, mass, MOST) for own in queries.probabilities]
            first_inside, ten_inside = hits(generation, queries, scopes)
            shares = np.array([size(scope) for scope in scopes]) / size(whole)
            found[f"{level} {mass:g}"] = {
                "recall@1": first_inside.mean(),
                "recall@10": ten_inside.mean(),
                "change@1": asdict(paired_interval(first_inside, first)),
                "change@10": asdict(paired_interval(ten_inside, ten)),
                "rows": shares.mean(),
                "over_all": (shares == 1).mean(),
            }
    return found


def some(queries: Queries, keep: npt.NDArray[np.bool_]) -> Queries:
    """The queries where `keep`, bool [n], is true."""
    assert queries.probabilities is not None
    assert queries.features is not None
    return replace(
        queries,
        rows=[row for row, kept in zip(queries.rows, keep, strict=True) if kept],
        digests=queries.digests[keep],
        embeddings=queries.embeddings[keep],
        features=queries.features[keep],
        probabilities=queries.probabilities[keep],
    )


def shop(generation: Generation, queries: Queries) -> dict[str, Any]:
    """What is known of the categories of `queries`, and search inside likely ones."""
    levels = evaluate(generation, queries).levels
    return {"levels": {level: own.as_json() for level, own in levels.items()}, **compared(generation, queries)}


def grocery() -> dict[str, Any]:
    """Real photos: the first three shops."""
    threads = len(os.sched_getaffinity(0))
    bench = Bench(CELL, model_of(CELL, threads)[0], threads)
    is_shelf: Keep = lambda row: row["split"] in ("train", "iconic")  # noqa: E731
    everything = bench.shelf("shelf", is_shelf)
    trained_on = bench.shelf("known", lambda row: is_shelf(row) and not in_fold(row, FOLD))
    asked = bench.asked("everyone", everything, lambda row: row["split"] == "val")
    old = np.array([not path_in_fold(row.category, FOLD) for row in asked.rows])
    return {
        OLD_LEAVES: shop(trained_on, some(asked, old)),
        "new leaves too, asked for old": shop(everything, some(asked, old)),
        "new leaves too, asked for new": shop(everything, some(asked, ~old)),
    }


def drawn() -> dict[str, Any]:
    """The demo's shop: products of leaves that the model knows, which were trained on or not."""
    demo.made()
    generation = open_generation(demo.BUNDLES / current(demo.BUNDLES))
    catalogue = open_catalogue(demo.CATALOGUE)
    rows = list(catalogue.rows())
    trained = {row.product for row in rows if row.split == "train"}
    indexed = {row.product for row in rows if row.indexed}
    mine = [row for row in rows if row.split == "query" and row.product in indexed]
    threads = len(os.sched_getaffinity(0))
    encoder, cache = Encoder(generation.folder, threads=threads), cache_folder(demo.BUNDLES, generation.card)
    asked = encode_queries(catalogue, mine, encoder, cache, threads, lambda: None, features=True, probabilities=True)
    old = np.array([row.product in trained for row in asked.rows])
    return {
        "drawn, old products": shop(generation, some(asked, old)),
        NEW_PRODUCTS: shop(generation, some(asked, ~old)),
    }


def knowledge(name: str, levels: dict[str, Any]) -> Iterator[Claim]:
    for level, own in levels.items():
        model, index = own["model"], own["index"]
        said = f"n = {model['known']:,}; calibration error {model['ece']:.3f}"
        inside = f"product R@1 {index['recall@1']:.3f}; inside the right {level} alone {index['recall@1_inside']:.3f}"
        yield claim(f"{name}: accuracy of the model's own {level}", model["accuracy"], "", None, "higher", said)
        yield claim(f"{name}: first answers of the right {level}", index["first_inside"], "", None, "higher", inside)


def narrowing(name: str, own: dict[str, Any]) -> Iterator[Claim]:
    for level in LEVELS:
        found = own[f"{level} {SHOWN:g}"]
        ten, one = found["change@10"], found["change@1"]
        note = (
            f"95 % interval {ten['low']:+.3f} to {ten['high']:+.3f}, n = {ten['n']:,}; R@1 {one['mean']:+.3f} "
            f"({one['low']:+.3f} to {one['high']:+.3f}); {found['rows']:.0%} of the rows"
        )
        yield claim(f"{name}: R@10 inside likely {level} − over all", ten["mean"], "", None, "higher", note)


def timing(own: dict[str, Any]) -> Iterator[Claim]:
    ms, share = own["median_ms"], own["share_of_rows"]
    for way in (name for name in ms if name != "all"):
        note = f"{ms[way]:g} ÷ {ms['all']:g} ms, {own['rows']:,} rows; {share[way]:.1%} of them"
        yield claim(f"ranked list inside {way} ÷ over all", ms[way] / ms["all"], "×", None, "lower", note)


def main() -> None:
    shops = grocery() if QUICK else grocery() | drawn()
    told = [name for name in (OLD_LEAVES, NEW_PRODUCTS) if name in shops]
    times = speed()
    claims = [own for name in told for own in knowledge(name, shops[name]["levels"])]
    claims += [own for name, found in shops.items() for own in narrowing(name, found)]
    title = "Categories: known, and searched inside where they are likely"
    write("recognition_categories", title, {"shops": shops, "speed": times}, [*claims, *timing(times)])


if __name__ == "__main__":
    main()
