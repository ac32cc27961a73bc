"""What a network makes of photos, as arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.catalogue.row import Row
from engine.preprocess import Preprocessing
from model_export.data import Read, TrainingPhotos, search_batches
from model_export.network import Network
from model_export.progress import Reporter
from model_export.projection import Floats
from model_export.recipe import Recipe
from model_export.sampler import View
from model_export.settings import Precision

BATCH = 32
VIEWS_EPOCH = 1_000_000
"""Views outside of training are drawn as those of an epoch that no training reaches."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """How photos are read for a network: the catalogue's reader, the search's preprocessing, the machine, and who is
    told how far it is.
    """

    read: Read
    spec: Preprocessing
    device: torch.device
    threads: int
    reporter: Reporter
    precision: Precision = "float32"
    """What the network computes in. The exported one computes in float32."""

    def features(self, network: Network, rows: Sequence[Row]) -> Floats:
        """Pooled features of the rows' photos in evaluation mode: float32 [n, F]."""
        batches = (pixels for _, pixels in search_batches(rows, self.read, self.spec, BATCH, self.threads))
        return self._pooled(network, batches, len(rows), "encoding photos")

    def views(self, network: Network, rows: Sequence[Row], count: int, recipe: Recipe, seed: int) -> Floats:
        """Pooled features of `count` random views of each row's photo, at the searched size: float32 [n, count, F]."""
        photos = TrainingPhotos(rows, self.read, self.spec, self.spec.size)
        views = [View(row, view) for row in range(len(rows)) for view in range(count)]
        batches = [views[start : start + BATCH] for start in range(0, len(views), BATCH)]
        loaded = photos.batches(batches, recipe, seed, VIEWS_EPOCH, self.threads)
        found = self._pooled(network, (pixels for _, pixels in loaded), len(views), "encoding views")
        return found.reshape(len(rows), count, -1)

    def _pooled(self, network: Network, batches: Iterable[Tensor], photos: int, label: str) -> Floats:
        training = network.training
        network.eval()
        half = torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bfloat16")
        with torch.inference_mode(), half:
            pieces = [
                network(pixels.to(self.device)).features.float().cpu().numpy()
                for pixels in self.reporter.track(batches, photos, label, steps=len)
            ]
        network.train(training)
        return np.concatenate(pieces)
