"""`twinshot index`, end to end on drawn photos."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.bundle.generation import Generation, open_generation
from engine.bundle.manifest import read_manifest
from engine.bundle.store import current, names
from engine.codes import binarise
from engine.encoder import Encoder
from engine.errors import BundleError, BusyError, CatalogueError, UnavailableError
from engine.files import locked
from engine.preprocess import load
from engine.scope import scope_of
from engine.taxonomy import sort_key
from index_builder.indexing import Indexed, Order, index
from index_builder.plan import Wishes
from index_builder.progress import Progress
from tests.tiny_catalogue import write_catalogue
from tests.tiny_model import write_model
from tests.watched_photos import photos_read


def opened(bundles: Path) -> Generation:
    return open_generation(bundles / current(bundles), verify=True)


@pytest.fixture
def catalogue(tmp_path: Path, tiny_catalogue: Path) -> Path:
    """A catalogue that a test may change."""
    return shutil.copytree(tiny_catalogue.parent, tmp_path / "catalogue") / "catalogue.csv"


def run(catalogue: Path | None, model: Path, out: Path, **options: object) -> Indexed:
    return index(Order(catalogue, model, out, **options), Progress())  # type: ignore[arg-type]


def test_an_indexed_catalogue_is_a_whole_generation(tiny_bundle: Path) -> None:
    generation = opened(tiny_bundle)
    assert (generation.manifest.rows, generation.manifest.products) == (60, 20)
    assert [shard.rows for shard in generation.manifest.shards] == [25, 25, 10]
    assert generation.thumbs is not None
    assert not list(tiny_bundle.rglob("*.partial"))


def test_each_row_has_the_code_the_floats_and_the_thumbnail_of_its_own_photo(
    tiny_bundle: Path, tiny_catalogue: Path
) -> None:
    generation = opened(tiny_bundle)
    encoder = Encoder(generation.folder)
    files = [generation.folder / "shards" / f"{shard.name}.f16" for shard in generation.manifest.shards]
    kept = np.concatenate([np.fromfile(path, np.float16).reshape(-1, 64) for path in files])
    assert generation.thumbs is not None
    for row in range(0, 60, 7):
        record = generation.table.record(row)
        photo = tiny_catalogue.parent / "photos" / f"{record.image_id}.jpg"
        embedding = encoder.encode(load(photo.read_bytes(), encoder.card.preprocessing)[None]).embeddings[0]
        near = np.abs(embedding - generation.thresholds) < 1e-4  # batches round differently
        differing = np.unpackbits(generation.codes(np.array([row]))[0] ^ binarise(embedding, generation.thresholds))
        assert differing.sum() <= near.sum()
        np.testing.assert_allclose(kept[row], embedding, rtol=2e-3, atol=2e-3)
        with Image.open(photo) as image:
            small = np.asarray(image.resize((8, 8)), dtype=int)
        (thumb := tiny_bundle.parent / "thumb.webp").write_bytes(generation.thumbs[row])
        with Image.open(thumb) as image:
            assert np.abs(np.asarray(image.resize((8, 8)), dtype=int) - small).mean() < 6


def test_rows_lie_by_category_product_and_image_and_categories_are_slices(tiny_bundle: Path) -> None:
    generation = opened(tiny_bundle)
    categories = generation.manifest.categories
    records = [generation.table.record(row) for row in range(60)]
    keys = [(sort_key(categories[own.category].path), own.product_id, own.image_id) for own in records]
    assert keys == sorted(keys)
    for number, own in enumerate(categories):
        assert {records[row].category for row in range(own.start, own.stop)} == {number}
    ((start, stop),) = scope_of(["leaf:leaf3"], categories)
    assert {records[row].product_id for row in range(start, stop)} == {"P06", "P07"}


def test_a_product_in_a_shop_without_product_ids_is_its_photo(tmp_path: Path, tiny_model: Path) -> None:
    for number in range(3):
        Image.new("RGB", (80, 80), (number * 90, 20, 99)).save(tmp_path / f"{number}.png")
    with (tmp_path / "catalogue.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["image"], *([f"{number}.png"] for number in range(3))])
    run(tmp_path / "catalogue.csv", tiny_model, tmp_path / "out")
    generation = opened(tmp_path / "out")
    assert generation.manifest.products == 3
    assert [own.path for own in generation.manifest.categories] == [(None, None, None)]
    assert generation.ids(np.arange(3)) == (["0", "1", "2"], ["0", "1", "2"])
    assert generation.manifest.quality["queries"] is None or generation.manifest.quality["answered"] == 0


def test_an_empty_shop_has_a_generation_that_opens(tmp_path: Path, tiny_model: Path) -> None:
    indexed = run(None, tiny_model, tmp_path / "out")
    generation = opened(tmp_path / "out")
    assert (generation.manifest.rows, generation.manifest.shards, len(generation.table)) == (0, (), 0)
    assert generation.manifest.scope == ()
    assert generation.thumbs is None
    assert indexed.manifest.thresholds_from == "model"


def test_products_come_into_an_empty_shop(tmp_path: Path, tiny_model: Path, tiny_catalogue: Path) -> None:
    run(None, tiny_model, tmp_path / "out")
    run(tiny_catalogue, tiny_model, tmp_path / "out")
    assert opened(tmp_path / "out").manifest.rows == 60


def test_photos_to_ask_with_are_never_read(tmp_path: Path, catalogue: Path, tiny_model: Path) -> None:
    with photos_read() as read:
        run(catalogue, tiny_model, tmp_path / "out")
    assert len(read) >= 60
    assert not [image for image in read if "-q" in image]
    table = opened(tmp_path / "out").table
    assert table.image("P00-q0") is None
    assert table.image("P00-0") is not None


def test_a_nightly_rebuild_encodes_only_what_is_new(tmp_path: Path, catalogue: Path, tiny_model: Path) -> None:
    first = run(catalogue, tiny_model, tmp_path / "out")
    assert first.report["new_photos"] == 60
    write_catalogue(catalogue.parent, products=22)
    again = run(catalogue, tiny_model, tmp_path / "out")
    assert (again.report["rows"], again.report["new_photos"]) == (66, 6)
    assert opened(tmp_path / "out").manifest.rows == 66


def test_another_model_encodes_everything_again(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    run(tiny_catalogue, tiny_model, tmp_path / "out")
    other = write_model(tmp_path / "other", seed=5, bits=128)
    again = run(tiny_catalogue, other, tmp_path / "out")
    assert again.report["new_photos"] == 60
    assert opened(tmp_path / "out").index.bits == 128
    assert again.report["quality"]["beside"]["answered_by_both"] == 60


def test_bad_rows_are_listed_beside_the_report(tmp_path: Path, catalogue: Path, tiny_model: Path) -> None:
    (catalogue.parent / "photos" / "P00-0.jpg").unlink()
    (catalogue.parent / "photos" / "P05-2.jpg").write_bytes(b"not a photo")
    indexed = run(catalogue, tiny_model, tmp_path / "out")
    with (indexed.folder / "bad_rows.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert [(own["image"], own["reason"]) for own in listed] == [
        ("photos/P00-0.jpg", "missing_file"),
        ("photos/P05-2.jpg", "unreadable"),
    ]
    source = indexed.manifest.source
    assert (source.rows_read, source.bad_rows, indexed.manifest.rows) == (80, 2, 58)
    opened(tmp_path / "out")


@pytest.mark.parametrize("content", [None, b"not a photo"])
def test_a_bad_row_is_fatal_when_strict(
    tmp_path: Path, catalogue: Path, tiny_model: Path, content: bytes | None
) -> None:
    photo = catalogue.parent / "photos" / "P05-2.jpg"
    photo.unlink()
    if content is not None:
        photo.write_bytes(content)
    with pytest.raises(CatalogueError, match=r"1 of \d+ .*: row 23 of catalogue.csv: image 'photos/P05-2.jpg'"):
        run(catalogue, tiny_model, tmp_path / "out", strict=True)
    if content is None:  # found before anything was encoded
        assert not (tmp_path / "out").exists()
    else:
        assert names(tmp_path / "out") == []


def test_a_catalogue_with_nothing_to_index_is_refused(tmp_path: Path, tiny_model: Path) -> None:
    catalogue = write_catalogue(tmp_path / "catalogue", products=2, photos=0, queries=2)
    with pytest.raises(CatalogueError, match="has no row to index, only 4 rows of the splits val, test or query"):
        run(catalogue, tiny_model, tmp_path / "out")


def test_copies_of_one_photo_are_counted(tmp_path: Path, catalogue: Path, tiny_model: Path) -> None:
    photos = catalogue.parent / "photos"
    shutil.copyfile(photos / "P00-0.jpg", photos / "P11-1.jpg")
    indexed = run(catalogue, tiny_model, tmp_path / "out")
    assert (indexed.manifest.source.duplicate_photos, indexed.manifest.rows) == (1, 60)
    assert indexed.report["new_photos"] == 59


def test_parts_can_be_left_out(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    indexed = run(tiny_catalogue, tiny_model, tmp_path / "out", wishes=Wishes(embeddings=False, thumbs=False))
    kept = {path.name for path in (indexed.folder / "shards").iterdir()}
    assert kept == {"00000.faiss", "00000.rows", "00000.features.f16"}
    assert opened(tmp_path / "out").thumbs is None


def test_the_report_tells_counts_rate_and_seconds_of_each_stage(tiny_bundle: Path) -> None:
    report = json.loads((tiny_bundle / current(tiny_bundle) / "report.json").read_text())
    assert (report["rows"], report["products"], report["categories"]) == (60, 20, 10)
    assert {"check", "encode", "build", "measure"} <= set(report["seconds"])
    assert report["photos_per_second"] > 0
    assert report["quality"]["queries"] == "leave-one-out"


def test_two_builders_of_one_folder_do_not_collide(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    with locked(tmp_path / "out"), pytest.raises(BusyError, match="another process is writing"):
        run(tiny_catalogue, tiny_model, tmp_path / "out")


def test_an_altered_model_is_refused_before_anything_is_built(
    tmp_path: Path, tiny_catalogue: Path, tiny_model: Path
) -> None:
    model = shutil.copytree(tiny_model, tmp_path / "model")
    with (model / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BundleError, match=r"model.onnx is not the file that model.json describes"):
        run(tiny_catalogue, model, tmp_path / "out")


def test_a_device_that_is_not_there_is_an_error(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    with pytest.raises(UnavailableError, match="device 'cuda' needs"):
        run(tiny_catalogue, tiny_model, tmp_path / "out", device="cuda")


def test_ids_of_generations_ascend_however_fast_they_are_built(
    tmp_path: Path, tiny_catalogue: Path, tiny_model: Path
) -> None:
    built = [run(tiny_catalogue, tiny_model, tmp_path / "out").manifest.generation for _ in range(3)]
    assert built == sorted(built)
    assert names(tmp_path / "out") == built[::-1]
    assert read_manifest(tmp_path / "out" / current(tmp_path / "out")).generation == built[-1]


def test_the_splits_to_index_can_be_named(catalogue: Path, tiny_model: Path, tmp_path: Path) -> None:
    indexed = run(catalogue, tiny_model, tmp_path / "out", splits=("test",))
    _, images = opened(tmp_path / "out").ids(np.arange(indexed.manifest.rows))
    assert sorted(images) == [f"P{product:02}-q0" for product in range(20)]


def test_a_split_to_index_that_is_not_there_is_named(catalogue: Path, tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"has no usable row of --index-splits tset; `twinshot check"):
        run(catalogue, tiny_model, tmp_path / "out", splits=("tset",))


def test_of_eproduct_only_the_index_is_read_and_training_photos_are_not_even_looked_for(
    tiny_catalogue: Path, tiny_model: Path, tmp_path: Path
) -> None:
    photos = tiny_catalogue.parent / "photos"
    folder = tmp_path / "eproduct"
    (folder / "Images" / "index").mkdir(parents=True)
    shutil.copy(photos / "P00-0.jpg", folder / "Images" / "index" / "u1.JPEG")
    (folder / "metadata").mkdir()
    labels = "UUID,IMAGE_PATH,AUCT_TITL,META_CATEG_ID,CATEG_LVL2_ID,LEAF_CATEG_ID"
    (folder / "metadata" / "train.csv").write_text(f"{labels}\nu0,train/gone.JPEG,A boot,1,12,123\n")
    (folder / "metadata" / "index.csv").write_text("UUID,IMAGE_PATH\nu1,index/u1.JPEG\n")
    indexed = run(folder, tiny_model, tmp_path / "out", strict=True)
    assert (indexed.manifest.rows, indexed.manifest.source.rows_read) == (1, 1)
    assert opened(tmp_path / "out").ids(np.arange(1))[1] == ["u1"]
