"""Do titles help: categories alone, + titles, + two views of one photo (`instance`), + both. See docs/recognition.md.

Each of SEEDS draws its own photos (benchmarks/drawn_titles.py) and trains its own models, from the weights of the
shared data folder. Asked is with products that no training saw. It goes on where it was cut off (var/bench/titles).
QUICK=1: one seed, fewer photos and epochs.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.drawn_titles import Amount, write_catalogue
from benchmarks.result import QUICK, WORK, Claim, claim, write
from benchmarks.study.photos import WEIGHTS
from engine.bundle.generation import open_generation
from engine.catalogue.catalogue import open_catalogue
from engine.encoder import Encoder
from engine.ranking import rank
from engine.scope import scope_of
from index_builder.bootstrap import Interval, mean_interval, paired_interval
from index_builder.cache import cache_folder
from index_builder.indexing import Order, index
from index_builder.plan import Wishes
from index_builder.progress import Progress
from index_builder.queries import encode_queries
from twinshot.sample.shapes import SHAPES

ARMS: dict[str, tuple[str, ...]] = {
    "categories": ("--set=instance=0",),
    "titles": ("--set=instance=0", "--titles"),
    "titles at 2": ("--set=instance=0", "--set=titles=2"),
    "instance": (),
    "both": ("--titles",),
}
SEEDS = (0, 1, 2) if not QUICK else (0,)
AMOUNT = Amount(train=36, pairs=5) if not QUICK else Amount(train=8, pairs=2)
EPOCHS = 5 if not QUICK else 1
SIZE = 96
PLACES = ("everywhere", "leaf")
FINISHES = ("trained", "averaged")
"""How a training ends: as it is, which is the default, or averaged with the starting weights (`average=0.5`)."""
PAIRS = (
    ("titles", "categories"), ("titles at 2", "categories"), ("instance", "categories"), ("both", "instance"),
)  # fmt: skip

Hits = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """For each product of each seed, the share of its photos whose first answer it is: float64 [products]."""

    everywhere: Hits
    leaf: Hits


def train(catalogue: Path, arm: str, seed: int, folder: Path, *finish: str) -> Path:
    """The model of one arm; a run that was cut off is resumed, a finished one only exported again."""
    common = (f"--weights={WEIGHTS}", f"--size={SIZE}", f"--epochs={EPOCHS}", f"--seed={seed}", "--threads=1")
    run = ("train", str(catalogue), f"--out={folder / 'run'}", "--device=cpu", *common, *ARMS[arm], *finish)
    for command in (run, ("export", str(folder / "run"), f"--out={folder / 'model'}")):
        subprocess.run([sys.executable, "-m", "twinshot", *command], check=True)
    return folder / "model"


def averaged(run: Path, folder: Path) -> None:
    """In `folder` the same training, whose last step is still to be taken, with `average=0.5`."""
    if (folder / "run").exists():
        return
    shutil.copytree(run, folder / "copy", ignore=shutil.ignore_patterns("final.pt", ".lock"), dirs_exist_ok=True)
    config = folder / "copy" / "config.json"
    told = json.loads(config.read_text(encoding="utf-8"))
    told["recipe"]["average"] = 0.5
    config.write_text(json.dumps(told), encoding="utf-8")
    (folder / "copy").rename(folder / "run")


def ask(catalogue: Path, model: Path, folder: Path) -> Asked:
    """Index what is on the shelf and ask as `/search` does, among everything and inside the leaf of the product."""
    shelf = Order(catalogue, model, folder / "bundles", splits=("index",), wishes=Wishes(thumbs=False), threads=1)
    generation = open_generation(index(shelf, Progress()).folder)
    opened = open_catalogue(catalogue, splits=["query"])
    encoder = Encoder(generation.folder, threads=1, verify=False)
    cache = cache_folder(folder / "bundles", generation.card)
    queries = encode_queries(opened, list(opened.rows()), encoder, cache, 1, lambda: None, features=False)
    found: dict[str, dict[str, list[bool]]] = {place: {} for place in PLACES}
    for row, embedding in zip(queries.rows, queries.embeddings, strict=True):
        scopes = ((0, generation.manifest.rows),), scope_of([f"leaf:{row.category[2]}"], generation.manifest.categories)
        for place, scope in zip(PLACES, scopes, strict=True):
            first = rank(generation, embedding, 1, scope).found[0].product_id
            found[place].setdefault(row.product, []).append(first == row.product)
    everywhere, leaf = (np.array([np.mean(own) for own in found[place].values()]) for place in PLACES)
    return Asked(everywhere, leaf)


def measure() -> dict[str, dict[str, list[Asked]]]:
    """Each finish of each arm on each seed; equal seeds have equal photos and equal first weights."""
    asked: dict[str, dict[str, list[Asked]]] = {finish: {arm: [] for arm in ARMS} for finish in FINISHES}
    for seed in SEEDS:
        folder = WORK / ("titles-quick" if QUICK else "titles") / str(seed)
        catalogue = write_catalogue(folder, AMOUNT, seed)
        for arm in ARMS:
            print(f"== seed {seed}, {arm}", file=sys.stderr, flush=True)
            trained, mixed = folder / arm, folder / f"{arm}, averaged"
            asked["trained"][arm].append(ask(catalogue, train(catalogue, arm, seed, trained), trained))
            averaged(trained / "run", mixed)
            model = train(catalogue, arm, seed, mixed, "--set=average=0.5")
            asked["averaged"][arm].append(ask(catalogue, model, mixed))
    return asked


def pooled(own: list[Asked], place: str) -> Hits:
    return np.concatenate([getattr(seed, place) for seed in own])


def level(own: list[Asked], place: str) -> dict[str, Any]:
    return {**asdict(mean_interval(pooled(own, place))), "by seed": [float(getattr(at, place).mean()) for at in own]}


def told(own: Interval, each: list[float]) -> str:
    seeds = ", ".join(f"{value:+.3f}" for value in each)
    return f"95 % interval {own.low:+.3f} to {own.high:+.3f}, n = {own.n:,} products; by seed {seeds}"


def gain(asked: dict[str, list[Asked]], finish: str, arm: str, base: str, place: str) -> Claim:
    ours, theirs = pooled(asked[arm], place), pooled(asked[base], place)
    pairs = zip(asked[arm], asked[base], strict=True)
    each = [float((getattr(a, place) - getattr(b, place)).mean()) for a, b in pairs]
    own = paired_interval(ours, theirs)
    where = "among all" if place == "everywhere" else "inside the leaf"
    return claim(f"{finish}: {arm} − {base}, {where}", own.mean, "", None, "higher", told(own, each))


def judged(asked: dict[str, dict[str, list[Asked]]]) -> tuple[dict[str, Any], list[Claim]]:
    """The figures and claims of a result."""
    figures = {
        "photos trained on": AMOUNT.train * len(SHAPES),
        "epochs": EPOCHS,
        "product recall@1": {
            finish: {arm: {place: level(own, place) for place in PLACES} for arm, own in arms.items()}
            for finish, arms in asked.items()
        },
    }
    claims = [gain(arms, finish, *pair, place) for finish, arms in asked.items() for pair in PAIRS for place in PLACES]
    return figures, claims


def main() -> None:
    write("recognition_titles", "Titles as supervision: drawn photos, unseen products, R@1", *judged(measure()))


if __name__ == "__main__":
    main()
