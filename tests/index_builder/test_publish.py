"""Publishing, keeping and rolling back."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.bundle.store import current, names, new_generation_id
from engine.errors import BundleError
from index_builder.indexing import Order, index
from index_builder.progress import Progress
from index_builder.publish import begun, clear_leftovers, next_generation_id, roll_back


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory, tiny_catalogue: Path, tiny_model: Path) -> Path:
    out = tmp_path_factory.mktemp("three") / "bundles"
    for _ in range(4):
        index(Order(tiny_catalogue, tiny_model, out, keep=3), Progress())
    return out


@pytest.fixture
def bundles(tmp_path: Path, three: Path) -> Path:
    return shutil.copytree(three, tmp_path / "bundles")


def test_the_newest_generations_stay(bundles: Path) -> None:
    assert len(names(bundles)) == 3
    assert current(bundles) == names(bundles)[0]


def test_a_roll_back_goes_to_the_generation_before_the_live_one(bundles: Path) -> None:
    newest, middle, oldest = names(bundles)
    assert roll_back(bundles) == middle == current(bundles)
    assert roll_back(bundles) == oldest == current(bundles)
    with pytest.raises(BundleError, match=f"it has {newest}, {middle}, {oldest}: make one live with --to"):
        roll_back(bundles)
    assert roll_back(bundles, newest) == newest == current(bundles)


def test_a_generation_that_does_not_exist_cannot_be_rolled_back_to(bundles: Path) -> None:
    with pytest.raises(BundleError, match="has no generation 'yesterday'; it has 2"):
        roll_back(bundles, "yesterday")


def test_a_damaged_generation_cannot_be_rolled_back_to(bundles: Path) -> None:
    newest, middle, _ = names(bundles)
    path = bundles / middle / "shards" / "00000.f16"
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(BundleError, match="is altered"):
        roll_back(bundles)
    assert current(bundles) == newest


def test_a_roll_back_mends_a_folder_without_current(bundles: Path) -> None:
    newest = names(bundles)[0]
    (bundles / "CURRENT").unlink()
    assert roll_back(bundles) == newest


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nowhere is not a folder"):
        roll_back(tmp_path / "nowhere")


def test_leftovers_of_killed_runs_are_removed_and_nothing_else(bundles: Path) -> None:
    before = {path for path in bundles.rglob("*") if path.is_file()}
    (bundles / ".work" / "x.partial" / "shards").mkdir(parents=True)
    (bundles / ".work" / "x.partial" / "manifest.json.7.partial").touch()
    (bundles / ".work" / "y.deleted").mkdir()
    (bundles / ".work" / "cache" / "z.arrow.7.partial").touch()
    (bundles / "CURRENT.7.partial").touch()
    assert clear_leftovers(bundles) == 5
    assert {path for path in bundles.rglob("*") if path.is_file()} == before


def test_an_id_follows_the_newest_even_when_the_clock_went_back(bundles: Path) -> None:
    future = new_generation_id(datetime(2099, 1, 1, tzinfo=UTC))
    (bundles / names(bundles)[0]).rename(bundles / future)
    following = next_generation_id(bundles)
    assert following > future
    assert begun(following) == datetime(2099, 1, 1, 0, 0, 1, tzinfo=UTC)
