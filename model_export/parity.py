"""The exported graph against the network it came from. The only file here that runs ONNX Runtime."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.encoder import import_onnxruntime
from engine.errors import ParityError
from engine.model import Parity
from engine.preprocess import Pixels

MAX_RELATIVE = 1e-3
"""Largest allowed difference, as a share of the output's largest magnitude."""
MAX_DIFFERING_BITS = 1e-3
BATCH = 16
NAMES = ("embedding", "probabilities", "features")

Arrays = dict[str, npt.NDArray[np.float32]]


def run_onnx(path: Path, pixels: Pixels) -> Arrays:
    """The graph's outputs for uint8 [n, size, size, 3], computed in batches of several sizes."""
    session = import_onnxruntime().InferenceSession(str(path), providers=["CPUExecutionProvider"])
    starts = [0, 1, *range(1 + BATCH, len(pixels), BATCH)]
    pieces = [session.run(list(NAMES), {"pixels": part}) for part in np.split(pixels, starts[1:]) if len(part)]
    return {name: np.concatenate([piece[i] for piece in pieces]) for i, name in enumerate(NAMES)}


def compare(expected: Arrays, actual: Arrays, thresholds: npt.NDArray[np.float32]) -> Parity:
    """How far `actual` is from `expected`. Raises ParityError past MAX_RELATIVE or MAX_DIFFERING_BITS."""
    worst = 0.0
    for name in NAMES:
        if expected[name].shape != actual[name].shape:
            raise ParityError(f"the exported model's {name} is {actual[name].shape}, expected {expected[name].shape}")
        if expected[name].size == 0:
            continue
        difference = float(np.abs(expected[name] - actual[name]).max())
        largest = float(np.abs(expected[name]).max())
        if not difference <= MAX_RELATIVE * max(largest, 1e-6):
            raise ParityError(
                f"the exported model's {name} differs by {difference:.2g} (largest value {largest:.2g}) from the "
                "trained network's; this backbone cannot be exported with these versions of torch and onnxruntime"
            )
        worst = max(worst, difference)
    bits = (expected["embedding"] > thresholds) != (actual["embedding"] > thresholds)
    share = float(bits.mean())
    if share > MAX_DIFFERING_BITS:
        raise ParityError(
            f"{share:.3%} of the exported model's bits differ, the limit is {MAX_DIFFERING_BITS:.1%}; so many lie on "
            "their thresholds where the photos trained on are all alike: train on more, and different ones"
        )
    return Parity(photos=len(bits), max_difference=worst, differing_bits=share)
