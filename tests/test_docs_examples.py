"""Every curl of the docs is sent to a running service, and what the docs show of an answer has an answer's shape."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from engine.catalogue.catalogue import open_catalogue
from tests.app.running import WRITE_KEY, Process, photo_of, shop_over
from tests.tiny_catalogue import write_catalogue

PROJECT = Path(__file__).resolve().parents[1]
API = (PROJECT / "docs" / "api.md").read_text(encoding="utf-8")
CLIENT = PROJECT / "docs" / "client.md"
"""Its examples are run by tests/twinshot/client."""
BASE = "http://127.0.0.1:8000"
STATUS = 'curl() { command curl -sS -w "\\nstatus %{http_code}\\n" "$@"; }\n'


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def scripts() -> Iterator[Any]:
    """What a reader would paste: the blocks with a curl, of a console each curl by itself."""
    for page in sorted([PROJECT / "README.md", *PROJECT.glob("docs/*.md")]):
        text = page.read_text(encoding="utf-8")
        found = [own for own in blocks(text, "sh") if "curl" in own]
        found += [
            own for block in blocks(text, "console") for own in re.findall(r"^\$ (curl .*\n)", block, re.MULTILINE)
        ]
        yield from (pytest.param(own, id=f"{page.name}-{number}") for number, own in enumerate(found))


@pytest.fixture(scope="module")
def service(calibrated_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with shop_over(calibrated_bundle, tmp_path_factory.mktemp("docs")) as own:
        yield own


@pytest.fixture
def shop(service: Process) -> httpx2.Client:
    """The service with the products that the docs speak of, as they are before an example."""
    service.http.headers["Authorization"] = f"Bearer {WRITE_KEY}"
    for product, names, category in (
        ("P42", ("P42-1.jpg", "P42-2.jpg"), {"meta": "Shoes", "level2": "Boots"}),
        ("P7", ("P7-1.jpg", "P7-2.jpg"), {"meta": "Shoes"}),
        ("P8", (), {}),
        ("K1", ("K1-1.jpg",), {"meta": "Fruit", "level2": "Kiwi", "leaf": "Kiwi"}),
    ):
        fields = json.dumps({"title": "One", "url": f"https://shop.example/p/{product}", **category})
        photos = [("image", (name, photo_of(60, sum(name.encode())))) for name in names]
        form = [("product", (None, fields)), *photos]
        assert service.http.put(f"/products/{product}", files=form).status_code == 200
    return service.http


@pytest.mark.parametrize("script", list(scripts()))
def test_every_curl_is_answered(script: str, shop: httpx2.Client, service: Process, tmp_path: Path) -> None:
    for photo in re.findall(r"@([\w./-]+\.jpg)", script):
        (tmp_path / photo).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / photo).write_bytes(photo_of(61, sum(photo.encode())))
    said = subprocess.run(
        ["bash", "-euc", STATUS + script.replace(BASE, service.url)],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "KEY": WRITE_KEY, "TWINSHOT_WRITE_KEY": WRITE_KEY},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    statuses = re.findall(r"^status (\d+)$", said, re.MULTILINE)
    assert statuses == ["200"] * len(re.findall(r"^curl ", script, re.MULTILINE)), said


Asking = Callable[[httpx2.Client], httpx2.Response]
OPERATIONS = '{"op": "put", "product_id": "P42"}\n{"op": "delete_image", "product_id": "P8", "image_id": "x"}\n'
SHOWN: list[tuple[str, Asking]] = [
    ('"took_ms"', lambda shop: shop.post("/search", files={"image": photo_of(60, 1)})),
    ('"products"', lambda shop: shop.get("/products?category=meta:Shoes&limit=1")),
    ('"refused": 1', lambda shop: shop.post("/products/batch", files={"operations": (None, OPERATIONS)})),
    ('"complete"', lambda shop: shop.get("/changes?limit=1")),
    ('"switched"', lambda shop: shop.post("/admin/reload")),
    ('"degraded"', lambda shop: shop.get("/readyz?verbose")),
    ('"candidates"', lambda shop: shop.get("/products?category=level4")),
]
"""A word of a block of JSON in docs/api.md, and a request that is answered so."""


@pytest.mark.parametrize(("word", "asking"), SHOWN, ids=[word.strip('"') for word, _ in SHOWN])
def test_an_answer_has_the_shape_that_is_shown(word: str, asking: Asking, shop: httpx2.Client) -> None:
    (block,) = [own for own in blocks(API, "json") if word in own]
    assert differences(json.loads(block), asking(shop).json()) == []


def test_every_block_of_json_is_held_against_an_answer() -> None:
    assert [own for own in blocks(API, "json") if not any(word in own for word, _ in SHOWN)] == []


def differences(shown: Any, answered: Any, at: str = "") -> list[str]:
    """Where the names of fields or the types of values differ; a key … stands for further ones, null for any value."""
    if shown is None or answered is None:
        return []
    if isinstance(shown, dict) and isinstance(answered, dict):
        missing = set(shown) - set(answered) - {"…"}
        further = set() if "…" in shown else set(answered) - set(shown)
        both = set(shown) & set(answered)
        return [f"{at}.{name}" for name in missing | further] + [
            found for name in sorted(both) for found in differences(shown[name], answered[name], f"{at}.{name}")
        ]
    if isinstance(shown, list) and isinstance(answered, list):
        return [found for one, own in zip(shown, answered, strict=False) for found in differences(one, own, f"{at}[]")]
    alike = isinstance(shown, int | float) and isinstance(answered, int | float)
    return [] if alike or type(shown) is type(answered) else [f"{at}: {answered!r}"]


def test_the_python_of_the_api_page_prints_what_was_found(
    shop: httpx2.Client,
    service: Process,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_bytes(photo_of(3))
    (code,) = blocks(API, "python")
    exec(code.replace(BASE, service.url), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("1 P03 0.")


def test_the_python_of_the_catalogues_page_reads_a_table_with_other_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table = write_catalogue(tmp_path, products=2)
    Path("shop.csv").write_text(table.read_text().replace("image,", "photo_path,", 1))
    subprocess.run(["tar", "-cf", "photos.tar", "photos"], check=True)
    (code,) = blocks((PROJECT / "docs" / "catalogues.md").read_text(encoding="utf-8"), "python")
    names: dict[str, Any] = {}
    exec(code, names)
    assert len(names["checked"].rows) == 8
    assert names["photo"] == open_catalogue(table).read(names["row"])
