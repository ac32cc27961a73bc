from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BundleError
from engine.index.brute import BruteIndex
from engine.index.flat import FlatIndex, write_shard


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), rows=st.integers(0, 80), shard=st.integers(1, 50), count=st.integers(1, 100),
    cuts=st.lists(st.integers(0, 80), max_size=6), radius=st.integers(0, 64),
)  # fmt: skip
def test_faiss_shards_answer_as_brute_force(
    seed: int, rows: int, shard: int, count: int, cuts: list[int], radius: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, (rows, 8), dtype=np.uint8)
    folder = tmp_path_factory.mktemp("index")
    paths = []
    for start in range(0, rows, shard):
        paths.append(folder / f"{start:05}.faiss")
        write_shard(paths[-1], codes[start : start + shard])
    index, oracle = FlatIndex(paths, 64), BruteIndex(codes)
    assert (index.bits, index.rows, sum(index.shard_rows)) == (64, rows, rows)
    ends = sorted({min(cut, rows) for cut in cuts})
    scope = tuple((a, b) for a, b in zip(ends[::2], ends[1::2], strict=False) if a < b)
    code = rng.integers(0, 256, 8, dtype=np.uint8)

    got, want = index.nearest(code, count, scope), oracle.nearest(code, count, scope)
    assert got.distances.tolist() == want.distances.tolist()
    edge = want.distances[-1] if len(want) else 0
    assert set(got.rows[got.distances < edge]) == set(want.rows[want.distances < edge])

    got, want = index.within(code, radius, scope), oracle.within(code, radius, scope)
    assert (got.rows.tolist(), got.distances.tolist()) == (want.rows.tolist(), want.distances.tolist())

    wanted = rng.integers(0, rows, 10) if rows else np.empty(0, dtype=np.int64)
    assert np.array_equal(index.codes(wanted), oracle.codes(wanted))


def test_rows_that_are_not_in_scope_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / "0.faiss", tmp_path / "1.faiss"]
    for path in paths:
        write_shard(path, np.zeros((100, 8), dtype=np.uint8))
    index, scope, code = FlatIndex(paths, 64), ((10, 30), (90, 105)), np.zeros(8, dtype=np.uint8)
    read: list[int] = []
    nearest, within = faiss.knn_hamming, faiss.hamming_range_search
    monkeypatch.setattr(faiss, "knn_hamming", lambda *given: read.append(len(given[1])) or nearest(*given))
    monkeypatch.setattr(faiss, "hamming_range_search", lambda *given: read.append(given[3]) or within(*given))
    assert (len(index.nearest(code, 200, scope)), read) == (35, [20, 10, 5])
    read.clear()
    assert (len(index.within(code, 0, scope)), read) == (35, [20, 10, 5])


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"00000\.faiss is missing; restore the file"):
        FlatIndex([tmp_path / "00000.faiss"], 64)


def test_a_file_that_is_no_index_is_named(tmp_path: Path) -> None:
    path = tmp_path / "00000.faiss"
    path.write_bytes(b"not an index at all")
    with pytest.raises(BundleError, match="not a readable FAISS binary index"):
        FlatIndex([path], 64)


def test_codes_of_another_length_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "00000.faiss"
    write_shard(path, np.zeros((3, 16), dtype=np.uint8))
    with pytest.raises(BundleError, match="codes of 128 bits, the model makes 64"):
        FlatIndex([path], 64)


def test_a_disk_that_refuses_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"^could not open .*/none/00000.faiss for writing: No such file or directory$"):
        write_shard(tmp_path / "none" / "00000.faiss", np.zeros((3, 8), dtype=np.uint8))
