"""The sample on disk: whole, readable by the engine, and hard enough to mean something."""

import csv
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from engine.catalogue.catalogue import open_catalogue
from engine.catalogue.check import check
from engine.catalogue.row import Row
from engine.preprocess import Preprocessing, load
from twinshot.sample.write import COLUMNS, SEED, write_sample

Floats = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def heard() -> list[int]:
    """What was told of the progress while `sample` was drawn."""
    return []


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, heard: list[int]) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample"), SEED, heard.append)


@pytest.fixture(scope="module")
def rows(sample: Path) -> list[Row]:
    return list(open_catalogue(sample).rows())


def product_recall_at_1(vectors: Floats, rows: list[Row]) -> float:
    """Cosine ranking of the indexed photos, strangers left out."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    products = np.array([row.product for row in rows])
    shelf = np.array([row.indexed for row in rows])
    asked = np.array([row.split == "query" for row in rows]) & np.isin(products, products[shelf])
    nearest = (unit[asked] @ unit[shelf].T).argmax(axis=1)
    return float((products[shelf][nearest] == products[asked]).mean())


def test_the_catalogue_has_the_columns_of_our_format(sample: Path) -> None:
    with sample.open(newline="") as file:
        assert tuple(next(csv.reader(file))) == COLUMNS


def test_no_row_is_bad_and_no_two_photos_are_the_same(sample: Path) -> None:
    checked = check(open_catalogue(sample), Preprocessing(), photos=True, threads=1)
    assert checked.bad == []
    assert checked.duplicates == []
    assert checked.hierarchy == {"meta": 6, "level2": 12, "leaf": 24}


def test_the_splits_say_what_is_trained_indexed_and_asked(rows: list[Row]) -> None:
    splits: dict[str, set[str | None]] = defaultdict(set)
    for row in rows:
        splits[row.product].add(row.split)
    kinds = Counter(tuple(sorted(map(str, own))) for own in splits.values())
    assert kinds == {("query", "train"): 96, ("train", "val"): 96, ("index", "query"): 96, ("query",): 12}


def test_products_csv_names_every_product_and_its_twin(sample: Path, rows: list[Row]) -> None:
    with (sample.parent / "products.csv").open(newline="") as file:
        products = {row["product_id"]: row for row in csv.DictReader(file)}
    assert set(products) == {row.product for row in rows}
    assert all(products[own["twin"]]["twin"] == name for name, own in products.items() if own["twin"])


@pytest.mark.parametrize(("space", "bins"), [("RGB", (8, 8, 8)), ("HSV", (16, 4, 4))])
@pytest.mark.parametrize("margin", [0, 28])
def test_a_colour_histogram_finds_at_most_60_percent(
    sample: Path, rows: list[Row], space: str, bins: tuple[int, int, int], margin: int
) -> None:
    histograms = []
    for row in rows:
        with Image.open(sample.parent / row.image) as photo:
            middle = photo.crop((margin, margin, photo.width - margin, photo.height - margin)).convert(space)
        place = np.asarray(middle).reshape(-1, 3).astype(np.int64) * bins // 256 @ (bins[1] * bins[2], bins[2], 1)
        histograms.append(np.bincount(place, minlength=int(np.prod(bins))))
    # The root makes the cosine the Bhattacharyya coefficient, which suits histograms better.
    assert product_recall_at_1(np.sqrt(histograms).astype(np.float32), rows) <= 0.60


def test_the_untrained_network_finds_at_most_60_percent(sample: Path, rows: list[Row]) -> None:
    import torch

    from model_export.backbone import create_backbone
    from model_export.network import Network
    from twinshot.demo.run import BACKBONE, SIZE

    torch.manual_seed(0)
    spec = Preprocessing(size=SIZE, resize=round(SIZE * 8 / 7))
    network = Network(create_backbone(BACKBONE, "none", SIZE), bits=512, classes=0).train()
    pixels = np.stack([load((sample.parent / row.image).read_bytes(), spec) for row in rows])
    with torch.no_grad():
        # In training mode first: untouched batch statistics would make every feature nearly the same.
        for start in range(0, 512, 128):
            network(torch.from_numpy(pixels[start : start + 128]))
        network.eval()
        parts = [network(torch.from_numpy(pixels[i : i + 128])).features.numpy() for i in range(0, len(rows), 128)]
    assert product_recall_at_1(np.concatenate(parts), rows) <= 0.60


def test_drawing_tells_of_every_photo(rows: list[Row], heard: list[int]) -> None:
    assert heard == list(range(1, len(rows) + 1))
