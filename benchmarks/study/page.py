"""Tables that benchmarks write into a page of docs/, between two marks."""

from pathlib import Path

from benchmarks.result import PROJECT


def replace_block(page: str, name: str, text: str) -> None:
    """Put `text` between `<!-- name -->` and `<!-- /name -->` of docs/`page`. Raises ValueError without the marks."""
    before, _, after = _parts(page, name)
    _path(page).write_text(f"{before}\n\n{text.strip()}\n\n{after}", encoding="utf-8")


def add_to_block(page: str, name: str, line: str) -> None:
    """Add a line to what is between the marks. Raises ValueError without the marks."""
    replace_block(page, name, f"{_parts(page, name)[1].strip()}\n{line}")


def _path(page: str) -> Path:
    return PROJECT / "docs" / page


def _parts(page: str, name: str) -> tuple[str, str, str]:
    """What is before and with the first mark, between both, from the second on."""
    first, last = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, opened, rest = _path(page).read_text(encoding="utf-8").partition(first)
    between, closed, after = rest.partition(last)
    if not opened or not closed:
        raise ValueError(f"{_path(page)} has no {first} … {last} to put the table into")
    return before + first, between, last + after
