"""What a network makes of photos, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from engine.catalogue.row import Row
from engine.preprocess import Preprocessing
from model_export.data import Read, search_batches
from model_export.network import Network
from model_export.projection import Floats

BATCH = 32


@dataclass(frozen=True, slots=True)
class Encoder:
    """How photos are read for a network: the catalogue's reader, the search's preprocessing, and the machine."""

    read: Read
    spec: Preprocessing
    device: torch.device
    threads: int

    def features(self, network: Network, rows: Sequence[Row]) -> Floats:
        """Pooled features of the rows' photos in evaluation mode: float32 [n, F]."""
        training = network.training
        network.eval()
        with torch.inference_mode():
            pieces = [
                network(pixels.to(self.device)).features.float().cpu().numpy()
                for _, pixels in search_batches(rows, self.read, self.spec, BATCH, self.threads)
            ]
        network.train(training)
        return np.concatenate(pieces)
