"""Changes of the log become rows of an overlay: a photo is encoded by the generation's model, or known already."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.changes.log import AT_ONCE
from engine.changes.state import State
from engine.encoder import PhotoEncoder
from engine.live.overlay import Overlay
from engine.live.photo_codes import photo_codes


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """How many changes were applied, and the photos that could not be, by image id, with the reason."""

    changes: int
    left_out: tuple[tuple[str, str], ...]


def go_on() -> None:
    """No reason to pause."""


def catch_up(overlay: Overlay, state: State, encoder: PhotoEncoder, breathe: Callable[[], None] = go_on) -> CaughtUp:
    """Apply every change of the log that `overlay` does not have yet, oldest first.

    encoder: the model of the overlay's generation. Photos that cannot be brought in are left out
    (engine.live.photo_codes). `breathe` is called before each photo that is encoded and before each change: it may
    sleep, or end the work by an error.
    """

    def rested() -> PhotoEncoder:
        breathe()
        return encoder

    count = 0
    left_out: list[tuple[str, str]] = []
    more = True
    while more:
        changes = state.log.since(overlay.revision, AT_ONCE)
        found = photo_codes(overlay.generation, state, changes, rested)
        for change, codes in zip(changes, found.codes, strict=True):
            breathe()
            overlay.apply(change, codes)
        count += len(changes)
        more = len(changes) == AT_ONCE
        left_out += found.left_out
    return CaughtUp(count, tuple(left_out))
