import numpy as np
import pytest
from PIL import Image

from model_export.augment import augment, view_seed
from model_export.recipe import Recipe

STILL = {"crop": 1, "flip": 0, "colour": 0, "hue": 0, "rotation": 0, "perspective": 0, "blur": 0}


@pytest.fixture
def photo() -> Image.Image:
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize((80, 60))


def recipe(**values: float) -> Recipe:
    return Recipe.model_validate({**STILL, **values})


def test_a_view_is_a_square_of_bytes_whatever_the_shape_of_the_photo(photo: Image.Image) -> None:
    for image in (photo, photo.resize((400, 20)), photo.resize((5, 300)), photo.resize((1, 1))):
        view = augment(image, 48, Recipe(), view_seed(0, 0, 0, 0))
        assert view.shape == (48, 48, 3)
        assert view.dtype == np.uint8


def test_equal_seeds_give_equal_views_and_any_other_number_another(photo: Image.Image) -> None:
    first = augment(photo, 48, Recipe(), view_seed(1, 2, 3, 4))
    assert np.array_equal(first, augment(photo, 48, Recipe(), view_seed(1, 2, 3, 4)))
    for other in ((0, 2, 3, 4), (1, 0, 3, 4), (1, 2, 0, 4), (1, 2, 3, 0)):
        assert not np.array_equal(first, augment(photo, 48, Recipe(), view_seed(*other)))


def test_colours_stay_as_they_are_without_colour_and_hue() -> None:
    plain = Image.new("RGB", (40, 40), (200, 120, 30))
    assert (augment(plain, 32, recipe(crop=0.3, rotation=20, perspective=0.3), view_seed(0, 0, 0, 0)) ==
            (200, 120, 30)).all()  # fmt: skip


def test_a_flip_is_the_mirror_image(photo: Image.Image) -> None:
    for row in range(5):
        straight = augment(photo, 48, recipe(), view_seed(0, 0, row, 0))
        mirrored = augment(photo, 48, recipe(flip=1), view_seed(0, 0, row, 0))
        assert np.abs(straight.astype(int) - mirrored[:, ::-1].astype(int)).mean() < 8


def test_nothing_outside_of_the_photo_is_invented() -> None:
    white = Image.new("RGB", (50, 50), (255, 255, 255))
    strong = recipe(crop=0.9, rotation=45, perspective=0.5)
    for row in range(20):
        assert augment(white, 32, strong, view_seed(0, 0, row, 0)).min() == 255


def test_greys_stay_grey_when_hues_turn() -> None:
    grey = Image.new("RGB", (40, 40), (90, 90, 90))
    for row in range(10):
        view = augment(grey, 16, recipe(hue=0.5), view_seed(0, 0, row, 0)).astype(int)
        assert np.abs(view - 90).max() <= 1


def test_brightness_varies_about_the_photo() -> None:
    grey = Image.new("RGB", (40, 40), (128, 128, 128))
    means = [augment(grey, 8, recipe(colour=0.3), view_seed(0, 0, row, 0)).mean() for row in range(200)]
    assert 120 < np.mean(means) < 136
    assert min(means) < 100 and max(means) > 150
