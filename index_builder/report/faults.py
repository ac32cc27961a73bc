"""What is wrong with the catalogue's rows: those that cannot be used, and photos that stand there more than once."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from engine.catalogue.bad_row import BadRow
from engine.catalogue.row import Row
from index_builder.cache import as_keys
from index_builder.encode import EncodedRows
from index_builder.report.missing import Section

SHOWN = 20


def faults(bad: Sequence[BadRow], encoded: EncodedRows) -> Section:
    """Counts, and the first of each."""
    reasons = Counter(own.reason.value for own in bad)
    return {
        "bad_rows": len(bad),
        "reasons": dict(reasons.most_common()),
        "first": [own.as_json() for own in bad[:SHOWN]],
        **_copies(encoded),
    }


def _copies(encoded: EncodedRows) -> Section:
    """Photos that are byte for byte the same. No search can tell products apart by a photo that both have."""
    keys, number, counts = np.unique(as_keys(encoded.digests), return_inverse=True, return_counts=True)
    copied = np.flatnonzero(counts[number] > 1)
    groups: dict[int, list[Row]] = {}
    for place in copied.tolist():
        groups.setdefault(int(number[place]), []).append(encoded.rows[place])
    found = [(sorted({row.product for row in rows}), rows) for rows in groups.values()]
    found.sort(key=lambda own: (-len(own[0]), -len(own[1])))
    return {
        "duplicate_photos": len(encoded.rows) - len(keys),
        "photos_of_several_products": sum(len(products) > 1 for products, _ in found),
        "duplicates": [
            {
                "rows": len(rows),
                "images": [row.image_id for row in rows[:3]],
                "products": products[:3],
                "products_count": len(products),
            }
            for products, rows in found[:SHOWN]
        ],
    }
