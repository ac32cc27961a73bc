"""What products look like, and how their photos differ."""

import io

import numpy as np
import pytest
from PIL import Image

from twinshot.sample.cutout import SIZE, draw
from twinshot.sample.marks import emblem_outline, pattern_mask
from twinshot.sample.plan import plan
from twinshot.sample.product import EMBLEMS, PATTERNS, STRIPES, Product
from twinshot.sample.shapes import SHAPES
from twinshot.sample.write import SEED, shots

PINNED = {
    0: [[92, 92, 92, 93], [110, 119, 101, 98], [120, 129, 126, 86], [106, 106, 104, 104]],
    100: [[113, 105, 98, 82], [104, 157, 147, 123], [120, 149, 144, 137], [148, 149, 121, 110]],
    299: [[204, 195, 183, 175], [154, 133, 109, 172], [167, 103, 93, 166], [197, 165, 170, 180]],
}
"""`luma_grid` of the first photo of some products, by their place in the plan."""


@pytest.fixture(scope="module")
def products() -> list[Product]:
    return plan(SEED)


def luma_grid(jpeg: bytes) -> list[list[int]]:
    """Brightness in 4 × 4 fields: another JPEG library changes it by a unit or two, another drawing by many."""
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("L").resize((4, 4), Image.Resampling.BOX)).tolist()


def test_photos_drawn_again_are_the_same_bytes(products: list[Product]) -> None:
    chosen = products[::60]
    first = {shot.image_id: shot.jpeg for shot in shots(SEED, chosen)}
    again = {shot.image_id: shot.jpeg for shot in shots(SEED, chosen[::-1])}
    assert len(first) > 30
    assert first == again


def test_another_seed_gives_other_photos(products: list[Product]) -> None:
    first = next(shots(SEED, products[:1])).jpeg
    assert next(shots(SEED + 1, products[:1])).jpeg != first


def test_the_sample_is_the_one_that_was_measured(products: list[Product]) -> None:
    grids = np.array([luma_grid(next(shots(SEED, [products[number]])).jpeg) for number in PINNED])
    np.testing.assert_allclose(grids, list(PINNED.values()), atol=4)


def test_a_photo_is_a_jpeg_of_144_pixels(products: list[Product]) -> None:
    image = Image.open(io.BytesIO(next(shots(SEED, products[:1])).jpeg))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (144, 144))


def test_photos_of_one_product_differ_in_light_background_and_place(products: list[Product]) -> None:
    pixels = [np.asarray(Image.open(io.BytesIO(shot.jpeg)), dtype=np.float32) for shot in shots(SEED, products[:1])]
    corners = np.array([own[:16, :16].mean(axis=(0, 1)) for own in pixels])
    middles = np.array([own[48:96, 48:96].mean(axis=(0, 1)) for own in pixels])
    assert corners.std(axis=0).max() > 15
    assert middles.std(axis=0).max() > 6


def test_the_mark_of_every_shape_lies_on_the_product(products: list[Product]) -> None:
    for shape in SHAPES:
        design = next(product.design for product in products if product.design.shape is shape)
        alpha = np.asarray(draw(design).getchannel("A"))
        x, y, radius = np.array(shape.emblem) * 0.86 * SIZE + np.array([0.07, 0.07, 0]) * SIZE
        rows, columns = np.ogrid[:SIZE, :SIZE]
        inside = np.hypot(columns - x, rows - y) < radius * 0.7
        assert (alpha[inside] == 255).all(), shape.leaf


def test_twins_differ_where_a_person_can_see_it(products: list[Product]) -> None:
    by_id = {product.id: product for product in products}
    for product in products[:60]:
        if product.twin:
            one = np.asarray(draw(product.design).convert("RGB"), dtype=np.int32)
            other = np.asarray(draw(by_id[product.twin].design).convert("RGB"), dtype=np.int32)
            changed = (np.abs(one - other).max(axis=2) > 40).mean()
            assert 0.002 < changed < 0.2, (product.design.title, changed)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_striped_pattern_has_as_many_stripes_as_it_says(number: int) -> None:
    ink = np.asarray(pattern_mask(STRIPES[number - 1], (200, 200), (100, 100), 0))[:, 100] > 0
    assert np.count_nonzero(np.diff(ink.astype(int)) == 1) == number


def test_the_plain_pattern_has_no_ink_and_the_others_have_some() -> None:
    shares = {name: np.asarray(pattern_mask(name, (300, 300), (150, 150), 30)).mean() / 255 for name in PATTERNS}
    assert shares.pop("plain") == 0
    assert all(0.03 < share < 0.6 for share in shares.values())


def test_every_emblem_fits_its_circle() -> None:
    for name in EMBLEMS:
        radii = [np.hypot(x, y) for x, y in emblem_outline(name)]
        assert 0.8 < max(radii) < 1.35, name
