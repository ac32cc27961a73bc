"""Photos as batches of pixels: read, decoded and changed in threads, a few batches ahead of the model.

Pillow and reading let other threads run, so threads are enough; they share one cache of decoded photos.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.catalogue.row import Row
from engine.errors import CatalogueError, PhotoError
from engine.preprocess import Pixels, Preprocessing, decode, load
from model_export.augment import augment, view_seed
from model_export.recipe import Recipe
from model_export.sampler import View

Read = Callable[[Row], bytes]
T = TypeVar("T")

CACHE_BYTES = 1_000_000_000
AHEAD = 3


class TrainingPhotos:
    """The photos that are trained on, decoded once and kept while they fit into `CACHE_BYTES`."""

    def __init__(self, rows: Sequence[Row], read: Read, spec: Preprocessing, size: int) -> None:
        """`size` is the side of the training views; photos are kept at a short side of a quarter more."""
        self.rows = rows
        self.size = size
        self._read = read
        self._spec = spec
        self._keep = round(size * 1.25)
        self._kept: dict[int, Image.Image] = {}
        self._room = CACHE_BYTES
        self._lock = threading.Lock()

    def image(self, index: int) -> Image.Image:
        """Photo `index`: upright RGB, its short side at most a quarter longer than `size`."""
        if (image := self._kept.get(index)) is not None:
            return image
        image = _guarded(self.rows[index], lambda row: decode(self._read(row), self._spec, keep=self._keep).image)
        short = min(image.size)
        if short > self._keep:
            scaled = (round(image.width * self._keep / short), round(image.height * self._keep / short))
            image = image.resize(scaled, Image.Resampling.BICUBIC)
        cost = image.width * image.height * 4  # Pillow keeps RGB in four bytes
        with self._lock:
            if index not in self._kept and cost <= self._room:
                self._kept[index] = image
                self._room -= cost
        return image

    def batches(
        self, batches: Sequence[Sequence[View]], recipe: Recipe, seed: int, epoch: int, threads: int
    ) -> Iterator[tuple[Sequence[View], Tensor]]:
        """For each batch its views and their pixels, uint8 [N, size, size, 3]."""

        def behind(rng: np.random.Generator) -> Image.Image:
            return self.image(int(rng.integers(len(self.rows))))

        def one(view: View) -> Pixels:
            rng = view_seed(seed, epoch, view.row, view.view)
            return augment(self.image(view.row), self.size, recipe, rng, behind)

        return _ahead(batches, one, threads)


def search_batches(
    rows: Sequence[Row], read: Read, spec: Preprocessing, batch: int, threads: int
) -> Iterator[tuple[Sequence[Row], Tensor]]:
    """`rows` in order as the service will see them: `batch` rows and their pixels, uint8 [N, spec.size, spec.size, 3].

    Raises CatalogueError that names the row of a photo that cannot be used.
    """
    pieces = [rows[start : start + batch] for start in range(0, len(rows), batch)]
    return _ahead(pieces, lambda row: _guarded(row, lambda own: load(read(own), spec)), threads)


def _guarded(row: Row, load_photo: Callable[[Row], T]) -> T:
    try:
        return load_photo(row)
    except (PhotoError, OSError) as error:
        raise CatalogueError(
            f"{row.where}: {row.image!r}: {error}; mend or remove the row (`twinshot check`)"
        ) from error


def _ahead(
    batches: Sequence[Sequence[T]], one: Callable[[T], Pixels], threads: int
) -> Iterator[tuple[Sequence[T], Tensor]]:
    """Apply `one` to every item in threads, `AHEAD` batches before they are asked for, in order."""
    with ThreadPoolExecutor(threads, thread_name_prefix="photos") as pool:

        def submit(items: Sequence[T]) -> tuple[Sequence[T], list[Future[Pixels]]]:
            return items, [pool.submit(one, item) for item in items]

        remaining = iter(batches)
        waiting = [submit(items) for items in islice(remaining, AHEAD)]
        try:
            while waiting:
                items, futures = waiting.pop(0)
                pixels = torch.from_numpy(np.stack([future.result() for future in futures]))
                if (following := next(remaining, None)) is not None:
                    waiting.append(submit(following))
                yield items, pixels
        finally:
            pool.shutdown(cancel_futures=True)
