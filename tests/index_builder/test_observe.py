import csv
import re
from pathlib import Path
from statistics import mean, pstdev

import numpy as np
import pytest

from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current
from engine.catalogue.catalogue import open_catalogue
from engine.catalogue.check import check
from engine.codes import direction, similarity
from engine.encoder import Encoder
from index_builder.indexing import Order, index
from index_builder.observe import near_copies, observe
from index_builder.progress import Progress
from index_builder.queries import Queries, encode_queries
from tests.tiny_catalogue import draw, write_catalogue


def asked(generation: Generation, path: Path, folder: Path, split: str) -> Queries:
    catalogue = open_catalogue(path)
    encoder = Encoder(generation.folder)
    rows = check(catalogue, encoder.card.preprocessing, photos=False, threads=1).rows
    mine = [row for row in rows if row.split == split]
    return encode_queries(catalogue, mine, encoder, folder, 1, lambda: None)


@pytest.fixture(scope="module")
def generation(tiny_bundle: Path) -> Generation:
    return open_generation(tiny_bundle / current(tiny_bundle))


def test_every_query_is_asked_as_it_is_and_as_a_stranger(
    generation: Generation, tiny_catalogue: Path, tmp_path: Path
) -> None:
    found = observe(generation, asked(generation, tiny_catalogue, tmp_path, "train"), without_copies=False)
    assert (found.queries, found.products, len(found)) == (60, 20, 120)
    assert found.stranger.sum() == 60
    assert found.weight[found.stranger].sum() == pytest.approx(found.weight.sum() / 3)
    assert found.right[found.stranger].sum() == 0
    assert found.right[~found.stranger].mean() > 0.8
    assert (found.margin >= 0).all()


def test_a_query_never_answers_itself(generation: Generation, tiny_catalogue: Path, tmp_path: Path) -> None:
    queries = asked(generation, tiny_catalogue, tmp_path, "train")
    found = observe(generation, queries, without_copies=False)
    known = ~found.stranger
    codes = generation.codes(np.arange(60))
    _, images = generation.ids(np.arange(60))
    products, _ = generation.ids(np.arange(60))
    for query, (row, embedding) in enumerate(zip(queries.rows, queries.embeddings, strict=True)):
        values = similarity(direction(embedding, generation.thresholds), codes)
        others = [float(v) for v, image in zip(values, images, strict=True) if image != row.image_id]
        strangers = [float(v) for v, product in zip(values, products, strict=True) if product != row.product]
        assert found.similarity[known & (found.query == query)] == [max(others)]
        assert found.similarity[found.stranger & (found.query == query)] == [max(strangers)]


def test_a_query_without_another_photo_of_its_product_is_left_out(tmp_path: Path, tiny_model: Path) -> None:
    path = write_catalogue(tmp_path / "catalogue", products=3, photos=1, queries=1, split="val")
    with path.open("a", newline="") as file:
        csv.writer(file).writerow(["photos/P00-0.jpg", "X-0", "X", "", "", "", "", "val"])
    out = index(Order(path, tiny_model, tmp_path / "out"), Progress()).folder
    opened = open_generation(out)
    assert len(observe(opened, asked(opened, path, tmp_path / "cache", "train"), without_copies=False)) == 0
    assert observe(opened, asked(opened, path, tmp_path / "cache", "val"), without_copies=False).queries == 3


@pytest.fixture(scope="module")
def bursts(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> tuple[Path, Generation]:
    """12 products of seven views that have little in common; of the first there is a second, almost equal photo."""
    folder = tmp_path_factory.mktemp("bursts")
    path = write_catalogue(folder / "catalogue", products=12, photos=8, queries=0)
    text = path.read_text(encoding="utf-8")
    for product in range(12):
        for view in range(8):
            photo = draw(100 + 7 * product + view % 7, 0)
            photo.save(path.parent / "photos" / f"P{product:02}-{view}.jpg", quality=90 + view)
        text = re.sub(rf"^(.*P{product:02}-7,.*),train\r?$", r"\1,again", text, flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
    return path, open_generation(index(Order(path, tiny_model, folder / "out"), Progress()).folder)


def test_photos_of_one_burst_do_not_answer_each_other(bursts: tuple[Path, Generation], tmp_path: Path) -> None:
    path, generation = bursts
    queries = asked(generation, path, tmp_path, "again")
    assert len(queries.rows) == 12
    with_copies = observe(generation, queries, without_copies=False)
    without = observe(generation, queries, without_copies=True)
    known = ~with_copies.stranger
    assert with_copies.right[known].mean() > 0.9
    assert without.right[known].mean() < 0.5
    for name in ("similarity", "margin"):
        np.testing.assert_array_equal(getattr(without, name)[~known], getattr(with_copies, name)[~known])
    told = 0
    for row, embedding in zip(queries.rows, queries.embeddings, strict=True):
        own = generation.table.product(row.product)
        others = own[own != generation.table.image(row.image_id)]
        own_codes = generation.codes(others)
        values = similarity(direction(embedding, generation.thresholds), own_codes).tolist()
        limit = mean(values) + 1.5 * pstdev(values)
        copies = near_copies(generation, embedding, others).tolist()
        assert copies == [int(other) for other, value in zip(others, values, strict=True) if value > limit]
        told += generation.table.image(f"{row.product}-0") in copies
    assert told >= 6  # of the others another view is drawn as like by chance


def test_of_three_photos_none_is_a_near_copy(generation: Generation) -> None:
    own = generation.table.product("P00")
    embedding = Encoder(generation.folder).encode(np.zeros((1, 64, 64, 3), dtype=np.uint8)).embeddings[0]
    assert len(near_copies(generation, embedding, own)) == 0
