"""One cell of the study: a training, finished in one way, without the leaves of one fold."""

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from benchmarks.result import QUICK, WORK
from benchmarks.study.photos import WEIGHTS, Fold, Name, Record, few, folder, in_fold, write
from benchmarks.study.pretrained import IN_SHARED_FOLDER, weights_name, weights_of
from model_export.recipe import Recipe
from model_export.settings import find_device, find_precision

FINISHING = ("average", "head")
"""Values of the recipe that only matter once training is over."""
UNTRAINED = ("epochs", "pooling", "head", "crop", "flip", "colour", "hue", "rotation", "perspective", "background",
             "occlusion", "blur", "jpeg")  # fmt: skip
"""Values of the recipe that matter without training."""
STEERED = 0.5
"""The average by which the best epoch of a training is chosen that is finished in several ways."""

Value = str | int | float


@dataclass(frozen=True)
class Cell:
    """What is trained, and without the leaves of which fold; `fold` None leaves none out.

    A name such as `default:pca` says that this is the training of `default`, finished in another way.
    """

    name: str
    recipe: dict[str, Value] = field(default_factory=dict)
    projection: str = "whiten"
    backbone: str = IN_SHARED_FOLDER
    size: int = 224
    bits: int = 512
    first: int | None = None
    """Only so many of the bits are exported."""
    fold: Fold | None = None
    seed: int = 0
    catalogue: Name = "grocery"
    coarse: bool = False
    """Trained without product ids and leaves: by categories that hold several products each."""
    photos: int | None = None
    """Trained on so many photos, and asked where these alone are indexed: a small shop has no `val` to steer by."""
    precision: str = "auto"
    """What its training computes in; the result's own `precision` says what `auto` was on that machine."""
    after: "Cell | None" = None
    """Starts from this finished network in place of the pretrained weights."""

    @property
    def key(self) -> str:
        """The name of its files."""
        of = "all" if self.catalogue == "grocery" else self.catalogue
        fold = (
            of if self.fold is None else f"fold{self.fold}" if isinstance(self.fold, int) else f"no{self.fold.lower()}"
        )
        coarse = "-coarse" if self.coarse else "" if self.photos is None else f"-{self.photos}photos"
        backbone = "" if self.backbone == IN_SHARED_FOLDER else f"-{self.backbone}"
        return f"{self.name.replace(':', '+')}{backbone}-{self.size}px{coarse}-{fold}-seed{self.seed}"

    @property
    def folder(self) -> Path:
        """Where it works."""
        return WORK / ("study-quick" if QUICK else "study") / self.key

    def described(self) -> dict[str, Any]:
        """What decides its result, for its file: the whole recipe, since defaults change."""
        recipe = Recipe.for_weights(str(WEIGHTS), self.recipe)
        if recipe.epochs:
            recipe = recipe.for_catalogue(self.catalogue == "grocery" and not self.coarse)
        after = None if self.after is None else self.after.described()
        return {**self.__dict__, "after": after, "recipe": recipe.model_dump(), "weights": weights_name(self.backbone)}

    def is_described_by(self, kept: dict[str, Any]) -> bool:
        """Whether a file of `described`, perhaps of before some terms were added, is this cell's."""
        try:
            recipe = Recipe.model_validate(kept["recipe"])
        except ValidationError:
            return False
        before = {"coarse": False, "precision": "float32", "first": None, "photos": None}
        own = json.loads(json.dumps(self.described()))
        if not recipe.epochs:
            own["recipe"] = {name: own["recipe"][name] for name in UNTRAINED}
        theirs = {**before, **kept, "recipe": recipe.model_dump(include=set(own["recipe"]))}
        started, its = own.pop("after"), theirs.pop("after")
        if self.after is None or its is None:
            return bool(theirs == own and started == its)
        return bool(theirs == own and self.after.is_described_by(its))

    @property
    def trained_as(self) -> "Cell":
        """The cell whose training this one finishes in another way, or itself."""
        name, colon, _ = self.name.partition(":")
        if not colon:
            return self
        training = {name: value for name, value in self.recipe.items() if name not in FINISHING}
        if training != self.recipe:
            training["average"] = STEERED
        return replace(self, name=name, recipe=training, projection="whiten", first=None)


def claim_folder(cell: Cell) -> None:
    """Empty the folder of `cell` unless what lies there is of its whole recipe: names and defaults may be shared."""
    kept = cell.folder / "cell.json"
    if kept.exists() and cell.is_described_by(json.loads(kept.read_text(encoding="utf-8"))):
        return
    shutil.rmtree(cell.folder, ignore_errors=True)
    cell.folder.mkdir(parents=True)
    kept.write_text(json.dumps(cell.described()), encoding="utf-8")


def model_of(cell: Cell, threads: int) -> tuple[Path, float]:
    """Train and export, or go on where that was left; the model folder, and the minutes it took now."""
    began = time.monotonic()
    claim_folder(cell)
    run, model = cell.folder / "run", cell.folder / "model"
    if (model / "model.json").exists():
        return model, 0.0
    source = cell.trained_as
    if source != cell:
        model_of(source, threads)
        _borrow(source.folder / "run", run, cell)
    if cell.after is not None:
        model_of(cell.after, threads)
        weights = cell.after.folder / "run"
    else:
        weights = weights_of(cell.backbone)
    without = ("product_id", "leaf") if cell.coarse else ()
    photos = write(cell.catalogue, lambda row: _is_trained_on(row, cell), cell.folder / "train.csv", without)
    options = [f"--set={name}={value}" for name, value in cell.recipe.items() if name != "epochs"]
    if "epochs" in cell.recipe:
        options.append(f"--epochs={cell.recipe['epochs']}")
    _twinshot(
        *("train", str(photos), f"--images={folder(cell.catalogue)}", f"--out={run}", f"--weights={weights}"),
        *(f"--backbone={cell.backbone}", f"--size={cell.size}", f"--bits={cell.bits}", f"--seed={cell.seed}"),
        *(f"--projection={cell.projection}", f"--threads={threads}", f"--precision={cell.precision}", *options),
    )
    _twinshot("export", str(run), f"--out={model}", *([] if cell.first is None else [f"--bits={cell.first}"]))
    return model, (time.monotonic() - began) / 60


def precision_of(cell: Cell) -> str:
    """What its training computes in on this machine."""
    return find_precision(cell.precision, find_device("auto"))


def _is_trained_on(row: Record, cell: Cell) -> bool:
    """`val` steers; the clean pictures of `iconic` are never shown to a training."""
    if cell.catalogue == "grocery" and in_fold(row, cell.fold):
        return False
    return row["split"] in ("train", "val") if cell.photos is None else row["image_id"] in few(cell.photos)


def _borrow(source: Path, run: Path, cell: Cell) -> None:
    """A trained run, as one whose recipe finishes it differently: all but its last step is the same."""
    if run.exists():
        return
    staging = run.with_name("run.partial")
    shutil.rmtree(staging, ignore_errors=True)
    shutil.copytree(source, staging, ignore=shutil.ignore_patterns("final.pt", "tensorboard", ".lock"))
    config = json.loads((staging / "config.json").read_text(encoding="utf-8"))
    config["recipe"] |= {name: value for name, value in cell.recipe.items() if name in FINISHING}
    config["projection"] = cell.projection
    # the catalogue's own path is in the config; the rows behind it are the same
    config["catalogue"] = str(cell.folder / "train.csv")
    (staging / "config.json").write_text(json.dumps(config), encoding="utf-8")
    staging.rename(run)


def _twinshot(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "twinshot", *arguments], check=True)
