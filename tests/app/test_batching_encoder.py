"""Photos encoded in company are encoded as alone. Run on the CPU: what a GPU makes of batches cannot be seen here."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import numpy as np
import onnxruntime
import pytest

from app.batching_encoder import BatchingEncoder
from app.loading import load
from app.search import Query, answer_of, embed
from app.settings import Settings
from app.telemetry import Timing
from engine.codes import binarise
from engine.encoder import Encoded, Encoder
from engine.errors import UnavailableError
from engine.index.gpu import GpuIndex
from engine.preprocess import Pixels
from tests.cuda_stand_ins import CudaFaiss, CudaRuntime


class Watched(Encoder):
    """Remembers the sizes of its batches."""

    sizes: list[int]

    def encode(self, pixels: Pixels, features: bool = False) -> Encoded:
        self.sizes.append(len(pixels))
        return super().encode(pixels, features)


@pytest.fixture
def encoder(tiny_model: Path) -> Watched:
    watched = Watched(tiny_model)
    watched.sizes = []
    return watched


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def photos(encoder: Encoder, count: int) -> list[Pixels]:
    size = encoder.card.preprocessing.size
    return list(np.random.default_rng(1).integers(0, 256, (count, 1, size, size, 3), dtype=np.uint8))


def test_photos_of_many_threads_are_encoded_as_one_by_one_to_the_bit(
    encoder: Watched, pool: ThreadPoolExecutor
) -> None:
    batching, asked = BatchingEncoder(encoder), photos(encoder, 400)
    thresholds = np.array(encoder.card.thresholds, dtype=np.float32)
    together = list(pool.map(batching.encode, asked))
    assert sum(encoder.sizes) == 400
    assert 1 < max(encoder.sizes) <= 16
    for pixels, got in zip(asked, together, strict=True):
        alone = encoder.encode(pixels)
        assert got.embeddings.shape == alone.embeddings.shape
        assert np.allclose(got.embeddings, alone.embeddings, atol=1e-5)
        assert np.allclose(got.probabilities, alone.probabilities, atol=1e-6)
        assert np.array_equal(binarise(got.embeddings[0], thresholds), binarise(alone.embeddings[0], thresholds))


def test_pixels_of_the_wrong_size_spoil_no_other_photo(encoder: Watched, pool: ThreadPoolExecutor) -> None:
    batching, asked = BatchingEncoder(encoder), photos(encoder, 100)
    asked[50] = np.zeros((1, 5, 5, 3), dtype=np.uint8)
    calls = [pool.submit(batching.encode, pixels) for pixels in asked]
    failed = [place for place, call in enumerate(calls) if call.exception()]
    assert failed == [50]


def test_warming_tries_a_batch_of_every_size(encoder: Watched) -> None:
    BatchingEncoder(encoder, 4).warm()
    assert encoder.sizes == [1, 2, 3, 4]


def test_the_hot_path_answers_alike_on_either_device(
    tiny_bundle: Path, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_cpu = load(Settings(bundles=tiny_bundle, threads=1))
    assert isinstance(on_cpu.encoder, Encoder)
    monkeypatch.setitem(sys.modules, "onnxruntime", CudaRuntime())
    monkeypatch.setitem(sys.modules, "faiss", CudaFaiss())
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "")
    on_gpu = load(Settings(bundles=tiny_bundle, device="cuda", index_device="cuda"))
    assert isinstance(on_gpu.encoder, BatchingEncoder)
    assert isinstance(on_gpu.generation.index, GpuIndex)
    query = Query(jpeg, "", need=10, scope=on_cpu.view.everything)
    wanted, got = (
        answer_of(own.view, query, embed(own, query, Timing()), Timing()).matches for own in (on_cpu, on_gpu)
    )
    assert got == wanted
    assert got[0].product_id == "P03"


@pytest.mark.parametrize("setting", ["device", "index_device"])
def test_a_service_that_is_told_to_use_a_gpu_does_not_load_without_one(tiny_bundle: Path, setting: str) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers() or hasattr(faiss, "GpuIndexBinaryFlat"):
        pytest.skip("there may be one here")
    with pytest.raises(UnavailableError, match="device 'cuda' needs"):
        load(Settings.model_validate({"bundles": tiny_bundle, setting: "cuda"}))
