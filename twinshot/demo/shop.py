"""The catalogue of a demo: the sample, drawn where it is not there yet, or one's own."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from engine.catalogue.catalogue import open_catalogue
from engine.catalogue.columns import column_mapping
from engine.catalogue.row import Row
from engine.terminal.progress import counting
from twinshot.demo.questions import Question, good_rows, hold_out, near_twins, questions
from twinshot.demo.stages import Stages, digest, files_digest, source_digest


@dataclass(frozen=True, slots=True)
class Shop:
    """`arguments` name the catalogue to every program; `key` changes with its rows or photos."""

    arguments: tuple[str, ...]
    key: str
    questions: list[Question]
    read: Callable[[Row], bytes]


@dataclass(frozen=True, slots=True)
class OwnCatalogue:
    """What the command line says of one's own catalogue."""

    path: Path
    columns: tuple[str, ...] = ()
    images: Path | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The same for every other program."""
        images = () if self.images is None else (f"--images={self.images}",)
        return (str(self.path), *(f"--column={pair}" for pair in self.columns), *images)


def sample_shop(stages: Stages) -> Shop:
    """The sample in the folder `catalogue`."""
    from twinshot.sample.write import SEED, write_sample

    def draw(output: Path) -> None:
        with counting("photos drawn") as progress:
            write_sample(output, SEED, progress)

    key = digest(source_digest("twinshot.sample"), version("pillow"), version("numpy"), str(SEED))
    folder = stages.ensure("draw", "catalogue", key, draw)
    path = folder / "catalogue.csv"
    opened = open_catalogue(path)
    return Shop((str(path),), key, questions(good_rows(opened), near_twins(folder / "products.csv")), opened.read)


def own_shop(stages: Stages, own: OwnCatalogue) -> Shop:
    """One's own catalogue, as it is, or with some photos held out where it has none to ask with."""
    opened = open_catalogue(own.path, columns=column_mapping(own.columns), images=own.images)
    rows = good_rows(opened)
    photos = own.images or (own.path if own.path.is_dir() else own.path.parent)
    key = digest(files_digest(_photo_files(photos, rows)), *map(repr, rows))
    asked = questions(rows, frozenset())
    if asked:
        return Shop(own.arguments, key, asked, opened.read)
    held = stages.ensure("read", "catalogue", key, hold_out(rows, own.path)) / "catalogue.csv"
    copy = open_catalogue(held, images=photos)
    return Shop((str(held), f"--images={photos}"), key, questions(good_rows(copy), frozenset()), copy.read)


def _photo_files(photos: Path, rows: list[Row]) -> list[Path]:
    """The files that the photos are in: themselves, or the tar files that `photos` names as `--images` does."""
    if photos.is_dir():
        return [path for row in rows if (path := photos / row.image).is_file()]
    return sorted(photos.parent.glob(photos.name))
