"""Milliseconds a photo of each backbone of the menu, by the encoder of the service on one core and one thread.

Beside them backbones that the study has no weights of, with random ones: they are timed only. Then whether photos that
are encoded together take less time each, and whether two threads are worth having for one photo while nothing else
is asked. QUICK=1: two backbones, fewer rounds.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.result import QUICK, WORK, Claim, claim, write
from benchmarks.serve.pinned import pinned
from benchmarks.study.backbones import DEFAULT, MENU
from benchmarks.study.photos import few, folder
from benchmarks.study.photos import write as write_catalogue
from benchmarks.timing import interleaved
from engine.encoder import Encoder
from engine.preprocess import Pixels

TIMED_ONLY = () if QUICK else ("mobilenetv4_conv_small", "resnet50", "convnext_tiny")
BATCHES = (1, 2, 4, 8)
PHOTOS = 8
"""What each of the batches is measured by: a call, or several calls, for so many photos."""
ROUNDS = 20 if QUICK else 100


def random_model(backbone: str) -> Path:
    """A model folder of `backbone` with random weights and the features of pretrained ones; made unless it is there."""
    work = WORK / "encoder" / backbone
    model = work / "model"
    if not (model / "model.json").exists():
        shop = few(20)
        photos = write_catalogue("grocery", lambda row: row["image_id"] in shop, work / "train.csv")
        options = [f"--images={folder('grocery')}", f"--backbone={backbone}", "--weights=none", "--epochs=0"]
        _twinshot("train", str(photos), f"--out={work / 'run'}", *options, "--set=pooling=auto", "--threads=1")
        _twinshot("export", str(work / "run"), f"--out={model}")
    return model


def by_backbone(encoders: dict[str, Encoder]) -> dict[str, list[float]]:
    """Seconds of one photo, round by round."""
    return interleaved({name: partial(own.encode, _drawn(own, 1)) for name, own in encoders.items()}, ROUNDS)


def by_batch(encoder: Encoder) -> dict[int, list[float]]:
    """Seconds a photo where so many are encoded at once, round by round."""
    pixels = _drawn(encoder, PHOTOS)
    calls: dict[str, Callable[[], object]] = {
        str(size): partial(_in_batches, encoder, pixels, size) for size in BATCHES
    }
    return {int(size): [own / PHOTOS for own in times] for size, times in interleaved(calls, ROUNDS).items()}


def by_threads(encoders: dict[int, Encoder]) -> dict[int, tuple[list[float], list[float]]]:
    """Seconds of one photo by so many threads, round by round: on the clock, and of all cores together.

    A round is PHOTOS calls of each, since the threads of ONNX Runtime wait awake for a moment after a call.
    """
    pixels = {threads: _drawn(own, 1) for threads, own in encoders.items()}
    found: dict[int, tuple[list[float], list[float]]] = {threads: ([], []) for threads in encoders}
    for _ in range(ROUNDS):
        for threads, own in encoders.items():
            wall, cpu = time.perf_counter(), time.process_time()
            for _ in range(PHOTOS):
                own.encode(pixels[threads])
            found[threads][0].append((time.perf_counter() - wall) / PHOTOS)
            found[threads][1].append((time.process_time() - cpu) / PHOTOS)
    return found


def ratio(own: Sequence[float], other: Sequence[float]) -> float:
    """The median over rounds of one time ÷ the other, which a busy moment hits alike."""
    return median(a / b for a, b in zip(own, other, strict=True))


def claims_of(
    backbones: dict[str, list[float]],
    batches: dict[int, list[float]],
    threads: dict[int, tuple[list[float], list[float]]],
) -> list[Claim]:
    """All as ratios within this run."""
    base = backbones[DEFAULT.label]
    claims = [
        claim(f"{name} ÷ {DEFAULT.label}, ms a photo", ratio(own, base), "×", None, "lower", _said(own))
        for name, own in backbones.items()
        if own is not base
    ]
    claims += [
        claim(f"{size} photos at once ÷ one by one, ms a photo", ratio(own, batches[1]), "×", None, "lower", _said(own))
        for size, own in batches.items()
        if size > 1
    ]
    names = ("two threads ÷ one, one photo, idle", "the same, time of all cores")
    for name, two, one in zip(names, threads[2], threads[1], strict=True):
        claims.append(claim(name, ratio(two, one), "×", None, "lower", f"{_ms(two):.2f} and {_ms(one):.2f} ms"))
    return claims


def _in_batches(encoder: Encoder, pixels: Pixels, size: int) -> None:
    for start in range(0, len(pixels), size):
        encoder.encode(pixels[start : start + size])


def _drawn(encoder: Encoder, count: int) -> Pixels:
    side = encoder.card.preprocessing.size
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def _ms(times: Sequence[float]) -> float:
    return median(times) * 1e3


def _said(times: Sequence[float]) -> str:
    return f"{_ms(times):.2f} ms"


def _twinshot(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "twinshot", *arguments], check=True)


def main() -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two threads for one photo need two cores, and this process may use one; start it without taskset")
    models = {own.label: own.model(1) for own in MENU} | {
        f"{name}, random weights": random_model(name) for name in TIMED_ONLY
    }
    encoders = {name: Encoder(model) for name, model in models.items()}
    default = models[DEFAULT.label]
    pairs = {threads: Encoder(default, threads=threads) for threads in (1, 2)}
    for own in pairs.values():
        own.warm()
    with pinned(cores[:1]):
        backbones = by_backbone(encoders)
        batches = by_batch(encoders[DEFAULT.label])
    threads = by_threads(pairs)
    figures: dict[str, Any] = {
        "rounds": ROUNDS,
        "ms": {name: round(_ms(own), 3) for name, own in backbones.items()},
        "ms_by_batch": {size: round(_ms(own), 3) for size, own in batches.items()},
        "ms_by_threads": {count: [round(_ms(own), 3) for own in both] for count, both in threads.items()},
        "features": {name: own.card.features for name, own in encoders.items()},
        "model_mb": {name: round((model / "model.onnx").stat().st_size / 1e6, 1) for name, model in models.items()},
    }
    write("encoder_speed", "The encoder on one core", figures, claims_of(backbones, batches, threads))


if __name__ == "__main__":
    main()
