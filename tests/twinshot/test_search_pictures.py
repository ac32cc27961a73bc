"""`twinshot search` shows pictures where the terminal can, and nowhere else."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from engine.bundle.generation import open_generation
from engine.bundle.store import current
from index_builder.indexing import Order, index
from index_builder.plan import Wishes
from index_builder.progress import Progress
from tests.terminal import shown
from twinshot.pictures import CELLS, sheet, tile

SIXEL, BLOCK = "\x1bP", "▀"
HAS_SIXEL = "from textual_image import renderable; renderable.Image = renderable.SixelImage"


def test_a_terminal_without_graphics_gets_the_table_alone(tiny_bundle: Path, tiny_photo: Path) -> None:
    code, said = shown(["search", tiny_bundle, tiny_photo])
    assert code == 0
    assert SIXEL not in said
    assert BLOCK not in said
    assert "Drawn product" in said


def test_a_terminal_with_graphics_gets_pictures_above_the_table(tiny_bundle: Path, tiny_photo: Path) -> None:
    code, said = shown(["search", tiny_bundle, tiny_photo, tiny_photo], before=HAS_SIXEL)
    assert code == 0
    assert said.count(SIXEL) == 2
    assert said.index(SIXEL) < said.index("Drawn product")
    assert SIXEL not in shown(["search", tiny_bundle, tiny_photo, "--no-pictures"], before=HAS_SIXEL)[1]
    assert SIXEL not in shown(["search", tiny_bundle, tiny_photo, "--json"], before=HAS_SIXEL)[1]


def test_pictures_that_are_asked_for_are_coarse_where_there_are_no_graphics(
    tiny_bundle: Path, tiny_photo: Path
) -> None:
    assert BLOCK in shown(["search", tiny_bundle, tiny_photo, "--pictures"])[1]


def test_a_pipe_never_gets_a_picture(tiny_bundle: Path, tiny_photo: Path) -> None:
    command = [sys.executable, "-m", "twinshot", "search", str(tiny_bundle), str(tiny_photo), "--pictures"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    assert "\x1b" not in done.stdout
    assert BLOCK not in done.stdout
    assert done.stderr == ""


def test_an_index_without_thumbnails_says_so_where_pictures_are_asked_for(
    tiny_catalogue: Path, tiny_model: Path, tiny_photo: Path, tmp_path: Path
) -> None:
    wishes = Wishes(shard_rows=100, thumbs=False)
    index(Order(catalogue=tiny_catalogue, model=tiny_model, out=tmp_path / "bundles", wishes=wishes), Progress())
    code, said = shown(["search", tmp_path / "bundles", tiny_photo, "--pictures"], columns=200)
    assert code == 0
    assert "no pictures: this index has no thumbnails (`twinshot index --thumbs`)" in said
    assert BLOCK not in said


def test_a_sheet_has_every_tile_in_its_place(tiny_bundle: Path) -> None:
    generation = open_generation(tiny_bundle / current(tiny_bundle))
    assert generation.thumbs is not None
    tiles = [tile(str(row), generation.thumbs[row]) for row in (0, 30)]
    whole = sheet(tiles)
    step = whole.width // 2
    for place, row in enumerate((0, 30)):
        thumb = Image.open(BytesIO(generation.thumbs[row])).convert("RGBA")
        seen = whole.getpixel((place * step + 128, whole.height - 128))
        meant = thumb.getpixel((thumb.width // 2, thumb.height // 2))
        assert isinstance(seen, tuple) and isinstance(meant, tuple)
        assert seen == pytest.approx(meant, abs=12)
    assert whole.getpixel((step - 1, whole.height - 1)) == (0, 0, 0, 0)


def test_no_more_tiles_are_drawn_than_there_is_room_for(tiny_bundle: Path, tiny_photo: Path) -> None:
    from textual_image.renderable import HalfcellImage

    from twinshot import pictures

    tiles = [tile(str(number), tiny_photo.read_bytes()) for number in range(9)]
    for columns, room in ((80, 6), (20, 1), (5, 1)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("textual_image.renderable.Image", HalfcellImage)
            measured = pictures.drawn(tiles, columns)
        assert isinstance(measured, HalfcellImage)
        assert measured._render_size.width == min(room * CELLS, columns)
