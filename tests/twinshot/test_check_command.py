"""`twinshot check` as a person and as a program sees it."""

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Two good rows with one photo, and 25 without a file."""
    file = BytesIO()
    Image.new("RGB", (40, 30), (9, 90, 200)).save(file, "JPEG")
    (tmp_path / "a.jpg").write_bytes(file.getvalue())
    rows = ["a.jpg,1,train,Shoes", "a.jpg,2,test,Shoes", *(f"none-{i}.jpg,n{i},train,Shoes" for i in range(25))]
    path = tmp_path / "shop.csv"
    path.write_text("photo,image_id,split,meta\n" + "\n".join(rows) + "\n")
    return path


def twinshot(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "twinshot", "check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_person_reads_counts_the_first_bad_rows_and_how_to_see_all(shop: Path) -> None:
    done = twinshot(shop, "--column", "image=photo")
    assert done.returncode == 0
    assert "27 rows, 2 good, 25 bad" in done.stdout
    assert "2 photos are byte for byte the same as another, in 1 group:" in done.stdout
    assert done.stdout.count("not found in") == 20
    assert done.stdout.count("row 1 is the first row of data") == 1
    assert "and 5 more (--bad-rows F.csv writes all of them)" in done.stdout
    assert done.stderr.startswith("twinshot: warning: 25 bad rows")
    assert done.stderr.count("\n") == 1


def test_a_program_reads_one_object(shop: Path) -> None:
    done = twinshot(shop, "--column=image=photo", "--json")
    found = json.loads(done.stdout)
    assert (found["rows"], found["good"], found["bad"], found["reasons"]) == (27, 2, 25, {"missing_file": 25})
    assert found["splits"] == {"train": 1, "test": 1}
    assert found["identical_photos"] == [["1", "2"]]
    first = found["bad_rows"][0]
    assert list(first) == ["file", "row", "image", "reason", "message"]
    assert (first["file"], first["row"], first["reason"]) == ("shop.csv", 3, "missing_file")


def test_strict_fails_with_one_line(shop: Path) -> None:
    done = twinshot(shop, "--column=image=photo", "--strict")
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"twinshot: {shop}: 25 of 27 rows cannot be used (25 missing_file); the first: row 3 of"
    )
    assert done.stderr.count("\n") == 1


def test_a_catalogue_without_a_good_row_fails(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").unlink()
    assert twinshot(shop, "--column=image=photo").returncode == 2


def test_a_split_that_looks_like_one_that_is_held_out_is_warned_of(shop: Path) -> None:
    shop.write_text("image,split\na.jpg,Validation\n")
    done = twinshot(shop)
    assert (done.returncode, done.stderr) == (
        0,
        "twinshot: warning: split 'validation' (1 row) is indexed like any other name; "
        "photos that are held out have the split val, test or query\n",
    )


def test_all_bad_rows_are_written(shop: Path, tmp_path: Path) -> None:
    done = twinshot(shop, "--column=image=photo", f"--bad-rows={tmp_path / 'bad.csv'}", "--no-photos")
    assert len((tmp_path / "bad.csv").read_text().splitlines()) == 26
    assert "photos were not opened" in done.stdout
    assert f"all bad rows are in {tmp_path / 'bad.csv'}" in done.stdout


def test_bad_usage_fails_with_one_line(shop: Path) -> None:
    done = twinshot(shop, "--column=photo")
    assert (done.returncode, done.stderr) == (
        2,
        "twinshot: --column photo: give FIELD=COLUMN, such as image=photo_path\n",
    )
