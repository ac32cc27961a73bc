"""`twinshot products` against a real service."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from index_builder.indexing import Order, index
from index_builder.progress import Progress
from tests.app.running import READ_KEY, WRITE_KEY, Process, photo_of, processes
from tests.terminal import shown
from tests.tiny_catalogue import write_catalogue
from twinshot import Client
from twinshot.cli import main

Run = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def run(service: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `twinshot products …` in a folder of its own: the exit code, stdout, the lines of stderr."""
    monkeypatch.setenv("TWINSHOT_WRITE_KEY", WRITE_KEY)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object, at: str | None = service.url) -> tuple[int, str, list[str]]:
        server = () if at is None else ("--server", at)
        monkeypatch.setattr(sys, "argv", ["twinshot", "products", *map(str, arguments), *server])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, told.out, told.err.splitlines()

    return command


@pytest.fixture
def photos(tmp_path: Path) -> tuple[str, str]:
    for name, product in (("C-1.jpg", 70), ("C-2.jpg", 71)):
        (tmp_path / name).write_bytes(photo_of(product))
    return "C-1.jpg", "C-2.jpg"


def test_a_product_is_added_changed_and_removed(run: Run, photos: tuple[str, str], shop: Client) -> None:
    code, out, said = run("add", "C", photos[0], "--title", "Boot", "--meta", "M", "--level2", "N", "--leaf", "L")
    assert (code, said) == (0, [])
    assert re.fullmatch(r"C: 1 photo; revision \d+\n", out)
    product = shop.product("C")
    assert (product.title, product.category.model_dump()) == ("Boot", {"meta": "M", "level2": "N", "leaf": "L"})
    assert run("add", "C", photos[1], "--add-photos")[1].startswith("C: 2 photos;")
    assert shop.product("C").title == "Boot"
    change = json.loads(run("add", "C", photos[0], "--json")[1])
    assert (change["product_id"], change["images"]) == ("C", ["C-1.jpg"])
    assert shop.product("C").title is None
    code, out, said = run("remove", "C")
    assert (code, said) == (0, [])
    assert re.fullmatch(r"1 product removed; revision \d+\n", out)


def test_what_is_named_of_a_product_is_edited_and_all_else_stays(run: Run, shop: Client) -> None:
    fields = {"title": "Boot", "url": "https://a.example/e", "meta": "M", "level2": "N", "leaf": "L"}
    shop.put_product("E", {"E-1": photo_of(75)}, **fields)
    code, out, said = run("edit", "E", "--title", "Boot, brown", "--level2", "O", "--clear", "leaf", "--clear", "url")
    assert (code, said) == (0, [])
    assert re.fullmatch(r"E: title, level2, leaf, url changed; revision \d+\n", out)
    product = shop.product("E")
    assert (product.title, product.url) == ("Boot, brown", None)
    assert [own.image_id for own in product.images] == ["E-1"]
    assert product.category.model_dump() == {"meta": "M", "level2": "O", "leaf": None}
    change = json.loads(run("edit", "E", "--url", "https://a.example/new", "--json")[1])
    assert (change["product_id"], change["etag"]) == ("E", shop.product("E").etag)
    assert (shop.product("E").url, shop.product("E").title) == ("https://a.example/new", "Boot, brown")


def test_an_edit_that_cannot_be_changes_nothing_and_is_one_line(run: Run, shop: Client) -> None:
    before = shop.put_product("F", [photo_of(76)], title="Boot")
    for arguments, words in (
        (["F"], "name what is to be changed of 'F': --title, --url, --meta, --level2, --leaf or --clear"),
        (["F", "--clear", "price"], "--clear 'price' is none of title, url, meta, level2, leaf"),
        (["F", "--title", "x", "--clear", "title"], "--title and --clear title: give one of them"),
        (["F", "--title", "", "--clear", "leaf"], "422 invalid-request: title=: must not be empty"),
        (["F", "--url", "nowhere"], "422 invalid-request: url=nowhere: "),
        (["F0", "--title", "x"], "404 unknown-product: no product 'F0'"),
    ):
        code, out, said = run("edit", *arguments)
        assert (code, out, len(said)) == (2, "", 1), arguments
        assert words in said[0]
    assert shop.product("F").etag == before.etag


