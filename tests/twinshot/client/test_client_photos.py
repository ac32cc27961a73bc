"""What may be sent as a photo, what becomes of a PIL image, and how photos get their ids."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import InputError
from engine.preprocess import Preprocessing, decode
from tests.app.running import encoded, photo_of
from tests.tiny_catalogue import draw
from twinshot.client.operations import AddImages, PutProduct, batch_form
from twinshot.client.photos import Photo, image_form, named, query_form, read

SPEC = Preprocessing()


def test_a_path_bytes_and_a_file_are_sent_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(photo := photo_of(3))
    with path.open("rb") as file:
        kinds: list[Photo] = [path, str(path), photo, bytearray(photo), memoryview(photo), file, BytesIO(photo)]
        assert [read(own) for own in kinds] == [photo] * 7


def test_what_is_no_photo_is_a_type_error(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("text")
    with path.open() as text, pytest.raises(TypeError, match="a photo is a path"):
        read(text)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not int"):
        read(3)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "gone.jpg")


def rotated() -> Image.Image:
    """As a phone holds it: the pixels lie on their side, the EXIF tag says so."""
    image = draw(3, 7).resize((96, 64))
    exif = image.getexif()
    exif[0x0112] = 6
    return Image.open(BytesIO(encoded(image, "PNG", exif=exif)))


IMAGES = {
    "RGB": draw(3, 7),
    "turned by EXIF": rotated(),
    "RGBA": draw(3, 7).convert("RGBA"),
    "half transparent": Image.new("RGBA", (32, 32), (200, 30, 60, 120)),
    "palette": draw(3, 7).convert("P"),
    "palette with transparency": Image.open(
        BytesIO(encoded(Image.new("RGBA", (32, 32), (9, 9, 9, 0)).convert("P"), "GIF", transparency=0))
    ),
    "grey": draw(3, 7).convert("L"),
    "black and white": draw(3, 7).convert("1"),
    "16 bits": Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16),
    "CMYK": draw(3, 7).convert("CMYK"),
    "LAB": Image.new("LAB", (32, 32), (120, 200, 40)),
}


@pytest.mark.parametrize("name", IMAGES)
def test_a_pil_image_comes_to_the_model_as_the_caller_saw_it(name: str) -> None:
    image = IMAGES[name]
    sent = decode(read(image), SPEC).image
    file = encoded(image, "TIFF") if name != "turned by EXIF" else encoded(image, "PNG", exif=image.getexif())
    if name == "palette with transparency":
        file = encoded(image, "GIF")
    assert np.array_equal(np.asarray(sent), np.asarray(decode(file, SPEC).image))


def test_a_pil_image_is_sent_without_its_metadata() -> None:
    image = rotated()
    assert image.getexif()
    assert not Image.open(BytesIO(read(image))).getexif()


def test_a_photo_is_called_as_its_file_or_as_the_caller_says(tmp_path: Path) -> None:
    photo = photo_of(3)
    path = tmp_path / "a.jpg"
    assert named(path) == named([path]) == named((path,)) == [("a.jpg", path)]
    assert named(str(path)) == [("a.jpg", str(path))]
    assert named([photo, path]) == [(None, photo), ("a.jpg", path)]
    assert named({"front": path, "back": photo}) == [("front", path), ("back", photo)]
    assert named(photo) == [(None, photo)]
    assert named(()) == []
    with pytest.raises(InputError, match="cannot be sent"):
        named({"a\nb": photo})


def test_one_photo_is_as_good_as_a_list_of_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(photo := photo_of(3))
    assert query_form(str(path)) == query_form([path]) == [("image", (None, photo))]
    assert image_form(str(path)) == image_form([path]) == [("image", ("a.jpg", photo))]


def test_a_batch_sends_each_photo_once_and_names_those_without_a_name() -> None:
    one, two = photo_of(3), photo_of(4)
    form = batch_form([PutProduct("A", [one, one]), AddImages("B", {"x": two}), PutProduct("C", [one], title="é")])
    assert [field for field, _ in form] == ["operations", "image", "image"]
    digest = form[1][1][0]
    assert digest is not None
    assert [own for _, own in form[1:]] == [(digest, one), ("x", two)]
    assert form[0][1][1].decode().splitlines()[2] == (
        f'{{"op": "put", "product_id": "C", "title": "\\u00e9", "images": ["{digest}"]}}'
    )
    with pytest.raises(InputError, match="two photos of the batch are called 'x'"):
        batch_form([PutProduct("A", {"x": one}), PutProduct("B", {"x": two})])
