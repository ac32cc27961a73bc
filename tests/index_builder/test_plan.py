"""The plan before a build."""

from pathlib import Path

import pytest

from engine.errors import UnavailableError
from engine.model import read_card
from index_builder.plan import Plan, Wishes, make_plan, require_space, split_rows


def plan(model: Path, rows: int, cached: int = 0, wishes: Wishes = Wishes()) -> Plan:  # noqa: B008 - frozen
    return make_plan(rows, cached, read_card(model), model, wishes, encode_seconds=0.01, threads=2)


def test_rows_fall_into_shards_of_the_size_asked_for() -> None:
    assert [(shard.name, shard.rows) for shard in split_rows(5, 2)] == [("00000", 2), ("00001", 2), ("00002", 1)]
    assert [shard.rows for shard in split_rows(4, 2)] == [2, 2]
    assert split_rows(0, 2) == ()


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        (99_999, (True, True, True)),
        (100_000, (True, False, False)),
        (1_999_999, (True, False, False)),
        (2_000_000, (False, False, False)),
    ],
)
def test_large_catalogues_keep_fewer_parts(tiny_model: Path, rows: int, kept: tuple[bool, bool, bool]) -> None:
    own = plan(tiny_model, rows)
    assert (own.embeddings, own.features, own.thumbs) == kept


def test_a_wish_goes_before_the_size(tiny_model: Path) -> None:
    assert plan(tiny_model, 3_000_000, wishes=Wishes(embeddings=True)).embeddings
    assert not plan(tiny_model, 10, wishes=Wishes(thumbs=False)).thumbs


def test_cached_photos_cost_no_time(tiny_model: Path) -> None:
    assert plan(tiny_model, 1000).seconds == pytest.approx(1000 * (0.01 + 0.006 / 2))
    assert plan(tiny_model, 1000, cached=900).new_photos == 100
    assert plan(tiny_model, 1000, cached=2000).seconds == 0


def test_the_estimate_is_near_what_a_generation_takes(tiny_model: Path, tiny_bundle: Path) -> None:
    folder = next(path.parent for path in tiny_bundle.glob("*/manifest.json"))
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("report.")]
    real = sum(path.stat().st_size for path in files)  # a report is small whatever the catalogue
    estimate = plan(tiny_model, 60, cached=60, wishes=Wishes(thumbs=False)).bytes
    thumbs = sum(path.stat().st_size for path in folder.rglob("*.thumbs"))
    assert estimate == pytest.approx(real - thumbs, rel=0.5)


def test_a_disk_that_is_too_small_is_named_before_anything_is_built(tiny_model: Path, tmp_path: Path) -> None:
    require_space(tmp_path, plan(tiny_model, 10).bytes)
    with pytest.raises(UnavailableError, match=r"MB free, about .* MB are needed; free some, or buy another$"):
        require_space(tmp_path, plan(tiny_model, 10**12).bytes, ", or buy another")


def test_the_plan_is_one_line_with_rows_parts_size_and_time(tiny_model: Path) -> None:
    text = str(plan(tiny_model, 1000))
    assert text.startswith(
        "at most 1,000 photos in 1 shard with embeddings, features, thumbs, 1,000 of them to encode:"
    )
    assert "\n" not in text
