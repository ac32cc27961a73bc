"""`twinshot search` shows pictures where the terminal can, and nowhere else."""

import os
import re
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from index_builder.indexing import Order, index
from index_builder.plan import Wishes
from index_builder.progress import Progress
from tests.children import child
from tests.terminal import shown
from twinshot.pictures import CELLS, colours_first, sheet, tile

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


def test_every_colour_is_defined_before_the_first_pixel_as_xterm_wants_it(tiny_bundle: Path, tiny_photo: Path) -> None:
    said = shown(["search", tiny_bundle, tiny_photo], before=HAS_SIXEL)[1]
    picture = said[said.index(SIXEL) :].partition("\x1b\\")[0]
    colours = re.findall(r"#(\d+);2;", picture)
    assert len(set(colours)) == len(colours) > 16
    assert not re.search(r"#\d+[^\d;].*#\d+;2;", picture, re.DOTALL)


def test_a_picture_is_the_same_with_its_colours_in_front() -> None:
    sixels = '\x1bP0;0;0q"1;1;2;6#0;2;15;15;16~-#12;2;1;2;3?~#0~\x1b\\'
    assert colours_first(sixels) == '\x1bP0;0;0q"1;1;2;6#0;2;15;15;16#12;2;1;2;3#0~-#12?~#0~\x1b\\'


def test_xterm_which_has_16_colours_unless_told_otherwise_draws_only_when_asked(
    tiny_bundle: Path, tiny_photo: Path
) -> None:
    xterm = {"before": HAS_SIXEL, "XTERM_VERSION": "XTerm(379)"}
    assert SIXEL not in shown(["search", tiny_bundle, tiny_photo], **xterm)[1]
    assert SIXEL in shown(["search", tiny_bundle, tiny_photo, "--pictures"], **xterm)[1]


def test_a_photo_that_can_be_read_only_once_is_drawn_too(tiny_bundle: Path, tiny_photo: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "photo"
    os.mkfifo(pipe)
    with child(["cp", str(tiny_photo), str(pipe)]):
        code, said = shown(["search", tiny_bundle, pipe], before=HAS_SIXEL)
    assert code == 0
    assert SIXEL in said


def test_pictures_that_are_asked_for_are_coarse_where_there_are_no_graphics(
    tiny_bundle: Path, tiny_photo: Path
) -> None:
    assert BLOCK in shown(["search", tiny_bundle, tiny_photo, "--pictures"])[1]


def test_a_title_is_folded_not_cut_for_near_twins_differ_at_its_end(tiny_bundle: Path, tiny_photo: Path) -> None:
    said = shown(["search", tiny_bundle, tiny_photo, "--limit", "1"], columns=60)[1]
    assert "Drawn product" not in said
    assert "…" not in said
    assert re.search(r"^ +product \d+\s*$", said, re.MULTILINE)


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


def test_a_sheet_has_every_tile_in_its_place() -> None:
    pictures = {"wide": Image.new("RGB", (60, 30), "red"), "tall": Image.new("RGB", (100, 400), "blue")}
    whole = sheet([tile(name, png(picture)) for name, picture in pictures.items()])
    step = whole.width // 2
    middle = whole.height - step // 2
    ground = whole.getpixel((0, 0))
    assert whole.getpixel((step // 2, middle)) == (255, 0, 0)
    assert whole.getpixel((step + step // 2, middle)) == (0, 0, 255)
    for beside in ((step // 2, middle - 100), (step + 40, middle), (step, middle), (step, whole.height - 1)):
        assert whole.getpixel(beside) == ground


def png(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


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
