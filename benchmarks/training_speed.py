"""Photos a second in training: of the loader alone, of the step alone in each precision, of whole epochs."""

import csv
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache, partial
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image

from benchmarks.result import QUICK, WORK, Claim, claim, write
from benchmarks.timing import interleaved
from engine.catalogue.row import Row
from engine.errors import UnavailableError
from engine.taxonomy import Path3, Taxonomy
from model_export.augment import augment, view_seed
from model_export.backbone import create_backbone
from model_export.data import TrainingPhotos
from model_export.launch import train_together
from model_export.network import Network
from model_export.objective import Objective
from model_export.progress import Reporter
from model_export.recipe import Recipe
from model_export.sampler import View, epoch_batches
from model_export.settings import Settings
from model_export.splits import split_rows
from model_export.train import train
from model_export.trainer import Trainer

CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")
BACKBONES = ("mobilenetv2_100", "resnet50", "convnext_tiny") if CUDA else ("mobilenetv2_100",)
PHOTOS, BATCH = (1024, 128) if CUDA else (64, 32)
EPOCHS, ROUNDS = (2, 3) if QUICK else (5, 8)
THREADS = torch.get_num_threads() if CUDA else 2
VIEWS = 96


def rows() -> list[Row]:
    """Photos in pairs, ten classes."""
    paths: list[Path3] = [("m", "l", f"f{number // 2 % 10}") for number in range(PHOTOS)]
    return [
        Row(f"{n}.jpg", f"i{n}", f"p{n // 2}", path, None, "train", None, "drawn", n) for n, path in enumerate(paths)
    ]


@cache
def photo(number: int) -> bytes:
    """A JPEG of 1200 × 1200 pixels, about as detailed as a listing's photo."""
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8))
    noisy = np.asarray(coarse.resize((1200, 1200), Image.Resampling.BICUBIC)) + rng.normal(0, 4, (1200, 1200, 1))
    data = BytesIO()
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(data, "JPEG", quality=90)
    return data.getvalue()


def read(row: Row) -> bytes:
    """The photos repeat: drawing takes longer than reading."""
    return photo(row.number % 16)


def settings(backbone: str, epochs: int = 1, **changes: object) -> Settings:
    recipe = Recipe.for_weights("none", {"epochs": epochs, "batch": BATCH, "frozen_norm": True, "average": 1.0})
    values = {"precision": "float32", "compile": False, "threads": THREADS, "device": DEVICE} | changes
    return Settings(backbone, "none", 512, 0, 224, "pca", recipe, **values)  # type: ignore[arg-type]


def photos(own: Settings) -> TrainingPhotos:
    return TrainingPhotos(rows(), read, own.preprocessing, own.train_size)


@cache
def kept() -> TrainingPhotos:
    return photos(settings(BACKBONES[0]))


def view(cached: bool, number: int) -> int:
    """One training view; returns nothing of it, so that processes are not charged for sending pixels."""
    shelf = kept() if cached else photos(settings(BACKBONES[0]))
    augment(shelf.image(number % 16), shelf.size, Recipe(), view_seed(0, 0, number, 0))
    return number


