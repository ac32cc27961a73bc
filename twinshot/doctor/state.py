"""The state folder: what changes between generations."""

import os
from contextlib import closing
from pathlib import Path

from engine.bundle.manifest import Manifest
from engine.bundle.owner import owner_of, require_served_with
from engine.changes.log import LOG_FILE
from engine.changes.state import open_state
from engine.wording import counted
from twinshot.doctor.finding import Finding


def folder(state: Path | None) -> Finding:
    """Whether its log can be read and written, and how far it is."""
    if state is None:
        return Finding("state", "ok", "not asked for: the service takes no changes (TWINSHOT_STATE)")
    if state.is_dir() and not (state / LOG_FILE).exists():
        return Finding("state", "ok", f"{state} is empty: the service begins its log there")
    with closing(open_state(state, begin=False)) as own:
        said = f"{state}: id {own.log.state_id}, revision {own.log.revision:,}"
        locked = [name for name in (own.log.path, state) if not os.access(name, os.W_OK)]
    if locked:
        remedy = "give it to the user that runs the service (chown), or name another folder as TWINSHOT_STATE"
        return Finding("state", "failed", f"{locked[0]} may not be written by this user", remedy)
    return Finding("state", "ok", said)


def fits(state: Path | None, bundles: Path, manifest: Manifest) -> Finding:
    """Whether the live generation has this state's changes and no others."""
    if state is None or not (state / LOG_FILE).exists():
        owner = owner_of(bundles, manifest.generation)
        if owner is None:
            return Finding("changes", "ok", "none in the generation, and no state named")
        said = f"generation {owner.generation} has changes of state {owner.state_id}, and no such state is named"
        return Finding("changes", "warning", said, "name its folder as TWINSHOT_STATE, or no product can be changed")
    with closing(open_state(state, begin=False)) as own:
        require_served_with(bundles, manifest, own)
        ahead = own.log.revision - manifest.includes_revision
    said = f"{counted(ahead, 'revision')} of the log after the generation, applied when it is loaded"
    return Finding("changes", "ok", said)
