"""Which photos of a catalogue are read."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.catalogue.photos import FolderPhotos


@contextmanager
def photos_read() -> Iterator[list[str]]:
    """The names of all photos that are read from folders meanwhile."""
    read: list[str] = []

    class Watched(FolderPhotos):
        def read(self, image: str) -> bytes:
            read.append(image)
            return super().read(image)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.catalogue.catalogue.open_photos", Watched)
        yield read
