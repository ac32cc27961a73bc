"""report.html: one file, whole in itself, in which no text of a catalogue becomes markup."""

import re
from base64 import b64decode
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from index_builder.report.page import render
from tests.index_builder.report.conftest import HOSTILE, figures, live, page

ADDRESSES = ("src", "href", "srcset", "action", "data", "poster", "xlink:href")


class Parsed(HTMLParser):
    """Every start tag of a page with its attributes, and the text of its style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.style = ""
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.style += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def addresses(self) -> list[tuple[str, str]]:
        return [(tag, own[name]) for tag, own in self.tags for name in ADDRESSES if name in own]


@pytest.fixture(scope="session")
def pages(tiny_bundle: Path, calibrated_bundle: Path, hostile: Path) -> list[str]:
    return [page(live(tiny_bundle)), page(live(calibrated_bundle)), page(hostile)]


def test_a_page_needs_nothing_but_itself(pages: list[str]) -> None:
    for text in pages:
        parsed = Parsed(text)
        assert {tag for tag, _ in parsed.tags} & {"script", "link", "iframe", "object", "form", "base"} == set()
        assert [name for _, own in parsed.tags for name in own if name == "style" or name.startswith("on")] == []
        assert "@import" not in parsed.style
        assert "url(" not in parsed.style
        for tag, address in parsed.addresses():
            inside = ("data:image/webp;base64,",) if tag == "img" else ("#", "https://shop.example/", "bad_rows.csv")
            assert address.startswith(inside)


def test_bad_rows_are_linked_as_the_file_beside_it(hostile: Path) -> None:
    assert ("a", "bad_rows.csv") in Parsed(page(hostile)).addresses()
    assert (hostile / "bad_rows.csv").exists()


def test_its_policy_lets_nothing_in_but_its_own_style_and_pictures(pages: list[str]) -> None:
    for text in pages:
        parsed = Parsed(text)
        (policy,) = [own["content"] for tag, own in parsed.tags if own.get("http-equiv") == "Content-Security-Policy"]
        rules = dict(rule.split(maxsplit=1) for rule in policy.split("; "))
        assert (rules["default-src"], rules["img-src"]) == ("'none'", "data:")
        digest = b64decode(rules["style-src"].removeprefix("'sha256-").removesuffix("'"))
        assert digest == sha256(parsed.style.encode()).digest()


def test_markup_of_a_catalogue_is_text_and_a_script_no_link(hostile: Path) -> None:
    text = page(hostile)
    assert HOSTILE not in text
    assert "&lt;script&gt;alert(" in text
    assert "leaf1&lt;b&gt;" in text
    assert "javascript:" not in text
    assert [own for tag, own in Parsed(text).addresses() if own.startswith("https://shop.example/")]


def test_pictures_are_small_and_those_of_the_queries_and_answers(calibrated_bundle: Path) -> None:
    shown = [own["src"] for tag, own in Parsed(page(live(calibrated_bundle))).tags if tag == "img"]
    sheets = figures(live(calibrated_bundle))["examples"]["sheets"].values()
    examples = [own for sheet in sheets for own in sheet]
    assert len(shown) == sum(1 + len(own["answers"]) + (own["missed"] is not None) for own in examples)
    for address in shown:
        with Image.open(BytesIO(b64decode(address.split(",")[1]))) as image:
            assert max(image.size) <= 128


def test_right_and_wrong_are_told_in_words(calibrated_bundle: Path) -> None:
    text = page(live(calibrated_bundle))
    sheets = figures(live(calibrated_bundle))["examples"]["sheets"].values()
    marks = [answer["right"] for sheet in sheets for own in sheet for answer in own["answers"]]
    assert (text.count("✓ right"), text.count("✗ wrong")) == (sum(marks), len(marks) - sum(marks))


def test_a_page_is_small(pages: list[str]) -> None:
    assert max(len(text.encode()) for text in pages) < 1_000_000


def test_the_page_shows_what_the_json_says_and_nothing_else_but_pictures(calibrated_bundle: Path) -> None:
    again = render(figures(live(calibrated_bundle)), {})
    text = re.sub(r"<img [^>]*>", "", page(live(calibrated_bundle)))
    assert "".join(again.split()) == "".join(text.split())
