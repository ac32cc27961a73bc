"""Sheets of queries with what they were answered: the worst, some taken by chance, and the best."""

from collections.abc import Sequence

import numpy as np

from engine.bundle.generation import Generation
from engine.calibration import Calibration, scores_of
from engine.page_address import page_address
from index_builder.report.category import in_one_line
from index_builder.report.look import Asked, Look
from index_builder.report.missing import NO_QUERIES, Section, missing

ANSWERS = 5
WORST, CHANCE, BEST = 12, 8, 4
NO_THUMBS = "There are no pictures: this generation keeps no thumbnails (--thumbs keeps them)."


def examples(look: Look | None, generation: Generation, calibration: Calibration | None) -> Section:
    """The worst are those whose product comes last or not at all, of these the most alike to a wrong one first."""
    if look is None or not look.asked:
        return missing(NO_QUERIES)
    order = sorted(look.asked, key=_badness, reverse=True)
    wrong = [own for own in order if own.rank != 1]
    right = [own for own in reversed(order) if own.rank == 1]
    chosen = np.random.default_rng(0).permutation(len(look.asked))[:CHANCE]
    sheets = {"worst": wrong[:WORST], "chance": [look.asked[i] for i in chosen], "best": right[:BEST]}
    return {
        "queries": len(look.asked),
        "wrong": len(wrong),
        "no_pictures": NO_THUMBS if generation.thumbs is None else None,
        "sheets": {name: [_example(own, generation, calibration) for own in sheet] for name, sheet in sheets.items()},
    }


def _badness(own: Asked) -> tuple[float, float]:
    rank = np.inf if own.rank is None else own.rank
    first = float(own.similarities[0]) if len(own.similarities) else 0.0
    return rank, first if own.rank != 1 else -first


def _example(own: Asked, generation: Generation, calibration: Calibration | None) -> Section:
    values = own.similarities[:ANSWERS].astype(np.float64).tolist()
    columns = (own.right.tolist(), values, scores_of(calibration, values), own.distances.tolist())
    answers = [
        {**_photo(generation, int(row)), "right": right, "similarity": value, "score": score, "distance": distance}
        for row, right, value, score, distance in zip(own.answers, *columns, strict=False)
    ]
    return {
        "query": {
            "image": own.row.image,
            "image_id": own.row.image_id,
            "product_id": own.row.product,
            "title": own.row.title,
            "category": in_one_line(own.row.category),
        },
        "rank": own.rank,
        "answers": answers,
        "missed": None if any(answer["right"] for answer in answers) else _missed(own, generation),
    }


def _missed(own: Asked, generation: Generation) -> Section | None:
    """The photo of the query's own product that came nearest."""
    if not len(own.own):
        return None
    best = int(own.own_similarities.argmax())
    found = _photo(generation, int(own.own[best]))
    return {**found, "similarity": float(own.own_similarities[best]), "distance": int(own.own_distances[best])}


def _photo(generation: Generation, row: int) -> Section:
    record = generation.table.record(row)
    return {
        "row": row,
        "image_id": record.image_id,
        "product_id": record.product_id,
        "title": record.title,
        "category": in_one_line(generation.manifest.categories[record.category].path),
        "url": page_address(record.url),
    }


def shown(section: Section) -> Sequence[Section]:
    """Every example of all sheets."""
    return [own for sheet in section.get("sheets", {}).values() for own in sheet]
