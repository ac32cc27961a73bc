"""Opening a catalogue of any format."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.catalogue.bad_row import BadRow
from engine.catalogue.columns import Columns, is_url
from engine.catalogue.eproduct import is_eproduct, read_eproduct
from engine.catalogue.folder_tree import read_tree
from engine.catalogue.photos import FolderPhotos, Photos, open_photos
from engine.catalogue.row import Row
from engine.catalogue.tables import READERS, read_table
from engine.errors import CatalogueError

_TAKEN = f"a file ({', '.join(READERS)}), a folder tree of photos, or the eProduct folder"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """An open catalogue: `name` is its path as it was given. Safe to read photos from in several threads."""

    name: str
    photos: Photos
    _entries: Callable[[], Iterator[Row | BadRow]]

    def entries(self) -> Iterator[Row | BadRow]:
        """Every row in order, those with a fault of structure as BadRow in their places; may be called again.

        Nothing is looked at but the rows themselves: `check` looks at photos, ids and products too.
        Raises CatalogueError when the catalogue cannot be read on.
        """
        return self._entries()

    def rows(self) -> Iterator[Row]:
        """Every row in order. Raises CatalogueError at the first bad one: to pass over those, use `check`."""
        for entry in self._entries():
            if isinstance(entry, BadRow):
                raise CatalogueError(f"{entry} (`twinshot check {self.name}` lists all bad rows)")
            yield entry

    def read(self, row: Row) -> bytes:
        """The bytes of a row's photo. Raises CatalogueError that names the row, the photo and the remedy."""
        if not self.photos.holds(row.image):
            raise CatalogueError(f"{row.where}: {self.outside(row.image)}")
        try:
            return self.photos.read(row.image)
        except FileNotFoundError:
            raise CatalogueError(f"{row.where}: {self.missing(row.image)}") from None
        except OSError as error:
            raise CatalogueError(
                f"{row.where}: image {row.image!r} cannot be read ({error.strerror or error})"
            ) from error

    def missing(self, image: str) -> str:
        """That a photo is not there, and the remedy."""
        if is_url(image):
            return f"image {image!r} is a URL; get the photos with `twinshot fetch {self.name} --out DIR` first"
        return f"image {image!r} not found in {self.photos.where} (use --images to name the folder or tar file)"

    def outside(self, image: str) -> str:
        """That a path leads out of the photo folder, and the remedy."""
        return f"image {image!r} lies outside of {self.photos.where} (use --images to name a folder that holds it)"


def open_catalogue(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    images: Path | None = None,
    splits: Collection[str] | None = None,
    shelf: Collection[str] | None = None,
) -> Catalogue:
    """Open a catalogue; its format is told from the path.

    path: a CSV, Parquet or JSON lines file; a folder with a `catalogue` file of one of these formats; the eProduct
        folder; any other folder is a tree, `meta/level2/leaf/product/photo.jpg`.
    columns: field to column of a table, such as {"image": "photo_path"}; a field not named has its own name.
    images: the folder, tar file or pattern of tar files with the photos; default: the folder of the table.
    splits: only the rows of these splits; default: all.
    shelf: the splits that stand in the index; default: as the format says, else all but val, test and query.

    Raises CatalogueError: nothing there, a format that is not known, photos that cannot be opened.

    >>> catalogue = open_catalogue(Path("shop.csv"), columns={"image": "photo_path"}, images=Path("photos.tar"))
    """
    opened = _opened(path, columns, images, splits)
    if splits is None and shelf is None:
        return opened
    return Catalogue(opened.name, opened.photos, lambda: _part(opened.entries(), splits, shelf))


def _opened(
    path: Path, columns: Mapping[str, str] | None, images: Path | None, splits: Collection[str] | None
) -> Catalogue:
    name = str(path)
    table = _table(path)
    if table is not None:
        own = Columns(columns)
        return Catalogue(name, open_photos(images or table.parent), lambda: read_table(table, own))
    if columns:
        raise CatalogueError(f"--column is for tables, and {path} is a folder; leave it out")
    if is_eproduct(path):
        return Catalogue(name, open_photos(images or path), lambda: read_eproduct(path, splits))
    if images is not None:
        raise CatalogueError(f"--images is for tables, and {path} is a folder tree of photos; leave it out")
    return Catalogue(name, FolderPhotos(path), lambda: read_tree(path, path.resolve().name))


def _part(
    entries: Iterator[Row | BadRow], splits: Collection[str] | None, shelf: Collection[str] | None
) -> Iterator[Row | BadRow]:
    """The rows of `splits` and all bad ones, of which no split is known; `shelf` says which are indexed."""
    for entry in entries:
        if isinstance(entry, BadRow):
            yield entry
        elif splits is None or entry.split in splits:
            yield entry if shelf is None else replace(entry, shelved=entry.split in shelf)


def _table(path: Path) -> Path | None:
    """The table that `path` is or holds; None for another folder."""
    if not path.exists():
        raise CatalogueError(f"{path} does not exist; a catalogue is {_TAKEN}")
    if path.is_file():
        if path.suffix.lower() not in READERS:
            raise CatalogueError(f"{path} is not a catalogue that is known; take {_TAKEN}")
        return path
    found = [path / f"catalogue{suffix}" for suffix in READERS if (path / f"catalogue{suffix}").is_file()]
    if len(found) > 1:
        raise CatalogueError(f"{path} has {' and '.join(own.name for own in found)}; name the one to read")
    return found[0] if found else None
