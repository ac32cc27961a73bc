"""Photos that the page offers to try: the files of one folder, and nothing beside it."""

from pathlib import Path

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
MOST = 24


def sample_names(folder: Path | None) -> list[str]:
    """The first photos of the folder by name; none where there is no folder."""
    if folder is None:
        return []
    photos = (own.name for own in folder.iterdir() if own.suffix.lower() in SUFFIXES and own.is_file())
    return sorted(name for name in photos if not name.startswith("."))[:MOST]


def sample_path(folder: Path | None, name: str) -> Path | None:
    """Where a photo of `sample_names` is, None for any other name: no name leads out of the folder."""
    return folder / name if folder is not None and name in sample_names(folder) else None
