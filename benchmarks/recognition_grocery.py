"""Recognition on the grocery photos of the shared data folder: the default recipe beside the untrained backbone.

Trained on `train`, indexed `train` and `iconic`, asked `val`. `test` is not read here. QUICK=1 leaves the training out.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.result import QUICK, WORK, Claim, claim, write
from benchmarks.study.claims import difference, level
from benchmarks.study.photos import WEIGHTS, folder
from index_builder.evaluate import Evaluation, Outcome
from index_builder.evaluating import evaluate_catalogue
from index_builder.progress import Progress

CATALOGUE = folder("grocery") / "catalogue.csv"


def build(name: str, *options: str) -> tuple[Path, float]:
    """`twinshot build` into WORK/<name>; the bundle folder and the minutes it took (little where it was there)."""
    bundles = WORK / name / "bundles"
    command = [sys.executable, "-m", "twinshot", "build", str(CATALOGUE), f"--out={bundles}", f"--weights={WEIGHTS}"]
    begin = time.monotonic()
    subprocess.run([*command, *options], check=True)
    return bundles, (time.monotonic() - begin) / 60


def ask(bundles: Path) -> Evaluation:
    cores = len(os.sched_getaffinity(0))
    return evaluate_catalogue(bundles, CATALOGUE, ["val"], None, {}, None, cores, Progress()).evaluation


def hits(outcome: Outcome, kind: str, k: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Whether each query has a right answer among its first k photos or products, 0 or 1."""
    lists = outcome.photo if kind == "photo" else outcome.product
    return np.array([judged.relevant[:k].any() for judged in lists], dtype=np.float64)


def main() -> None:
    untrained = ask(build("grocery-untrained", "--epochs=0")[0])
    base = untrained.floats["features"]
    figures: dict[str, Any] = {"untrained": untrained.as_json()}
    if QUICK:
        claims = [level("untrained, 512 bits rescored: photo R@1", hits(untrained.bits_rescored, "photo", 1))]
    else:
        bundles, minutes = build("grocery-default")
        trained = ask(bundles)
        figures |= {"default": trained.as_json(), "build_minutes": round(minutes, 1)}
        claims = judge(trained, base, minutes)
    write("recognition_grocery", "Recognition: grocery photos, MobileNetV2, 512 bits", figures, claims)


def judge(trained: Evaluation, base: Outcome, minutes: float) -> list[Claim]:
    own = trained.bits_rescored
    part = trained.float_part
    assert part is not None, "an index of this size keeps its floats"
    best = trained.floats[part]
    photo = hits(own, "photo", 1)
    kept = float(hits(own, "product", 1).mean() / hits(best, "product", 1).mean())
    return [
        level("512 bits rescored: photo R@1", photo, 0.80),
        level("512 bits rescored: product R@10", hits(own, "product", 10), 0.97),
        level("512 bits rescored: photo R@10", hits(own, "photo", 10)),
        difference("gain over the untrained float features, photo R@1", photo, hits(base, "photo", 1), 0.0),
        claim(f"rescored bits ÷ float ({part}), product R@1", kept, "", None, "higher"),
        claim("twinshot build on the CPU", minutes, "minutes", 25, "lower"),
    ]


if __name__ == "__main__":
    main()
