"""Where the codes of the photos come from that changes name: the log, the generation, or its model."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from engine.bundle.generation import Generation
from engine.changes.record import Change, StoredProduct
from engine.changes.state import State
from engine.codes import Codes, Floats, binarise
from engine.encoder import PhotoEncoder
from engine.errors import PhotoError, StateError
from engine.model import ModelCard
from engine.preprocess import load


@dataclass(frozen=True, slots=True)
class PhotoCodes:
    """For each change the codes of its photos by SHA-256 in hexadecimal, uint8 [bits / 8], without those left out.

    left_out: image ids with the reason.
    """

    codes: list[dict[str, Codes]]
    left_out: list[tuple[str, str]]


def model_key(card: ModelCard) -> str:
    """Whose embeddings they are: equal keys give equal embeddings of equal photos."""
    return f"{card.onnx_sha256}:{card.preprocessing_sha256}"


def photo_codes(
    generation: Generation, state: State, changes: Sequence[Change], encoder: Callable[[], PhotoEncoder]
) -> PhotoCodes:
    """The codes of all photos of `changes`, by the model and the thresholds of `generation`.

    encoder: gives the generation's; asked for before each photo that has to be encoded, whose embedding the log keeps.
    A photo of which neither the log nor its product's own rows of the generation have a code, and whose file is gone or
    unreadable, is left out.
    """
    key = model_key(generation.card)
    products = [own.product for own in changes if own.product]
    embeddings = state.log.embeddings(key, [photo.sha256 for own in products for photo in own.photos])
    known = {digest: binarise(values, generation.thresholds) for digest, values in embeddings.items()}
    # its own alone: of another product's photo there is no row here whose embedding a compaction could take over
    brought = {own.product_id: _brought_along(generation, own, known) for own in products}
    wanted = [one.sha256 for own in products for one in own.photos if one.sha256 not in brought[own.product_id]]
    new: dict[str, Floats] = {}
    faults: dict[str, str] = {}
    for digest in dict.fromkeys(wanted):
        if digest not in known:
            try:
                new[digest] = _encoded(state, encoder, digest)
            except (PhotoError, StateError) as error:
                faults[digest] = str(error)
    if new:
        with state.log.writing() as writing:
            for digest, values in new.items():
                writing.keep_embedding(key, digest, values)
    known |= {digest: binarise(values, generation.thresholds) for digest, values in new.items()}
    found = PhotoCodes([], [])
    for change in changes:
        photos = change.product.photos if change.product else ()
        codes = {one.sha256: known[one.sha256] for one in photos if one.sha256 in known}
        found.codes.append(brought.get(change.product_id, {}) | codes)
        found.left_out.extend((one.image_id, faults[one.sha256]) for one in photos if one.sha256 not in found.codes[-1])
    return found


def _brought_along(generation: Generation, product: StoredProduct, known: Collection[str]) -> dict[str, Codes]:
    """The codes of a product's rows of the generation, by SHA-256, where any of its photos is not `known`."""
    if all(photo.sha256 in known for photo in product.photos):
        return {}
    # a photo that the generation brought along: its code is there, its file is not ours
    rows = generation.table.product(product.product_id)
    (digests,) = generation.table.columns(rows, "sha256")
    return dict(zip((digest.hex() for digest in digests), generation.codes(rows), strict=True))


def _encoded(state: State, encoder: Callable[[], PhotoEncoder], digest: str) -> Floats:
    data = state.photos.read(digest)
    own = encoder()
    embedding: Floats = own.encode(load(data, own.card.preprocessing)[np.newaxis]).embeddings[0]
    return embedding
