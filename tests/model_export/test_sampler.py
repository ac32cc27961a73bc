from collections import Counter

import pytest

from engine.catalogue.row import Row
from model_export.sampler import View, epoch_batches
from tests.model_export.drawn import make_row


def rows_of(sizes: dict[str, list[int]]) -> list[Row]:
    """Classes and the numbers of photos of their products."""
    rows: list[Row] = []
    for leaf, products in sizes.items():
        for product, photos in enumerate(products):
            rows += [make_row(len(rows) + 1 + i, f"{leaf}{product}", (None, None, leaf)) for i in range(photos)]
    return rows


def flat(batches: list[list[View]]) -> list[View]:
    return [view for batch in batches for view in batch]


def test_an_epoch_has_about_as_many_views_as_photos_in_batches_of_about_the_size_asked() -> None:
    rows = rows_of({"a": [7, 5], "b": [90], "c": [1, 1, 1]})
    batches = epoch_batches(rows, 16, seed=0, epoch=0)
    assert abs(len(flat(batches)) - len(rows)) <= 2
    assert all(12 <= len(batch) <= 20 for batch in batches)


def test_photos_come_in_pairs_of_one_product() -> None:
    rows = rows_of({"a": [4, 3], "b": [6], "c": [1, 1]})
    for batch in epoch_batches(rows, 8, seed=0, epoch=0):
        for left, right in zip(batch[::2], batch[1::2], strict=True):
            assert rows[left.row].product == rows[right.row].product
            several = Counter(row.product for row in rows)[rows[left.row].product] > 1
            assert (left.row != right.row) == several
            assert left != right


def test_no_view_comes_twice_in_an_epoch() -> None:
    views = flat(epoch_batches(rows_of({"a": [1], "b": [40]}), 8, seed=0, epoch=0))
    assert len(set(views)) == len(views)


def test_classes_are_seen_by_the_square_root_of_their_size() -> None:
    rows = rows_of({"small": [2] * 8, "large": [2] * 800})
    seen: Counter[str | None] = Counter()
    for epoch in range(20):
        seen.update(rows[view.row].category[2] for view in flat(epoch_batches(rows, 32, seed=0, epoch=epoch)))
    assert seen["large"] / seen["small"] == pytest.approx(10, rel=0.05)


def test_every_photo_of_even_classes_is_seen_in_every_epoch() -> None:
    rows = rows_of({"a": [6, 4], "b": [10]})
    for epoch in range(3):
        assert {view.row for view in flat(epoch_batches(rows, 8, seed=1, epoch=epoch))} == set(range(20))


def test_it_follows_from_seed_and_epoch_alone() -> None:
    rows = rows_of({"a": [6, 5], "b": [9]})
    first = epoch_batches(rows, 8, seed=1, epoch=2)
    assert first == epoch_batches(rows, 8, seed=1, epoch=2)
    assert first != epoch_batches(rows, 8, seed=1, epoch=3)
    assert first != epoch_batches(rows, 8, seed=2, epoch=2)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_catalogue_smaller_than_a_batch_is_one_batch(count: int) -> None:
    batches = epoch_batches(rows_of({"a": [count]}), 64, seed=0, epoch=0)
    assert len(batches) == 1
    assert len(batches[0]) in (2, 4)


def test_products_of_one_class_stay_together_where_that_is_asked_for() -> None:
    rows = rows_of({name: [2] * 8 for name in "abcdefgh"})
    for batch in epoch_batches(rows, 16, seed=0, epoch=0, together=4):
        sizes = Counter(rows[view.row].category for view in batch)
        assert set(sizes.values()) <= {8, 16}
    apart = epoch_batches(rows, 16, seed=0, epoch=0)
    assert max(len({rows[view.row].category for view in batch}) for batch in apart) > 3


def test_no_rows_are_no_batches() -> None:
    assert epoch_batches([], 8, seed=0, epoch=0) == []


def test_pairs_are_two_views_of_one_photo_where_that_is_asked_for() -> None:
    rows = rows_of({"a": [7, 5], "b": [12]})
    views = flat(epoch_batches(rows, 8, seed=0, epoch=0, positives="photo"))
    for first, second in zip(views[::2], views[1::2], strict=True):
        assert first.row == second.row and first.view != second.view


def test_a_leaf_with_one_product_has_its_siblings_for_neighbours() -> None:
    paths = [("food", "milk", f"milk{i}") for i in range(4)] + [("food", "juice", f"juice{i}") for i in range(4)]
    paths.append(("tools", "saw", "saw"))
    rows = [make_row(len(paths) * i + j, path[2], path) for i in range(8) for j, path in enumerate(paths)]

    def level2_in_a_batch(together: int) -> float:
        batches = epoch_batches(rows, 8, seed=0, epoch=0, together=together)
        return sum(len({rows[view.row].category[1] for view in batch}) for batch in batches) / len(batches)

    assert level2_in_a_batch(4) < 1.5
    assert level2_in_a_batch(1) > 2
    batches = epoch_batches(rows, 8, seed=0, epoch=0, together=4)
    assert max(len({rows[view.row].product for view in batch}) for batch in batches) > 2
