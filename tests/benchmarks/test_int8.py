"""What an int8 encoder is made by, and judged by."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.int8 import flipped, quantised
from engine.encoder import Encoder


def test_bits_flip_where_an_encoding_moves_across_its_own_mean() -> None:
    own = np.array([[0.0, 0.0], [1.0, 1.0], [0.9, 0.4]], np.float32)
    moved = own + np.float32(5)
    assert flipped(own, moved, np.array([True, True, False])) == 0
    moved[2, 0] = 5
    assert flipped(own, moved, np.array([True, True, False])) == pytest.approx(1 / 6)


@pytest.mark.parametrize("averaged", [True, False])
def test_a_quantised_model_is_one_that_the_encoder_loads_and_nearly_the_same(
    tiny_model: Path, tmp_path: Path, averaged: bool
) -> None:
    photos = list(np.random.default_rng(0).integers(0, 256, (30, 64, 64, 3), dtype=np.uint8))
    out = quantised(tiny_model, tmp_path / "int8", averaged, photos, ["MatMul"])
    own, other = (Encoder(folder, verify=False).encode(np.stack(photos)) for folder in (tiny_model, out))
    distance = np.abs(own.embeddings - other.embeddings).max()
    assert 0 < distance < 0.2 * np.abs(own.embeddings).max()
