"""What is asked of ONNX Runtime for a GPU. The provider is a stand-in that computes on the CPU: no GPU is at hand."""

import sys
from pathlib import Path

import numpy as np
import pytest

from engine.encoder import Encoder
from engine.errors import BundleError, UnavailableError
from tests.cuda_stand_ins import CPU, CUDA, CudaRuntime


@pytest.fixture
def cuda_runtime(monkeypatch: pytest.MonkeyPatch) -> CudaRuntime:
    stand_in = CudaRuntime()
    monkeypatch.setitem(sys.modules, "onnxruntime", stand_in)
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1")
    return stand_in


def test_the_provider_is_asked_for_without_tf32_and_without_a_way_back_to_the_cpu(
    cuda_runtime: CudaRuntime, tiny_model: Path
) -> None:
    encoder = Encoder(tiny_model, "cuda")
    assert cuda_runtime.asked == ["preload '' TF32=0", "session"]
    ((name, settings),) = cuda_runtime.given["providers"]
    assert (name, settings["use_tf32"], settings["cudnn_conv_algo_search"]) == (CUDA, "0", "HEURISTIC")
    assert cuda_runtime.given["enable_fallback"] == 0
    size = encoder.card.preprocessing.size
    assert encoder.encode(np.zeros((2, size, size, 3), dtype=np.uint8)).embeddings.shape == (2, encoder.card.bits)


def test_libraries_that_are_not_found_are_told_on_standard_error(
    cuda_runtime: CudaRuntime, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Encoder(tiny_model, "cuda")
    said = capsys.readouterr()
    assert said.out == ""
    assert "libcudnn" in said.err


def test_a_provider_that_is_plugged_in_counts(cuda_runtime: CudaRuntime, tiny_model: Path) -> None:
    cuda_runtime.available, cuda_runtime.plugged_in = [CPU], [CPU, CUDA]
    assert Encoder(tiny_model, "cuda").card


def test_a_session_that_runs_on_the_cpu_instead_is_refused(cuda_runtime: CudaRuntime, tiny_model: Path) -> None:
    cuda_runtime.gives = [CPU]
    with pytest.raises(UnavailableError, match=f"gave {CPU} instead of {CUDA} .*; see that `nvidia-smi`"):
        Encoder(tiny_model, "cuda")


def test_a_gpu_that_fails_is_told_as_that_and_a_bad_model_as_that(cuda_runtime: CudaRuntime, tiny_model: Path) -> None:
    cuda_runtime.failure = RuntimeError("CUDA failure 100: no CUDA-capable device is detected\nmore")
    with pytest.raises(UnavailableError, match=r"cannot be used \(CUDA failure 100: .* detected\); see that"):
        Encoder(tiny_model, "cuda")
    cuda_runtime.failure = RuntimeError("INVALID_PROTOBUF: parsing failed")
    with pytest.raises(BundleError, match="cannot be loaded by ONNX Runtime"):
        Encoder(tiny_model, "cuda")
