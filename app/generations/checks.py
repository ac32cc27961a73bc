"""What a generation must answer before it may take over: its own rows, and photos whose bits are known."""

import numpy as np

from app.live import Loaded
from engine.bundle.generation import Generation
from engine.bundle.manifest import REMEDY
from engine.changes.state import State
from engine.codes import binarise
from engine.encoder import PhotoEncoder
from engine.errors import BundleError, PhotoError, StateError
from engine.live.photo_codes import model_key
from engine.live.view import View
from engine.preprocess import load

ROWS = 8
"""Rows that are asked for, of the generation and of the changes each."""
PHOTOS = 2
"""Photos of the state that are encoded again."""
ALIKE = 1 / 50
"""Share of the bits that may differ from those the log has. Between processors a thousandth do, between models half."""


def check_rows(generation: Generation) -> None:
    """Rows from its first to its last must be the nearest to their own codes, and be found by their ids.

    Raises BundleError.
    """
    rows = np.unique(np.linspace(0, max(generation.manifest.rows - 1, 0), ROWS).astype(np.int64))
    rows = rows[: generation.manifest.rows]
    records = generation.table.records(rows)
    scope = generation.manifest.scope
    for row, code, record in zip(rows.tolist(), generation.codes(rows), records, strict=True):
        nearest = generation.nearest(code, 1, scope).distances.tolist()
        if nearest != [0] or row not in generation.within(code, 0, scope).rows:
            raise BundleError(f"{generation.folder}: row {row} is not found by its own code; {REMEDY}")
        if generation.table.image(record.image_id) != row or row not in generation.table.product(record.product_id):
            raise BundleError(f"{generation.folder}: row {row} is not found by its ids; {REMEDY}")


def check_changes(loaded: Loaded, encoder: PhotoEncoder, state: State) -> None:
    """The last rows that changes added must be found by their codes, and photos have the bits that the log knows.

    Raises BundleError.
    """
    records = loaded.overlay.records[-ROWS:]
    for record in records:
        _check_added(loaded.view, record.image_id)
    known = state.log.embeddings(model_key(encoder.card), [record.sha256.hex() for record in records])
    thresholds = loaded.generation.thresholds
    for digest, embedding in list(known.items())[-PHOTOS:]:
        try:
            pixels = load(state.photos.read(digest), encoder.card.preprocessing)
        except (PhotoError, StateError):
            continue  # its file is gone or damaged, which says nothing of the generation
        again = encoder.encode(pixels[np.newaxis]).embeddings[0]
        differing = np.bitwise_count(binarise(embedding, thresholds) ^ binarise(again, thresholds)).sum()
        if differing > ALIKE * encoder.card.bits:
            raise BundleError(
                f"{loaded.generation.folder}: the model gives {differing} of {encoder.card.bits} other bits for photo "
                f"{digest} than the log has from it; {REMEDY}"
            )


def _check_added(view: View, image_id: str) -> None:
    row = view.image(image_id)
    if row is None or view.is_base(row):
        return  # it was added, and is gone or replaced by now
    (code,) = view.codes(np.array([row]))
    if row not in view.within(code, 0, view.everything).rows:
        raise BundleError(f"{view.generation.folder}: photo {image_id!r} of the changes is not found by its own code")
