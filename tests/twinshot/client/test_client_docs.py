"""docs/client.md: every example is run against a real service, and every method stands in the table."""

import asyncio
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.app.running import WRITE_KEY, Process, photo_of, shop_over
from tests.tiny_catalogue import write_catalogue
from twinshot import AsyncClient, Client, InputError, PutProduct
from twinshot.cli import main

PAGE = (Path(__file__).parents[3] / "docs" / "client.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ twinshot (products .*)$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def own_service(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service to which every test may add products. It has a write key and no read key."""
    with shop_over(tiny_bundle, tmp_path_factory.mktemp("docs")) as own:
        yield own


@pytest.fixture
def examples(
    own_service: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """What the page's Python has defined, with a photo of P03 where it looks for one, and what it has `printed`."""
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_bytes(photo_of(3))
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    code = code.replace("http://127.0.0.1:8000", own_service.url)
    names: dict[str, Any] = {}
    exec(compile(code, "docs/client.md", "exec"), names)
    return names | {"printed": capsys.readouterr().out}


def test_the_first_lines_print_what_was_found(examples: dict[str, Any]) -> None:
    lines = examples["printed"].splitlines()
    assert len(lines) == 3
    assert lines[0] == "P03 None None"


def test_a_product_that_is_not_there_has_no_title(examples: dict[str, Any], own_service: Process) -> None:
    with Client(own_service.url) as shop:
        assert examples["title_of"](shop, "P10") == "Drawn product 10"
        assert examples["title_of"](shop, "P99") is None


def test_similar_products_and_the_parts_of_a_look_are_found(
    examples: dict[str, Any], own_service: Process, free_port: int
) -> None:
    async def ask() -> None:
        async with (
            AsyncClient(own_service.url) as shop,
            AsyncClient(f"http://127.0.0.1:{free_port}", attempts=1) as gone,
        ):
            row = await examples["similar_products"](shop, "P03", ["P02"])
            assert len(row) == 6
            assert not {"P02", "P03"} & set(row)
            assert await examples["similar_products"](gone, "P03", []) == []
            whole = (0.0, 0.0, 1.0, 1.0)
            looks = await examples["shop_the_look"](shop, photo_of(3), [whole, (0.0, 0.0, 0.5, 0.5)])
            assert [len(own) for own in looks] == [4, 4]
            assert looks[0][0] == "P03"

    asyncio.run(ask())


def test_a_table_is_synchronised_and_its_changes_are_followed(
    examples: dict[str, Any], tiny_bundle: Path, tmp_path: Path
) -> None:
    table = write_catalogue(tmp_path / "night", products=22, first=10, queries=0)  # P10 to P31; P00 to P09 are gone
    # one of its own: what others have added would be in it, and half of it is gone afterwards
    with shop_over(tiny_bundle, tmp_path) as service, Client(service.url, key=WRITE_KEY) as shop:
        since = shop.info().revision
        refused = examples["sync"](shop, table)
        assert refused == []
        assert [own.product_id for own in shop.all_products()] == [f"P{number}" for number in range(10, 32)]
        heard: dict[str, bool] = {}
        revision = examples["follow"](shop, since, heard.__setitem__)
        assert revision == shop.info().revision == since + 32
        assert heard == {f"P{number:02}": number < 10 for number in range(32)}
        assert examples["follow"](shop, revision, heard.__setitem__) == revision


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_do_what_they_say(
    command: str, own_service: Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (1, 2, 3):
        Path(f"P42-{number}.jpg").write_bytes(photo_of(50 + number))
    write_catalogue(tmp_path, products=1, first=60)
    with Client(own_service.url, key=WRITE_KEY) as shop:
        shop.put_product("P42", meta="Shoes")
    monkeypatch.setenv("TWINSHOT_WRITE_KEY", WRITE_KEY)
    monkeypatch.setattr(sys, "argv", ["twinshot", *shlex.split(command), "--server", own_service.url])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0


def test_what_cannot_be_sent_is_one_of_the_errors_that_the_page_names(own_service: Process, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        Client("shop.example")
    with Client(own_service.url, key=WRITE_KEY) as shop:
        for attempt, error in (
            (lambda: shop.search(tmp_path / "none.jpg"), FileNotFoundError),
            (lambda: shop.put_product("P1", [tmp_path / "none.jpg"]), FileNotFoundError),
            (lambda: shop.search(3), TypeError),
            (lambda: shop.product(""), InputError),
            (lambda: shop.add_images("P1", []), InputError),
            (lambda: shop.put_product("P1", {'a"': b"x"}), InputError),
            (lambda: shop.batch([PutProduct("P1", {"a": b"x"}), PutProduct("P2", {"a": b"y"})]), InputError),
            (lambda: shop.remove_product("P1/images/2"), InputError),
        ):
            with pytest.raises(error):
                attempt()
            assert f"`{error.__name__}`" in PAGE


def test_the_page_has_every_method_and_every_command() -> None:
    public = {name for name in dir(Client) if not name.startswith("_")} - {"send", "close"}
    named = re.findall(r"`(\w+)\(", PAGE[PAGE.index("| method |") : PAGE.index("**Photos**")])
    assert set(named) - {"batch"} >= public - {"batch"}
    assert "`batch([" in PAGE
    assert {own.split()[1] for own in COMMANDS} == {"add", "edit", "remove", "list"}
