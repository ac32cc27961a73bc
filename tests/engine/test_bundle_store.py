"""The bundle folder: what is live, what is listed, what is deleted."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.bundle.manifest import read_manifest
from engine.bundle.store import current, install, listed, named_live, names, new_generation_id, prune, set_current
from engine.errors import BundleError


@pytest.fixture
def bundles(tmp_path: Path, tiny_bundle: Path) -> Path:
    """A copy with the live generation and two younger ones."""
    copy = tmp_path / "bundles"
    shutil.copytree(tiny_bundle, copy)
    for day in (1, 2):
        generation = new_generation_id(datetime(2099, 1, day, tzinfo=UTC))
        shutil.copytree(copy / current(copy), copy / generation)
    return copy


def test_ids_sort_by_age_and_differ_within_a_second() -> None:
    now = datetime(2026, 11, 22, 9, 15, tzinfo=UTC)
    assert new_generation_id(now) != new_generation_id(now)
    assert new_generation_id(now).startswith("20261122T091500Z-")
    assert new_generation_id(now) < new_generation_id(now.replace(second=1))


def test_generations_are_listed_newest_first_and_the_live_one_marked(bundles: Path) -> None:
    assert [own.live for own in listed(bundles)] == [False, False, True]
    assert names(bundles) == sorted(names(bundles), reverse=True)


def test_a_folder_without_manifest_is_not_listed(bundles: Path) -> None:
    newest = names(bundles)[0]
    (bundles / newest / "manifest.json").unlink()
    assert newest not in names(bundles)


def test_the_live_generation_is_never_pruned(bundles: Path) -> None:
    live = current(bundles)
    deleted = prune(bundles, keep=1)
    assert len(deleted) == 1
    assert names(bundles)[-1] == live == current(bundles)


def test_a_staged_folder_is_installed_but_not_live(bundles: Path) -> None:
    staged = bundles / ".work" / "new.partial"
    shutil.copytree(bundles / current(bundles), staged)
    generation = new_generation_id(datetime(2100, 1, 1, tzinfo=UTC))
    assert install(staged, bundles, generation) == bundles / generation
    assert names(bundles)[0] == generation != current(bundles)
    assert not staged.exists()


def test_a_generation_without_manifest_cannot_go_live(bundles: Path) -> None:
    live, newest = current(bundles), names(bundles)[0]
    (bundles / newest / "manifest.json").unlink()
    with pytest.raises(BundleError, match=r"manifest.json is missing; .*twinshot index"):
        set_current(bundles, newest)
    assert current(bundles) == live


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("latest\n", r"CURRENT names 'latest', which is no generation; run `twinshot rollback"),
        ("20200101T000000Z-00000000\n", r"CURRENT names 20200101T000000Z-00000000, which is not there; run `twinshot"),
        (None, r"CURRENT is missing: no generation is live; run `twinshot rollback"),
    ],
)
def test_a_bad_current_is_named_with_its_remedy(bundles: Path, content: str | None, message: str) -> None:
    (bundles / "CURRENT").unlink()
    if content is not None:
        (bundles / "CURRENT").write_text(content)
    with pytest.raises(BundleError, match=message):
        current(bundles)
    assert named_live(bundles) == (content.strip() if content else None)


def test_a_bundle_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"nowhere is not a folder; make a bundle with `twinshot index`"):
        current(tmp_path / "nowhere")


def test_a_folder_of_photos_is_no_bundle_folder_and_no_bundle_is_advised_into_it(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(BundleError, match="is no bundle folder, or nothing is published in it yet") as error:
        current(tmp_path)
    assert f"--out {tmp_path}" not in str(error.value)


def compaction(bundles: Path, origin: str, day: int) -> str:
    """A generation of this name that says it is a compaction of `origin`, as its name goes live."""
    generation = new_generation_id(datetime(2099, 2, day, tzinfo=UTC))
    shutil.copytree(bundles / origin, bundles / generation)
    path = bundles / generation / "manifest.json"
    manifest = read_manifest(bundles / generation)
    source = manifest.source.model_copy(update={"compacted_from": origin})
    path.write_text(manifest.model_copy(update={"source": source}).model_dump_json())
    set_current(bundles, generation)
    return generation


def test_compactions_do_not_push_out_what_was_built_and_only_the_last_two_stay(bundles: Path) -> None:
    newest, middle, oldest = names(bundles)
    first = compaction(bundles, newest, 1)
    assert prune(bundles, keep=3) == []
    second = compaction(bundles, first, 2)
    assert prune(bundles, keep=3) == []
    third = compaction(bundles, second, 3)
    assert prune(bundles, keep=3) == [first]
    assert names(bundles) == [third, second, newest, middle, oldest]
    assert prune(bundles, keep=1) == [middle, oldest]


def test_compactions_of_a_generation_that_was_replaced_go(bundles: Path) -> None:
    newest, middle, oldest = names(bundles)
    first = compaction(bundles, middle, 1)
    second = compaction(bundles, first, 2)
    set_current(bundles, newest)
    assert prune(bundles, keep=2) == [second, first, oldest]


def test_a_generation_whose_manifest_is_damaged_counts_as_built(bundles: Path) -> None:
    newest, middle, _ = names(bundles)
    (bundles / newest / "manifest.json").write_text("{")
    assert prune(bundles, keep=1) == [middle]