def test_what_is_not_there_is_named_and_the_rest_removed(run: Run, shop: Client) -> None:
    shop.put_product("D1")
    shop.put_product("D2/images/1")
    code, out, said = run("remove", "D1", "D0", "D2/images/1", "D1", "--json")
    assert (code, said) == (2, ["twinshot: no product 'D0'"])
    told = json.loads(out)
    assert (told["removed"], told["missing"], told["refused"]) == (["D1", "D2/images/1"], ["D0"], {})
    assert run("remove", "D1", "--missing-ok")[::2] == (0, [])


def test_the_products_are_listed(run: Run, shop: Client) -> None:
    shop.put_product("P00 of mine", [photo_of(72)], title="A [red] boot", meta="Mine")
    code, out, said = run("list")
    assert (code, said) == (0, [])
    ids = out.splitlines()
    assert ids == sorted(ids) == [own.product_id for own in shop.all_products()]
    assert {"P00", "P00 of mine", "P19"} <= set(ids)
    assert run("list", "--category", "meta:Mine")[1] == "P00 of mine\n"
    (line,) = run("list", "--category", "meta:Mine", "--json")[1].splitlines()
    assert json.loads(line)["title"] == "A [red] boot"
    code, out, said = run("list", "--category", "nothing")
    assert (code, out, len(said)) == (2, "", 1)
    assert "422 unknown-category: no category 'nothing'" in said[0]


def test_on_a_terminal_the_list_is_a_table(service: Process, shop: Client) -> None:
    shop.put_product("TABLE", [photo_of(73)], title="A [red] boot", meta="Table", leaf="Leaf")
    command = ["products", "list", "--category", "meta:Table", "--server", service.url]
    code, told = shown(command, TWINSHOT_READ_KEY=READ_KEY)
    assert code == 0
    assert re.search(r"TABLE +1 +Table/-/Leaf +A \[red\] boot", told)


def test_where_nothing_is_listed_a_terminal_says_so_and_a_pipe_gets_nothing(tiny_model: Path, tmp_path: Path) -> None:
    index(Order(catalogue=None, model=tiny_model, out=tmp_path / "bundles"), Progress())
    with processes(tmp_path / "bundles", tmp_path) as start:
        address = start().until_ready().url
        code, told = shown(["products", "list", "--server", address])
        piped = subprocess.run(
            [sys.executable, "-m", "twinshot", "products", "list", "--server", address],
            capture_output=True,
            text=True,
            check=True,
        )
    assert (code, told) == (0, "there are no products yet: `twinshot products add` puts some\r\n")
    assert (piped.stdout, piped.stderr) == ("", "")


def test_a_catalogue_is_put_whole(run: Run, shop: Client, tmp_path: Path) -> None:
    table = write_catalogue(tmp_path / "new", products=12, first=50)  # 36 photos: 50 fit into a batch
    table.write_text(table.read_text().replace("Drawn product 51,", ",", 1))
    code, out, said = run("add", "--from", table)
    assert (code, said) == (0, [])
    assert re.fullmatch(rf"{table}: 12 products with 36 photos put, 0 refused; revision \d+\n", out)
    product = shop.product("P51")
    assert (product.title, product.category.leaf) == ("Drawn product 51", "leaf25")
    assert [own.image_id for own in product.images] == ["P51-0", "P51-1", "P51-2"]
    before = shop.product("P50").etag
    told = json.loads(run("add", "--from", table, "--json")[1])
    assert (told["products"], told["photos"], told["refused"], told["bad_rows"]) == (12, 36, [], [])
    assert shop.product("P50").etag == before


