"""Recognition on the grocery photos of the shared data folder, told in docs/recognition.md: make bench-recognition.

Cells are run one by one and kept in benchmarks/results/recognition/, so this goes on where it was cut off. Trained on
`train`, chosen on `val` and by folds over leaves. QUICK=1: untrained, categories only and the default, one fold, half
the epochs; its cells are kept apart.
`python -m benchmarks.recognition 1 3` runs the cells of folds 1 and 3 alone, so that two processes share the work;
`so-far` writes the table of the folds from what is there.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.result import PROJECT, QUICK, Claim, claim, write
from benchmarks.study import small_round as terms
from benchmarks.study.cell import Cell, Value
from benchmarks.study.claims import difference, level
from benchmarks.study.figures import Pooled, marks, of_whole_seeds, pooled
from benchmarks.study.lines import Line, markdown, plot
from benchmarks.study.page import replace_block
from benchmarks.study.photos import FOLDS
from benchmarks.study.run import kept_of, result_of

PICTURE = PROJECT / "docs" / "recognition-folds.svg"
BASELINE = "untrained floats"

UNTRAINED = Cell("untrained", {"epochs": 0, "pooling": "average"}, projection="pca")
WHITENED = Cell("untrained-whitened", {"epochs": 0})
SHORT: dict[str, Value] = {"epochs": 3} if QUICK else {}
DEFAULT = Cell("default", SHORT)
"""With product ids: the identity term alone."""
COMBINED = Cell("combined", terms.COMBINED)
"""Identity and categories: what the default is without product ids."""
PROBED = replace(COMBINED, name="probed", recipe={**COMBINED.recipe, "probe": "true"})
PHONED = replace(COMBINED, name="phone", recipe={**COMBINED.recipe, **terms.PHONE})
"""With views that imitate phone photos."""
CATEGORIES = Cell("categories", {"hierarchy": 1, "target_code": 0, "instance": 0, "balance": 0} | SHORT)
UNHASHED = Cell("unhashed", {"hierarchy": 1, "target_code": 0, "balance": 0})
"""`COMBINED` without the terms that only its bits need; the default has none of them."""
SLOW, SLOWEST = (Cell(f"slow-{rate:g}", {**COMBINED.recipe, "lr_backbone": rate}) for rate in (1e-4, 5e-5))
"""`COMBINED` at a third and a sixth of the backbone's rate."""
ALONE = Cell("alone", dict.fromkeys(terms.COMBINED, 0))
"""The identity term alone, with product ids or without."""
LIGHT = Cell("light", {**COMBINED.recipe, "hierarchy": 0.2, "target_code": 0.1})
"""A fifth of the weight on categories."""
CLOTHING = replace(DEFAULT, catalogue="clothing")
"""The default recipe on other things: ten kinds of clothes, no product ids, and so with categories."""
AVERAGED = {"1": CLOTHING} | {
    f"{own:g}": replace(CLOTHING, name=f"gentle:average={own:g}", recipe={"average": own}) for own in (0.5, 0.25)
}
"""The same, with more and more of it averaged away."""
REFITTED = {name: Cell(f"refitted-{name}", {"epochs": 0}, after=cell) for name, cell in AVERAGED.items()}
"""These networks with a projection fitted on the groceries, without training."""
ALONE_AVERAGED = [
    replace(ALONE, name=f"alone:average={own:g}", recipe={**ALONE.recipe, "average": own}) for own in (0.5, 0.25)
]
GENTLER = [replace(cell, catalogue="clothing") for cell in (SLOW, SLOWEST, LIGHT, ALONE, *ALONE_AVERAGED, WHITENED)]
"""Other recipes that might forget less, and none."""
NESTED = Cell("nested", bits=1024)
LENGTHS = {bits: replace(NESTED, name=f"nested:{bits}", first=bits) for bits in (256, 512)} | {1024: NESTED}
"""One training whose first bits are each usable."""
SEEDS = (0,) if QUICK else (0, 1, 2)
FINALISTS = (DEFAULT, COMBINED, PROBED)
"""What gets every seed."""
AGAINST = () if QUICK else (COMBINED, PROBED, PHONED, SLOW, *ALONE_AVERAGED)
FOLDED = (UNTRAINED, CATEGORIES, DEFAULT, *(() if QUICK else (WHITENED, *AGAINST)))
"""What is trained without the leaves of each fold."""


