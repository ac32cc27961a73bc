"""The row table, its lookup, and thumbnails."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.bundle.rows import LOOKUP_FILE, RowTable, write_lookup, write_rows
from engine.bundle.thumbs import SIDE, Thumbs, make_thumb, write_thumbs
from engine.errors import BundleError


def write_table(folder: Path, products: list[str], images: list[str], shard_rows: int = 2) -> RowTable:
    (folder / "shards").mkdir(exist_ok=True)
    names = []
    for start in range(0, len(products), shard_rows):
        part = slice(start, start + shard_rows)
        names.append(f"{len(names):05}")
        count = len(products[part])
        columns = {
            "image_id": images[part],
            "product_id": products[part],
            "category": [0] * count,
            "title": [None] * count,
            "url": ["https://shop.example/"] * count,
            "sha256": [bytes([start + i]) * 32 for i in range(count)],
        }
        write_rows(folder / "shards" / f"{names[-1]}.rows", columns)
    write_lookup(folder / LOOKUP_FILE, products, images)
    return RowTable(folder, names)


def test_a_product_is_found_in_every_shard_by_image_id(tmp_path: Path) -> None:
    table = write_table(tmp_path, ["b", "a", "b", "c", "b"], ["3", "9", "1", "4", "2"])
    assert table.product("b").tolist() == [2, 4, 0]
    assert table.product("d").tolist() == []
    assert table.image("4") == 3
    assert table.image("5") is None
    assert table.ids(np.array([3, 0])) == (["c", "b"], ["4", "3"])


def test_rows_of_several_shards_come_in_the_order_they_were_asked_for(tmp_path: Path) -> None:
    table = write_table(tmp_path, list("abcde"), list("12345"))
    for rows in ([4, 0, 3, 1, 2, 0], [1], []):
        numbers = np.array(rows, dtype=np.int64)
        assert table.ids(numbers) == (["abcde"[row] for row in rows], ["12345"[row] for row in rows])
        assert [own.image_id for own in table.records(numbers)] == ["12345"[row] for row in rows]


def test_a_few_ids_are_read_without_joining_the_texts_of_all_shards(tmp_path: Path) -> None:
    long = [f"{number:0>2000}" for number in range(200)]
    table = write_table(tmp_path, long, long, shard_rows=50)
    default = pa.default_memory_pool()
    counted = pa.proxy_memory_pool(default)
    pa.set_memory_pool(counted)
    try:
        table.ids(np.array([180, 20]))
    finally:
        pa.set_memory_pool(default)
    assert counted.max_memory() < 100_000, "all ids have 800,000 bytes"


def test_a_record_has_every_column(tmp_path: Path) -> None:
    record = write_table(tmp_path, ["b", "a", "b"], ["3", "9", "1"]).record(2)
    assert (record.image_id, record.product_id, record.category) == ("1", "b", 0)
    assert (record.title, record.url, record.sha256) == (None, "https://shop.example/", bytes([2]) * 32)


def test_digests_are_in_row_order(tmp_path: Path) -> None:
    digests = write_table(tmp_path, ["b", "a", "b"], ["3", "9", "1"]).digests()
    assert digests[:, 0].tolist() == [0, 1, 2]
    assert digests.shape == (3, 32)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(st.text(max_size=3), st.text(min_size=1, max_size=4)), unique_by=lambda row: row[1]))
def test_lookup_equals_a_plain_scan(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    table = write_table(tmp_path_factory.mktemp("rows"), [row[0] for row in rows], [row[1] for row in rows])
    for product, image in [*rows, ("nobody", "nothing!")]:
        expected = sorted((own[1], i) for i, own in enumerate(rows) if own[0] == product)
        assert table.product(product).tolist() == [i for _, i in expected]
        assert table.image(image) == next((i for i, own in enumerate(rows) if own[1] == image), None)
        assert list(table.product_ids(product)) == sorted({own for own, _ in rows if own > product})


def test_an_empty_table_finds_nothing(tmp_path: Path) -> None:
    table = write_table(tmp_path, [], [])
    assert len(table) == 0
    assert table.product("a").tolist() == []
    assert table.image("a") is None
    assert table.digests().shape == (0, 32)


def test_a_lookup_that_is_no_arrow_file_is_named(tmp_path: Path) -> None:
    write_table(tmp_path, ["a"], ["1"])
    (tmp_path / LOOKUP_FILE).write_bytes(b"nonsense")
    with pytest.raises(BundleError, match=r"lookup.arrow is not a readable Arrow file .*twinshot index"):
        RowTable(tmp_path, ["00000"])


def test_a_table_with_other_columns_is_named(tmp_path: Path) -> None:
    write_table(tmp_path, ["a"], ["1"])
    (tmp_path / "shards" / "00000.rows").write_bytes((tmp_path / LOOKUP_FILE).read_bytes())
    with pytest.raises(BundleError, match=r"00000.rows does not have the columns image_id, product_id"):
        RowTable(tmp_path, ["00000"])


def test_thumbnails_come_back_in_row_order_across_shards_and_batches(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    thumbs = [bytes([i]) * (i + 1) for i in range(7)]
    write_thumbs(tmp_path / "shards" / "00000.thumbs", thumbs[:5], batch=2)
    write_thumbs(tmp_path / "shards" / "00001.thumbs", thumbs[5:], batch=2)
    opened = Thumbs(tmp_path, ["00000", "00001"])
    assert [opened[row] for row in range(7)] == thumbs


def test_a_thumbnail_is_small_and_carries_no_exif() -> None:
    image = Image.new("RGB", (800, 400), "red")
    image.getexif()[0x010E] = "where I live"
    with Image.open(BytesIO(make_thumb(image))) as thumb:
        assert thumb.size == (SIDE, SIDE // 2)
        assert thumb.format == "WEBP"
        assert not thumb.getexif()


def test_a_small_photo_is_not_enlarged() -> None:
    with Image.open(BytesIO(make_thumb(Image.new("RGB", (40, 30))))) as thumb:
        assert thumb.size == (40, 30)


def test_thumbs_that_are_no_arrow_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "00000.thumbs").write_bytes(b"nonsense")
    with pytest.raises(BundleError, match=r"00000.thumbs is not a readable Arrow file"):
        Thumbs(tmp_path, ["00000"])
