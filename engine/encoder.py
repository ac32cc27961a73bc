"""Photos to embeddings by ONNX Runtime; the only file that knows it."""

import os
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from engine.codes import Floats
from engine.errors import BundleError, UnavailableError
from engine.model import ONNX_FILE, ModelCard, read_card
from engine.preprocess import Pixels

Device = Literal["cpu", "cuda"]
_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_CUDA = {
    "use_tf32": "0",  # TF32 would flip bits against an index that was encoded on a CPU
    # the default times every kernel anew for each size of batch, and need not choose the same one the next time
    "cudnn_conv_algo_search": "HEURISTIC",
}
_GPU_REMEDY = "see that `nvidia-smi` shows a GPU and a driver for CUDA 13, and that the extra 'gpu' is installed whole"


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the model says of a batch: `embeddings` float32 [N, bits], `probabilities` float32 [N, classes].

    `features` float32 [N, features] are the pooled features, None where they were not asked for.
    """

    embeddings: Floats
    probabilities: Floats
    features: Floats | None = None


class PhotoEncoder(Protocol):
    """What makes embeddings of photos: `Encoder`, or what decides how it is best asked."""

    @property
    def card(self) -> ModelCard:
        """The model."""
        ...

    def encode(self, pixels: Pixels) -> Encoded:
        """See Encoder."""
        ...


class Encoder:
    """A model folder, loaded. Safe to call from several threads at once."""

    def __init__(
        self, folder: Path, device: Device = "cpu", threads: int = 1, verify: bool = True, spin: bool = True
    ) -> None:
        """Load `folder`/model.onnx on `device` with `threads` threads inside one call.

        With `spin` they wait awake for the next call: right for one call after another, wrong beside other work.

        Raises BundleError (a bad model folder) and UnavailableError (no ONNX Runtime; a device that is not there).
        """
        self.card: ModelCard = read_card(folder, verify=verify)
        self._session = _open(folder / ONNX_FILE, device, threads, spin)
        declared = {output.name: output.shape for output in self._session.get_outputs()}
        if declared.get("embedding", [0])[-1] != self.card.bits:
            raise BundleError(
                f"{folder / ONNX_FILE} does not give the {self.card.bits} values that model.json declares"
            )

    def encode(self, pixels: Pixels, features: bool = False) -> Encoded:
        """Encode uint8 [N, size, size, 3] RGB."""
        names = ["embedding", "probabilities"] + (["features"] if features else [])
        outputs = self._session.run(names, {"pixels": pixels})
        return Encoded(outputs[0], outputs[1], outputs[2] if features else None)

    def warm(self, batch: int = 1) -> None:
        """Encode a grey photo, so that the first real one does not pay for memory and kernels."""
        size = self.card.preprocessing.size
        self.encode(np.full((batch, size, size, 3), 127, dtype=np.uint8))


def import_onnxruntime() -> Any:
    """The library, told before its import not to report home. Raises UnavailableError where it is not installed."""
    # Since 1.29 the official builds report the models they load to their maker unless this is set.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ImportError as error:
        raise UnavailableError(
            f"ONNX Runtime is not installed ({error}); install the extra 'cpu' or 'gpu' of twinshot"
        ) from error
    return onnxruntime


def providers(device: Device) -> list[str]:
    """The execution providers that are here. Raises UnavailableError where the one for `device` is not among them."""
    onnxruntime, wanted = import_onnxruntime(), _PROVIDERS[device]
    # from 1.31 on CUDA may be a plug-in, which the first list need not have
    plugged_in = (own.ep_name for own in onnxruntime.get_ep_devices())
    available = list(dict.fromkeys([*onnxruntime.get_available_providers(), *plugged_in]))
    if wanted not in available:
        raise UnavailableError(
            f"device {device!r} needs ONNX Runtime's {wanted}, but only {', '.join(available)} are here; "
            "install the extra 'gpu' (without 'cpu') on a machine where `nvidia-smi` shows a GPU, or use device 'cpu'"
        )
    return available


def _open(path: Path, device: Device, threads: int, spin: bool) -> Any:
    onnxruntime, wanted = import_onnxruntime(), _PROVIDERS[device]
    if device == "cuda":
        _load_cuda(onnxruntime)
    providers(device)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spin)))
    asked = [(wanted, _CUDA if device == "cuda" else {})]
    try:
        # without enable_fallback=0 the CPU takes over where the GPU fails, now or at any later photo
        session = onnxruntime.InferenceSession(str(path), options, providers=asked, enable_fallback=0)
    except Exception as error:  # ONNX Runtime raises many private classes
        said = str(error).splitlines()[0]
        if device == "cuda" and ("CUDA" in said or "CUDNN" in said):
            raise UnavailableError(f"device 'cuda' cannot be used ({said}); {_GPU_REMEDY}") from error
        raise BundleError(f"{path} cannot be loaded by ONNX Runtime ({said})") from error
    if session.get_providers()[0] != wanted:  # of a provider that lacks a library ONNX Runtime only warns
        raise UnavailableError(
            f"ONNX Runtime gave {session.get_providers()[0]} instead of {wanted} for device {device!r}; {_GPU_REMEDY}"
        )
    return session


def _load_cuda(onnxruntime: Any) -> None:
    # the same as use_tf32, for every library of NVIDIA's in this process; they read it when they are loaded
    os.environ["NVIDIA_TF32_OVERRIDE"] = "0"
    with redirect_stdout(sys.stderr):  # it prints which library it did not find
        # CUDA and cuDNN lie in packages of their own, where the loader does not look by itself
        onnxruntime.preload_dlls(directory="")
