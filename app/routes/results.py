"""From ranked lists to the answers' shape."""

from collections.abc import Sequence
from urllib.parse import quote

from app.asked import PageParams
from app.cache.entries import Answer, Match
from app.live import Loaded
from app.schemas import Category, CategoryGuess, QueryCategories, QueryInfo, Result
from engine.taxonomy import Path3


def page_of(matches: Sequence[Match], page: PageParams, loaded: Loaded, min_score: float | None = None) -> list[Result]:
    """The slice of a ranked list that `page` asks for; what is under `min_score` is the end of the list."""
    least = min_score or 0.0
    shown = matches[page.offset : page.need]
    return [
        _result(rank, match, loaded)
        for rank, match in enumerate(shown, page.offset + 1)
        if match.score is None or match.score >= least
    ]


def query_of(answer: Answer) -> QueryInfo:
    """What is known of the photo."""
    guesses = {
        level: [CategoryGuess(id=name, probability=round(probability, 4)) for name, probability in own]
        for level, own in answer.categories.items()
    }
    return QueryInfo(categories=QueryCategories(**guesses), width=answer.width, height=answer.height)


def category_of(path: Path3) -> Category:
    """A category path."""
    meta, level2, leaf = path
    return Category(meta=meta, level2=level2, leaf=leaf)


def image_url(loaded: Loaded, image_id: str) -> str | None:
    """Where the thumbnail is, if there is one: the generation has those of all its photos, or of none."""
    there = loaded.generation.thumbs is not None or _came_with_a_change(loaded, image_id)
    return f"/images/{quote(image_id, safe='')}" if there else None


def _came_with_a_change(loaded: Loaded, image_id: str) -> bool:
    digest = loaded.view.added_digest(image_id)
    if digest is None or loaded.thumbs is None:
        return image_id in loaded.folded
    return loaded.thumbs.has(digest)  # not where a change kept a photo of the generation


def _result(rank: int, match: Match, loaded: Loaded) -> Result:
    calibration = loaded.generation.manifest.calibration
    return Result(
        rank=rank,
        product_id=match.product_id,
        score=match.score,
        match=None if match.score is None or calibration is None else calibration.matches(match.score),
        similarity=match.similarity,
        distance=match.distance,
        image_id=match.image_id,
        image_url=image_url(loaded, match.image_id),
        title=match.title,
        url=match.url,
        category=category_of(match.category),
    )
