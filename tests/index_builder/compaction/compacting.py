"""What tests of compaction do again and again."""

from pathlib import Path

from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current
from engine.changes.state import State
from index_builder.compaction.compact import Compacted, compact
from index_builder.progress import Progress


def run(bundles: Path, state: State, keep: int = 3) -> Compacted:
    return compact(bundles, state.folder, keep, 1, Progress())


def opened(bundles: Path) -> Generation:
    return open_generation(bundles / current(bundles), verify=True)
