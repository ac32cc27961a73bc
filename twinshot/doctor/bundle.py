"""A bundle folder: whether its live generation is whole, and answers."""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.bundle.generation import Generation, check_file, open_generation
from engine.bundle.manifest import Manifest
from engine.bundle.store import current, names
from engine.encoder import Device, Encoder
from engine.preprocess import load
from engine.ranking import rank
from engine.wording import counted
from twinshot.doctor.finding import Finding

ASKED = 5
"""Photos that are asked with."""
PLACES = 10
_AGAIN = "build it again with `twinshot index`, or make an older one live with `twinshot rollback`"


def live(bundles: Path) -> Finding:
    """What CURRENT names, and how many others could be made live."""
    name, others = current(bundles), len(names(bundles)) - 1
    return Finding("generation", "ok", f"{name} is live, {counted(others, 'other') if others else 'no other'} kept")


def files(folder: Path, manifest: Manifest, verify: bool) -> Finding:
    """Whether every file has its size, and with `verify` its checksum."""
    for name, record in manifest.files.items():
        check_file(folder / name, record, contents=verify)
    total = sum(record.bytes for record in manifest.files.values())
    checked = "sizes and checksums are right" if verify else "sizes are right (--verify reads them all)"
    return Finding("files", "ok", f"{counted(len(manifest.files), 'file')}, {total / 1e6:,.1f} MB: {checked}")


def index(folder: Path) -> Finding:
    """Whether model, index and rows belong together."""
    own = open_generation(folder)
    size = f"{counted(len(own.table), 'photo')} of {counted(own.manifest.products, 'product')}"
    return Finding("index", "ok", f"{size}, {own.card.bits} bits of {own.card.backbone}; it is its model's")


def thresholds(manifest: Manifest) -> Finding:
    """Where the thresholds of the bits are from."""
    values = np.array(manifest.thresholds)
    if not np.isfinite(values).all():
        return Finding("thresholds", "failed", "some are no numbers", _AGAIN)
    if manifest.thresholds_from == "model":
        return Finding("thresholds", "ok", "the model's own: under 200 photos to fit them to (docs/recognition.md)")
    return Finding("thresholds", "ok", "fitted to this catalogue")


def scores(manifest: Manifest) -> Finding:
    """Whether results have scores."""
    own = manifest.calibration
    if own is None:
        said = "none: too few photos of known products, so score and match are null (report.json has the numbers)"
        return Finding("scores", "warning", said, "index more products with several photos, or 200 photos as split val")
    said = f"calibration error {own.ece:.3f} on {own.queries:,} photos, recommended min_score {own.min_score:.2f}"
    return Finding("scores", "ok", said)


def query(folder: Path, device: Device) -> Finding:
    """Whether products are found by their own thumbnails."""
    own = open_generation(folder)
    if not len(own.table):
        return Finding("query", "ok", "no photos yet, nothing to ask with")
    encoder = Encoder(folder, device=device, verify=False)
    encoder.warm()
    if own.thumbs is None:
        return Finding("query", "ok", "the model answers; there are no thumbnails to ask the index with")
    rows = np.unique(np.linspace(0, len(own.table) - 1, ASKED).astype(np.int64))
    return _asked(own, encoder, rows.tolist())


def _asked(own: Generation, encoder: Encoder, rows: Sequence[int]) -> Finding:
    began = time.perf_counter()
    places = [_place(own, encoder, row) for row in rows]
    each = (time.perf_counter() - began) / len(rows) * 1000
    found = sum(place is not None for place in places)
    said = (
        f"{found} of {len(rows)} products found by a thumbnail of theirs among the first {PLACES}, {each:.0f} ms each"
    )
    if not found:
        return Finding("query", "failed", said, _AGAIN)
    if found < len(rows):
        remedy = "`twinshot evaluate` measures it; more epochs or starting weights help (docs/training.md)"
        return Finding("query", "warning", said, remedy)
    return Finding("query", "ok", said)


def _place(own: Generation, encoder: Encoder, row: int) -> int | None:
    """The place of a photo's product in the answer to its thumbnail, None behind PLACES."""
    assert own.thumbs is not None
    embedding = encoder.encode(load(own.thumbs[row], encoder.card.preprocessing)[None]).embeddings[0]
    found = rank(own, embedding, PLACES, own.manifest.scope).found[:PLACES]
    product = own.table.record(row).product_id
    return next((place for place, other in enumerate(found, 1) if other.product_id == product), None)
