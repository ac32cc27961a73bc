"""The page has no build step that would tell: what its files export, import, draw and style is used."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[1] / "app" / "static"
MODULES = {path: path.read_text(encoding="utf-8") for path in STATIC.rglob("*.js")}
PAGE = (STATIC / "index.html").read_text(encoding="utf-8")
STYLES = {path: path.read_text(encoding="utf-8") for path in (STATIC / "css").glob("*.css")}
IMPORT = re.compile(r"^import \{ ([^}]*) \} from \"([^\"]+)\";$", re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
BY_FRAME = {"mount", "update"}  # of a view, which main.js loads by its name
BY_STATUS = {"degraded", "unavailable"}  # what /readyz says is the class
BY_STAGE = {"queue", "decode", "encode"}  # and what Server-Timing says is another
QUOTED = re.compile(r"[\"`]([^\"`]*)[\"`]")


def imports() -> set[tuple[Path, str]]:
    """Each name with the module that it is taken from."""
    found = (
        (path.parent / own[2], own[1].split(", ")) for path, text in MODULES.items() for own in IMPORT.finditer(text)
    )
    return {(source.resolve(), name) for source, names in found for name in names}


def exports() -> set[tuple[Path, str]]:
    return {(path, name) for path, text in MODULES.items() for name in EXPORT.findall(text)}


def words() -> set[str]:
    """Every word that stands in quotes: a class is one of them."""
    lines = [line for text in (*MODULES.values(), PAGE) for line in text.splitlines()]
    return {word for line in lines for own in QUOTED.findall(line) for word in re.findall(r"[\w-]+", own)}


def test_every_export_is_imported_and_every_import_is_exported() -> None:
    own_tests = "\n".join(path.read_text(encoding="utf-8") for path in (Path(__file__).parent / "browser").glob("*.py"))
    unused = {name for _, name in exports() - imports()} - BY_FRAME
    assert {name for name in unused if f"{name}(" not in own_tests} == set()
    assert imports() - exports() == set()


@pytest.mark.parametrize("module", sorted(MODULES), ids=lambda path: str(path.relative_to(STATIC)))
def test_every_import_is_used(module: Path) -> None:
    text = MODULES[module]
    names = [name for own in IMPORT.finditer(text) for name in own[1].split(", ")]
    body = IMPORT.sub("", text)
    assert [name for name in names if not re.search(rf"\b{name}\b", body)] == []


@pytest.mark.parametrize("style", sorted(STYLES), ids=lambda path: path.name)
def test_every_class_that_has_a_style_is_given_to_something(style: Path) -> None:
    selectors = re.findall(r"([^{}]+)\{", re.sub(r"/\*.*?\*/", "", STYLES[style], flags=re.DOTALL))
    names = set(re.findall(r"\.([a-z][\w-]*)", " ".join(selectors)))
    assert len(names) > 10
    assert names - words() - BY_STATUS - BY_STAGE == set()


def test_every_icon_is_drawn() -> None:
    names = re.findall(r"^  (\w+): \"M", MODULES[STATIC / "js" / "dom.js"], re.MULTILINE)
    elsewhere = "\n".join(text for path, text in MODULES.items() if path.name != "dom.js")
    assert len(names) > 5
    assert [name for name in names if f'"{name}"' not in elsewhere] == []
