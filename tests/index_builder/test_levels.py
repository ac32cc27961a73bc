"""Categories in an evaluation: the model's own, the first answer's, and search inside the right one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current
from engine.catalogue.catalogue import open_catalogue
from engine.encoder import Encoder
from engine.index.protocol import everything
from engine.ranking import rank
from engine.scope import name_of, scope_of
from engine.taxonomy import LEVELS, Level, Path3, cut
from index_builder.evaluate import evaluate
from index_builder.evaluating import evaluate_catalogue
from index_builder.indexing import Order, index
from index_builder.progress import Progress
from index_builder.queries import Queries, choose_rows, encode_queries
from tests.tiny_model import write_model


@pytest.fixture(scope="module")
def generation(tiny_bundle: Path) -> Generation:
    return open_generation(tiny_bundle / current(tiny_bundle))


def ask(generation: Generation, catalogue: Path, folder: Path, split: str = "test") -> Queries:
    opened = open_catalogue(catalogue)
    rows, _ = choose_rows(list(opened.rows()), [split])
    encoder = Encoder(generation.folder)
    return encode_queries(opened, rows, encoder, folder, 2, lambda: None, probabilities=True)


@pytest.fixture(scope="module")
def queries(generation: Generation, tiny_catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Queries:
    return ask(generation, tiny_catalogue, tmp_path_factory.mktemp("queries"))


def with_categories(queries: Queries, categories: list[Path3]) -> Queries:
    rows = [replace(row, category=own) for row, own in zip(queries.rows, categories, strict=True)]
    return replace(queries, rows=rows)


@pytest.mark.parametrize("level", LEVELS)
def test_the_models_accuracy_is_that_of_the_likeliest_name_that_search_tells(
    generation: Generation, queries: Queries, level: Level
) -> None:
    taxonomy, name = generation.card.taxonomy, LEVELS.index(level)
    assert queries.probabilities is not None
    guesses = [taxonomy.top(own, level, 1)[0] for own in queries.probabilities]
    right = [guess == row.category[name] for (guess, _), row in zip(guesses, queries.rows, strict=True)]
    found = evaluate(generation, queries).levels[level].model
    assert found is not None
    assert (found.known, found.unknown, found.accuracy) == (20, 0, pytest.approx(np.mean(right)))
    bins = np.argsort([sure for _, sure in guesses], kind="stable").reshape(10, 2)  # ten bins of equal mass
    gaps = [abs(sum(right[i] - guesses[i][1] for i in own)) for own in bins]
    assert found.ece == pytest.approx(sum(gaps) / 20)


@pytest.mark.parametrize("level", LEVELS)
def test_recall_inside_a_category_is_what_search_answers_with_that_category(
    generation: Generation, queries: Queries, level: Level
) -> None:
    depth = LEVELS.index(level) + 1
    over_all, inside, of_category = [], [], []
    for row, embedding in zip(queries.rows, queries.embeddings, strict=True):
        own = cut(row.category, depth)
        scope = scope_of([name_of(own)], generation.manifest.categories)
        first = rank(generation, embedding, 1, everything(60)).found[0]
        over_all.append(first.product_id == row.product)
        inside.append(rank(generation, embedding, 1, scope).found[0].product_id == row.product)
        of_category.append(any(start <= first.row < stop for start, stop in scope))
    found = evaluate(generation, queries).levels[level].index
    assert (found.known, found.unknown) == (20, 0)
    assert (found.recall, found.recall_inside) == (np.mean(over_all), np.mean(inside))
    assert found.first_inside == np.mean(of_category)
    assert np.mean(inside) > np.mean(over_all) or level != "leaf"  # else the test would show nothing


def test_a_query_that_is_itself_indexed_is_not_its_own_answer_inside_its_category(
    generation: Generation, tiny_catalogue: Path, tmp_path: Path
) -> None:
    found = evaluate(generation, ask(generation, tiny_catalogue, tmp_path, "train")).levels["meta"].index
    assert found.recall_inside is not None
    assert found.recall_inside < 1


def test_categories_that_the_model_or_the_index_does_not_know_are_counted(
    generation: Generation, queries: Queries
) -> None:
    own = [row.category for row in queries.rows]
    strange: list[Path3] = [("meta0", "level0", "plum"), ("plum", "plum", "plum"), *own[2:]]
    whole, part = evaluate(generation, queries).levels, evaluate(generation, with_categories(queries, strange)).levels
    assert [part[level].queries for level in LEVELS] == [20, 20, 20]
    for level, unknown in zip(LEVELS, (1, 1, 2), strict=True):
        model, answers = part[level].model, part[level].index
        assert model is not None
        assert (model.known, model.unknown) == (20 - unknown, unknown) == (answers.known, answers.unknown)
    assert whole["leaf"].model != part["leaf"].model


def test_only_levels_that_the_queries_have_are_judged(generation: Generation, queries: Queries) -> None:
    metas: list[Path3] = [
        (row.category[0], None, None) if i < 15 else (None, None, None) for i, row in enumerate(queries.rows)
    ]
    found = evaluate(generation, with_categories(queries, metas)).as_json()["categories"]
    assert list(found) == ["meta"]
    assert found["meta"]["queries"] == 15


def test_an_evaluation_without_categories_says_nothing_of_them(generation: Generation, queries: Queries) -> None:
    whole = evaluate(generation, queries).as_json()
    found = evaluate(generation, with_categories(queries, [(None, None, None)] * 20)).as_json()
    assert found == {name: value for name, value in whole.items() if name != "categories"}


def test_a_category_without_its_parents_is_the_same_category(generation: Generation, queries: Queries) -> None:
    leaves: list[Path3] = [(None, None, row.category[2]) for row in queries.rows]
    found = evaluate(generation, with_categories(queries, leaves))
    assert found.levels == {"leaf": evaluate(generation, queries).levels["leaf"]}


def test_where_a_category_is_all_that_is_right_there_is_no_product_to_find_inside(
    generation: Generation, queries: Queries
) -> None:
    unnamed = replace(queries, rows=[replace(row, product_id=None) for row in queries.rows])
    found = evaluate(generation, unnamed)
    leaf = found.levels["leaf"].index
    assert (leaf.recall, leaf.recall_inside) == (None, None)
    assert leaf.first_inside == found.as_json()["bits_rescored"]["photo"]["recall@1"]


def test_a_model_without_categories_guesses_none_and_the_index_is_judged_all_the_same(
    tmp_path: Path, tiny_catalogue: Path
) -> None:
    out = tmp_path / "bundles"
    index(Order(tiny_catalogue, write_model(tmp_path / "model"), out), Progress())
    found = evaluate_catalogue(out, tiny_catalogue, [], None, {}, None, 2, Progress()).evaluation.levels
    assert all(found[level].model is None for level in LEVELS)
    assert all(found[level].index.known == 20 for level in LEVELS)


def test_none_of_it_is_judged_in_short(generation: Generation, queries: Queries) -> None:
    assert evaluate(generation, queries, levels=False).levels == {}
