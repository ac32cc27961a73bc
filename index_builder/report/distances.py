"""How far photos of the same product lie apart, and how far those of different ones, in bits."""

from collections.abc import Sequence

import numpy as np

from engine.index.protocol import Distances
from index_builder.report.look import Look
from index_builder.report.missing import NO_QUERIES, Section, missing

BINS = 40


def distances(look: Look | None, bits: int) -> Section:
    """Histograms of the distance from a query to the nearest photo of its product, to all of them, to the best
    answer that is another product, and to any other product: counts in bins that are all `width` bits wide.
    """
    if look is None or not look.asked:
        return missing(NO_QUERIES)
    same = [own.own_distances for own in look.asked]
    nearest = [np.sort(own)[:1] for own in same]
    wrong = [own.distances[~own.right][:1] for own in look.asked]
    other = [own.strangers for own in look.asked]
    width = max(-(-_furthest([*same, *wrong, *other]) // BINS), 1)
    edges = np.arange(0, bits + width + 1, width, dtype=np.int32)
    series = {
        "nearest_same_product": nearest,
        "same_product": same,
        "best_other_product": wrong,
        "any_other_product": other,
    }
    return {
        "queries": len(look.asked),
        "answerable": look.answerable,
        "bits": bits,
        "width": width,
        "series": [_series(name, values, edges) for name, values in series.items()],
    }


def _series(name: str, values: Sequence[Distances], edges: Distances) -> Section:
    joined = np.concatenate(values)
    counts: list[int] = np.histogram(joined, bins=edges)[0].tolist()
    while counts and not counts[-1]:
        counts.pop()
    median = float(np.median(joined)) if len(joined) else None
    return {"name": name, "pairs": len(joined), "median": median, "counts": counts}


def _furthest(values: Sequence[Distances]) -> int:
    return max((int(own.max()) for own in values if len(own)), default=0) + 1
