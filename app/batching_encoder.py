"""The encoder of a service on a GPU: photos that wait for it at the same moment are encoded in one batch."""

from collections.abc import Sequence

import numpy as np

from engine.batching import Batching
from engine.encoder import Encoded, Encoder
from engine.preprocess import Pixels

MOST = 16
"""Photos in a batch. Every size up to it is tried out when the service starts."""


class BatchingEncoder:
    """Encodes for several threads at once what each of them hands in (docs/serving.md has what else was considered)."""

    def __init__(self, encoder: Encoder, most: int = MOST) -> None:
        """Batches of at most `most` of the arrays that are handed in."""
        self.card = encoder.card
        self._encoder, self._most = encoder, most
        self._batching: Batching[Pixels, Encoded] = Batching(self._together, most)

    def encode(self, pixels: Pixels) -> Encoded:
        """Encode uint8 [N, size, size, 3] RGB, N mostly 1, as `Encoder.encode` does. Safe from several threads."""
        return self._batching.ask(pixels)

    def warm(self) -> None:
        """Encode a batch of each size, so that no real one pays for the memory and the choice of kernels."""
        for batch in range(1, self._most + 1):
            self._encoder.warm(batch)

    def _together(self, asked: Sequence[Pixels]) -> list[Encoded]:
        if len(asked) == 1:
            return [self._encoder.encode(asked[0])]
        encoded = self._encoder.encode(np.concatenate(asked))
        ends = np.cumsum([len(pixels) for pixels in asked])[:-1]
        parts = zip(np.split(encoded.embeddings, ends), np.split(encoded.probabilities, ends), strict=True)
        return [Encoded(embeddings, probabilities) for embeddings, probabilities in parts]
