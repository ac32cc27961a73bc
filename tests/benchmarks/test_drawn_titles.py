import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks.drawn_titles import Amount, write_catalogue
from benchmarks.recognition_titles import Asked, judged

AMOUNT = Amount(train=1, pairs=2, indexed=1, asked=1)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    with write_catalogue(tmp_path_factory.mktemp("titles"), AMOUNT, 3).open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_training_photo_is_a_product_of_its_own_and_none_of_those_that_are_asked_for(
    rows: list[dict[str, str]],
) -> None:
    assert {row["product_id"] for row in rows if row["split"] in ("train", "val")} == {""}
    asked, shelved = ({row["product_id"] for row in rows if row["split"] == split} for split in ("query", "index"))
    assert asked == shelved
    assert len(asked) == 2 * AMOUNT.pairs * len({row["leaf"] for row in rows if row["leaf"]})


def test_titles_say_what_the_category_does_not_among_noise(rows: list[dict[str, str]]) -> None:
    told = " ".join(row["title"] for row in rows)
    assert all(word in told for word in ("navy", "stripes", "star", "trim", "free shipping", "ref "))
    named = " ".join(f"{row['meta']} {row['level2']} {row['leaf']}" for row in rows)
    assert not any(word in named for word in ("navy", "stripes", "star", "trim"))


def test_the_same_seed_draws_the_same_photos_and_another_seed_draws_others(tmp_path: Path) -> None:
    first, again, other = (
        write_catalogue(tmp_path / name, Amount(1, 1, 1, 1), seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()
    photos = [sorted((path.parent / "photos").iterdir()) for path in (first, again)]
    assert [path.read_bytes() for path in photos[0]] == [path.read_bytes() for path in photos[1]]


def test_the_gain_of_an_arm_is_paired_over_the_products_of_all_seeds() -> None:
    rng = np.random.default_rng(0)
    base = [rng.random(40) for _ in range(2)]
    lift = {"categories": 0.0, "titles": 0.1, "titles at 2": 0.3, "instance": 0.0, "both": 0.2}
    arms = {arm: [Asked(own + more, own) for own in base] for arm, more in lift.items()}
    figures, claims = judged({"averaged": arms})
    found = {own.name: (own.value, own.note) for own in claims}
    assert found["averaged: titles − categories, among all"][0] == pytest.approx(0.1)
    assert (
        "+0.100 to +0.100, n = 80 products; by seed +0.100, +0.100"
        in found["averaged: titles − categories, among all"][1]
    )
    assert found["averaged: both − instance, inside the leaf"][0] == 0
    assert figures["product recall@1"]["averaged"]["both"]["everywhere"]["n"] == 80
