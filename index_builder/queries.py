"""The photos a generation is asked about, encoded by that generation's own model."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.catalogue.bad_row import BadRow
from engine.catalogue.catalogue import Catalogue, open_catalogue
from engine.catalogue.row import Row
from engine.codes import Floats
from engine.encoder import Encoder
from engine.errors import CatalogueError
from index_builder.cache import Digests, PhotoCache
from index_builder.encode import EncodedRows, encode_rows

SPLITS_TRIED = ("test", "query")


@dataclass(frozen=True, slots=True)
class Queries:
    """Photos with known answers: `embeddings` float32 [n, bits], `features` float16 [n, features] or None.

    probabilities: float32 [n, classes] of the model's taxonomy, None where they were not asked for or it has none.
    """

    rows: list[Row]
    digests: Digests
    embeddings: Floats
    features: npt.NDArray[np.float16] | None
    bad: list[BadRow]
    probabilities: Floats | None = None


def open_queries(
    path: Path, columns: Mapping[str, str] | None, images: Path | None, splits: Collection[str]
) -> Catalogue:
    """A catalogue of the rows of `splits` alone, of all rows if none are named.

    Raises CatalogueError if no row is of the splits that were named.
    """
    part = open_catalogue(path, columns=columns, images=images, splits=splits or None)
    if splits and not any(isinstance(entry, Row) for entry in part.entries()):
        whole = open_catalogue(path, columns=columns, images=images)
        choose_rows([entry for entry in whole.entries() if isinstance(entry, Row)], list(splits))
    return part


def choose_rows(rows: Sequence[Row], splits: Sequence[str]) -> tuple[list[Row], str]:
    """The rows to ask, and the name of what was chosen: those of `splits`; if none are named `test`, else `query`,
    else all rows. Raises CatalogueError if no row is of the splits that were named.
    """
    if splits:
        chosen = [row for row in rows if row.split in splits]
        if not chosen:
            present = ", ".join(sorted({row.split or "(none)" for row in rows}))
            raise CatalogueError(f"no row is of --query-splits {','.join(splits)}; the catalogue has {present}")
        return chosen, ",".join(splits)
    for split in SPLITS_TRIED:
        chosen = [row for row in rows if row.split == split]
        if chosen:
            return chosen, split
    return list(rows), "all"


def encode_queries(
    catalogue: Catalogue,
    rows: Sequence[Row],
    encoder: Encoder,
    folder: Path,
    threads: int,
    advance: Callable[[], None],
    features: bool = False,
    probabilities: bool = False,
) -> Queries:
    """Encode `rows` through the cache in `folder`; those whose photo cannot be used are in `bad`."""
    card = encoder.card
    classes = len(card.taxonomy.classes) if probabilities else 0
    cache = PhotoCache(folder, card.bits, card.features if features else 0, classes=classes)
    return from_cache(encode_rows(catalogue, rows, encoder, cache, threads, advance), cache)


def from_cache(encoded: EncodedRows, cache: PhotoCache) -> Queries:
    """Rows that are in `cache` as queries."""
    embeddings = cache.array(encoded.digests, "embedding")
    features = cache.array(encoded.digests, "features") if cache.features else None
    probabilities = cache.array(encoded.digests, "probabilities") if cache.probabilities else None
    return Queries(encoded.rows, encoded.digests, embeddings, features, encoded.bad, probabilities)
