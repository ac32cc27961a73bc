"""A silent loss of recognition fails here: a small training on real photos must reach its quality."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

LEAVES = 27
TRAINED_ON, ASKED = 24, 16
"""Photos of a leaf category."""


@pytest.fixture(scope="module")
def figures(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    """Product recall@1 of rescored bits and of floats, of leaves that were trained on and of leaves that were not."""
    folder, photos = tmp_path_factory.mktemp("recognition"), shared / "data" / "grocery"
    seen, unseen = _write_catalogues(photos / "catalogue.csv", folder)

    def twinshot(*words: object) -> None:
        command = [sys.executable, "-m", "twinshot", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    weights = shared / "weights" / "timm_mobilenetv2_100_features.safetensors"
    where, run, model = f"--images={photos}", folder / "run", folder / "model"
    small = ("--backbone=mobilenetv2_100", "--size=96", "--epochs=8", "--set=batch=32", "--threads=1")
    twinshot("train", folder / "shop.csv", where, f"--out={run}", f"--weights={weights}", *small)
    twinshot("export", run, f"--out={model}")
    twinshot("index", folder / "shop.csv", where, f"--out={folder / 'bundles'}", f"--model={model}")
    found = {}
    for name, queries in (("seen", seen), ("unseen", unseen)):
        report = folder / f"{name}.json"
        twinshot(
            "evaluate", folder / "bundles", f"--queries={queries}", where, "--query-splits=val", f"--json={report}"
        )
        own = json.loads(report.read_text())
        found[name] = {kind: own[kind]["product"]["recall@1"] for kind in ("bits_rescored", "float")}
    return found


def _write_catalogues(source: Path, folder: Path) -> tuple[Path, Path]:
    """shop.csv, and the queries of the leaves that are trained on and of those that are only indexed."""
    with source.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] in ("train", "val")]
    leaves = sorted({row["leaf"] for row in rows})[:: 81 // LEAVES]
    known = set(leaves[::2])
    of = {
        (leaf, split): [row for row in rows if (row["leaf"], row["split"]) == (leaf, split)]
        for leaf in leaves
        for split in ("train", "val")
    }
    shop = [row for leaf in leaves for row in of[leaf, "train"][:TRAINED_ON]]
    # an `iconic` photo is indexed and never trained on
    shop = [row if row["leaf"] in known else {**row, "split": "iconic"} for row in shop]
    asked = [row for leaf in leaves for row in of[leaf, "val"][:ASKED]]
    parts = {"shop": shop, "seen": [row for row in asked if row["leaf"] in known]}
    parts["unseen"] = [row for row in asked if row["leaf"] not in known]
    for name, part in parts.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(part)
    return folder / "seen.csv", folder / "unseen.csv"


@pytest.mark.shared
@pytest.mark.timeout(300)
def test_a_small_training_finds_what_it_always_found(figures: dict[str, dict[str, float]]) -> None:
    # Seeds 0 to 2 gave .75, .76 and .73 over both, .76, .77 and .70 unseen. Without training: .66, .67.
    seen, unseen = (figures[name]["bits_rescored"] for name in ("seen", "unseen"))
    assert (seen + unseen) / 2 > 0.69
    assert unseen > 0.68


@pytest.mark.shared
def test_its_bits_lose_little_of_its_floats(figures: dict[str, dict[str, float]]) -> None:
    bits, floats = (sum(own[kind] for own in figures.values()) for kind in ("bits_rescored", "float"))
    assert bits > 0.94 * floats
