"""Whose changes the generations of a bundle folder have: a folder belongs to one state."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.bundle.manifest import Manifest, read_manifest
from engine.bundle.store import names
from engine.changes.state import State
from engine.errors import BundleError, StateError


@dataclass(frozen=True, slots=True)
class Owner:
    """The state that a bundle folder belongs to, and the generation that says so."""

    state_id: str
    generation: str


def owner_of(bundles: Path, live: str | None) -> Owner | None:
    """Whose changes `live` has, else the newest generation that has any; None where none has.

    So a folder is known by its state after a roll-back to a generation from before the first change, too. A manifest
    that cannot be read says nothing.
    """
    for name in (live, *names(bundles)):
        if name is None:
            continue
        with suppress(BundleError):
            state_id = read_manifest(bundles / name).state_id
            if state_id is not None:
                return Owner(state_id, name)
    return None


def require_owner(owner: Owner | None, state_id: str, folder: Path, remedy: str) -> None:
    """Raise StateError where a bundle folder is another state's than that in `folder`: its changes are not for it."""
    if owner is not None and owner.state_id != state_id:
        raise StateError(
            f"the state in {folder} has the id {state_id}, but generation {owner.generation} has "
            f"changes of state {owner.state_id}; {remedy}"
        )


def require_served_with(bundles: Path, manifest: Manifest, state: State) -> None:
    """Raise StateError where the folder belongs to another state, BundleError where the state has lost changes that the
    generation includes."""
    remedy = "name its folder as TWINSHOT_STATE, or `twinshot rollback` to one of this state"
    require_owner(owner_of(bundles, manifest.generation), state.log.state_id, state.folder, remedy)
    included, last = manifest.includes_revision, state.log.revision
    if included > last:  # the next changes would have numbers that count as included, and never be seen
        raise BundleError(
            f"{bundles / manifest.generation} includes revision {included:,} of state {state.log.state_id}, but in "
            f"{state.folder} the log ends at {last:,}; restore the newer log, or take a generation from before"
        )
