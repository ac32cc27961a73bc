"""The encoder of a service on several cores: a photo that is encoded alone gets more than one of them."""

import threading

from engine.encoder import Encoded, Encoder
from engine.preprocess import Pixels

MOST = 4
"""Threads for one photo: each further one brings less."""


class LoneEncoder:
    """Two sessions of one model: a wide one for who comes alone, a narrow one for everybody else (docs/serving.md)."""

    def __init__(self, narrow: Encoder, wide: Encoder) -> None:
        """`narrow` has one thread, `wide` several that do not wait awake. Both must be of the same model."""
        self.card = narrow.card
        self._narrow, self._wide = narrow, wide
        self._alone = threading.Lock()

    def encode(self, pixels: Pixels) -> Encoded:
        """As `Encoder.encode`. Safe from several threads; each photo has one session or the other to itself."""
        if self._alone.acquire(blocking=False):
            try:
                return self._wide.encode(pixels)
            finally:
                self._alone.release()
        return self._narrow.encode(pixels)
