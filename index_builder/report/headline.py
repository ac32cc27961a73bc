"""The generation in a few sentences, for somebody who runs the shop."""

from typing import Any

from engine.bundle.manifest import Manifest
from engine.calibration import Calibration
from engine.wording import counted
from index_builder.report.missing import NO_QUERIES

_ASKED = {
    "val": "photos that were held out",
    "leave-one-out": "photos of the catalogue, each asked as though it were not there",
}
_FLATTERED = {
    "val": "",
    "catalogue": " That was measured on photos of the catalogue: of customers' own fewer are answered so, and more of "
    "these wrongly.",
}


def headline(manifest: Manifest) -> list[str]:
    """How often it finds the right product, how far its scores can be trusted, and whether that is better than before.

    A compaction says what was measured of the generation that it came from.
    """
    if not manifest.rows:
        return ["There are no products yet: the shop is ready, and the first ones can be added."]
    quality = manifest.quality
    if not quality.get("answered"):
        return [f"How well products are found is not known. {NO_QUERIES}"]
    measured = quality.get("of")
    sentences = [_found(quality)]
    if measured is None:
        sentences += _compared(quality.get("beside"))
    else:
        sentences.append(f"That was measured of {measured}, and not again since changes were folded in.")
    if quality["queries"] == "leave-one-out":
        sentences.append(
            "Photos of one product in a catalogue are often much alike, and the model may have been trained on these; "
            "customers' own photos are harder, and rows of split val would tell by how much."
        )
    return [*sentences, _scores(manifest.calibration)]


def _found(quality: dict[str, Any]) -> str:
    answered, product = quality["answered"], quality["product"]
    first, ten = (_of(product[name], answered) for name in ("recall@1", "recall@10"))
    how = _ASKED[quality["queries"]]
    first = first[0].upper() + first[1:]
    return f"{first} photos find their product in the first place, and {ten} among the first ten ({answered:,} {how})."


def _scores(own: Calibration | None) -> str:
    if own is None:
        return "There are no scores: an answer does not say how sure it is."
    limit = f"a score of at least {own.min_score:.2f}"
    if own.precision is None:
        return f"No answer was sure enough ({limit}) to be called the same product."
    return (
        f"Where an answer is called the same product ({limit}), that is right {_times(own.precision)}, and "
        f"{_of(own.recall, own.queries)} photos of products in the shop are answered so.{_FLATTERED[own.source]}"
    )


def _compared(beside: dict[str, Any] | None) -> list[str]:
    change = (beside or {}).get("change")
    if change is None or beside is None:
        return []
    common = counted(beside["answered_by_both"], "photo")
    points = f"{abs(change['mean']) * 100:.1f} points"
    if change["low"] <= 0 <= change["high"]:
        return [f"That is as good as the generation before, as far as {common} can tell."]
    return [f"That is {points} {'better' if change['mean'] > 0 else 'worse'} than the generation before, on {common}."]


def _of(share: float, count: int) -> str:
    if count < 100:
        return f"{round(share * count)} of {count}"
    return f"{_hundredth(share)} of 100"


def _times(share: float) -> str:
    return "every time" if share == 1 else f"{_hundredth(share)} times of 100"


def _hundredth(share: float) -> str:
    """A whole number that promises neither all nor nothing where it is not so."""
    if 0.995 <= share < 1:
        return "more than 99"
    return "fewer than 1" if 0 < share < 0.005 else f"{share * 100:.0f}"