def views(pool: Executor, cached: bool) -> None:
    for _ in pool.map(partial(view, cached), range(VIEWS), chunksize=VIEWS // 4):
        pass


def loader() -> dict[str, float]:
    """Photos/s of reading, decoding and changing, by one and two threads or processes."""
    for number in range(16):
        photo(number)
    context = get_context("fork")  # each has the drawn photos at once
    with (
        ProcessPoolExecutor(1, context) as alone,
        ProcessPoolExecutor(2, context) as processes,
        ThreadPoolExecutor(1) as thread,
        ThreadPoolExecutor(2) as threads,
    ):
        pools = {"1 process": alone, "2 processes": processes, "1 thread": thread, "2 threads": threads}
        calls: dict[str, Callable[[], object]] = {
            f"{kind}, {name}": partial(views, pool, kind == "kept")
            for kind in ("kept", "decoded")
            for name, pool in pools.items()
        }
        return rates(interleaved(calls, ROUNDS), VIEWS)


def step(own: Settings, channels_last: bool = CUDA) -> Callable[[], object]:
    """A whole training step on pixels that are there already."""
    torch.manual_seed(0)
    taxonomy = Taxonomy.from_paths(row.category for row in rows())
    network = Network(create_backbone(own.backbone, "none", own.size, "auto"), own.bits, len(taxonomy.classes))
    network = network.to(DEVICE)
    if channels_last:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    objective = Objective(rows(), taxonomy, own.bits, own.recipe, own.seed).to(DEVICE)
    trainer = Trainer(network.train(), objective, photos(own), own)
    pixels = torch.randint(0, 256, (BATCH, own.train_size, own.train_size, 3), dtype=torch.uint8, device=DEVICE)
    seen = [View(number % PHOTOS, 0) for number in range(BATCH)]

    def run() -> None:
        trainer.step(seen, pixels)
        if CUDA:
            torch.cuda.synchronize()

    return run


def steps(backbone: str) -> tuple[dict[str, float], str]:
    """Photos/s of the step, one thread on a CPU; and why it could not be compiled, if it could not."""
    torch.set_num_threads(1)
    one = settings(backbone, threads=1)
    calls = {
        "float32": step(one, channels_last=False),
        "float32, channels last": step(one, channels_last=True),
        "bfloat16": step(settings(backbone, threads=1, precision="bfloat16")),
    }
    said = ""
    try:
        calls["float32, compiled"] = step(settings(backbone, threads=1, compile=True))
    except UnavailableError as error:
        said = str(error)
    return rates(interleaved(calls, ROUNDS), BATCH), said


def epochs(backbone: str) -> dict[str, float]:
    """Photos/s of whole epochs after the first (which decodes), and of two processes beside one on as many threads."""
    seconds: dict[str, list[float]] = {}
    precision = "bfloat16" if CUDA else "float32"
    processes = max(2, torch.cuda.device_count()) if CUDA else 2
    for _ in range(2):
        for count in (1, processes):
            if CUDA and count > torch.cuda.device_count():
                continue
            out = WORK / "training-speed"
            shutil.rmtree(out, ignore_errors=True)
            own = settings(backbone, EPOCHS, precision=precision)
            if count == 1:
                train(rows(), read, "drawn", out, own, Reporter(quiet=True))
            else:
                train_together(count, rows(), read, "drawn", out, own, quiet=True)
            seconds.setdefault(f"{count} process{'es' * (count > 1)}", []).extend(logged(out)[1:])
    return rates(seconds, photos_of_epoch(settings(backbone, EPOCHS)))


def photos_of_epoch(own: Settings, epoch: int = 0) -> int:
    """Photos that an epoch trains on: some of all are held out, to steer by."""
    trained, recipe = split_rows(rows(), own.seed, "drawn").train, own.recipe
    return sum(map(len, epoch_batches(trained, recipe.batch, own.seed, epoch, recipe.together, recipe.positives)))


def logged(run: Path) -> list[float]:
    with (run / "log.csv").open() as file:
        return [float(line["seconds"]) for line in csv.DictReader(file)]


def rates(seconds: dict[str, list[float]], count: int) -> dict[str, float]:
    return {name: round(count / median(values), 1) for name, values in seconds.items()}


def ratio(name: str, over: float, under: float, note: str) -> Claim:
    return claim(name, over / under, "×", None, "higher", note)


def claims(loaded: dict[str, float], by_step: dict[str, float], whole: dict[str, float], name: str) -> Sequence[Claim]:
    plain = by_step["float32"]
    found = [
        ratio(f"{name}: step, {kind} ÷ float32", rate, plain, f"{rate:g} and {plain:g} photos/s")
        for kind, rate in by_step.items()
        if kind != "float32"
    ]
    found.append(ratio(f"{name}: views decoded by one core ÷ its step", loaded["decoded, 1 thread"], plain, "float32"))
    one = whole["1 process"]
    alone = by_step["bfloat16"]
    if CUDA:  # the share of the time in which the device has work
        found.append(
            ratio(f"{name}: whole epochs ÷ the step alone", one, alone, f"{one:g} photos/s, {THREADS} threads")
        )
    for kind, rate in whole.items():
        if kind != "1 process":
            found.append(ratio(f"{name}: {kind} ÷ 1, on as many threads", rate, one, f"{rate:g} photos/s"))
    return found


def main() -> None:
    loaded = loader()
    figures: dict[str, object] = {"device": str(DEVICE), "loader": loaded}
    found = [
        ratio(f"views of {what}: {pool} ÷ 1", loaded[f"{what}, {pool}"], loaded[f"{what}, {one}"],
              f"{loaded[f'{what}, {one}']:g} photos/s by one")
        for what in ("kept", "decoded")
        for pool, one in (("2 threads", "1 thread"), ("2 processes", "1 process"))
    ]  # fmt: skip
    for backbone in BACKBONES:
        by_step, not_compiled = steps(backbone)
        whole = epochs(backbone)
        figures[backbone] = {"step": by_step, "not compiled": not_compiled, "epochs": whole}
        found.extend(claims(loaded, by_step, whole, backbone))
    write("training_speed", f"Training speed on {'CUDA' if CUDA else 'the CPU'}, crops of 192 pixels", figures, found)


if __name__ == "__main__":
    main()
