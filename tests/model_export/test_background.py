import numpy as np
from PIL import Image

from model_export.augment import augment, view_seed
from model_export.background import cover, middle, on_ground
from model_export.recipe import Recipe

STILL = {"crop": 1, "flip": 0, "colour": 0, "hue": 0, "rotation": 0, "perspective": 0, "blur": 0}
RED, BLUE = (200, 0, 0), (0, 0, 200)


def test_the_middle_is_kept_and_the_corners_are_not() -> None:
    for seed in range(30):
        mask = np.asarray(middle(112, np.random.default_rng(seed)))
        assert mask[50:62, 50:62].min() > 250
        assert max(mask[0, 0], mask[0, -1], mask[-1, 0], mask[-1, -1]) < 128
        assert 0.1 < mask.mean() / 255 < 0.8


def test_a_thing_stands_on_white_or_on_another_photo() -> None:
    view = Image.new("RGB", (64, 64), RED)
    white = np.asarray(on_ground(view, None, np.random.default_rng(0)))
    other = np.asarray(on_ground(view, Image.new("RGB", (30, 90), BLUE), np.random.default_rng(0)))
    assert tuple(white[32, 32]) == tuple(other[32, 32]) == RED
    assert tuple(white[0, 0]) == (255, 255, 255)
    assert tuple(other[0, 0]) == BLUE


def test_a_cover_hides_a_small_part() -> None:
    view = Image.new("RGB", (100, 100), RED)
    for seed in range(30):
        hidden = (np.asarray(cover(view, np.random.default_rng(seed))) != RED).any(axis=2).mean()
        assert 0.01 < hidden < 0.17


def test_both_grounds_appear_in_views_and_none_where_it_is_off() -> None:
    view = Image.new("RGB", (64, 64), RED)
    recipe = Recipe.model_validate({**STILL, "background": 1})
    corners = set()
    for row in range(20):
        behind = lambda rng: Image.new("RGB", (64, 64), BLUE)  # noqa: E731
        corners.add(tuple(int(v) for v in augment(view, 64, recipe, view_seed(0, 0, row, 0), behind)[0, 0]))
    assert corners == {(255, 255, 255), BLUE}
    off = Recipe.model_validate(STILL)
    assert (augment(view, 64, off, view_seed(0, 0, 0, 0), behind) == RED).all()


def test_covers_and_compression_follow_their_probabilities() -> None:
    view = Image.effect_noise((64, 64), 80).convert("RGB")
    plain = augment(view, 64, Recipe.model_validate(STILL), view_seed(0, 0, 0, 0))
    for name in ("occlusion", "jpeg"):
        changed = augment(view, 64, Recipe.model_validate({**STILL, name: 1}), view_seed(0, 0, 0, 0))
        assert not np.array_equal(plain, changed)
        assert changed.shape == plain.shape
