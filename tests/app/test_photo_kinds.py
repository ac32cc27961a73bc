"""Photos as the world sends them."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.app.running import ask, encoded
from tests.tiny_catalogue import draw


@pytest.fixture
def image() -> Image.Image:
    return draw(3, 7)


def first(client: TestClient, photo: bytes) -> str:
    response = ask(client, photo, limit=1)
    assert response.status_code == 200, response.text
    return str(response.json()["results"][0]["product_id"])


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_type_that_is_taken_finds_the_product(client: TestClient, image: Image.Image, kind: str) -> None:
    assert first(client, encoded(image, kind)) == "P03"


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_of_an_animation_the_first_frame_is_searched(client: TestClient, image: Image.Image, kind: str) -> None:
    moving = encoded(image, kind, save_all=True, append_images=[draw(11, 7)] * 3, lossless=True)
    assert first(client, moving) == "P03"


def test_cmyk_alpha_and_greyscale_are_read(client: TestClient, image: Image.Image) -> None:
    assert first(client, encoded(image.convert("CMYK"), "JPEG", quality=95)) == "P03"
    assert first(client, encoded(image.convert("RGBA"), "PNG")) == "P03"
    assert ask(client, encoded(image.convert("L"), "PNG")).status_code == 200


def test_sixteen_bits_a_pixel_mean_what_eight_do(client: TestClient, image: Image.Image) -> None:
    grey = np.asarray(image.convert("L"))
    wide = Image.fromarray(grey.astype(np.uint16) * 257)
    eight = ask(client, encoded(Image.fromarray(grey), "PNG")).json()["results"]
    assert ask(client, encoded(wide, "PNG")).json()["results"] == eight


def test_a_phone_photo_on_its_side_is_turned_upright(client: TestClient, image: Image.Image) -> None:
    wide = image.resize((120, 90))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(wide.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif)
    answer = ask(client, turned).json()
    assert (answer["query"]["width"], answer["query"]["height"]) == (120, 90)
    assert answer["results"] == ask(client, encoded(wide, "PNG")).json()["results"]


def test_a_decompression_bomb_is_too_large_and_never_unpacked(client: TestClient) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    response = ask(client, bomb + chunk(b"IEND", b""))
    assert response.status_code == 413
    assert "pixels" in response.json()["detail"]
