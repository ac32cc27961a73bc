"""CSV, JSON lines and Parquet: what a row becomes, and what is said of a row or file that cannot be read."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.catalogue.bad_row import BadRow, Reason
from engine.catalogue.catalogue import open_catalogue
from engine.catalogue.columns import Columns, column_mapping, image_id_of
from engine.catalogue.row import Row
from engine.catalogue.tables import read_table
from engine.errors import CatalogueError

Table = Callable[..., Path]


def entries(path: Path, **columns: str) -> list[Row | BadRow]:
    return list(read_table(path, Columns(columns)))


def good(path: Path, **columns: str) -> list[Row]:
    found = entries(path, **columns)
    assert all(isinstance(entry, Row) for entry in found), found
    return [entry for entry in found if isinstance(entry, Row)]


def reasons(path: Path) -> list[Reason | None]:
    return [entry.reason if isinstance(entry, BadRow) else None for entry in entries(path)]


FULL = Row("a/b.jpg", "B1", "P1", ("Shoes", "Boots", "Chelsea"), "A boot", "test", "https://s/1", "catalogue.csv", 1)


def test_every_field_of_a_csv_row_is_read(table: Table) -> None:
    path = table(
        "image,image_id,product_id,meta,level2,leaf,title,split,url",
        "a/b.jpg,B1,P1,Shoes,Boots,Chelsea,A boot,Test,https://s/1",
    )
    assert entries(path) == [FULL]


def test_a_row_reads_the_same_from_json_lines_and_parquet(tmp_path: Path) -> None:
    record = {"image": "a/b.jpg", "image_id": "B1", "product_id": "P1", "meta": "Shoes", "level2": "Boots"}
    record |= {"leaf": "Chelsea", "title": "A boot", "split": "test", "url": "https://s/1"}
    (tmp_path / "c.jsonl").write_text(json.dumps(record) + "\n")
    pq.write_table(pa.Table.from_pylist([record]), tmp_path / "c.parquet")
    for name in ("c.jsonl", "c.parquet"):
        (row,) = good(tmp_path / name)
        assert (row.image, row.image_id, row.product_id, row.category) == ("a/b.jpg", "B1", "P1", FULL.category)
        assert (row.title, row.split, row.url, row.file, row.number) == ("A boot", "test", "https://s/1", name, 1)


def test_columns_of_other_names_are_mapped(table: Table) -> None:
    path = table("photo_path,sku,colour", "x.jpg,17,red")
    (row,) = good(path, image="photo_path", product_id="sku")
    assert (row.image, row.product_id, row.title) == ("x.jpg", "17", None)


def test_a_byte_order_mark_quotes_and_line_breaks_in_quotes_are_csv(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(
        b'\xef\xbb\xbfimage,title\r\n"a,1.jpg","He said ""hi""\r\nand left"\r\n\r\nb.jpg,\xc3\xa9t\xc3\xa9\r\n'
    )
    first, second = good(path)
    assert (first.image, first.title) == ("a,1.jpg", 'He said "hi"\r\nand left')
    assert (second.image, second.title, second.number) == ("b.jpg", "été", 2)


def test_empty_values_are_absent_and_blanks_around_values_are_lost(table: Table) -> None:
    (row,) = good(table("image,product_id,meta,split", " x.jpg , ,  Shoes,"))
    assert (row.image, row.product_id, row.category, row.split) == ("x.jpg", None, ("Shoes", None, None), None)


@pytest.mark.parametrize(
    ("image", "made"),
    [
        ("x.jpg", "x"),
        ("Shoes/Boots/1.b.jpeg", "Shoes~Boots~1.b"),
        ("./a/x.jpg", "a~x"),
        ("/data/x.jpg", "data~x"),
        ("a//.b/x", "a~.b~x"),
    ],
)
def test_a_row_without_image_id_gets_one_from_its_image(table: Table, image: str, made: str) -> None:
    (row,) = good(table("image", image))
    assert row.image_id == made


def test_the_id_of_a_url_is_a_digest_of_all_of_it() -> None:
    assert len(image_id_of("https://s/1.jpg")) == 32
    assert image_id_of("https://s/1.jpg") != image_id_of("https://s/1.jpg?v=2")


def test_an_empty_image_id_is_bad_where_the_column_exists(table: Table) -> None:
    first, second = entries(table("image,image_id", "a.jpg,", "b.jpg,2"))
    assert isinstance(first, BadRow)
    assert (first.reason, first.image, first.number) == (Reason.EMPTY_IMAGE_ID, "a.jpg", 1)
    assert isinstance(second, Row)


def test_an_empty_image_is_bad(table: Table) -> None:
    assert reasons(table("image,image_id", ",1", "b.jpg,2")) == [Reason.EMPTY_IMAGE, None]


def test_a_row_with_another_number_of_fields_is_malformed(table: Table) -> None:
    assert reasons(table("image,title", "a.jpg,one, two", "b.jpg", "c.jpg,x")) == [Reason.MALFORMED] * 2 + [None]


def test_a_quote_that_is_never_closed_names_the_lines_it_swallowed(table: Table) -> None:
    first, second = entries(table("image,title", "a.jpg,x", 'b.jpg,"a boot', "c.jpg,y", "d.jpg,z"))
    assert isinstance(first, Row)
    assert isinstance(second, BadRow)
    assert second.reason is Reason.MALFORMED
    assert "lines 3 to 5" in second.message


def test_reading_goes_on_after_a_misplaced_quote(table: Table) -> None:
    assert reasons(table("image,title", '"a.jpg"x,1', "b.jpg,2")) == [Reason.MALFORMED, None]


def test_a_byte_that_is_not_utf8_is_named_by_its_row(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(b"image,title\na.jpg,ok\nb.jpg,\xe9t\xe9\nc.jpg,ok\n")
    bad = entries(path)[1]
    assert isinstance(bad, BadRow)
    assert (bad.number, bad.reason, bad.image) == (2, Reason.NOT_UTF8, "b.jpg")
    assert reasons(path) == [None, Reason.NOT_UTF8, None]


def test_each_bad_line_of_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    lines = [b'{"image": "a.jpg"}', b"{", b"[1]", b'{"image": {"x": 1}}', b'{"image": "\xff"}', b'{"image": "\\ud800"}']
    path.write_bytes(b"\xef\xbb\xbf" + b"\n\n".join(lines) + b"\n" + b'{"title": "x"}\n' + b" " * 1_000_001 + b"\n{}\n")
    assert reasons(path) == [
        None,
        *[Reason.MALFORMED] * 3,
        *[Reason.NOT_UTF8] * 2,
        Reason.EMPTY_IMAGE,
        Reason.EMPTY_IMAGE,
    ]


def test_a_json_line_that_is_too_long_is_one_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(json.dumps({"image": "x" * 2_500_000}) + '\n{"image": "b.jpg"}\n')
    assert reasons(path) == [Reason.MALFORMED, None]


def test_a_mapped_key_that_no_line_has_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text('{"image": "a.jpg"}\n{"image": "b.jpg", "sku": 3}\n')
    assert [row.product_id for row in good(path, product_id="sku")] == [None, "3"]
    with pytest.raises(CatalogueError, match=r"no line of c.jsonl has the key 'skuu'"):
        entries(path, product_id="skuu")


def test_numbers_in_parquet_become_ids_without_a_decimal_point(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    data = {"image": ["a.jpg", "b.jpg", "c.jpg"], "product_id": [17.0, None, float("nan")], "leaf": [5, 6, 7]}
    pq.write_table(pa.table(data), path, row_group_size=2)
    rows = good(path)
    assert [row.product_id for row in rows] == ["17", None, None]
    assert [row.category[2] for row in rows] == ["5", "6", "7"]
    assert [row.number for row in rows] == [1, 2, 3]


def test_a_parquet_column_of_lists_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    pq.write_table(pa.table({"image": ["a.jpg"], "title": [["x"]]}), path)
    with pytest.raises(CatalogueError, match=r"column 'title' .* holds list"):
        entries(path)


def test_a_damaged_parquet_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.parquet"
    pq.write_table(pa.table({"image": ["a.jpg"]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CatalogueError, match="is not a readable Parquet file"):
        entries(path)


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_what_spreadsheets_write_for_commas_separates_too(tmp_path: Path, mark: str, name: str) -> None:
    path = tmp_path / "c.csv"
    lines = [
        ("image", "title", "product_id"),
        ("a.jpg", f'"A boot{mark} 3,5 kg"', "P1"),
        ("b.jpg", "Boot", "P2", "more"),
    ]
    path.write_text("\n".join(map(mark.join, lines)), encoding="utf-8-sig")
    first, second = entries(path)
    assert isinstance(first, Row)
    assert (first.image, first.title, first.product_id) == ("a.jpg", f"A boot{mark} 3,5 kg", "P1")
    assert isinstance(second, BadRow)
    assert second.message == f"4 fields where the header has 3; look for a {name} outside of quotes"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("photo,title", "no column 'image' for image; it has photo, title"),
        ("image;title,price", "it has image;title, price"),
        ("image,title,image", "two columns named 'image'"),
        ("", "has no header"),
        ('image,"title', "header of .* is not CSV"),
    ],
)
def test_a_header_that_cannot_be_used_is_an_error(table: Table, header: str, message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        entries(table(header) if header else table())


def test_a_file_in_utf16_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("image,title\n", encoding="utf-16")
    with pytest.raises(CatalogueError, match=r"header of .* is not UTF-8"):
        entries(path)


def test_a_chosen_column_that_is_not_there_is_an_error(table: Table) -> None:
    with pytest.raises(CatalogueError, match="no column 'sku' for product_id; it has image, title"):
        entries(table("image,title", "a.jpg,x"), product_id="sku")


def test_a_mapping_names_a_field_and_a_column() -> None:
    assert column_mapping(["image=photo path", "leaf=a=b"]) == {"image": "photo path", "leaf": "a=b"}
    with pytest.raises(CatalogueError, match="give FIELD=COLUMN"):
        column_mapping(["image"])
    with pytest.raises(CatalogueError, match="the fields are image, image_id"):
        Columns({"photo": "x"})


def test_rows_stops_at_the_first_bad_row(table: Table) -> None:
    catalogue = open_catalogue(table("image,image_id", "a.jpg,1", "b.jpg,"))
    rows = catalogue.rows()
    assert next(rows).image == "a.jpg"
    with pytest.raises(CatalogueError, match=r"row 2 of catalogue.csv: column 'image_id' is empty"):
        next(rows)


# kept, the rows take 13 MB; of the CSV the text alone takes 950 kB
@pytest.mark.parametrize(("kind", "most"), [("csv", 500_000), ("jsonl", 500_000), ("parquet", 5_000_000)])
def test_rows_stream_however_many_there_are(tmp_path: Path, kind: str, most: int) -> None:
    count = 40_000
    path = tmp_path / f"c.{kind}"
    if kind == "parquet":
        images = [f"photos/{i:06}.jpg" for i in range(count)]
        pq.write_table(pa.table({"image": images, "product_id": pa.array(range(count))}), path)
        del images
    else:
        line = '{{"image": "photos/{0:06}.jpg", "product_id": {0}}}\n' if kind == "jsonl" else "photos/{0:06}.jpg,{0}\n"
        with path.open("w") as file:
            file.write("" if kind == "jsonl" else "image,product_id\n")
            file.writelines(line.format(i) for i in range(count))
    catalogue = open_catalogue(path)
    tracemalloc.start()
    try:
        seen = 0
        for row in catalogue.rows():
            seen += 1
            assert row.number == seen
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen == count
    assert peak < most
