"""Which categories are taken for each other: the query's against that of its first answer."""

from collections import Counter

import numpy as np

from engine.bundle.manifest import CategorySlice
from engine.taxonomy import LEVELS, NO_PATH, Path3, cut
from index_builder.report.category import in_one_line
from index_builder.report.look import Look
from index_builder.report.missing import NO_QUERIES, Section, missing

PAIRS = 15
MATRIX = 20
"""Categories at most that a matrix can be read with."""


def confusion(look: Look | None, categories: tuple[CategorySlice, ...]) -> Section:
    """The pairs that are confused most, and the matrix of the first level that tells them apart."""
    if look is None or not look.asked:
        return missing(NO_QUERIES)
    stops = np.array([own.stop for own in categories])
    pairs: list[tuple[Path3, Path3]] = []
    for own in look.asked:
        if len(own.answers) and own.row.category != NO_PATH:
            answered = categories[int(np.searchsorted(stops, own.answers[0], side="right"))].path
            pairs.append((own.row.category, answered))
    if not pairs:
        return missing("The catalogue has no categories: its columns meta, level2 and leaf name them.")
    asked = Counter(wanted for wanted, _ in pairs)
    wrong = Counter(pair for pair in pairs if pair[0] != pair[1])
    return {
        "queries": len(pairs),
        "in_another_category": wrong.total(),
        "pairs": [
            {"asked": in_one_line(wanted), "answered": in_one_line(answered), "count": count, "of": asked[wanted]}
            for (wanted, answered), count in wrong.most_common(PAIRS)
        ],
        "matrix": _matrix(pairs),
    }


def _matrix(pairs: list[tuple[Path3, Path3]]) -> Section | None:
    """Of the first level with two names or more; None if it has too many for a matrix, or there is none."""
    for depth, level in enumerate(LEVELS, 1):
        cuts = [(cut(wanted, depth), cut(answered, depth)) for wanted, answered in pairs]
        names = sorted({in_one_line(path) for pair in cuts for path in pair})
        if len(names) > 1:
            if len(names) > MATRIX:
                return None
            place = {name: number for number, name in enumerate(names)}
            counts = np.zeros((len(names), len(names)), dtype=np.int64)
            for wanted, answered in cuts:
                counts[place[in_one_line(wanted)], place[in_one_line(answered)]] += 1
            return {"level": level, "names": names, "counts": counts.tolist()}
    return None
