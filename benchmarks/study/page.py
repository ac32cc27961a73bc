"""Tables that benchmarks write into a page of docs/, between two marks."""

from benchmarks.result import PROJECT


def replace_block(page: str, name: str, text: str) -> None:
    """Put `text` between `<!-- name -->` and `<!-- /name -->` of docs/`page`. Raises ValueError without the marks."""
    path = PROJECT / "docs" / page
    first, last = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, opened, rest = path.read_text(encoding="utf-8").partition(first)
    _, closed, after = rest.partition(last)
    if not opened or not closed:
        raise ValueError(f"{path} has no {first} … {last} to put the table into")
    path.write_text(f"{before}{first}\n\n{text.strip()}\n\n{last}{after}", encoding="utf-8")
