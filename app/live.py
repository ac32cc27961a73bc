"""The live generation: what a request takes when it is admitted and keeps until it is answered."""

from dataclasses import dataclass
from typing import Protocol

from engine.bundle.generation import Generation
from engine.encoder import Encoded
from engine.errors import TwinshotError
from engine.model import ModelCard
from engine.preprocess import Pixels


class NotReadyError(TwinshotError):
    """There is nothing to search yet."""


class DrainingError(TwinshotError):
    """The process has been told to stop."""


class PhotoEncoder(Protocol):
    """What makes embeddings of photos: engine.encoder.Encoder, or what decides how it is best asked."""

    @property
    def card(self) -> ModelCard:
        """The model."""
        ...

    def encode(self, pixels: Pixels) -> Encoded:
        """See engine.encoder.Encoder."""
        ...


@dataclass(frozen=True)
class Loaded:
    """A generation with its model, warm. Everything that one answer is made from."""

    generation: Generation
    encoder: PhotoEncoder


class Live:
    """Holds the generation that new requests get; replaced whole, so a request never sees two halves."""

    def __init__(self, loaded: Loaded | None = None) -> None:
        self._loaded = loaded
        self.draining = False

    @property
    def loaded(self) -> Loaded | None:
        """The live generation, for those who only report on it."""
        return self._loaded

    def switch(self, loaded: Loaded) -> None:
        """Make `loaded` what new requests get."""
        self._loaded = loaded

    def take(self) -> Loaded:
        """The snapshot for one request. Raises NotReadyError and DrainingError."""
        if self.draining:
            raise DrainingError("this process is shutting down; send the request again")
        if self._loaded is None:
            raise NotReadyError(
                "no generation is loaded yet; try again, and if it stays so make one with `twinshot index`"
            )
        return self._loaded
