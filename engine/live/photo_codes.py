"""Where the codes of the photos come from that changes name: the log, the generation, or its model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.bundle.generation import Generation
from engine.changes.record import Change
from engine.changes.state import State
from engine.codes import Codes, Floats, binarise
from engine.encoder import PhotoEncoder
from engine.errors import PhotoError, StateError
from engine.model import ModelCard
from engine.preprocess import load


@dataclass(frozen=True, slots=True)
class PhotoCodes:
    """Of photos by their SHA-256 in hexadecimal: `codes` uint8 [bits / 8]; `left_out`: image ids with the reason."""

    codes: dict[str, Codes]
    left_out: list[tuple[str, str]]


def model_key(card: ModelCard) -> str:
    """Whose embeddings they are: equal keys give equal embeddings of equal photos."""
    return f"{card.onnx_sha256}:{card.preprocessing_sha256}"


def photo_codes(
    generation: Generation, state: State, changes: Sequence[Change], encoder: Callable[[], PhotoEncoder]
) -> PhotoCodes:
    """The codes of all photos of `changes`, by the model and the thresholds of `generation`.

    encoder: gives the generation's; asked for before each photo that has to be encoded, whose embedding the log keeps.
    A photo of which neither the log nor the generation has a code, and whose file is gone or unreadable, is left out.
    """
    key = model_key(generation.card)
    wanted = {photo.sha256: photo.image_id for own in changes if own.product for photo in own.product.photos}
    embeddings = state.log.embeddings(key, list(wanted))
    codes = {digest: binarise(values, generation.thresholds) for digest, values in embeddings.items()}
    for change in changes:
        if change.product and any(photo.sha256 not in codes for photo in change.product.photos):
            # a photo that the generation brought along: its code is there, its file is not ours
            rows = generation.table.product(change.product_id)
            (digests,) = generation.table.columns(rows, "sha256")
            own = dict(zip((digest.hex() for digest in digests), generation.codes(rows), strict=True))
            codes |= {digest: code for digest, code in own.items() if digest not in codes}
    new: dict[str, Floats] = {}
    left_out: list[tuple[str, str]] = []
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
    codes |= {digest: binarise(values, generation.thresholds) for digest, values in new.items()}
    return PhotoCodes(codes, left_out)


def _encoded(state: State, encoder: Callable[[], PhotoEncoder], digest: str) -> Floats:
    data = state.photos.read(digest)
    own = encoder()
    embedding: Floats = own.encode(load(data, own.card.preprocessing)[np.newaxis]).embeddings[0]
    return embedding
