import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.errors import TooLargeError, UnreadableError, UnsupportedError
from engine.preprocess import Preprocessing, check_box, crop, decode, load

SPEC = Preprocessing(size=32, resize=36)


def picture(width: int = 90, height: int = 60) -> Image.Image:
    """Red left half, green right half, blue bottom strip: every orientation differs."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[:, : width // 2, 0] = 255
    pixels[:, width // 2 :, 1] = 255
    pixels[height * 3 // 4 :] = (0, 0, 255)
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def test_the_input_is_the_central_square_after_resizing_the_short_side() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (72, 108, 3), dtype=np.uint8))
    resized = noise.resize((54, 36), Image.Resampling.BICUBIC)
    expected = np.asarray(resized.crop((11, 2, 43, 34))).astype(int)
    got = load(encoded(noise), SPEC).astype(int)
    assert got.shape == (32, 32, 3)
    assert np.abs(got - expected).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_upright_whatever_its_exif_orientation(orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's Transpose that a viewer's turn undoes
    upright = picture()
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = decode(encoded(stored, "PNG", exif=exif), SPEC)
    assert (photo.width, photo.height) == (90, 60)
    assert np.array_equal(np.asarray(photo.image), np.asarray(upright))


def test_transparency_lies_on_the_background() -> None:
    clear = Image.new("RGBA", (50, 50), (255, 0, 0, 0))
    assert (load(encoded(clear), SPEC) == 255).all()
    grey = Preprocessing(size=32, resize=36, background=(9, 9, 9))
    assert (load(encoded(clear), grey) == 9).all()


def test_a_palette_with_a_transparent_colour_lies_on_the_background() -> None:
    image = Image.new("P", (50, 50), 1)
    image.putpalette([0, 0, 0, 10, 200, 30] + [0] * 762)
    assert (load(encoded(image, transparency=1), SPEC) == 255).all()
    assert (load(encoded(image), SPEC) == (10, 200, 30)).all()


def test_grey_sixteen_bit_and_cmyk_become_rgb() -> None:
    assert (load(encoded(Image.new("L", (50, 50), 77)), SPEC) == 77).all()
    wide = Image.fromarray(np.full((50, 50), 77 * 257, dtype=np.uint16))
    assert (load(encoded(wide), SPEC) == 77).all()
    cmyk = load(encoded(Image.new("CMYK", (50, 50), (0, 255, 255, 0)), "JPEG"), SPEC)
    assert np.abs(cmyk.astype(int) - (255, 0, 0)).max() < 12


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_an_animation_is_its_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue", "lime")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, lossless=True)
    assert np.abs(load(data, SPEC).astype(int) - (255, 0, 0)).max() <= 2


def test_a_large_jpeg_is_decoded_reduced_but_never_below_the_searched_size() -> None:
    data = encoded(picture(1600, 1200), "JPEG")
    photo = decode(data, SPEC)
    assert (photo.width, photo.height) == (1600, 1200)
    assert SPEC.resize <= min(photo.image.size) < 300
    part = decode(data, SPEC, box=(0.4, 0.4, 0.5, 0.5))
    assert min(part.image.size[0] * 0.1, part.image.size[1] * 0.1) >= SPEC.resize


def test_a_phone_s_jpeg_with_a_second_picture_is_its_first_and_reduced_too() -> None:
    data = encoded(picture(1600, 1200), "MPO", save_all=True, append_images=[Image.new("RGB", (1600, 1200))])
    photo = decode(data, SPEC)
    assert min(photo.image.size) < 300
    assert np.abs(np.asarray(photo.image)[5, 5].astype(int) - (255, 0, 0)).max() < 12


def test_a_box_is_searched_alone() -> None:
    data = encoded(picture())
    assert (load(data, SPEC, box=(0.0, 0.0, 0.45, 0.7)) == (255, 0, 0)).all()
    assert (load(data, SPEC, box=(0.55, 0.0, 1.0, 0.7)) == (0, 255, 0)).all()


def test_a_box_is_meant_on_the_upright_photo() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(picture().transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=95, subsampling=0)
    assert np.abs(load(data, SPEC, box=(0.0, 0.0, 0.45, 0.7)).astype(int) - (255, 0, 0)).max() < 16


@given(st.lists(st.floats(allow_nan=True), min_size=0, max_size=5))
def test_a_box_is_four_ordered_fractions_or_refused(values: list[float]) -> None:
    good = len(values) == 4 and 0 <= values[0] < values[2] <= 1 and 0 <= values[1] < values[3] <= 1
    if good:
        assert check_box(tuple(values)) == tuple(values)
    else:
        with pytest.raises(ValueError, match="box takes"):
            check_box(tuple(values))


@given(st.integers(1, 400), st.integers(1, 400), st.tuples(*[st.floats(0, 0.98)] * 2, *[st.floats(0.01, 1)] * 2))
def test_any_size_and_box_gives_the_input_size(width: int, height: int, corner: tuple[float, ...]) -> None:
    x0, y0, w, h = corner
    box = check_box((x0, y0, min(1.0, x0 + w), min(1.0, y0 + h)))
    photo = decode(encoded(Image.new("RGB", (width, height), "teal")), SPEC, box)
    assert (crop(photo, SPEC, box) == (0, 128, 128)).all()


def test_nothing_and_no_image_are_unreadable() -> None:
    with pytest.raises(UnreadableError, match="0 bytes"):
        decode(b"", SPEC)
    with pytest.raises(UnreadableError, match="not an image"):
        decode(b"<html>no photo</html>", SPEC)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_truncated_photo_is_unreadable(kind: str, share: float) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8))
    data = encoded(noise, kind)
    with pytest.raises(UnreadableError):
        decode(data[: int(len(data) * share)], SPEC)


@given(st.binary(max_size=300), st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]))
def test_damaged_bytes_give_pixels_or_our_error_and_nothing_else(noise: bytes, kind: str) -> None:
    whole = encoded(picture(20, 20), kind)
    data = whole[: len(whole) // 2] + noise + whole[len(whole) // 2 :]
    try:
        assert load(data, SPEC).shape == (32, 32, 3)
    except (UnreadableError, TooLargeError, UnsupportedError) as error:
        assert str(error)


def test_more_bytes_or_pixels_than_the_limit_are_too_large() -> None:
    small = Preprocessing(size=32, resize=36, max_bytes=100, max_pixels=5000)
    with pytest.raises(TooLargeError, match="bytes"):
        decode(encoded(picture()), small)
    pixels = Preprocessing(size=32, resize=36, max_pixels=5000)
    with pytest.raises(TooLargeError, match="90 × 60 pixels"):
        decode(encoded(picture()), pixels)


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(TooLargeError, match="pixels"):
        decode(bomb, Preprocessing())


def test_an_image_of_another_type_is_unsupported() -> None:
    with pytest.raises(UnsupportedError, match="PPM images are not taken"):
        decode(encoded(picture(), "PPM"), SPEC)
