"""Tiny real catalogues: photos drawn here, rows written by each test."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

Draw = Callable[..., Path]


def jpeg(colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (48, 32), kind: str = "JPEG") -> bytes:
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Writes a photo below the test's folder; each new colour is another photo."""

    def write(name: str, colour: tuple[int, int, int] = (200, 30, 30), **options: object) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(colour, **options))  # type: ignore[arg-type]
        return path

    return write


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """Writes a CSV file of the given lines."""

    def write(*lines: str, name: str = "catalogue.csv") -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    return write
