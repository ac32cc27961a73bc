"""How a catalogue is cut into batches, and what becomes of one that is refused as a whole."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.catalogue.catalogue import open_catalogue
from engine.catalogue.check import check
from engine.preprocess import Preprocessing
from twinshot import Client, ProblemError
from twinshot.products import upload as module
from twinshot.products.upload import Uploaded, upload

LARGE = b"too large"


class Service(httpx.MockTransport):
    """Takes every batch but one that has a LARGE photo; keeps the products of each."""

    def __init__(self, status: int = 413) -> None:
        self.status = status
        self.batches: list[list[str]] = []
        super().__init__(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        lines = [json.loads(line) for line in body.splitlines() if line.startswith(b'{"op"')]
        self.batches.append([own["product_id"] for own in lines])
        if LARGE in body:
            problem = {"type": "urn:twinshot:problem:too-large", "title": "Too large", "detail": "the photo is larger"}
            headers = {"Content-Type": "application/problem+json"}
            return httpx.Response(self.status, json=problem, headers=headers)
        done: dict[str, Any] = {"etag": None, "error": None}
        results = [done | {"product_id": own["product_id"], "revision": 1, "images": own["images"]} for own in lines]
        told = {"results": results, "done": len(lines), "refused": 0, "replayed": False, "request_id": "r"}
        return httpx.Response(200, json=told | {"revision": len(self.batches)})


def sent(service: Service, folder: Path, photos: dict[str, bytes], add_photos: bool = False) -> Uploaded:
    """Uploads a catalogue with a photo for each product."""
    for name, data in photos.items():
        (folder / f"{name}.jpg").write_bytes(data)
    table = folder / "catalogue.csv"
    table.write_text("\n".join(["image,product_id", *(f"{name}.jpg,{name}" for name in photos)]))
    catalogue = open_catalogue(table)
    checked = check(catalogue, Preprocessing(), photos=False, threads=1)
    heard: list[int] = []
    with Client("http://shop.test", transport=service) as client:
        told = upload(client, catalogue, checked, add_photos, heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == len(photos)
    return told


def test_a_batch_has_so_many_photos_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PHOTOS", 3)
    monkeypatch.setattr(module, "_BYTES", 10)
    service = Service()
    sizes = {"A": 1, "B": 1, "C": 1, "D": 1, "E": 10, "F": 5, "G": 5, "H": 12, "I": 1}
    told = sent(service, tmp_path, {name: b"x" * size for name, size in sizes.items()})
    assert service.batches == [["A", "B", "C"], ["D"], ["E"], ["F", "G"], ["H"], ["I"]]
    assert (told.products, told.photos, told.revision, told.refused) == (9, 9, 6, [])


def test_of_a_batch_that_is_refused_whole_the_product_to_blame_is_found(tmp_path: Path) -> None:
    service = Service()
    photos = {name: LARGE if name in "CF" else b"fine" for name in "ABCDEFGH"}
    told = sent(service, tmp_path, photos)
    assert [str(own) for own in told.refused] == [
        "row 3 of catalogue.csv: product 'C': the photo is larger",
        "row 6 of catalogue.csv: product 'F': the photo is larger",
    ]
    assert (told.products, told.photos) == (6, 6)
    taken = [own for batch in service.batches if not set(batch) & {"C", "F"} for own in batch]
    assert sorted(taken) == ["A", "B", "D", "E", "G", "H"]


def test_where_no_change_is_taken_none_is_tried_further(tmp_path: Path) -> None:
    service = Service(403)
    with pytest.raises(ProblemError):
        sent(service, tmp_path, dict.fromkeys("ABCD", LARGE))
    assert len(service.batches) == 1
