"""`twinshot compact`: what the new generation has, what it takes over and what is tidied up."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from engine.bundle.generation import Generation
from engine.bundle.manifest import read_manifest
from engine.bundle.store import current, names
from engine.changes.state import State
from engine.encoder import Encoder
from engine.live.photo_codes import model_key
from engine.preprocess import load
from index_builder.evaluating import evaluate_catalogue
from index_builder.indexing import Order, index
from index_builder.progress import Progress
from index_builder.publish import roll_back
from tests.app.running import photo_of
from tests.changed import delete, keep, put
from tests.index_builder.compaction.compacting import opened, run
from tests.tiny_model import write_model


def floats(generation: Generation) -> "np.ndarray[tuple[int, int], np.dtype[np.float16]]":
    shards = [generation.folder / "shards" / f"{own.name}.f16" for own in generation.manifest.shards]
    return np.concatenate([np.fromfile(path, np.float16) for path in shards]).reshape(-1, 64)


def test_what_was_not_changed_is_taken_over(bundles: Path, state: State) -> None:
    old = opened(bundles)
    delete(state, "P05")
    run(bundles, state)
    new = opened(bundles)
    inherited = ("model", "thresholds", "thresholds_from", "short_list", "calibration")
    assert [getattr(new.manifest, name) for name in inherited] == [getattr(old.manifest, name) for name in inherited]
    assert new.manifest.quality == {**old.manifest.quality, "of": old.id}
    assert new.manifest.source == old.manifest.source.model_copy(update={"compacted_from": old.id})
    assert (new.manifest.state_id, new.manifest.includes_revision) == (state.log.state_id, 1)
    assert [own.rows for own in new.manifest.shards] == [25, 25, 7]
    stays = [row for row in range(60) if old.table.record(row).product_id != "P05"]
    np.testing.assert_array_equal(floats(new), floats(old)[stays])
    np.testing.assert_array_equal(new.table.digests(), old.table.digests()[stays])
    assert new.thumbs is not None
    assert old.thumbs is not None
    assert [new.thumbs[row] for row in range(57)] == [old.thumbs[row] for row in stays]
    delete(state, "P06")
    run(bundles, state)
    assert opened(bundles).manifest.quality["of"] == old.id


def test_a_photo_that_the_model_has_not_seen_is_encoded_once_and_the_log_keeps_it(bundles: Path, state: State) -> None:
    photo = photo_of(40)
    digest = keep(state, photo)
    put(state, "NEW", {"n": digest})
    run(bundles, state)
    generation = opened(bundles)
    encoder = Encoder(generation.folder)
    embedding = encoder.encode(load(photo, encoder.card.preprocessing)[None]).embeddings[0]
    row = int(generation.table.product("NEW")[0])
    np.testing.assert_array_equal(floats(generation)[row], embedding.astype(np.float16))
    np.testing.assert_array_equal(state.log.embeddings(model_key(generation.card), [digest])[digest], embedding)
    assert generation.thumbs is not None
    assert generation.thumbs[row][8:12] == b"WEBP"


def test_nothing_is_decoded_or_encoded_that_is_known(
    bundles: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = opened(bundles)
    own = {record.image_id: record.sha256.hex() for record in base.table.records(base.table.product("P03"))}
    put(state, "P03", own, title="Cheaper", category=("Sale", None, None))
    put(state, "NEW", {"n": "a" * 64})
    with state.log.writing() as writing:
        writing.keep_embedding(model_key(base.card), "a" * 64, np.ones(64, dtype=np.float32))
    state.thumbs.keep("a" * 64, b"a thumb")

    def refuse(*_: object) -> None:
        raise AssertionError("not needed")

    monkeypatch.setattr("index_builder.compaction.compact.Encoder", refuse)
    monkeypatch.setattr("index_builder.compaction.write.decode", refuse)
    run(bundles, state)
    new = opened(bundles)
    rows, old_rows = new.table.product("P03"), base.table.product("P03")
    np.testing.assert_array_equal(new.codes(rows), base.codes(old_rows))
    np.testing.assert_array_equal(floats(new)[rows], floats(base)[old_rows])
    assert new.thumbs is not None
    assert base.thumbs is not None
    assert new.thumbs[int(rows[0])] == base.thumbs[int(old_rows[0])]
    assert new.thumbs[int(new.table.product("NEW")[0])] == b"a thumb"


def test_a_photo_of_the_generation_that_another_product_brings_too_is_encoded_for_that_one(
    bundles: Path, state: State, tiny_catalogue: Path
) -> None:
    """One picture on two products; its embedding is in the log by an older model at most."""
    base = opened(bundles)
    own = {record.image_id: record.sha256.hex() for record in base.table.records(base.table.product("P03"))}
    photos = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in tiny_catalogue.parent.rglob("P03*.jpg")}
    picture = photos[own[min(own)]].read_bytes()
    put(state, "P03", own, title="Cheaper")
    put(state, "NEW", {"n": keep(state, picture), "lost": own[max(own)]})
    assert [one["image_id"] for one in run(bundles, state).report["left_out"]] == ["lost"]
    new = opened(bundles)
    encoder = Encoder(new.folder)
    embedding = encoder.encode(load(picture, encoder.card.preprocessing)[None]).embeddings[0]
    np.testing.assert_array_equal(floats(new)[new.table.product("NEW")], [embedding.astype(np.float16)])
    stays = [photo for photo, digest in own.items() if digest != own[min(own)]]
    np.testing.assert_array_equal(
        floats(new)[[new.table.image(photo) for photo in stays]],
        floats(base)[[base.table.image(photo) for photo in stays]],
    )


def test_a_photo_that_is_nowhere_is_left_out_and_its_product_keeps_its_name(bundles: Path, state: State) -> None:
    put(state, "NEW", {"here": keep(state, photo_of(40)), "lost": "b" * 64})
    report = run(bundles, state).report
    assert [own["image_id"] for own in report["left_out"]] == ["lost"]
    assert "is missing; restore it from a backup" in report["left_out"][0]["reason"]
    assert [own.product_id for own in opened(bundles).manifest.incomplete] == ["NEW"]


def test_where_there_is_nothing_to_fold_nothing_is_published(bundles: Path, state: State) -> None:
    before = names(bundles)
    assert run(bundles, state).folder is None
    delete(state, "P05")
    assert run(bundles, state).folder is not None
    assert run(bundles, state).folder is None
    assert len(names(bundles)) == len(before) + 1


def test_deleting_more_than_the_gate_of_an_index_allows_is_meant(bundles: Path, state: State) -> None:
    for number in range(20):
        delete(state, f"P{number:02}")
    assert run(bundles, state).report["rows"] == 0
    assert (opened(bundles).manifest.shards, opened(bundles).manifest.products) == ((), 0)


def test_a_compacted_generation_can_be_evaluated_without_its_features(
    bundles: Path, state: State, tiny_catalogue: Path
) -> None:
    put(state, "NEW", {"n": keep(state, photo_of(40))})
    run(bundles, state)
    asked = evaluate_catalogue(bundles, tiny_catalogue, ["test"], None, {}, None, 1, Progress())
    assert asked.evaluation.float_part == "embedding"
    assert len(asked.evaluation.answerable) == 20


def test_a_rebuild_after_compactions_finds_its_photos_and_deleted_products_stay_deleted(
    bundles: Path, state: State, tiny_catalogue: Path, tiny_model: Path
) -> None:
    for number in range(3):
        delete(state, f"P{number:02}")
        run(bundles, state, keep=1)
    report = index(Order(tiny_catalogue, tiny_model, bundles, state=state.folder, keep=1), Progress()).report
    assert (report["new_photos"], report["rows"]) == (0, 51)


def test_an_older_model_stays_within_reach_of_a_roll_back(
    bundles: Path, state: State, tiny_catalogue: Path, tmp_path: Path
) -> None:
    first = current(bundles)
    other = write_model(tmp_path / "other", seed=5, bits=128)
    second = index(Order(tiny_catalogue, other, bundles), Progress()).manifest.generation
    for number in range(4):
        delete(state, f"P{number:02}")
        run(bundles, state, keep=2)
    third, fourth = names(bundles)[1], names(bundles)[0]
    assert names(bundles) == [fourth, third, second, first]
    assert roll_back(bundles, first) == first
    delete(state, "P10")
    run(bundles, state, keep=2)
    assert opened(bundles).index.bits == 64
    assert opened(bundles).manifest.rows == 45, "what was deleted meanwhile is gone from the old generation too"


def test_what_no_product_has_any_more_is_deleted_from_the_state(bundles: Path, state: State) -> None:
    kept, gone = keep(state, photo_of(40)), keep(state, photo_of(41))
    for digest in (kept, gone):
        os.utime(state.photos.path(digest), (0, 0))
    put(state, "NEW", {"n": kept})
    run(bundles, state)
    assert (state.photos.has(kept), state.photos.has(gone)) == (True, False)
    assert list(state.log.embeddings(model_key(opened(bundles).card), [kept])) == [kept]


def test_the_report_lies_beside_the_generation(bundles: Path, state: State) -> None:
    put(state, "NEW", {"n": keep(state, photo_of(40))})
    delete(state, "P05")
    done = run(bundles, state)
    assert done.folder is not None
    report = json.loads((done.folder / "report.json").read_text())
    assert (report["changes"], report["rows_added"], report["rows_gone"], report["rows"]) == (2, 1, 3, 58)
    assert {"verify", "fold", "merge", "write", "check"} <= set(report["seconds"])
    assert done.report == {
        **{name: report[name] for name in done.report if name != "deleted"},
        "deleted": {"photos": 0, "thumbs": 0, "embeddings": 0},
    }
    assert read_manifest(done.folder).rows == 58
