"""Bundle folders that are changed: copies of the shops, which stay as they are."""

import json
import shutil
from pathlib import Path

from engine.bundle.manifest import MANIFEST_FILE
from engine.bundle.store import current, new_generation_id, set_current


def copied(bundles: Path, to: Path) -> Path:
    """The live generation of `bundles` in a bundle folder of its own; its files are shared on the disk where it can."""
    name = current(bundles)
    shutil.copytree(bundles / name, to / name, copy_function=_linked)
    set_current(to, name)
    return to


def twin(bundles: Path) -> str:
    """A second generation beside the live one, with the same rows under another id; its id."""
    name, other = current(bundles), new_generation_id()
    shutil.copytree(bundles / name, bundles / other, copy_function=_linked)
    path = bundles / other / MANIFEST_FILE
    manifest = json.loads(path.read_text("utf-8")) | {"generation": other}
    path.unlink()  # it may be the very file of the other
    path.write_text(json.dumps(manifest), "utf-8")
    return other


def _linked(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
