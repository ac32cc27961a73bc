"""A photo that comes alone is encoded by several threads, and to the same bits as in company."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.loading import load
from app.lone_encoder import LoneEncoder
from app.settings import Settings
from engine.encoder import Encoded, Encoder
from engine.preprocess import Pixels


class Watched(Encoder):
    """Counts its calls."""

    calls = 0

    def encode(self, pixels: Pixels, features: bool = False) -> Encoded:
        self.calls += 1
        return super().encode(pixels, features)


class Held(Watched):
    """Holds each call until it may go on."""

    def __init__(self, model: Path, begun: threading.Semaphore, may_go_on: threading.Event, **options: Any) -> None:
        super().__init__(model, **options)
        self.begun, self.may_go_on = begun, may_go_on

    def encode(self, pixels: Pixels, features: bool = False) -> Encoded:
        self.begun.release()
        assert self.may_go_on.wait(20)
        return super().encode(pixels, features)


def photos(encoder: Encoder, count: int) -> list[Pixels]:
    size = encoder.card.preprocessing.size
    return list(np.random.default_rng(1).integers(0, 256, (count, 1, size, size, 3), dtype=np.uint8))


def test_who_comes_alone_gets_the_wide_session_and_everybody_else_the_narrow_one(tiny_model: Path) -> None:
    begun, may_go_on = threading.Semaphore(0), threading.Event()
    narrow = Held(tiny_model, begun, may_go_on)
    wide = Held(tiny_model, begun, may_go_on, threads=2, spin=False)
    encoder, asked = LoneEncoder(narrow, wide), photos(wide, 3)
    with ThreadPoolExecutor(3) as pool:
        calls = []
        for pixels in asked:
            calls.append(pool.submit(encoder.encode, pixels))
            assert begun.acquire(timeout=20)
        may_go_on.set()
        found = [call.result(20) for call in calls]
    assert (wide.calls, narrow.calls) == (1, 2)
    encoder.encode(asked[0])
    assert (wide.calls, narrow.calls) == (2, 2)
    for pixels, got in zip(asked, found, strict=True):
        np.testing.assert_array_equal(got.embeddings, narrow.encode(pixels).embeddings)


def test_a_photo_that_fails_leaves_the_wide_session_to_the_next(tiny_model: Path) -> None:
    narrow, wide = Watched(tiny_model), Watched(tiny_model, threads=2, spin=False)
    encoder = LoneEncoder(narrow, wide)
    for _ in range(2):
        with pytest.raises(Exception, match="pixels"):  # ONNX Runtime's own
            encoder.encode(np.zeros((1, 5, 5, 3), dtype=np.uint8))
    assert (wide.calls, narrow.calls) == (2, 0)


def test_a_service_with_one_thread_has_one_session(tiny_bundle: Path) -> None:
    assert isinstance(load(Settings(bundles=tiny_bundle, threads=1)).encoder, Encoder)
    assert isinstance(load(Settings(bundles=tiny_bundle, threads=2)).encoder, LoneEncoder)
