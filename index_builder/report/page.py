"""report.html: the report's figures as one file that needs nothing but itself, not even a script."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from index_builder.report import charts
from index_builder.report.pictures import Pictures
from index_builder.report.removed import removed_in_words

_CHARTS = {
    "recall": charts.recall_chart,
    "reliability": charts.reliability_chart,
    "score": charts.score_chart,
    "threshold": charts.threshold_chart,
    "distance": charts.distance_chart,
}


def render(report: Mapping[str, Any], pictures: Pictures) -> str:
    """The page of a report; every text of it is escaped."""
    shelf = _templates()
    style = Markup(shelf.get_template("page.css").render())  # our own file
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return shelf.get_template("page.html").render(
        report=report,
        pictures=pictures,
        chart=_CHARTS,
        kinds=charts.KINDS,
        series=charts.SERIES,
        frame=charts,
        style=style,
        # the page may show its own pictures and its own style, whatever text of a catalogue got into it
        policy=f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
    )


@cache
def _templates() -> Environment:
    """Kept, for it takes longer to read them than to fill them: a compactor that watches writes many pages."""
    shelf = Environment(
        loader=PackageLoader("index_builder.report", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shelf.filters.update(percent=_percent, share=_share, size=_size, heat=_heat, removed=removed_in_words)
    return shelf


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.1f} %"


def _size(value: float) -> str:
    if value < 1e6:
        return f"{value / 1e3:,.1f} kB"
    return f"{value / 1e6:,.1f} MB" if value < 1e8 else f"{value / 1e6:,.0f} MB"


def _heat(value: int, row: Sequence[int]) -> int:
    """How dark a cell of the matrix is, 0 to 5, by its share of its row."""
    total = sum(row)
    return min(-(-5 * value // total), 5) if total else 0