def folds_of(cell: Cell, folds: Sequence[int] = range(1 if QUICK else FOLDS)) -> list[Cell]:
    """The cell without the leaves of each fold, of one fold in the short form; for finalists with every seed."""
    seeds = SEEDS if cell in FINALISTS else (0,)
    return [replace(cell, fold=fold, seed=seed) for seed in seeds for fold in folds]


def run(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """The files of `cells`."""
    found = []
    for cell in cells:
        print(f"== {cell.key}", file=sys.stderr, flush=True)
        found.append(result_of(cell, len(os.sched_getaffinity(0))))
    return found


def against(own: Pooled, other: Pooled) -> list[Claim]:
    """One variant against another, of products that neither saw."""
    names = {"unseen": "unseen", "packages": "packages of unseen leaves → clean pictures"}
    return [
        difference(
            f"{said}: {own.name} − {other.name}, product R@1",
            own.marks(protocol, "bits_rescored"),
            other.marks(protocol, "bits_rescored"),
        )
        for protocol, said in names.items()
    ]


def seen(whole: dict[str, Any], untrained: dict[str, Any]) -> list[Claim]:
    """Of products that were trained on."""
    own, base = whole["protocols"]["seen"], untrained["protocols"]["seen"]
    kept = own["bits_rescored"]["product"]["recall@1"] / own["float"]["product"]["recall@1"]
    kept10 = own["bits_rescored"]["photo"]["mar@10_capped"] / own["float"]["photo"]["mar@10_capped"]
    first = marks(own, "bits_rescored", "product@1")
    return [
        claim("seen: rescored bits ÷ float, product R@1", kept, "", 0.99, "higher"),
        claim("seen: rescored bits ÷ float, photo MAR@10 capped", kept10, "", 0.99, "higher"),
        level("seen: product R@1", first),
        level("seen: photo R@1", marks(own, "bits_rescored", "photo@1"), 0.90),
        level("seen: photo R@10", marks(own, "bits_rescored", "photo@10"), 0.95),
        level("seen: product R@5", marks(own, "bits_rescored", "product@5"), 0.97),
        difference("seen: product R@1 − untrained float", first, marks(base, "float", "product@1")),
    ]


def unseen(own: Pooled, base: Pooled) -> list[Claim]:
    """Of products that the model never saw, against the untrained float features in the same index."""
    first = own.marks("unseen", "bits_rescored")
    target = 0.0 if own.name == DEFAULT.name else None
    return [
        level(f"unseen, {own.name}: product R@1", first),
        difference(f"unseen, {own.name}: product R@1 − untrained float", first, base.marks("unseen", "float"), target),
    ]


def whole_against(whole: dict[str, Any], combined: dict[str, Any]) -> list[Claim]:
    """The default against identity and categories, where no leaf is left out."""
    return [
        difference(
            f"{said}: default − combined, product R@1",
            marks(whole["protocols"][protocol], "bits_rescored", "product@1"),
            marks(combined["protocols"][protocol], "bits_rescored", "product@1"),
        )
        for protocol, said in {"seen": "seen", "packages": "packages → clean pictures"}.items()
    ]


def lengths(found: dict[int, dict[str, Any]]) -> list[Claim]:
    """Of the first bits of one training."""
    return [
        level(
            f"seen: {bits:,} bits, of one training with {NESTED.bits:,}, product R@1",
            marks(own["protocols"]["seen"], "bits_rescored", "product@1"),
        )
        for bits, own in found.items()
    ]


def without_hash_terms(combined: dict[str, Any], unhashed: dict[str, Any]) -> Claim:
    """Of the recipe that has such terms."""
    own, other = (marks(found["protocols"]["seen"], "float", "product@1") for found in (combined, unhashed))
    return difference("seen: float, combined − the same without hash terms, product R@1", own, other, 0.0)


def transfer(untrained: dict[str, Any]) -> list[Claim]:
    """Of networks trained on clothes alone, on groceries: against the untrained floats, and with a projection fitted
    there against the untrained backbone with one.
    """
    base = marks(untrained["protocols"]["seen"], "float", "product@1")
    fitted = marks(run([WHITENED])[0]["protocols"]["seen"], "bits_rescored", "product@1")
    made = []
    for cell in [*AVERAGED.values(), *GENTLER]:
        own = marks(run([cell])[0]["protocols"]["transfer"], "bits_rescored", "product@1")
        target = 0.0 if cell is CLOTHING else None
        made.append(difference(f"clothing → grocery, {cell.name}: product R@1 − untrained float", own, base, target))
    for cell, refit in zip(AVERAGED.values(), run(list(REFITTED.values())), strict=True):
        own = marks(refit["protocols"]["transfer"], "bits_rescored", "product@1")
        name = f"clothing → grocery, {cell.name}, projection fitted there"
        made.append(difference(f"{name}: product R@1 − untrained, fitted likewise", own, fitted))
    return made


def packages(whole: dict[str, Any]) -> Claim:
    own = marks(whole["protocols"]["packages"], "bits_rescored", "product@1")
    return level("packages → clean pictures: product R@1", own, 0.65)


def show(found: Sequence[Pooled]) -> None:
    """The table and the picture of what was trained without the leaves of each fold; the first is the baseline."""
    base = found[0].marks("unseen", "float")
    lines = [Line.of(own, base) for own in found]
    note = f"Untrained floats: {base.mean():.3f}, n = {len(base):,}; one seed where nothing is said."
    replace_block("recognition.md", "folds", f"{markdown(lines, BASELINE)}\n{note}\n")
    plot(lines, BASELINE, PICTURE)


def so_far() -> None:
    """The table of those that have every fold, of as many seeds."""
    every = [[own for one in folds_of(cell) if (own := kept_of(one)) is not None] for cell in FOLDED]
    show([pooled(kept) for files in every if (kept := of_whole_seeds(files, range(FOLDS)))])


def main() -> None:
    if sys.argv[1:] == ["so-far"]:
        so_far()
        return
    if folds := [int(text) for text in sys.argv[1:]]:
        run([own for cell in FOLDED for own in folds_of(cell, folds)])
        return
    found = {cell.name: pooled(run(folds_of(cell))) for cell in FOLDED}
    untrained, default = found[UNTRAINED.name], found[DEFAULT.name]
    claims = [own for cell in FOLDED[1:] for own in unseen(found[cell.name], untrained)]
    claims.append(claim("no match: AUROC − untrained", default.auroc - untrained.auroc, "", 0.05, "higher"))
    figures: dict[str, Any] = {"folds": {own.name: own.cells for own in found.values()}}
    if not QUICK:
        show(list(found.values()))
        claims = [*of_wholes(), *claims]
        claims += [own for other in (CATEGORIES, *AGAINST) for own in against(found[other.name], default)]
        claims += [own for other in (PROBED, PHONED, SLOW) for own in against(found[other.name], found[COMBINED.name])]
    write("recognition", "Recognition: grocery photos, MobileNetV2, 512 bits rescored", figures, claims)


def of_wholes() -> list[Claim]:
    """Of trainings that leave no leaf out."""
    whole, base, combined, unhashed = run([DEFAULT, UNTRAINED, COMBINED, UNHASHED])
    return [
        *seen(whole, base),
        claim("training, export and fitting", whole["minutes"], "minutes", 30, "lower"),
        without_hash_terms(combined, unhashed),
        *whole_against(whole, combined),
        packages(whole),
        *lengths({bits: run([cell])[0] for bits, cell in LENGTHS.items()}),
        *transfer(base),
    ]


if __name__ == "__main__":
    main()
