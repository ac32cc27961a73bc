"""The folder of one training run, RUN:

    config.json     what decides the result; a run is resumed only with an equal one
    attributes.json the words that titles are trained by, with their counts; only with `titles`
    initial.pt      the network before the first step
    last.pt         everything needed to go on after the last whole epoch
    best.pt         the network of the epoch that steers best
    log.csv         one line an epoch      tensorboard/   the same as curves
    photos.npy      some photos as the service will see them, for the parity gate of the export
    final.pt        the finished network and its thresholds; its presence says that the run is complete

Every file is replaced as a whole: a run killed at any moment leaves the old file or the new one.
"""

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict

from engine.catalogue.row import Row
from engine.errors import InputError
from engine.files import write_atomic
from engine.model import Weights, parse
from engine.preprocess import Pixels, Preprocessing
from engine.taxonomy import Taxonomy
from model_export.projection import Method
from model_export.recipe import Recipe
from model_export.titles import Attributes

RUN_FORMAT = 2
CONFIG, INITIAL, LAST, BEST, FINAL = "config.json", "initial.pt", "last.pt", "best.pt", "final.pt"
LOG, TENSORBOARD, PHOTOS, ATTRIBUTES = "log.csv", "tensorboard", "photos.npy", "attributes.json"

State = dict[str, Any]


class RunConfig(BaseModel):
    """What decides the result of a run. Threads and device may change between two sittings; they are not in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    format: int = RUN_FORMAT
    catalogue: str
    rows_sha256: str
    """Of the rows that are trained on or steer: names, products, categories, splits, and titles if they are learned."""
    photos: int
    products: int
    backbone: str
    weights: Weights
    bits: int
    seed: int
    projection: Method
    preprocessing: Preprocessing
    train_size: int
    recipe: Recipe
    taxonomy: Taxonomy


def rows_digest(rows: Sequence[Row], titles: bool) -> str:
    """SHA-256 over what training uses of the rows, their titles among it or not."""
    digest = hashlib.sha256()
    for row in rows:
        used = [row.image, row.image_id, row.product_id, row.category, row.split, *([row.title] if titles else [])]
        digest.update(json.dumps(used).encode() + b"\n")
    return digest.hexdigest()


class RunFolder:
    """Reads and writes the files of RUN."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def claim(self, config: RunConfig) -> None:
        """Write config.json, or make sure that the one there is equal. Raises InputError that names the difference.

        A run without a whole epoch gives way to any other. The caller holds the lock of the folder.
        """
        path = self.path / CONFIG
        for left in self.path.glob("*.partial"):  # of a run that was killed while it wrote
            left.unlink()
        if not path.exists():
            if any(own.name != ".lock" for own in self.path.iterdir()):
                raise InputError(
                    f"{self.path} holds other files and no {CONFIG}; name an empty or new folder with --out"
                )
            write_atomic(path, config.model_dump_json(indent=2).encode() + b"\n")
            return
        there = self.config()
        if there == config:
            return
        if self.has(LAST) or self.has(FINAL):
            raise InputError(
                f"{self.path} holds a run with {_difference(there, config)}; "
                "remove it to start anew, or name another folder (train: --out, build: --work)"
            )
        self._clear()
        write_atomic(path, config.model_dump_json(indent=2).encode() + b"\n")

    def claim_attributes(self, attributes: Attributes) -> None:
        """Write attributes.json, or make sure that the one there is equal: the head's outputs follow its order."""
        path = self.path / ATTRIBUTES
        if not path.exists():
            write_atomic(path, attributes.model_dump_json(indent=1).encode() + b"\n")
        elif parse(Attributes, path, 1, f"remove {self.path} to start anew") != attributes:
            raise InputError(
                f"{path} is not what the catalogue's titles give: it was edited, or made by another version of "
                f"Twinshot; remove {self.path} to start anew, or name another folder (train: --out, build: --work)"
            )

    def _clear(self) -> None:
        """Remove what a run leaves before its first epoch has ended: nothing that would be missed."""
        for name in (INITIAL, BEST, PHOTOS, LOG, ATTRIBUTES):
            (self.path / name).unlink(missing_ok=True)
        shutil.rmtree(self.path / TENSORBOARD, ignore_errors=True)

    def config(self) -> RunConfig:
        """config.json. Raises BundleError where it is not readable, InputError where it is missing."""
        path = self.path / CONFIG
        if not path.exists():
            raise InputError(f"{self.path} holds no run ({CONFIG} is missing); make one with `twinshot train`")
        return parse(RunConfig, path, RUN_FORMAT, "train again with another --out")

    def has(self, name: str) -> bool:
        """Whether the file `name` is there."""
        return (self.path / name).exists()

    def save(self, name: str, state: State) -> None:
        """Replace the file `name` by a torch archive of `state`."""
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_atomic(self.path / name, buffer.getvalue())

    def load(self, name: str) -> State:
        """The state in file `name`, on the CPU. Raises InputError where it is missing or not whole."""
        path = self.path / name
        try:
            state: State = torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError as error:
            raise InputError(f"{path} is missing; run `twinshot train` again with the same --out") from error
        except Exception as error:  # whatever unpickling bytes that are no pickle stumbles over
            raise InputError(f"{path} is damaged; remove {self.path} and train again") from error
        return state

    def write_log(self, history: Sequence[dict[str, float]]) -> None:
        """Replace log.csv by one line for each epoch."""
        columns = list(dict.fromkeys(name for line in history for name in line))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in line.items()} for line in history)
        write_atomic(self.path / LOG, text.getvalue().encode())

    def save_photos(self, photos: Pixels) -> None:
        """uint8 [n, size, size, 3]."""
        buffer = io.BytesIO()
        np.save(buffer, photos, allow_pickle=False)
        write_atomic(self.path / PHOTOS, buffer.getvalue())

    def photos(self) -> Pixels:
        """What `save_photos` wrote. Raises InputError where it is missing or not whole."""
        path = self.path / PHOTOS
        try:
            photos: Pixels = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"{path} is missing or damaged; run `twinshot train` again with the same --out") from error
        return photos


def _difference(there: RunConfig, this: RunConfig) -> str:
    """The first field in which they differ, for a person."""
    name = next(own for own in RunConfig.model_fields if getattr(there, own) != getattr(this, own))
    old, new = getattr(there, name), getattr(this, name)
    if name == "rows_sha256":
        return "other rows: the catalogue has changed since"
    if isinstance(old, BaseModel) and isinstance(new, BaseModel):
        left, right = old.model_dump(), new.model_dump()
        name, old, new = next((f"{name}.{k}", left[k], right[k]) for k in left if left[k] != right[k])
    if isinstance(old, (str, int, float)):
        return f"{name} {old!r}, this is {new!r}"
    return f"other {name}"
