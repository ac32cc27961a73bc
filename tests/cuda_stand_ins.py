"""FAISS and ONNX Runtime as they look where they are built for CUDA, computing on the CPU: no GPU is at hand.

Put in place of the modules themselves. They have the signatures of faiss 1.15.1 (its type stubs) and onnxruntime
1.31.1, and the limits that FAISS's source shows; how a GPU behaves they cannot say.
"""

import os
import threading
from types import SimpleNamespace
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
import onnxruntime

from engine.codes import Codes, hamming

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class CudaRuntime:
    """The module as built for CUDA, whose sessions report `gives`, or fail with `failure`."""

    def __init__(self) -> None:
        self.gives = [CUDA, CPU]
        self.failure: Exception | None = None
        self.available = [CUDA, CPU]
        self.plugged_in: list[str] = []
        self.asked: list[str] = []
        self.given: dict[str, Any] = {}

    def preload_dlls(self, cuda: bool = True, cudnn: bool = True, msvc: bool = True, directory: Any = None) -> None:
        self.asked.append(f"preload {directory!r} TF32={os.environ['NVIDIA_TF32_OVERRIDE']}")
        print("Failed to load libcudnn.so.9")

    def get_available_providers(self) -> list[str]:
        return self.available

    def get_ep_devices(self) -> list[Any]:
        return [SimpleNamespace(ep_name=name) for name in self.plugged_in]

    def InferenceSession(self, path: str, options: Any, providers: Any, **given: Any) -> Any:  # noqa: N802
        self.asked.append("session")
        self.given = given | {"providers": providers}
        if self.failure:
            raise self.failure
        session = onnxruntime.InferenceSession(path, options, providers=[CPU])
        return SimpleNamespace(get_outputs=session.get_outputs, run=session.run, get_providers=lambda: self.gives)

    def __getattr__(self, name: str) -> Any:
        return getattr(onnxruntime, name)


class StandardGpuResources:
    def __init__(self) -> None:
        self.free = 80 * 2**30
        self.in_use = threading.Lock()

    def setTempMemory(self, size: int) -> None:  # noqa: N802
        self.free -= size

    def setPinnedMemory(self, size: int) -> None:  # noqa: N802
        assert size >= 0


class GpuIndexBinaryFlat:
    """Hamming distances by NumPy; of several rows at the last distance the last ones."""

    searched: int = 0

    def __init__(self, resources: StandardGpuResources, index: Any, config: Any = None) -> None:
        self.d, self.ntotal = index.d, index.ntotal
        self._resources = resources
        size = index.ntotal * index.d // 8
        if size > resources.free:
            raise RuntimeError(
                "Error in allocMemory:\nStandardGpuResources: alloc fail (cudaMalloc error out of memory)"
            )
        resources.free -= size
        self._codes = faiss.rev_swig_ptr(index.xb.data(), size).reshape(-1, index.d // 8).copy()

    def search(self, x: Codes, k: int, *, params: Any = None) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        assert self._resources.in_use.acquire(blocking=False), "GPU resources used by two threads at once"
        try:
            assert x.dtype == np.uint8
            assert x.shape[1] == self.d // 8
            if not 0 < k <= 2048:
                raise RuntimeError(f"GPU only supports k <= 2048 (requested {k})")
            GpuIndexBinaryFlat.searched += 1
            distances = np.full((len(x), k), np.iinfo(np.int32).max, dtype=np.int32)
            labels = np.full((len(x), k), -1, dtype=np.int64)
            for place, code in enumerate(x):
                all_distances = hamming(code, self._codes)
                order = np.lexsort((-np.arange(self.ntotal), all_distances))[:k]
                distances[place, : len(order)], labels[place, : len(order)] = all_distances[order], order
            return distances, labels
        finally:
            self._resources.in_use.release()


class CudaFaiss:
    """The module as built for CUDA: everything else is the real one."""

    StandardGpuResources = StandardGpuResources
    GpuIndexBinaryFlat = GpuIndexBinaryFlat
    gpus = 1

    def get_num_gpus(self) -> int:
        return self.gpus

    def __getattr__(self, name: str) -> Any:
        return getattr(faiss, name)
