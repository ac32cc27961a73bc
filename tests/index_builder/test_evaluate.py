"""Evaluation: what is right, what cannot be answered, and figures that equal the plain loop's."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current
from engine.calibration import scores_of
from engine.catalogue.catalogue import open_catalogue
from engine.catalogue.row import Row
from engine.encoder import Encoder
from engine.errors import CatalogueError
from engine.index.protocol import everything
from engine.ranking import rank
from index_builder.evaluate import evaluate
from index_builder.evaluating import as_json, evaluate_catalogue
from index_builder.indexing import Order, index
from index_builder.matches import Matches, judge_matches
from index_builder.plan import Wishes
from index_builder.progress import Progress
from index_builder.queries import Queries, choose_rows, encode_queries
from tests.tiny_catalogue import write_catalogue


@pytest.fixture(scope="module")
def generation(tiny_bundle: Path) -> Generation:
    return open_generation(tiny_bundle / current(tiny_bundle))


def ask(generation: Generation, catalogue: Path, folder: Path, splits: tuple[str, ...] = ("test",)) -> Queries:
    opened = open_catalogue(catalogue)
    rows, _ = choose_rows(list(opened.rows()), splits)
    return encode_queries(opened, rows, Encoder(generation.folder), folder, 2, lambda: None, features=True)


@pytest.fixture(scope="module")
def queries(generation: Generation, tiny_catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Queries:
    return ask(generation, tiny_catalogue, tmp_path_factory.mktemp("queries"))


def changed(queries: Queries, **fields: object) -> Queries:
    return replace(queries, rows=[replace(row, **fields) for row in queries.rows])  # type: ignore[arg-type]


def test_product_figures_equal_those_of_asking_search_one_by_one(generation: Generation, queries: Queries) -> None:
    found = evaluate(generation, queries).as_json()
    ranks = []
    for row, embedding in zip(queries.rows, queries.embeddings, strict=True):
        answers = [own.product_id for own in rank(generation, embedding, 20, everything(60)).found]
        ranks.append(answers.index(row.product) + 1)
    expected = {f"recall@{k}": float(np.mean([own <= k for own in ranks])) for k in (1, 5, 10)}
    assert found["bits_rescored"]["product"] == pytest.approx({**expected, "mrr": np.mean(1 / np.array(ranks))})
    assert (found["queries"], found["answerable"], found["unanswerable"]) == (20, 20, 0)


@pytest.mark.parametrize("min_score", [0.51, 0.8, 0.95])
def test_matches_are_those_of_asking_search_one_by_one(
    generation: Generation, queries: Queries, calibrated_bundle: Path, min_score: float
) -> None:
    fitted = open_generation(calibrated_bundle / current(calibrated_bundle)).manifest.calibration
    assert fitted
    own = fitted.model_copy(update={"min_score": min_score})
    scored = replace(generation, manifest=generation.manifest.model_copy(update={"calibration": own}))
    own_ids = [queries.rows[3].product_id, "stranger"] * 10  # so that most first answers are wrong
    rows = [replace(row, product_id=product_id) for row, product_id in zip(queries.rows, own_ids, strict=True)]
    asked = replace(queries, rows=rows)
    matched = []
    for row, embedding in zip(asked.rows, asked.embeddings, strict=True):
        found = rank(scored, embedding, 2, everything(60)).found
        if scores_of(own, [one.similarity for one in found])[0] >= min_score:  # type: ignore[operator]
            matched.append((row.product_id, found[0].product_id == row.product))
    strangers = [own for own in matched if own[0] == "stranger"]
    assert 0 < len(strangers) < 10
    assert 0 < len(matched) - len(strangers) < 10
    right = sum(hit for _, hit in matched)
    expected = Matches(min_score, len(matched) - len(strangers), right, 10, len(strangers))
    assert judge_matches(scored, asked.embeddings, evaluate(scored, asked)) == expected
    assert judge_matches(generation, asked.embeddings, evaluate(generation, asked)) is None


def test_strangers_are_photos_whose_product_is_known_not_to_be_indexed(
    generation: Generation, queries: Queries, tiny_catalogue: Path, tmp_path: Path
) -> None:
    def of(asked: Queries, right: dict[str, list[str]] | None = None) -> list[int]:
        return evaluate(generation, asked, right=right).strangers.tolist()

    def named(asked: Queries, *products: str | None) -> Queries:
        first = [replace(row, product_id=own) for row, own in zip(asked.rows, products, strict=False)]
        return replace(asked, rows=[*first, *asked.rows[len(products) :]])

    assert of(queries) == []
    assert of(named(queries, "stranger", None, "another")) == [0, 2]
    assert of(changed(queries, product_id=None)) == []
    assert of(named(queries, "stranger"), right={queries.rows[1].image_id: ["P01-0"]}) == []
    itself = ask(generation, tiny_catalogue, tmp_path, ("train",))
    assert of(named(itself, "of another name")) == []


def test_photo_figures_of_floats_equal_the_plain_loop(generation: Generation, queries: Queries) -> None:
    names = [f"shards/{shard.name}.features.f16" for shard in generation.manifest.shards]
    stored = np.concatenate([np.fromfile(generation.folder / name, np.float16).reshape(-1, 96) for name in names])
    stored = stored.astype(np.float64) / np.linalg.norm(stored.astype(np.float64), axis=1, keepdims=True)
    owners = np.array(generation.ids(np.arange(60))[0])
    assert queries.features is not None
    recalls, precisions = [], []
    for row, features in zip(queries.rows, queries.features.astype(np.float64), strict=True):
        right = owners[np.argsort(-(stored @ features))] == row.product
        recalls.append(right[0])
        places = np.flatnonzero(right) + 1
        precisions.append(np.mean([(i + 1) / place for i, place in enumerate(places)]))
    found = evaluate(generation, queries).floats["features"].as_json()["photo"]
    assert found["recall@1"] == pytest.approx(np.mean(recalls))
    assert found["map"] == pytest.approx(np.mean(precisions))


def test_float_is_the_better_of_features_and_embedding_and_says_which(generation: Generation, queries: Queries) -> None:
    evaluation = evaluate(generation, queries)
    hits = {part: own.product_hits.mean() for part, own in evaluation.floats.items()}
    assert set(hits) == {"features", "embedding"}
    best = max(hits.values())
    told = evaluation.as_json()["float"]
    assert hits[told["of"]] == told["product"]["recall@1"] == best


def test_without_kept_floats_float_is_null(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    out = tmp_path / "bundles"
    index(Order(tiny_catalogue, tiny_model, out, wishes=Wishes(embeddings=False)), Progress())
    generation = open_generation(out / current(out))
    (generation.folder / "shards" / "00000.features.f16").unlink()
    del generation.manifest.files["shards/00000.features.f16"]
    found = evaluate(generation, ask(generation, tiny_catalogue, tmp_path / "queries")).as_json()
    assert found["float"] is None
    assert found["bits"]["product"]["recall@1"] > 0.5


def test_queries_of_products_that_are_not_indexed_are_counted_and_left_out(
    generation: Generation, queries: Queries
) -> None:
    strangers = [replace(row, product_id="stranger") if i < 5 else row for i, row in enumerate(queries.rows)]
    whole = evaluate(generation, queries)
    part = evaluate(generation, replace(queries, rows=strangers))
    assert (part.as_json()["unanswerable"], part.as_json()["answerable"]) == (5, 15)
    assert part.answerable.tolist() == list(range(5, 20))
    assert (part.bits_rescored.product_hits == whole.bits_rescored.product_hits[5:]).all()


def test_a_query_that_is_itself_indexed_is_left_out_of_its_answers(
    generation: Generation, tiny_catalogue: Path, tmp_path: Path
) -> None:
    own = ask(generation, tiny_catalogue, tmp_path, ("train",))
    by_image_id = replace(own, digests=np.zeros_like(own.digests))
    by_bytes = changed(own, image_id="another name")
    figures = [evaluate(generation, asked).as_json() for asked in (own, by_image_id, by_bytes)]
    assert figures[0] == figures[1] == figures[2]
    assert figures[0]["bits_rescored"]["product"]["recall@1"] < 1
    itself = evaluate(generation, changed(by_image_id, image_id="another name")).as_json()
    assert itself["bits_rescored"]["photo"]["recall@1"] == 1


def test_the_only_photo_of_a_product_cannot_be_asked_about_itself(tmp_path: Path, tiny_model: Path) -> None:
    catalogue = write_catalogue(tmp_path / "catalogue", products=6, photos=1, queries=0)
    index(Order(catalogue, tiny_model, tmp_path / "bundles"), Progress())
    generation = open_generation(tmp_path / "bundles" / current(tmp_path / "bundles"))
    found = evaluate(generation, ask(generation, catalogue, tmp_path / "queries", ("train",))).as_json()
    assert (found["answerable"], found["unanswerable"]) == (0, 6)
    assert found["bits_rescored"] == {"photo": {}, "product": {}}


def test_without_any_product_id_the_category_is_what_is_right(generation: Generation, queries: Queries) -> None:
    found = evaluate(generation, changed(queries, product_id=None)).as_json()
    assert (found["relevant"], found["answerable"]) == ("category", 20)
    wider = [replace(own, product_id=None, category=(own.category[0], None, None)) for own in queries.rows]
    meta = evaluate(generation, replace(queries, rows=wider)).as_json()
    assert found["bits"]["photo"]["recall@5"] <= meta["bits"]["photo"]["recall@5"]
    assert found["bits"]["photo"]["mar@10"] > meta["bits"]["photo"]["mar@10"]  # a meta category has more photos


def test_queries_without_product_and_category_are_refused(generation: Generation, queries: Queries) -> None:
    with pytest.raises(CatalogueError, match="neither product ids nor categories"):
        evaluate(generation, changed(queries, product_id=None, category=(None, None, None)))


def test_a_truth_says_photo_by_photo_what_is_right(generation: Generation, queries: Queries) -> None:
    unnamed = changed(queries, product_id=None, category=(None, None, None))
    right = {own.image_id: [f"{own.product}-{photo}" for photo in range(3)] for own in queries.rows}
    by_product = evaluate(generation, queries).as_json()
    found = evaluate(generation, unnamed, right=right).as_json()
    assert found["relevant"] == "answer"
    for kind in ("bits", "bits_rescored"):
        assert found[kind]["photo"] == by_product[kind]["photo"]


def test_a_right_photo_that_is_not_indexed_counts_as_not_found(generation: Generation, queries: Queries) -> None:
    right = {own.image_id: [f"{own.product}-0"] for own in queries.rows}
    whole = evaluate(generation, queries, right=right).as_json()["bits_rescored"]["photo"]
    missing = {query: [*answers, "gone-0"] for query, answers in right.items()}
    part = evaluate(generation, queries, right=missing).as_json()["bits_rescored"]["photo"]
    assert part["mar@10"] == pytest.approx(whole["mar@10"] / 2)


def test_both_readings_of_the_denominator_are_told_apart(generation: Generation, queries: Queries) -> None:
    everything_right = {own.image_id: generation.ids(np.arange(60))[1] for own in queries.rows}
    found = evaluate(generation, queries, right=everything_right).as_json()["bits_rescored"]["photo"]
    assert (found["mar@10"], found["mar@10_capped"]) == (pytest.approx(10 / 60), 1.0)


def test_queries_that_the_truth_does_not_know_are_left_out_and_one_that_knows_none_is_refused(
    generation: Generation, queries: Queries
) -> None:
    found = evaluate(generation, queries, right={"P00-q0": ["P00-0"]}).as_json()
    assert (found["answerable"], found["unanswerable"]) == (1, 19)
    with pytest.raises(CatalogueError, match="no answer to any of the queries"):
        evaluate(generation, queries, right={"P99-q0": ["P00-0"]})


def test_a_truth_is_read_from_a_file(tmp_path: Path, tiny_bundle: Path, tiny_catalogue: Path) -> None:
    (tmp_path / "truth.csv").write_text('P00-q0,"P00-0 P00-1 P00-2"\n')
    found = evaluate_catalogue(
        tiny_bundle, tiny_catalogue, ["test"], None, {}, None, 2, Progress(), tmp_path / "truth.csv"
    )
    assert (found.evaluation.relevant, len(found.evaluation.answerable)) == ("answer", 1)


def row(split: str | None) -> Row:
    return Row("a.jpg", "a", None, (None, None, None), None, split, None, "a.csv", 1)


@pytest.mark.parametrize(
    ("present", "asked", "chosen"),
    [
        (["train", "query", "test"], [], "test"),
        (["train", "query", "val"], [], "query"),
        (["train", None], [], "all"),
        (["train", "val"], ["val"], "val"),
        (["train", "val", "test"], ["val", "test"], "val,test"),
    ],
)
def test_the_splits_to_ask(present: list[str | None], asked: list[str], chosen: str) -> None:
    rows, name = choose_rows([row(split) for split in present], asked)
    assert name == chosen
    assert len(rows) == (len(present) if chosen == "all" else len(chosen.split(",")))


def test_a_split_that_no_row_has_is_named_with_those_that_exist() -> None:
    with pytest.raises(CatalogueError, match=r"no row is of --query-splits tset; the catalogue has \(none\), test"):
        choose_rows([row("test"), row(None)], ["tset"])


def test_a_catalogue_is_evaluated_against_the_live_generation(tiny_bundle: Path, tiny_catalogue: Path) -> None:
    before = sorted(tiny_bundle.rglob("*"))
    found = as_json(evaluate_catalogue(tiny_bundle, tiny_catalogue, [], None, {}, None, 2, Progress()), Progress())
    assert (found["query_splits"], found["queries"], found["depth"]) == ("test", 20, 60)
    assert sorted(tiny_bundle.rglob("*")) == before


def test_an_unreadable_query_is_counted(tmp_path: Path, tiny_bundle: Path, tiny_catalogue: Path) -> None:
    catalogue = shutil.copytree(tiny_catalogue.parent, tmp_path / "catalogue") / "catalogue.csv"
    (catalogue.parent / "photos" / "P00-q0.jpg").write_bytes(b"not a photo")
    found = as_json(evaluate_catalogue(tiny_bundle, catalogue, [], None, {}, None, 2, Progress()), Progress())
    assert (found["queries"], found["bad_queries"]) == (19, 1)


def test_a_catalogue_without_any_readable_query_is_refused(tmp_path: Path, tiny_bundle: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"not a photo")
    with (tmp_path / "catalogue.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["image", "product_id"], ["a.jpg", "P00"]])
    with pytest.raises(CatalogueError, match="has no photo to ask with; `twinshot check"):
        evaluate_catalogue(tiny_bundle, tmp_path / "catalogue.csv", [], None, {}, None, 2, Progress())
