"""The files of a generation: what a disk without room for them says."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from engine.bundle.store import current
from index_builder.build import _raw
from index_builder.indexing import Order, index
from index_builder.progress import Progress


@pytest.mark.parametrize("allocates", [True, False])
def test_a_raw_file_has_its_room_before_it_is_written(
    allocates: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of a mapped file that finds no room later is no error but the end of the process."""
    if not allocates:  # macOS
        monkeypatch.delattr(os, "posix_fallocate", raising=False)
    values = _raw(tmp_path / "x.f16", 20_000, 64)
    status = (tmp_path / "x.f16").stat()
    assert status.st_size == 20_000 * 64 * 2
    assert status.st_blocks * 512 >= status.st_size
    values[:] = 1
    del values
    assert (np.fromfile(tmp_path / "x.f16", np.float16) == 1).all()


def test_a_disk_without_room_is_said_and_the_live_generation_stays(
    tmp_path: Path, tiny_catalogue: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = Order(tiny_catalogue, tiny_model, tmp_path)
    live = index(order, Progress()).manifest.generation

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(OSError, match=r"No space left on device: '.*00000\.f16'"):
        index(order, Progress())
    assert current(tmp_path) == live
    assert not list(tmp_path.rglob("*.partial"))
