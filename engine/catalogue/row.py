"""One row of a catalogue: one photo."""

from dataclasses import dataclass

from engine.taxonomy import Path3

SPLITS_NOT_INDEXED = frozenset({"val", "test", "query"})
"""Rows of these splits are questions, not products on the shelf."""


@dataclass(frozen=True, slots=True)
class Row:
    """One photo. `file` and `number` say where the row stands (1 = the first row of data)."""

    image: str
    """Path under the photo folder, or the name of a tar member."""
    image_id: str
    product_id: str | None
    category: Path3
    title: str | None
    split: str | None
    url: str | None
    file: str
    number: int
    shelved: bool | None = None
    """Whether it stands in the index, where the catalogue's format or the caller says so; None: as its split says."""

    @property
    def product(self) -> str:
        """The product's id; a photo without one is a product of its own."""
        return self.product_id or self.image_id

    @property
    def indexed(self) -> bool:
        """Whether the photo stands in the index."""
        return self.split not in SPLITS_NOT_INDEXED if self.shelved is None else self.shelved

    @property
    def where(self) -> str:
        """For messages: `row 812 of catalogue.csv`."""
        return f"row {self.number} of {self.file}"
