"""Which products the sample has."""

from collections import Counter
from itertools import combinations

import pytest

from twinshot.sample.plan import plan
from twinshot.sample.product import Product
from twinshot.sample.write import PHOTOS, SEED


@pytest.fixture(scope="module")
def products() -> list[Product]:
    return plan(SEED)


def test_there_are_a_few_hundred_products_in_three_levels(products: list[Product]) -> None:
    shapes = [product.design.shape for product in products]
    assert 240 <= len(products) <= 320
    assert len({product.id for product in products}) == len(products)
    assert len({own.meta for own in shapes}) == 6
    assert len({(own.meta, own.level2) for own in shapes}) == 12
    assert len({(own.meta, own.level2, own.leaf) for own in shapes}) == 24


def test_half_of_the_queried_products_of_the_index_are_never_trained_on(products: list[Product]) -> None:
    queried = [product.role for product in products if "query" in PHOTOS[product.role]]
    indexed = Counter(role for role in queried if role != "stranger")
    assert indexed["unseen"] == indexed["seen"] == 96
    assert "train" not in PHOTOS["unseen"]
    assert "index" in PHOTOS["unseen"]


def test_strangers_are_only_asked_about(products: list[Product]) -> None:
    assert set(PHOTOS["stranger"]) == {"query"}
    assert sum(product.role == "stranger" for product in products) == 12


def test_products_that_steer_the_training_are_not_queried(products: list[Product]) -> None:
    assert set(PHOTOS["trained"]) == {"train", "val"}


def test_twins_name_each_other_and_differ_in_one_detail(products: list[Product]) -> None:
    by_id = {product.id: product for product in products}
    twins = [product for product in products if product.twin]
    assert Counter(product.role for product in twins) == {"seen": 48, "trained": 96, "unseen": 48}
    for product in twins:
        other = by_id[str(product.twin)]
        assert other.twin == product.id
        assert other.role == product.role
        assert product.design.differences(other.design) == 1


def test_twins_differ_in_emblem_stripes_colour_of_the_print_or_an_extra_part(products: list[Product]) -> None:
    by_id = {product.id: product for product in products}
    kinds = Counter(
        name
        for product in products
        if product.twin
        for name in ("emblem", "pattern", "accent", "detail")
        if getattr(product.design, name) != getattr(by_id[product.twin].design, name)
    )
    assert set(kinds) == {"emblem", "pattern", "accent", "detail"}
    assert min(kinds.values()) >= 40


def test_products_of_a_leaf_that_are_no_twins_differ_in_two_choices_at_least(products: list[Product]) -> None:
    for one, other in combinations(products, 2):
        if one.twin != other.id and one.design.shape is other.design.shape:
            assert one.design.differences(other.design) >= 2, (one.id, other.id)


def test_no_two_products_have_the_same_title(products: list[Product]) -> None:
    titles = [product.design.title for product in products]
    assert len(set(titles)) == len(titles)


def test_the_plan_follows_from_the_seed(products: list[Product]) -> None:
    assert plan(SEED) == products
    assert plan(SEED + 1) != products


def test_products_of_all_leaves_share_one_palette(products: list[Product]) -> None:
    colours = Counter(product.design.colour for product in products)
    leaves = {
        colour: len({product.design.shape.leaf for product in products if product.design.colour == colour})
        for colour in colours
    }
    assert len(colours) == 8
    assert min(leaves.values()) >= 8
