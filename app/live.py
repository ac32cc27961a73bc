"""The live generation: what a request takes when it is admitted and keeps until it is answered."""

from dataclasses import dataclass

from engine.bundle.generation import Generation
from engine.changes.photos import PhotoStore
from engine.encoder import PhotoEncoder
from engine.errors import TwinshotError
from engine.live.overlay import Overlay
from engine.live.view import View


class NotReadyError(TwinshotError):
    """There is nothing to search yet."""


class DrainingError(TwinshotError):
    """The process has been told to stop."""


@dataclass(frozen=True)
class Loaded:
    """A generation with its model, warm, at one revision of the catalogue. Everything that one answer is made from."""

    generation: Generation
    encoder: PhotoEncoder
    overlay: Overlay
    view: View
    state_id: str | None
    """Of whose changes its revision counts."""
    thumbs: PhotoStore | None = None
    """Thumbnails that came with those changes."""
    folded: frozenset[str] = frozenset()
    """Photos that came with changes which the generation includes, and have their thumbnails there alone: image ids."""

    @classmethod
    def of(cls, generation: Generation, encoder: PhotoEncoder, state_id: str | None = None) -> "Loaded":
        """A generation as it was published, without any change since; `state_id`: whose changes it will get."""
        overlay = Overlay(generation)
        return cls(generation, encoder, overlay, View(overlay), state_id or generation.manifest.state_id)

    @property
    def revision(self) -> int:
        """The revision of the catalogue."""
        return self.view.revision


class Live:
    """Holds the generation that new requests get; replaced whole, so a request never sees two halves."""

    def __init__(self, loaded: Loaded | None = None) -> None:
        self._loaded = loaded
        self.draining = False

    @property
    def loaded(self) -> Loaded | None:
        """The live generation, for those who only report on it."""
        return self._loaded

    @property
    def ready(self) -> bool:
        """Whether a request would get something to search."""
        return self._loaded is not None and not self.draining

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
