"""The pictures of docs/serving.md are drawn from a result's figures alone."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.serve.bare import STAGES
from benchmarks.serve.plots import PICTURES, draw


@pytest.fixture
def figures() -> dict[str, Any]:
    stages = dict.fromkeys(STAGES, 2.0)
    below = {"p50_ms": 15.0, "p99_ms": 60.0, "fifo_p50_ms": 14.0, "fifo_p99_ms": 50.0, "statuses": {"200": 900}}
    above = {"p50_ms": 40.0, "p99_ms": 80.0, "statuses": {"200": 900, "429": 2100}}
    return {
        "rows": 1_100_000,
        "queue": {"0.5": below, "0.9": below, "4": above, "peak": 70.0, "slow": {}, "unloaded_p99_ms": 50.0},
        "uncached": {"bare": {"stages_ms": stages, "cpu_ms": 10.0}, "closed": {"8": {"cpu_ms": 12.0}}},
        "curve": {"100000": {"stages_ms": stages}, "1100000": {"stages_ms": stages}},
        "memory": {"one": 1},
    }


def test_every_part_that_has_a_picture_is_drawn_and_equal_figures_give_equal_bytes(
    figures: dict[str, Any], tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        drawn = draw(figures, folder)
        assert sorted(drawn) == sorted(folder / name for name, _, _ in PICTURES.values())
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()
        assert path.read_text(encoding="utf-8").rstrip().endswith("</svg>")


def test_a_part_that_was_not_measured_has_no_picture(figures: dict[str, Any], tmp_path: Path) -> None:
    del figures["queue"]
    assert tmp_path / "serving-load.svg" not in draw(figures, tmp_path)


def test_a_service_that_costs_less_than_the_bare_path_adds_nothing_to_it(
    figures: dict[str, Any], tmp_path: Path
) -> None:
    figures["uncached"]["closed"]["8"]["cpu_ms"] = 9.0
    assert draw(figures, tmp_path)
