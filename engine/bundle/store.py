"""The bundle folder: generations side by side, and CURRENT, which names the live one."""

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from engine.bundle.manifest import MANIFEST_FILE, Manifest, read_manifest
from engine.errors import BundleError
from engine.files import sync_folder, write_atomic

CURRENT_FILE = "CURRENT"
WORK_FOLDER = ".work"
_GENERATION = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Listed:
    """A generation in a bundle folder."""

    manifest: Manifest
    live: bool


def new_generation_id(now: datetime | None = None) -> str:
    """Time and chance, such as `20261122T091500Z-3fa9c1d2`: sorts by age and never repeats."""
    return f"{(now or datetime.now(UTC)):%Y%m%dT%H%M%SZ}-{token_hex(4)}"


def require_bundles(bundles: Path) -> None:
    """Raise BundleError unless generations are in `bundles`, or CURRENT names one.

    The remedy names no folder: somebody may have named their photos, and a bundle does not belong there.
    """
    if not bundles.is_dir():
        raise BundleError(f"{bundles} is not a folder; make a bundle with `twinshot index` or `twinshot build`")
    if not (bundles / CURRENT_FILE).exists() and not names(bundles):
        raise BundleError(
            f"{bundles} is no bundle folder, or nothing is published in it yet; "
            "name the folder that `twinshot index` or `twinshot build` had as --out"
        )


def current(bundles: Path) -> str:
    """The id of the live generation. Raises BundleError."""
    require_bundles(bundles)
    path = bundles / CURRENT_FILE
    if not path.exists():
        raise BundleError(f"{path} is missing: no generation is live; run `twinshot rollback {bundles}`")
    generation = path.read_text(encoding="utf-8").strip()
    if not _GENERATION.fullmatch(generation):
        raise BundleError(f"{path} names {generation!r}, which is no generation; run `twinshot rollback {bundles}`")
    if not (bundles / generation).is_dir():
        raise BundleError(f"{path} names {generation}, which is not there; run `twinshot rollback {bundles}`")
    return generation


def set_current(bundles: Path, generation: str) -> None:
    """Make `generation` the live one, atomically and durably. Raises BundleError if it is not whole."""
    read_manifest(bundles / generation)
    write_atomic(bundles / CURRENT_FILE, f"{generation}\n".encode())


def install(staged: Path, bundles: Path, generation: str) -> Path:
    """Move a finished generation from its staging folder into the bundle folder; it is not live yet."""
    target = bundles / generation
    staged.rename(target)
    sync_folder(bundles)
    return target


def names(bundles: Path) -> list[str]:
    """The ids of all whole generations, newest first."""
    return sorted((own.name for own in bundles.iterdir() if _is_generation(own)), reverse=True)


def listed(bundles: Path) -> list[Listed]:
    """All whole generations, newest first. Raises BundleError for a manifest that cannot be read."""
    live = named_live(bundles)
    return [Listed(read_manifest(bundles / name), name == live) for name in names(bundles)]


def prune(bundles: Path, keep: int) -> list[str]:
    """Delete all but the newest `keep` generations, never the live one. Returns what was deleted.

    Compactions are not among the `keep`, so that they never push out a generation with an older model: of them stay
    the live one and the one that it was made from.
    """
    live = named_live(bundles)
    origins = {name: _compacted_from(bundles / name) for name in names(bundles)}
    built = [name for name, origin in origins.items() if origin is None]
    kept = {live, origins.get(live or ""), *built[:keep]}
    old = [name for name in origins if name not in kept]
    for generation in old:
        doomed = bundles / WORK_FOLDER / f"{generation}.deleted"
        doomed.parent.mkdir(exist_ok=True)
        # out of sight first: a half-deleted generation must not look whole
        (bundles / generation).rename(doomed)
        shutil.rmtree(doomed)
    return old


def named_live(bundles: Path) -> str | None:
    """What CURRENT names, whether or not it is there; None without CURRENT."""
    path = bundles / CURRENT_FILE
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def _compacted_from(folder: Path) -> str | None:
    """The generation that this one is a compaction of; None of one that was built, or whose manifest is unreadable."""
    try:
        return read_manifest(folder).source.compacted_from
    except BundleError:
        return None


def _is_generation(path: Path) -> bool:
    return bool(_GENERATION.fullmatch(path.name)) and (path / MANIFEST_FILE).exists()
