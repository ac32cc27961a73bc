"""The menu of backbones: its table, its picture, its ratios."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.encoder_speed import by_batch, by_threads, ratio
from benchmarks.recognition_backbones import Found, points, table
from benchmarks.study.backbones import DEFAULT, MENU
from benchmarks.study.scatter import draw
from engine.encoder import Encoder

OTHER = next(own for own in MENU if own is not DEFAULT)
MS = {OTHER.label: 2.0, DEFAULT.label: 4.0, "resnet50, random weights": 40.0}


@pytest.fixture
def every() -> list[Found]:
    """The default, which was trained too, and one more."""
    right, half = np.ones(8), np.tile([1.0, 0.0], 4)
    return [Found(DEFAULT, half, half, right, None), Found(OTHER, right, half, None, None)]


def test_the_table_has_the_quickest_first_and_what_was_timed_only_last(every: list[Found]) -> None:
    rows = table(every, MS).splitlines()[2:]
    assert rows[0].startswith(f"| {OTHER.label} (`{OTHER.name}`) | 2.0 | 0.50 | 1.000 | 0.500 | +0.000 (")
    assert rows[1].endswith("| 4.0 | 1.00 | 0.500 | 0.500 |  | 1.000 |  |")
    assert rows[2] == "| resnet50, random weights: timed only | 40.0 | 10.00 | | | | | |"


def test_the_picture_has_a_point_for_each_backbone_and_one_for_its_training(every: list[Found], tmp_path: Path) -> None:
    seen, unseen = points(every, MS)
    assert [point.kind for point in seen] == ["fitted, not trained", "trained", "fitted, not trained"]
    assert len(unseen) == 2
    for name in ("a.svg", "b.svg"):
        draw({"seen": seen, "unseen": unseen}, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_busy_moment_that_hits_both_does_not_change_their_ratio() -> None:
    assert ratio([2.0, 2.0, 20.0], [1.0, 1.0, 10.0]) == 2


def test_times_are_those_of_one_photo_however_many_are_encoded_at_once(tiny_model: Path) -> None:
    times = by_batch(Encoder(tiny_model))
    assert list(times) == [1, 2, 4, 8]
    wall, cpu = by_threads({1: Encoder(tiny_model)})[1]
    assert len(wall) == len(cpu) == len(times[1])
