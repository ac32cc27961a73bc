"""Search inside likely categories: which rows are searched, and that none of an unknown category is ever lost."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.likely import LikelyCategories
from engine.bundle.manifest import CategorySlice
from engine.index.protocol import Scope
from engine.taxonomy import LEVELS, Level, Path3, Taxonomy, is_under, sort_key

KNOWN: list[Path3] = [("a", "a", "a"), ("a", "a", "b"), ("a", "b", "c"), ("b", "c", "d"), ("b", "c", "e")]
ALSO: list[Path3] = [(None, None, None), ("a", None, None), ("a", "a", "new"), ("b", "new", "d"), ("new", "c", "d")]
TAXONOMY = Taxonomy.from_paths(KNOWN)
PATHS = sorted(KNOWN + ALSO, key=sort_key)
SLICES = [CategorySlice(path=path, start=10 * i, stop=10 * i + 10) for i, path in enumerate(PATHS)]


def said(**probabilities: float) -> np.ndarray:
    """By leaf; what is left goes to the others."""
    left = (1 - sum(probabilities.values())) / (len(KNOWN) - len(probabilities))
    return np.array([probabilities.get(path[2] or "", left) for path in TAXONOMY.classes], dtype=np.float32)


def searched(scope: Scope) -> list[Path3]:
    assert all(a[1] < b[0] for a, b in pairwise(scope))
    return [own.path for own in SLICES if any(a <= own.start and own.stop <= b for a, b in scope)]


def likely(level: Level) -> LikelyCategories:
    return LikelyCategories.of(TAXONOMY, level, SLICES)


def test_the_fewest_categories_that_reach_the_mass_are_searched() -> None:
    probabilities = said(a=0.6, c=0.3)
    for mass, names in ((0.5, "a"), (0.61, "ac"), (0.9, "ac")):
        found = searched(likely("leaf").scope(probabilities, mass - 1e-6, 5))
        assert [path[2] for path in found if path in KNOWN] == list(names)


def test_a_parent_is_as_likely_as_its_classes_together() -> None:
    found = searched(likely("level2").scope(said(d=0.3, e=0.3, a=0.39), 0.5, 5))
    assert [path for path in found if path in KNOWN] == [("b", "c", "d"), ("b", "c", "e")]


@given(
    st.lists(st.floats(0, 1), min_size=5, max_size=5).filter(lambda own: sum(own) > 0.1),
    st.sampled_from(LEVELS),
    st.floats(0, 1),
    st.integers(1, 5),
)
def test_rows_of_categories_that_the_model_does_not_know_are_always_searched(
    weights: list[float], level: Level, mass: float, most: int
) -> None:
    probabilities = (np.array(weights) / sum(weights)).astype(np.float32)
    found = searched(likely(level).scope(probabilities, mass, most))
    groups = TAXONOMY.level_groups(level)[0]
    unknown = [path for path in PATHS if not any(is_under(path, group) for group in groups)]
    assert set(unknown) <= set(found)
    assert (None, None, None) in unknown
    assert any(path in found for path in KNOWN)


@pytest.mark.parametrize("level", LEVELS)
def test_an_unsure_photo_is_searched_over_all(level: Level) -> None:
    assert likely(level).scope(said(), 0.9, 1) == ((0, 100),)
    assert likely(level).scope(said(a=0.95), 0.9, 1) != ((0, 100),)


def test_a_photo_whose_class_has_no_name_at_the_level_is_searched_over_all() -> None:
    taxonomy = Taxonomy(classes=(("a", "a", "a"), ("b", "c", None)))
    found = LikelyCategories.of(taxonomy, "leaf", SLICES).scope(np.array([0.2, 0.8], dtype=np.float32), 0.9, 5)
    assert found == ((0, 100),)


def test_an_index_without_rows_has_nothing_to_search() -> None:
    assert LikelyCategories.of(TAXONOMY, "leaf", []).scope(said(), 0.99, 1) == ()
    assert LikelyCategories.of(TAXONOMY, "leaf", []).scope(said(a=0.999), 0.99, 1) == ()
