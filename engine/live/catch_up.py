"""Changes of the log become rows of an overlay: a photo is encoded by the generation's model, or known already."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.changes.record import Change
from engine.changes.state import State
from engine.codes import Codes, Floats, binarise
from engine.encoder import PhotoEncoder
from engine.errors import PhotoError, StateError
from engine.live.overlay import Overlay
from engine.model import ModelCard
from engine.preprocess import load

AT_ONCE = 500
"""Changes that are read and applied together."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """How many changes were applied, and the photos that could not be, by image id, with the reason."""

    changes: int
    left_out: tuple[tuple[str, str], ...]


def model_key(card: ModelCard) -> str:
    """Whose embeddings they are: equal keys give equal embeddings of equal photos."""
    return f"{card.onnx_sha256}:{card.preprocessing_sha256}"


def go_on() -> None:
    """No reason to pause."""


def catch_up(overlay: Overlay, state: State, encoder: PhotoEncoder, breathe: Callable[[], None] = go_on) -> CaughtUp:
    """Apply every change of the log that `overlay` does not have yet, oldest first.

    A photo of which neither the log nor the generation has a code, and whose file is gone or unreadable, is left out.
    `breathe` is called between changes: it may sleep, or end the work by an error.
    """
    count = 0
    left_out: list[tuple[str, str]] = []
    while changes := state.log.since(overlay.revision, AT_ONCE):
        codes = _codes(overlay, state, encoder, changes, left_out)
        for change in changes:
            breathe()
            overlay.apply(change, codes)
        count += len(changes)
    return CaughtUp(count, tuple(left_out))


def _codes(
    overlay: Overlay, state: State, encoder: PhotoEncoder, changes: Sequence[Change], left_out: list[tuple[str, str]]
) -> dict[str, Codes]:
    """The codes of all photos of `changes`, by SHA-256."""
    generation, key = overlay.generation, model_key(encoder.card)
    wanted = {photo.sha256: photo.image_id for own in changes if own.product for photo in own.product.photos}
    embeddings = state.log.embeddings(key, list(wanted))
    codes = {digest: binarise(values, generation.thresholds) for digest, values in embeddings.items()}
    for change in changes:
        if change.product and any(photo.sha256 not in codes for photo in change.product.photos):
            # a photo that the generation brought along: its code is there, its file is not ours
            rows = generation.table.product(change.product_id)
            digests = [record.sha256.hex() for record in generation.table.records(rows)]
            codes = dict(zip(digests, generation.codes(rows), strict=True)) | codes
    new: dict[str, Floats] = {}
    for digest, image_id in wanted.items():
        if digest not in codes:
            try:
                new[digest] = _encoded(state, encoder, digest)
            except (PhotoError, StateError) as error:
                left_out.append((image_id, str(error)))
    if new:
        with state.log.writing() as writing:
            for digest, values in new.items():
                writing.keep_embedding(key, digest, values)
    return codes | {digest: binarise(values, generation.thresholds) for digest, values in new.items()}


def _encoded(state: State, encoder: PhotoEncoder, digest: str) -> Floats:
    pixels = load(state.photos.read(digest), encoder.card.preprocessing)
    embedding: Floats = encoder.encode(pixels[np.newaxis]).embeddings[0]
    return embedding
