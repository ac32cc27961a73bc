"""The index on a GPU, against brute force; FAISS itself is a stand-in here, since no GPU is at hand."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bundle.generation import open_generation
from engine.bundle.store import current
from engine.codes import Codes, hamming
from engine.errors import UnavailableError
from engine.index.brute import BruteIndex
from engine.index.flat import FlatIndex, write_shard
from engine.index.gpu import MOST_NEAREST, GpuIndex
from tests.cuda_stand_ins import CudaFaiss, GpuIndexBinaryFlat, StandardGpuResources


@pytest.fixture
def cuda_faiss(monkeypatch: pytest.MonkeyPatch) -> Iterator[CudaFaiss]:
    stand_in = CudaFaiss()
    monkeypatch.setitem(sys.modules, "faiss", stand_in)
    GpuIndexBinaryFlat.searched = 0
    yield stand_in


def shards(folder: Path, codes: Codes, rows: int) -> FlatIndex:
    paths = []
    for start in range(0, len(codes), rows):
        paths.append(folder / f"{start:05}.faiss")
        write_shard(paths[-1], codes[start : start + rows])
    return FlatIndex(paths, codes.shape[1] * 8)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), rows=st.integers(0, 80), shard=st.integers(1, 50), count=st.integers(1, 100),
    part=st.tuples(st.integers(0, 80), st.integers(0, 80)), radius=st.integers(0, 16),
)  # fmt: skip
def test_it_answers_as_brute_force(
    seed: int, rows: int, shard: int, count: int, part: tuple[int, int], radius: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, (rows, 2), dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "faiss", CudaFaiss())
        index, oracle = GpuIndex(shards(tmp_path_factory.mktemp("gpu"), codes, shard)), BruteIndex(codes)
    assert (index.bits, index.rows) == (16, rows) if rows else index.rows == 0
    code = rng.integers(0, 256, 2, dtype=np.uint8)
    first, last = sorted(min(end, rows) for end in part)
    for scope in (((0, rows),) if rows else (), ((first, last),) if first < last else ()):
        got, want = index.nearest(code, count, scope), oracle.nearest(code, count, scope)
        assert got.distances.tolist() == want.distances.tolist()
        edge = want.distances[-1] if len(want) else 0
        assert set(got.rows[got.distances < edge]) == set(want.rows[want.distances < edge])
        assert np.array_equal(hamming(code, codes[got.rows]), got.distances)
        got, want = index.within(code, radius, scope), oracle.within(code, radius, scope)
        assert (got.rows.tolist(), got.distances.tolist()) == (want.rows.tolist(), want.distances.tolist())
    wanted = rng.integers(0, rows, 10) if rows else np.empty(0, dtype=np.int64)
    assert np.array_equal(index.codes(wanted), oracle.codes(wanted))


def test_only_the_whole_index_is_searched_on_the_gpu_and_only_as_deep_as_it_can(
    cuda_faiss: CudaFaiss, tmp_path: Path
) -> None:
    codes = np.random.default_rng(0).integers(0, 256, (3000, 8), dtype=np.uint8)
    index, whole = GpuIndex(shards(tmp_path, codes, 3000)), ((0, 3000),)
    index.nearest(codes[0], 100, ((0, 2999),))
    index.within(codes[0], 10, whole)
    assert len(index.nearest(codes[0], MOST_NEAREST + 1, whole)) == MOST_NEAREST + 1
    assert GpuIndexBinaryFlat.searched == 0
    assert len(index.nearest(codes[0], MOST_NEAREST, whole)) == MOST_NEAREST
    assert GpuIndexBinaryFlat.searched == 1


def test_threads_that_ask_at_once_get_each_its_own_answer(cuda_faiss: CudaFaiss, tmp_path: Path) -> None:
    codes = np.random.default_rng(0).integers(0, 256, (500, 8), dtype=np.uint8)
    index, oracle, whole = GpuIndex(shards(tmp_path, codes, 200)), BruteIndex(codes), ((0, 500),)
    asked = [(code, 1 + place % 40) for place, code in enumerate(codes)]
    with ThreadPoolExecutor(16) as pool:
        got = list(pool.map(lambda one: index.nearest(one[0], one[1], whole), asked))
    for (code, count), hits in zip(asked, got, strict=True):
        assert hits.distances.tolist() == oracle.nearest(code, count, whole).distances.tolist()


def test_a_bundle_is_opened_with_its_index_on_the_gpu(cuda_faiss: CudaFaiss, tiny_bundle: Path) -> None:
    folder = tiny_bundle / current(tiny_bundle)
    on_cpu, on_gpu = open_generation(folder), open_generation(folder, index_device="cuda")
    code = on_cpu.codes(np.array([7]))[0]
    got, want = (own.nearest(code, 10, own.manifest.scope) for own in (on_gpu, on_cpu))
    assert got.distances.tolist() == want.distances.tolist()
    assert GpuIndexBinaryFlat.searched == len(on_gpu.manifest.shards)


def test_a_faiss_that_is_not_built_for_cuda_is_told_with_the_remedy(tiny_bundle: Path) -> None:
    if hasattr(faiss, "GpuIndexBinaryFlat"):
        pytest.skip("this one is")
    with pytest.raises(UnavailableError, match="built for CUDA, and this one was not; install the extra 'gpu-index'"):
        open_generation(tiny_bundle / current(tiny_bundle), index_device="cuda")


def test_a_machine_without_a_gpu_is_told_with_the_remedy(cuda_faiss: CudaFaiss, tiny_bundle: Path) -> None:
    cuda_faiss.gpus = 0
    with pytest.raises(UnavailableError, match="FAISS finds none; see what `nvidia-smi`"):
        open_generation(tiny_bundle / current(tiny_bundle), index_device="cuda")


def test_codes_that_do_not_fit_on_the_gpu_are_told_with_the_remedy(
    cuda_faiss: CudaFaiss, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StandardGpuResources, "setTempMemory", lambda self, size: setattr(self, "free", 100))
    with pytest.raises(
        UnavailableError, match=r"480 bytes\) cannot be put on the GPU .*out of memory.*free memory"
    ) as e:
        open_generation(tiny_bundle / current(tiny_bundle), index_device="cuda")
    assert "\n" not in str(e.value)
