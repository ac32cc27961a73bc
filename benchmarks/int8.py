"""Would an int8 encoder do? The untrained MobileNetV2 of the menu of backbones, quantised, against itself in float32.

Static, a scale for each channel, calibrated on photos of grocery `train`; index and queries are both encoded with it,
and the thresholds are fitted again. Normalising the pixels, pooling and the projection stay in float32. Measured are
the bits that flip, what an index of it finds, and its time. It would be offered if at most 2 % of the bits flip and no
recall is lost beyond the interval. QUICK=1: fewer photos.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.recognition_bits import mean
from benchmarks.result import QUICK, WORK, Claim, claim, write
from benchmarks.serve.pinned import pinned
from benchmarks.study.backbones import DEFAULT
from benchmarks.study.claims import difference
from benchmarks.study.codes import How, first_answers, fitted
from benchmarks.study.features import Mask, Photos, photos_of
from benchmarks.study.photos import Record, folder, records
from benchmarks.timing import interleaved
from engine.codes import Floats
from engine.encoder import Encoder, import_onnxruntime
from engine.model import CARD_FILE, ONNX_FILE
from engine.preprocess import Pixels, Preprocessing, load

BITS = 512
CALIBRATED_ON = 50 if QUICK else 300
EVERY = 10 if QUICK else 1
"""Of the photos that are indexed or asked, one in so many is."""
ROUNDS = 30 if QUICK else 200
MOST_FLIPPED = 0.02
FLOAT = "float32"
FORMS = {"int8, extremes": False, "int8, mean extremes": True}
"""Whether an activation's range is the extremes of all photos, or the mean of each photo's own."""
OPERATORS = ("Conv", "Add")
SAID: dict[How, str] = {"rescored": "rescored", "hamming": "by Hamming distance"}


class Calibration:
    """The photos that ranges are found by, one by one, as ONNX Runtime's quantiser reads them."""

    def __init__(self, photos: Sequence[Pixels]) -> None:
        self._left = iter(photos)

    def get_next(self) -> dict[str, Pixels] | None:
        """The next photo, or None after the last."""
        pixels = next(self._left, None)
        return None if pixels is None else {"pixels": pixels[None]}


def quantised(
    source: Path, out: Path, averaged: bool, photos: Sequence[Pixels], operators: Sequence[str] = OPERATORS
) -> Path:
    """The model folder `source` with its `operators` in int8, as `out`; photos: uint8 [size, size, 3] each.

    averaged: one value of FORMS.
    """
    import_onnxruntime()
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    prepared = out / "prepared.onnx"
    quant_pre_process(source / ONNX_FILE, prepared, skip_symbolic_shape=True)
    quantize_static(
        prepared,
        out / ONNX_FILE,
        Calibration(photos),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=list(operators),
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        extra_options={"CalibMovingAverage": averaged},
    )
    prepared.unlink()
    shutil.copyfile(source / CARD_FILE, out / CARD_FILE)
    return out


def pixels_of(row: Record, spec: Preprocessing) -> Pixels:
    """What the model sees of a photo: uint8 [size, size, 3]."""
    return load((folder("grocery") / row["image"]).read_bytes(), spec)


def features_of(rows: Sequence[Record], encoders: dict[str, Encoder], spec: Preprocessing) -> dict[str, Floats]:
    """Each encoder's pooled features, float32 [rows, F]; each photo is decoded once for all of them."""
    found: dict[str, list[Floats]] = {name: [] for name in encoders}
    for row in rows:
        pixels = pixels_of(row, spec)[None]
        for name, own in encoders.items():
            encoded = own.encode(pixels, features=True)
            assert encoded.features is not None
            found[name].append(encoded.features[0])
    return {name: np.stack(own) for name, own in found.items()}


def thinned(photos: Photos, every: int) -> Photos:
    """One photo in `every`."""
    return Photos(**{own.name: getattr(photos, own.name)[::every] for own in fields(photos)})


def flipped(own: Floats, other: Floats, shelf: Mask) -> float:
    """The share of bits that differ, each encoding cut at the mean of its own indexed photos."""
    return float(((own > mean(own[shelf])) != (other > mean(other[shelf]))).mean())


def claims_of(photos: Photos, embeddings: dict[str, Floats], times: dict[str, list[float]]) -> list[Claim]:
    """Each form against float32."""
    base = embeddings[FLOAT]
    claims = []
    for name in FORMS:
        own = embeddings[name]
        share = flipped(own, base, photos.shelf)
        claims.append(claim(f"{name}: share of bits that flip", share, "", MOST_FLIPPED, "lower"))
        for how, said in SAID.items():
            hits, others = (first_answers(photos, each, photos.seen, how, mean) for each in (own, base))
            claims.append(difference(f"{name} − float32, {said}: product R@1", hits, others))
        ratio = median(a / b for a, b in zip(times[name], times[FLOAT], strict=True))
        note = f"{median(times[name]) * 1e3:.2f} and {median(times[FLOAT]) * 1e3:.2f} ms"
        claims.append(claim(f"{name} ÷ float32: time of a photo", ratio, "×", None, "lower", note))
    return claims


def main() -> None:
    source = DEFAULT.model(1)
    photos = photos_of(DEFAULT.cell, 1)
    projection = fitted(photos, "whiten", BITS)
    first = Encoder(source)
    spec = first.card.preprocessing
    train = [row for row in records("grocery") if row["split"] == "train"]
    chosen = np.sort(np.random.default_rng(0).choice(len(train), CALIBRATED_ON, replace=False))
    calibration = [pixels_of(train[place], spec) for place in chosen]
    models = {
        name: quantised(source, WORK / "int8" / str(averaged), averaged, calibration)
        for name, averaged in FORMS.items()
    }
    encoders = {FLOAT: first} | {name: Encoder(model, verify=False) for name, model in models.items()}
    with pinned(sorted(os.sched_getaffinity(0))[:1]):
        times = interleaved({name: partial(own.encode, calibration[0][None]) for name, own in encoders.items()}, ROUNDS)
    features = features_of(records("grocery")[::EVERY], encoders, spec)
    looked_at = thinned(photos, EVERY)
    embeddings = {name: projection.apply(own) for name, own in features.items()}
    figures: dict[str, Any] = {
        "calibrated_on": CALIBRATED_ON,
        "indexed": int(looked_at.shelf.sum()),
        "asked": int(looked_at.seen.sum()),
        "ms": {name: round(median(own) * 1e3, 3) for name, own in times.items()},
        "model_mb": {
            name: round((model / ONNX_FILE).stat().st_size / 1e6, 1)
            for name, model in {FLOAT: source, **models}.items()
        },
    }
    write("int8", "An int8 encoder against float32", figures, claims_of(looked_at, embeddings, times))


if __name__ == "__main__":
    main()
