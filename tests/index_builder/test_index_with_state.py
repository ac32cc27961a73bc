"""`twinshot index --state`: what was changed while it was served stands above the catalogue."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current, names
from engine.changes.record import StoredPhoto, StoredProduct
from engine.changes.state import State, open_state
from engine.encoder import Encoder
from engine.errors import CatalogueError, GateError, StateError
from engine.live.catch_up import catch_up
from engine.live.overlay import Overlay
from engine.live.view import View
from index_builder.commands.index import index as command
from index_builder.compaction.compact import compact
from index_builder.indexing import Indexed, Order, index
from index_builder.progress import Progress
from tests.app.running import photo_of
from tests.changed import delete, keep, put
from tests.tiny_catalogue import category_of, write_catalogue


@pytest.fixture
def out(tmp_path: Path, tiny_bundle: Path) -> Path:
    return shutil.copytree(tiny_bundle, tmp_path / "out")


def run(catalogue: Path | None, model: Path, out: Path, state: State, **options: object) -> Indexed:
    return index(Order(catalogue, model, out, state=state.folder, **options), Progress())  # type: ignore[arg-type]


def opened(out: Path) -> Generation:
    return open_generation(out / current(out), verify=True)


def view(generation: Generation, state: State) -> View:
    overlay = Overlay(generation)
    catch_up(overlay, state, Encoder(generation.folder))
    return View(overlay)


def images(generation: Generation, product: str) -> list[str]:
    return [own.image_id for own in generation.table.records(generation.table.product(product))]


def test_the_log_replaces_adds_and_deletes_products_of_the_catalogue(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    put(state, "P03", {"new": keep(state, photo_of(3))}, title="Changed", category=category_of(3))
    put(state, "NEW", {"n": keep(state, photo_of(40))}, url="https://shop.example/n", category=("Toys", None, None))
    delete(state, "P05")
    indexed = run(tiny_catalogue, tiny_model, out, state)
    generation = opened(out)
    assert (images(generation, "P03"), images(generation, "NEW"), images(generation, "P05")) == (["new"], ["n"], [])
    record = generation.table.record(int(generation.table.product("NEW")[0]))
    assert (record.url, generation.manifest.categories[record.category].path) == (
        "https://shop.example/n", ("Toys", None, None),
    )  # fmt: skip
    assert (generation.manifest.rows, generation.manifest.products) == (56, 20)
    assert (indexed.manifest.state_id, indexed.manifest.includes_revision) == (state.log.state_id, 3)
    assert (indexed.report["bad_rows"], generation.manifest.incomplete) == (0, ())


def test_a_generation_says_the_same_as_the_one_before_with_the_changes_over_it(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    put(state, "P03", {"z": keep(state, photo_of(3)), "a": keep(state, photo_of(3, 8))}, category=category_of(3))
    put(state, "BARE", {}, title="Photos follow")
    delete(state, "P05")
    before = view(opened(out), state)
    run(tiny_catalogue, tiny_model, out, state)
    after = view(opened(out), state)
    assert (after.rows, after.products, after.revision) == (before.rows, before.products, before.revision)
    for product in ("P03", "P04", "P05", "BARE"):
        assert after.stored(product) == before.stored(product)


def test_later_changes_come_over_the_generation_and_what_it_includes_does_not_come_twice(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    put(state, "NEW", {"n": keep(state, photo_of(40))})
    run(tiny_catalogue, tiny_model, out, state)
    delete(state, "P00")
    now = view(opened(out), state)
    assert (now.rows, now.products, now.revision) == (58, 20, 2)
    assert now.is_base(int(now.product("NEW")[0]))


def test_a_deleted_product_is_not_brought_back_by_a_catalogue_that_still_has_it(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    delete(state, "P05")
    for _ in range(2):
        run(tiny_catalogue, tiny_model, out, state)
        assert images(opened(out), "P05") == []


def test_what_stays_removed_is_told_by_the_result_the_report_and_the_page(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    for product in ("P07", "P05", "ELSEWHERE"):
        delete(state, product)
    put(state, "P03", {"new": keep(state, photo_of(3))}, category=category_of(3))
    options = {"model": tiny_model, "out": out, "state": state.folder}
    command(catalogue=tiny_catalogue, **options)
    told = (
        "2 products of the catalogue stay removed, as the log says: P05, P07; `twinshot products add` brings them back"
    )
    (line,) = [own for own in capsys.readouterr().out.splitlines() if own.startswith("removed")]
    assert line.split(maxsplit=1)[1] == told
    made = opened(out).folder
    assert json.loads((made / "report.json").read_text())["stay_removed"] == {"count": 2, "first": ["P05", "P07"]}
    assert told in (made / "report.html").read_text()


def test_where_nothing_stays_removed_nothing_is_said_of_it(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    delete(state, "ELSEWHERE")
    command(catalogue=tiny_catalogue, model=tiny_model, out=out, state=state.folder)
    assert "removed" not in capsys.readouterr().out
    assert "stay removed" not in (opened(out).folder / "report.html").read_text()


def test_a_photo_that_came_with_the_catalogue_is_taken_from_there(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    live = view(opened(out), state).stored("P03")
    assert live is not None
    with state.log.writing() as writing:
        writing.put(live.model_copy(update={"title": "Cheaper", "category": ("Sale", None, None)}))
    indexed = run(tiny_catalogue, tiny_model, out, state)
    assert (indexed.report["new_photos"], indexed.report["bad_rows"]) == (0, 0)
    assert view(opened(out), state).stored("P03") == live.model_copy(
        update={"title": "Cheaper", "category": ("Sale", None, None)}
    )


def test_a_photo_that_is_nowhere_is_a_bad_row_and_the_product_keeps_its_name(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    put(state, "NEW", {"here": keep(state, photo_of(40)), "lost": "a" * 64})
    indexed = run(tiny_catalogue, tiny_model, out, state)
    with (indexed.folder / "bad_rows.csv").open(newline="") as file:
        (listed,) = csv.DictReader(file)
    assert (listed["row"], listed["image"], listed["reason"]) == ("1", "lost", "missing_file")
    assert listed["message"].startswith("photo 'lost' of product 'NEW' is neither in the state nor in the catalogue")
    stored = view(opened(out), state).stored("NEW")
    assert stored is not None
    assert [own.image_id for own in stored.photos] == ["here", "lost"]


def test_an_unreadable_photo_of_the_log_is_a_bad_row(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    put(state, "NEW", {"here": keep(state, photo_of(40)), "broken": keep(state, b"not a photo")})
    indexed = run(tiny_catalogue, tiny_model, out, state)
    assert indexed.report["bad_rows"] == 1
    assert "unreadable" in (indexed.folder / "bad_rows.csv").read_text()
    assert [own.product_id for own in indexed.manifest.incomplete] == ["NEW"]


def test_an_image_id_of_the_log_stands_above_the_same_one_of_the_catalogue(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    put(state, "NEW", {"P00-0": keep(state, photo_of(40))})
    indexed = run(tiny_catalogue, tiny_model, out, state, force="few queries tell little")
    assert images(opened(out), "NEW") == ["P00-0"]
    assert "duplicate_image_id" in (indexed.folder / "bad_rows.csv").read_text()


def test_held_out_photos_stay_questions_and_follow_their_product_into_its_category(
    tmp_path: Path, tiny_model: Path, state: State
) -> None:
    catalogue = write_catalogue(tmp_path / "catalogue", split="val")
    put(state, "P03", {"new": keep(state, photo_of(3))}, category=("Sale", None, None))
    indexed = run(catalogue, tiny_model, tmp_path / "out", state)
    assert indexed.report["bad_rows"] == 0
    assert (indexed.manifest.quality["queries"], indexed.manifest.quality["answered"]) == ("val", 20)


def test_a_shop_without_a_catalogue_has_what_the_log_says(tmp_path: Path, tiny_model: Path, state: State) -> None:
    empty = run(None, tiny_model, tmp_path / "out", state)
    assert (empty.manifest.rows, empty.manifest.state_id) == (0, state.log.state_id)
    put(state, "NEW", {"n": keep(state, photo_of(40)), "m": keep(state, photo_of(40, 8))})
    put(state, "BARE", {})
    indexed = run(None, tiny_model, tmp_path / "out", state)
    assert (indexed.manifest.rows, indexed.manifest.products, indexed.manifest.includes_revision) == (2, 2, 2)
    delete(state, "NEW")
    gone = run(None, tiny_model, tmp_path / "out", state, force="all sold")
    assert (gone.manifest.rows, gone.manifest.products) == (0, 1)


def test_a_catalogue_whose_every_product_was_deleted_makes_an_empty_generation(
    tmp_path: Path, tiny_model: Path, state: State
) -> None:
    catalogue = write_catalogue(tmp_path / "catalogue", products=2, queries=0)
    delete(state, "P00")
    delete(state, "P01")
    assert run(catalogue, tiny_model, tmp_path / "out", state).manifest.rows == 0


def test_what_was_deleted_was_meant_and_the_gate_judges_the_rest(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    for number in range(6):
        delete(state, f"P{number:02}")
    few = write_catalogue(out.parent / "few", products=16)
    with pytest.raises(GateError, match="its rows fall from 60 to 30, 18 of them deleted through the service"):
        run(few, tiny_model, out, state)
    assert run(tiny_catalogue, tiny_model, out, state).manifest.rows == 42


def test_another_state_than_the_live_generations_is_refused_but_by_force(
    tmp_path: Path, out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    run(tiny_catalogue, tiny_model, out, state)
    (tmp_path / "other").mkdir()
    other = open_state(tmp_path / "other")
    before = names(out)
    with pytest.raises(
        StateError, match=r"the state in .*/other has the id \w+, but generation .* or use --force REASON"
    ):
        run(tiny_catalogue, tiny_model, out, other)
    assert names(out) == before
    forced = run(tiny_catalogue, tiny_model, out, other, force="a new state")
    assert forced.manifest.state_id == other.log.state_id
    other.close()


def test_a_folder_that_is_no_state_is_refused_and_nothing_is_made_in_it(
    tmp_path: Path, tiny_catalogue: Path, tiny_model: Path
) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(StateError, match=r"photos has no changes.sqlite; name the folder that the service has"):
        index(Order(tiny_catalogue, tiny_model, tmp_path / "out", state=tmp_path / "photos"), Progress())
    assert list((tmp_path / "photos").iterdir()) == []


def test_without_a_state_the_whole_log_comes_over_a_generation(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    delete(state, "P05")
    indexed = index(Order(tiny_catalogue, tiny_model, out), Progress())
    assert (indexed.manifest.state_id, indexed.manifest.includes_revision, indexed.manifest.rows) == (None, 0, 60)
    assert view(opened(out), state).rows == 57


def test_without_a_state_the_folder_stays_that_of_its_state(
    tmp_path: Path, out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    delete(state, "P05")
    run(tiny_catalogue, tiny_model, out, state)
    manifest = index(Order(tiny_catalogue, tiny_model, out, keep=1), Progress()).manifest
    assert (manifest.state_id, manifest.includes_revision, manifest.rows) == (state.log.state_id, 0, 60)
    assert view(opened(out), state).rows == 57
    (tmp_path / "other").mkdir()
    other = open_state(tmp_path / "other")
    with pytest.raises(StateError, match=f"but generation {manifest.generation} has changes of state"):
        compact(out, other.folder, 3, 1, Progress())
    other.close()


def test_with_strict_a_photo_that_is_nowhere_is_fatal(
    out: Path, tiny_catalogue: Path, tiny_model: Path, state: State
) -> None:
    put(state, "NEW", {"lost": "a" * 64})
    with pytest.raises(CatalogueError, match=r"row 1 of .*changes.sqlite: photo 'lost' of product 'NEW'"):
        run(tiny_catalogue, tiny_model, out, state, strict=True)


def test_photos_of_a_product_are_told_by_image_id_in_whatever_order_they_came() -> None:
    photos = tuple(StoredPhoto(image_id=name, sha256="0" * 64) for name in "cab")
    written = StoredProduct(product_id="P", photos=photos).model_dump_json()
    assert [own.image_id for own in StoredProduct.model_validate_json(written).photos] == ["a", "b", "c"]
