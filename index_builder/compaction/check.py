"""The gate of a compaction: its rows are exactly those of the old generation and of the log.

How many rows there may be is not judged: what was deleted through the service was meant to be.
"""

import numpy as np

from engine.bundle.generation import Generation
from engine.errors import GateError
from engine.index.protocol import Rows
from engine.wording import counted
from index_builder.compaction.fold import Folded
from index_builder.compaction.merge import Merged

SAMPLE = 1000
"""Rows of the old generation that are compared."""


def require_exact(staged: Generation, base: Generation, folded: Folded, merged: Merged) -> None:
    """Raise GateError unless `staged` has every row that it should, where it is looked for, and no other.

    Every changed product and every added row is looked up, and a sample of the rows that stayed, the same for the same
    rows.
    """
    wanted = base.manifest.rows - int(folded.gone.sum()) + len(folded.added)
    if staged.manifest.rows != wanted:
        faults = [f"it has {counted(staged.manifest.rows, 'row')} instead of {wanted:,}"]
    else:
        faults = [fault for fault, is_so in _compared(staged, base, folded, merged).items() if is_so]
    if faults:
        raise GateError(
            f"{staged.id} is not published: {' and '.join(faults)}; {base.id} stays live and changes stay in the log; "
            "build anew with `twinshot index --state`, and report this fault"
        )


def _compared(staged: Generation, base: Generation, folded: Folded, merged: Merged) -> dict[str, bool]:
    """What may be wrong, and whether it is."""
    added, kept = np.flatnonzero(merged.source < 0), np.flatnonzero(merged.source >= 0)
    chosen = kept if len(kept) <= SAMPLE else np.sort(np.random.default_rng(0).choice(kept, SAMPLE, replace=False))
    origin = merged.source[chosen]
    names = tuple(folded.added.table[name].to_pylist() for name in ("product_id", "image_id"))
    photos = sum(len(staged.table.product(name)) for name in folded.changed)
    return {
        "changed products have other photos than the log says": photos != len(added),
        "rows that came in have other ids": staged.table.ids(added) != names,
        "rows that came in have other codes": not np.array_equal(staged.codes(added), folded.added.codes),
        "rows that stayed have other ids": staged.ids(chosen) != base.ids(origin),
        "rows that stayed have other codes": not np.array_equal(staged.codes(chosen), base.codes(origin)),
        "photos are not found by their ids": not _found(staged, np.concatenate([added, chosen])),
    }


def _found(staged: Generation, rows: Rows) -> bool:
    """Whether each row is among those of its product, and found by its image id."""
    products, images = staged.ids(rows)
    for row, product, image in zip(rows.tolist(), products, images, strict=True):
        by_image = staged.table.image(image)
        if by_image is None or row not in staged.table.product(product):
            return False
        if by_image != row and staged.table.key(by_image)[1] != image:
            return False
    return True
