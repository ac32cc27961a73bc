"""The grocery photos as one model of the study sees them: its pooled features, to fit other codes on."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from benchmarks.study.cell import Cell, model_of
from benchmarks.study.photos import Fold, Record, folder, in_fold, records, write
from engine.catalogue.catalogue import open_catalogue
from engine.codes import Floats
from engine.encoder import Encoder
from index_builder.queries import encode_queries

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Photos:
    """All photos but those of `test`. features: float32 [n, F]; embeddings: float32 [n, bits], by the model's own
    projection; leaves: int64 [n], equal for one leaf, which is one product here; the masks are bool [n]: those a
    projection may be fitted on, the index, and the queries of leaves that the model never saw, and of those it saw.
    """

    features: Floats
    embeddings: Floats
    leaves: npt.NDArray[np.int64]
    fitted: Mask
    shelf: Mask
    unseen: Mask
    seen: Mask

    @property
    def products(self) -> list[str]:
        """The leaf of each fitted photo, as product ids."""
        return [str(leaf) for leaf in self.leaves[self.fitted]]


def photos_of(cell: Cell, threads: int) -> Photos:
    """The photos under the model of `cell`, which is trained first if it is not there; kept in the cell's folder."""
    model, _ = model_of(cell, threads)
    kept = cell.folder / "photos.npz"
    if not kept.exists():
        path = write("grocery", lambda row: True, cell.folder / "all.csv")
        catalogue = open_catalogue(path, images=folder("grocery"))
        encoder = Encoder(model, threads=threads)
        found = encode_queries(
            catalogue, list(catalogue.rows()), encoder, cell.folder / "cache", threads, lambda: None, features=True
        )
        assert found.features is not None and not found.bad, "every photo of the data set can be read"
        np.savez(kept, features=found.features, embeddings=found.embeddings)
    arrays = np.load(kept)
    rows = records("grocery")
    numbers = {leaf: i for i, leaf in enumerate(sorted({row["leaf"] for row in rows}))}

    def mask(keep: "list[bool]") -> Mask:
        return np.array(keep, dtype=bool)

    def out(row: Record) -> bool:
        return in_fold(row, cell.fold)

    return Photos(
        arrays["features"].astype(np.float32),
        arrays["embeddings"],
        np.array([numbers[row["leaf"]] for row in rows]),
        mask([row["split"] == "train" and not out(row) for row in rows]),
        mask([row["split"] in ("train", "iconic") for row in rows]),
        mask([row["split"] == "val" and out(row) for row in rows]),
        mask([row["split"] == "val" and not out(row) for row in rows]),
    )


def without(photos: Photos, fold: Fold) -> Photos:
    """The same photos where nothing may be fitted on the leaves of `fold`; for an untrained network."""
    out = np.array([in_fold(row, fold) for row in records("grocery")], dtype=bool)
    asked = photos.unseen | photos.seen
    return replace(photos, fitted=photos.fitted & ~out, unseen=asked & out, seen=asked & ~out)
