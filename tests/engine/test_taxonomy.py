import numpy as np
import pytest

from engine.bundle.manifest import CategorySlice
from engine.errors import ScopeError
from engine.scope import name_of, scope_of
from engine.taxonomy import NO_PATH, Taxonomy, is_under

PATHS = [
    ("Fruit", "Kiwi", "Kiwi"),
    ("Fruit", "Apple", "Gala"),
    ("Fruit", "Apple", None),
    ("Fruit", None, None),
    ("Veg", "Apple", "Odd"),
    ("Veg", "Leek", None),
    (None, None, None),
]


def test_classes_are_the_deepest_paths_and_no_parent_is_one() -> None:
    assert Taxonomy.from_paths(PATHS).classes == (
        ("Fruit", "Apple", "Gala"),
        ("Fruit", "Kiwi", "Kiwi"),
        ("Veg", "Apple", "Odd"),
        ("Veg", "Leek", None),
    )


def test_no_labels_give_no_classes() -> None:
    assert Taxonomy.from_paths([(None, None, None)]).classes == ()


def test_members_are_the_classes_at_or_below_a_path() -> None:
    taxonomy = Taxonomy.from_paths(PATHS)
    assert taxonomy.members(("Fruit", None, None)).tolist() == [0, 1]
    assert taxonomy.members(("Veg", "Leek", None)).tolist() == [3]
    assert taxonomy.members((None, None, None)).tolist() == [0, 1, 2, 3]


def test_a_parent_is_as_likely_as_its_classes_together() -> None:
    taxonomy = Taxonomy.from_paths(PATHS)
    probabilities = np.array([0.1, 0.2, 0.4, 0.3], dtype=np.float32)
    assert taxonomy.top(probabilities, "meta") == [("Veg", pytest.approx(0.7)), ("Fruit", pytest.approx(0.3))]
    # two level-2 categories of the same name under different parents stay two
    assert [name for name, _ in taxonomy.top(probabilities, "level2")] == ["Apple", "Leek", "Kiwi", "Apple"]
    assert [name for name, _ in taxonomy.top(probabilities, "leaf")] == ["Odd", "Kiwi", "Gala"]


def test_an_open_level_matches_anything() -> None:
    assert is_under(("Fruit", "Kiwi", "Kiwi"), (None, None, "Kiwi"))
    assert not is_under(("Fruit", None, None), ("Fruit", "Kiwi", None))


SLICES = tuple(
    CategorySlice(path=path, start=start, stop=start + 10)  # type: ignore[arg-type]
    for start, path in zip(range(0, 50, 10), [*PATHS[1:2], *PATHS[:1], *PATHS[4:6], PATHS[6]], strict=True)
)


@pytest.mark.parametrize(
    ("filters", "ranges"),
    [
        (["meta:Fruit"], ((0, 20),)),
        (["Fruit"], ((0, 20),)),
        (["leaf:Kiwi"], ((10, 20),)),
        (["Gala", "Leek"], ((0, 10), (30, 40))),
        (["path:Veg/Apple"], ((20, 30),)),
        (["path:Fruit/Kiwi/Kiwi", "meta:Fruit"], ((0, 20),)),
    ],
)
def test_filters_become_row_ranges(filters: list[str], ranges: tuple[tuple[int, int], ...]) -> None:
    assert scope_of(filters, SLICES) == ranges


def test_path_alone_is_what_has_no_category() -> None:
    bare = SLICES[-1]
    assert bare.path == NO_PATH
    assert scope_of([name_of(NO_PATH)], SLICES) == ((bare.start, bare.stop),)
    assert scope_of(["path:", "meta:Fruit"], SLICES) == ((0, 20), (bare.start, bare.stop))
    with pytest.raises(ScopeError, match="there are 'Fruit', 'Veg', and what is below them"):
        scope_of(["path:"], SLICES[:-1])
    with pytest.raises(ScopeError, match="the catalogue has no categories"):
        scope_of(["Fruit"], [bare])


def test_an_ambiguous_name_lists_its_candidates_and_each_of_them_works() -> None:
    for text in ("Kiwi", "level2:Apple"):
        with pytest.raises(ScopeError, match="ambiguous") as caught:
            scope_of([text], SLICES)
        assert len(caught.value.candidates) == 2
        assert all(scope_of([candidate], SLICES) for candidate in caught.value.candidates)


@pytest.mark.parametrize("text", ["Plum", "meta:Kiwi", "leaf:", "path:Fruit/Plum", ""])
def test_an_unknown_category_is_refused(text: str) -> None:
    with pytest.raises(ScopeError, match="no category"):
        scope_of([text], SLICES)


def test_an_unknown_category_is_answered_with_what_may_have_been_meant() -> None:
    with pytest.raises(ScopeError, match=r"no category 'leaf:Kiwy'; did you mean 'Kiwi'\?"):
        scope_of(["leaf:Kiwy"], SLICES)
    with pytest.raises(ScopeError, match=r"no category 'meta:Kiwy'; there are 'Fruit'"):  # Kiwi is none of that level
        scope_of(["meta:Kiwy"], SLICES)
    with pytest.raises(ScopeError, match="there are 'Fruit', 'Veg', and what is below them"):
        scope_of(["Submarines"], SLICES)
    with pytest.raises(ScopeError, match="the catalogue has no categories"):
        scope_of(["Fruit"], [])
