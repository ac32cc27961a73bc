"""Every photo of a catalogue through the model, once: read, hash, and only what is new decoded and encoded."""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.bundle.thumbs import thumb_of
from engine.catalogue.bad_row import BadRow, Fault, Reason
from engine.catalogue.catalogue import Catalogue
from engine.catalogue.check import PHOTO_FAULTS
from engine.catalogue.row import Row
from engine.encoder import Encoder
from engine.errors import BundleError, CatalogueError, PhotoError
from engine.preprocess import Pixels, Preprocessing, crop, decode
from index_builder.cache import Digests, PhotoCache

BATCH = 32


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """Rows whose photos are in the cache: `digests` uint8 [rows, 32], and those whose photos could not be used."""

    rows: list[Row]
    digests: Digests
    bad: list[BadRow]
    encoded: int
    """Photos that were new to the cache."""

    @property
    def duplicates(self) -> int:
        """Rows whose photo is byte for byte that of an earlier row."""
        return len(self.rows) - len(np.unique(self.digests, axis=0)) if self.rows else 0


@dataclass(frozen=True, slots=True)
class _Read:
    """One photo: `digest` None if it could not be read; `pixels` only if it is to be encoded."""

    digest: bytes | None
    fault: Fault | None = None
    pixels: Pixels | None = None
    thumb: bytes | None = None


def encode_rows(
    catalogue: Catalogue,
    rows: Sequence[Row],
    encoder: Encoder,
    cache: PhotoCache,
    threads: int,
    advance: Callable[[], None],
) -> EncodedRows:
    """Bring the photos of `rows` into `cache`, reading and decoding in `threads` threads while the model runs.

    Memory is bounded by a few batches of pixels, whatever the number of rows. What is done when this is interrupted
    is kept, and what was used is marked as used now. `advance` is called once a row.
    Raises BundleError if the model gives values that are not finite.
    """
    digests = np.zeros((len(rows), 32), dtype=np.uint8)
    faults: dict[bytes, Fault] = {}
    unusable: dict[int, Fault] = {}
    batch: list[_Read] = []
    encoded = 0
    try:
        for place, photo in enumerate(_read_all(catalogue, rows, encoder.card.preprocessing, cache, threads)):
            if photo.digest is None:
                unusable[place] = photo.fault or Fault(Reason.UNREADABLE, "")
            else:
                digests[place] = np.frombuffer(photo.digest, dtype=np.uint8)
                if photo.fault:
                    faults[photo.digest] = photo.fault
                elif photo.pixels is not None:
                    batch.append(photo)
            if len(batch) == BATCH:
                encoded += _encode(batch, encoder, cache)
                batch = []
            advance()
        encoded += _encode(batch, encoder, cache)
    finally:
        cache.flush()
    for place, row in enumerate(rows) if faults else ():
        if place not in unusable and (fault := faults.get(digests[place].tobytes())):
            # a copy of a bad photo is bad too, under its own name
            unusable[place] = Fault(fault.reason, f"image {row.image!r}: {fault.message}")
    bad = [fault.of(rows[place]) for place, fault in sorted(unusable.items())]
    good = [place for place in range(len(rows)) if place not in unusable]
    cache.touch(digests[good])
    return EncodedRows([rows[place] for place in good], digests[good], bad, encoded)


class _Claims:
    """Which new photos are already being decoded in this run, so that copies of one are encoded once."""

    def __init__(self, cache: PhotoCache) -> None:
        self._cache = cache
        self._taken: set[bytes] = set()
        self._lock = threading.Lock()

    def claim(self, digest: bytes) -> bool:
        """Whether the caller is the one to decode this photo."""
        if self._cache.known(digest):
            return False
        with self._lock:
            if digest in self._taken:
                return False
            self._taken.add(digest)
            return True


def _read_all(
    catalogue: Catalogue, rows: Sequence[Row], spec: Preprocessing, cache: PhotoCache, threads: int
) -> Iterator[_Read]:
    """`_read` of every row, in order, a bounded number ahead."""
    claims = _Claims(cache)
    with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
        flying: deque[Future[_Read]] = deque()
        try:
            for row in rows:
                flying.append(pool.submit(_read, catalogue, row, spec, claims, cache.thumbs))
                if len(flying) > BATCH + 2 * threads:
                    yield flying.popleft().result()
            while flying:
                yield flying.popleft().result()
        finally:
            for future in flying:
                future.cancel()


def _read(catalogue: Catalogue, row: Row, spec: Preprocessing, claims: _Claims, thumbs: bool) -> _Read:
    size = catalogue.photos.size(row.image)
    if size is not None and size > spec.max_bytes:  # not even read: it may not fit into memory
        message = f"the photo has {size:,} bytes, the limit is {spec.max_bytes:,}; make it smaller"
        return _Read(None, Fault(Reason.TOO_LARGE, f"image {row.image!r}: {message}"))
    try:
        data = catalogue.read(row)
    except CatalogueError as error:
        reason = Reason.MISSING_FILE if size is None else Reason.UNREADABLE
        return _Read(None, Fault(reason, str(error).removeprefix(f"{row.where}: ")))
    digest = hashlib.sha256(data).digest()
    if not claims.claim(digest):
        return _Read(digest)
    try:
        photo = decode(data, spec)
        return _Read(digest, None, crop(photo, spec), thumb_of(data, photo, spec) if thumbs else None)
    except PhotoError as error:
        reason, remedy = PHOTO_FAULTS[type(error)]
        return _Read(digest, Fault(reason, f"{error}; {remedy}"))


def _encode(batch: Sequence[_Read], encoder: Encoder, cache: PhotoCache) -> int:
    pixels = [photo.pixels for photo in batch if photo.pixels is not None]
    if not pixels:
        return 0
    encoded = encoder.encode(np.stack(pixels), features=cache.features)
    if not np.isfinite(encoded.embeddings).all():
        raise BundleError(
            f"the model {encoder.card.onnx_sha256[:12]} gives embeddings that are not finite; train and export it again"
        )
    for place, photo in enumerate(batch):
        features = None if encoded.features is None else encoded.features[place]
        probabilities = encoded.probabilities[place] if cache.probabilities else None
        cache.add(photo.digest or b"", encoded.embeddings[place], features, photo.thumb, probabilities)
    return len(pixels)
