"""The cells of the small round: what is trained, how it is finished, and what of it is tried far from home."""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.result import QUICK
from benchmarks.study.cell import Cell, Value
from model_export.projection import Method
from model_export.recipe import OF_CATEGORIES

SCREEN_FOLDS = (0,) if QUICK else (0, 1)
COMBINED: dict[str, Value] = {**OF_CATEGORIES}
"""Identity and categories, which is what the catalogue decides where nothing is said."""
BASE: dict[str, Value] = {**COMBINED, "epochs": 4, "frozen_norm": "false"}
SETTLED: dict[str, Value] = {**COMBINED, "epochs": 4, "frozen_norm": "true"}

PHONE: dict[str, Value] = {"background": 0.3, "occlusion": 0.2, "jpeg": 0.5, "blur": 0.4, "perspective": 0.2}
"""Views that imitate phone photos."""

TERMS: dict[str, dict[str, Value]] = {
    "base": BASE,
    "categories": {**BASE, "target_code": 0, "instance": 0, "balance": 0},
    "flat": {**BASE, "instance": 0, "balance": 0},
    "kin": {**BASE, "instance": 0, "balance": 0, "kinship": 0.5},
    "identity": {**BASE, "balance": 0},
    "kin-identity": {**BASE, "kinship": 0.5},
    "instance-only": {**BASE, "hierarchy": 0, "target_code": 0, "balance": 0},
    "views": {**BASE, "positives": "photo"},
    "geometry": {**BASE, "geometry": 1},
    "low-rate": {**BASE, "lr_backbone": 1e-4},
    "layer-decay": {**BASE, "layer_decay": 0.7},
    "probe": {**BASE, "probe": "true"},
    "average-pooling": {**BASE, "pooling": "average"},
    "bank": {**BASE, "bank": 1024},
    "nested": {**BASE, "nested": "true"},
    "divided": {**BASE, "target_bits": 128},
    "frozen": SETTLED,
    "frozen-probe": {**SETTLED, "probe": "true"},
    "frozen-longer": {**SETTLED, "epochs": 8},
    "frozen-fast": {**SETTLED, "lr_backbone": 6e-4},
    "frozen-categories": {**SETTLED, "target_code": 0, "instance": 0, "balance": 0},
    "frozen-geometry": {**SETTLED, "geometry": 1},
    "frozen-together": {**SETTLED, "together": 4},
    "frozen-background": {**SETTLED, "background": 0.3},
    "frozen-phone": {**SETTLED, **PHONE},
    "frozen-low-rate": {**SETTLED, "lr_backbone": 5e-5},
    "frozen-instance": {**SETTLED, "hierarchy": 0, "target_code": 0, "balance": 0},
}
"""What is trained. The second half was added once batch statistics were seen to matter more than any term."""

AVERAGES: dict[str, tuple[float, ...]] = {
    "base": (0.25, 0.5, 0.75, 1.0),
    "geometry": (0.5, 1.0),
    "low-rate": (0.5, 1.0),
    "layer-decay": (0.5, 1.0),
    "probe": (0.5, 1.0),
    "frozen": (0.25, 0.5, 0.75, 1.0),
    "frozen-probe": (0.5, 0.75, 1.0),
    "frozen-instance": (0.5, 1.0),
}
"""Which averages of a training are looked at; where nothing is said ½, of those with frozen statistics 1."""

FINISHES: tuple[tuple[str, str, dict[str, Value], Method], ...] = (
    ("base", "pca", {"average": 0.5}, "pca"),
    ("base", "itq", {"average": 0.5}, "itq"),
    ("base", "average=0.5,head", {"average": 0.5, "head": "trained"}, "whiten"),
    ("base", "average=1,head", {"average": 1.0, "head": "trained"}, "whiten"),
    ("nested", "average=1,head", {"average": 1.0, "head": "trained"}, "whiten"),
    ("divided", "average=1,head", {"average": 1.0, "head": "trained"}, "whiten"),
)
"""Other codes of a training: its name, theirs, what is different, the projection."""

COARSE = ("base", "frozen", "frozen-instance")
"""What is also trained without product ids and leaves, on the same photos."""
CLOTHED = ("base", "frozen", "frozen-probe", "frozen-geometry", "frozen-low-rate", "frozen-instance")
"""What is also trained on clothes alone, with all its averages."""
GREEN = ("base", "frozen-probe")
"""What is also trained on fruit and vegetables alone, with all its averages."""
SMALL = Cell("", size=128, precision="float32")
BASELINE = replace(SMALL, name="untrained-pca", recipe={"epochs": 0, "pooling": "average"}, projection="pca")
WHITENED = replace(SMALL, name="untrained", recipe={"epochs": 0})
HALF = replace(SMALL, name="frozen-half:average=1", recipe={**SETTLED, "average": 1.0}, precision="bfloat16")
"""Whether training in bfloat16 finds as much."""
TWICE = ("frozen:average=1", HALF.name)
"""What gets a second seed: how far two trainings of one recipe lie apart."""


def cells(fold: int) -> list[Cell]:
    """All cells of a fold, the most telling first."""
    found = [BASELINE, WHITENED, *(cell for name in TERMS for cell in averages(name)), HALF]
    for training, finish, values, projection in FINISHES:
        own = replace(SMALL, name=f"{training}:{finish}", recipe={**TERMS[training], **values}, projection=projection)
        found.append(own)
    kept = found[:4] if QUICK else found + [replace(cell, seed=1) for cell in found if cell.name in TWICE]
    return [replace(cell, fold=fold) for cell in kept]


def averages(name: str) -> list[Cell]:
    """A training with each average that is looked at, of no fold yet."""
    values = AVERAGES.get(name, (1.0,) if name.startswith("frozen-") else (0.5,))
    return [replace(SMALL, name=f"{name}:average={own:g}", recipe={**TERMS[name], "average": own}) for own in values]


def away(names: Sequence[str]) -> list[Cell]:
    """The trainings of `names` and the untrained, of no fold yet."""
    return [] if QUICK else [WHITENED, *(cell for name in names for cell in averages(name))]


def clothes() -> list[Cell]:
    """Trained on clothes, asked groceries; and the untrained baseline that is asked the same."""
    return [BASELINE, *(replace(cell, catalogue="clothing") for cell in away(CLOTHED))]


def greens() -> list[Cell]:
    """Trained on fruit and vegetables, asked packages; and the untrained baseline that is asked the same."""
    return [replace(cell, fold="Packages") for cell in (BASELINE, *away(GREEN))]


def coarse() -> list[Cell]:
    """Trained by level 2 alone, whose categories hold several products each; asked as ever."""
    return [replace(cell, coarse=True, fold=fold) for fold in SCREEN_FOLDS for cell in away(COARSE)]