def test_what_is_refused_of_a_catalogue_is_listed_by_file_and_row_and_the_rest_put(
    run: Run, shop: Client, tmp_path: Path
) -> None:
    table = write_catalogue(tmp_path / "bad", products=4, first=80)
    folder = tmp_path / "bad" / "photos"
    (folder / "P80-1.jpg").write_bytes(b"no photo")
    (folder / "P81-0.jpg").unlink()
    shop.put_product("OWNER", {"P82-2": photo_of(74)})
    code, out, said = run("add", "--from", table)
    assert code == 1
    assert out.startswith(f"{table}: 2 products with 5 photos put, 2 refused; revision ")
    assert said[0].startswith(
        "twinshot: row 2 of catalogue.csv: product 'P80': image 'P80-1': the bytes are not an image"
    )
    assert said[1].startswith(
        "twinshot: row 9 of catalogue.csv: product 'P82': image id 'P82-2' belongs to product 'OWNER'"
    )
    assert said[2].startswith("twinshot: row 5 of catalogue.csv: image 'photos/P81-0.jpg' not found")
    assert len(said) == 3
    told = json.loads(run("add", "--from", table, "--json")[1])
    assert [own["row"] for own in told["refused"]] == [2, 9]
    assert [(own["row"], own["reason"]) for own in told["bad_rows"]] == [(5, "missing_file")]


def test_photos_are_added_to_the_products_of_a_catalogue(run: Run, shop: Client, tmp_path: Path) -> None:
    table = write_catalogue(tmp_path / "more", products=2, first=90)
    shop.put_product("P90", title="Kept")
    code, out, said = run("add", "--from", table, "--add-photos")
    assert (code, out.split(";")[0]) == (1, f"{table}: 1 product with 3 photos put, 1 refused")
    assert said == ["twinshot: row 5 of catalogue.csv: product 'P91': no product 'P91'"]
    product = shop.product("P90")
    assert (product.title, len(product.images)) == ("Kept", 3)


def test_bad_usage_is_one_line_and_exit_code_2(run: Run, photos: tuple[str, str], tmp_path: Path) -> None:
    for arguments, words in (
        (["add"], "name a product and its photos"),
        (["add", "C", "gone.jpg"], "photo gone.jpg: there is no such file"),
        (["add", "C", "--title", "x"], "name the photos of 'C'"),
        (["add", "C", "--add-photos"], "name the photos of 'C'"),
        (["add", "C", photos[0], "--add-photos", "--title", "x"], "leave out --title"),
        (["add", "C", "--from", "shop.csv"], "name none beside it"),
        (["add", "--from", "shop.csv"], "shop.csv does not exist"),
        (["remove", "C", "--key", "two words"], "the key is empty or has blanks"),
    ):
        code, out, said = run(*arguments)
        assert (code, out, len(said)) == (2, "", 1), arguments
        assert said[0].startswith("twinshot: ")
        assert words in said[0]
    assert "wrong" not in run("add", "C", photos[0], "--key", "wrong")[2][0].replace("the key is wrong", "")


@pytest.mark.parametrize("key", ["wrong", READ_KEY, None])
def test_a_key_that_does_not_do_is_told_with_the_ways_to_give_one(
    run: Run, photos: tuple[str, str], monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    says = {"wrong": "401 unauthorized: the key is wrong", READ_KEY: "403 read-only-key: this is the read key"}
    if key is None:
        monkeypatch.delenv("TWINSHOT_WRITE_KEY")
    given = [] if key is None else ["--key", key]
    for arguments in (["add", "C", photos[0]], ["edit", "C", "--title", "x"], ["remove", "C"], ["list"]):
        code, out, said = run(*arguments, *given)
        if (arguments, key) == (["list"], READ_KEY):
            assert code == 0
            continue
        assert (code, out, len(said)) == (2, "", 1), arguments
        assert says.get(key or "", "401 unauthorized: no key was sent") in said[0]
        ways = "TWINSHOT_READ_KEY or TWINSHOT_WRITE_KEY" if arguments == ["list"] else "TWINSHOT_WRITE_KEY"
        assert said[0].endswith(f"; give the key as --key or in {ways}")


def test_a_service_that_is_not_there_is_one_line_and_exit_code_1(run: Run, free_port: int) -> None:
    code, out, said = run("remove", "C", at=f"http://127.0.0.1:{free_port}")
    assert (code, out, len(said)) == (1, "", 1)
    assert re.search(r"no answer \(.*\); is it running there\?", said[0])


@pytest.mark.parametrize("command", ["add", "edit", "remove", "list"])
def test_each_command_s_help_shows_an_example(run: Run, command: str) -> None:
    code, out, _ = run(command, "--help", at=None)
    assert code == 0
    assert f"Example: twinshot products {command}" in " ".join(out.split())
