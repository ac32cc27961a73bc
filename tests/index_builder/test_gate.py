"""The quality gate: what may replace the live generation."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.bundle.generation import open_generation
from engine.bundle.manifest import read_manifest
from engine.bundle.store import current, names
from engine.catalogue.row import Row
from engine.errors import GateError
from engine.metrics import Judged
from index_builder.evaluate import Evaluation, Outcome
from index_builder.gate import LEAVE_ONE_OUT_QUERIES, choose_judges, compare, faults
from index_builder.indexing import Indexed, Order, index
from index_builder.progress import Progress
from tests.tiny_catalogue import write_catalogue
from tests.tiny_model import write_model


def run(catalogue: Path | None, model: Path, out: Path, force: str | None = None) -> Indexed:
    return index(Order(catalogue, model, out, force=force), Progress())


def row(number: int, product: str, split: str | None) -> Row:
    return Row("a.jpg", f"{product}-{number}", product, (None, None, None), None, split, None, "a.csv", number)


def evaluation(generation: str, hits: dict[int, bool], rows: int = 100) -> Evaluation:
    """What answering query → right or wrong looks like."""
    lists = [Judged(np.array([hit]), 1) for hit in hits.values()]
    outcome = Outcome(lists, lists)
    none = np.empty(0, dtype=np.int64)
    return Evaluation(
        generation, rows, 1000, np.array(list(hits)), none, "product", 100, outcome, outcome, {}, {}, none, [], none
    )


def test_val_photos_of_indexed_products_judge() -> None:
    rows = [row(1, "a", None), row(2, "a", "val"), row(3, "b", "val"), row(4, "a", "test")]
    judges = choose_judges(rows)
    assert (judges.source, [own.number for own in judges.rows]) == ("val", [2])


def test_without_val_photos_of_products_with_several_photos_judge() -> None:
    rows = [row(1, "a", None), row(2, "a", "train"), row(3, "b", None), row(4, "a", "test"), row(5, "b", "query")]
    judges = choose_judges(rows)
    assert (judges.source, [own.number for own in judges.rows]) == ("leave-one-out", [1, 2])


def test_a_large_catalogue_is_judged_by_a_sample_that_does_not_change() -> None:
    rows = [row(number, f"p{number // 2}", None) for number in range(3 * LEAVE_ONE_OUT_QUERIES)]
    chosen = [own.number for own in choose_judges(rows).rows]
    assert len(set(chosen)) == LEAVE_ONE_OUT_QUERIES
    assert chosen == [own.number for own in choose_judges(rows).rows]


def test_only_queries_that_both_can_answer_are_compared() -> None:
    live = evaluation("old", {1: True, 2: True, 3: False})
    new = evaluation("new", {2: True, 3: True, 4: False, 5: False})
    beside = compare(new, live)
    assert beside["answered_by_both"] == 2
    assert beside["recall@1"] == {"live": 0.5, "new": 1.0}
    assert beside["change"]["mean"] == 0.5


@pytest.mark.parametrize(("wrong", "passes"), [(1, True), (2, True), (3, False)])
def test_recall_may_fall_by_two_points_and_no_more(wrong: int, passes: bool) -> None:
    live = evaluation("old", dict.fromkeys(range(100), True))
    new = evaluation("new", {query: query >= wrong for query in range(100)})
    found = faults(100, compare(new, live))
    assert (found == []) == passes
    assert passes or "falls from 1.000 to 0.970 on 100 held-out queries (the limit is 2 points)" in found[0]


def test_a_catalogue_that_grew_is_told_so() -> None:
    live = evaluation("old", dict.fromkeys(range(100), True))
    new = evaluation("new", {query: query > 9 for query in range(100)}, rows=300)
    (fault,) = faults(300, compare(new, live))
    assert "100 rows grew to 300, which alone makes it harder" in fault


@pytest.mark.parametrize(("rows", "passes"), [(80, True), (79, False), (200, True)])
def test_rows_may_fall_by_a_fifth_and_no_more(rows: int, passes: bool) -> None:
    found = faults(rows, {"generation": "old", "rows": 100})
    assert (found == []) == passes
    assert passes or found == [f"its rows fall from 100 to {rows} (the limit is 20%)"]


def test_rows_that_were_deleted_through_the_service_are_not_judged() -> None:
    assert faults(56, {"generation": "old", "rows": 100}, deleted=30) == []
    assert faults(55, {"generation": "old", "rows": 100}, deleted=30) == [
        "its rows fall from 100 to 55, 30 of them deleted through the service (the limit is 20%)"
    ]


def test_a_model_that_knows_less_is_not_published(tmp_path: Path, tiny_catalogue: Path, tiny_model: Path) -> None:
    out = tmp_path / "out"
    run(tiny_catalogue, tiny_model, out)
    live = current(out)
    worse = write_model(tmp_path / "worse", bits=8, seed=1)
    with pytest.raises(GateError, match=r"is not published: its product recall@1 falls from .* with --force REASON"):
        run(tiny_catalogue, worse, out)
    assert (current(out), names(out)) == (live, [live])
    assert not list(out.rglob("*.partial"))
    open_generation(out / live, verify=True)


def test_a_catalogue_that_lost_its_rows_is_published_only_by_force(
    tmp_path: Path, tiny_catalogue: Path, tiny_model: Path
) -> None:
    out = tmp_path / "out"
    run(tiny_catalogue, tiny_model, out)
    few = write_catalogue(tmp_path / "few", products=15)
    with pytest.raises(GateError, match="its rows fall from 60 to 45"):
        run(few, tiny_model, out)
    with pytest.raises(GateError, match="its rows fall from 60 to 0"):
        run(None, tiny_model, out)
    forced = run(few, tiny_model, out, force="the summer range is over")
    quality = read_manifest(forced.folder).quality
    assert quality["forced"] == "the summer range is over"
    assert quality["faults"] == ["its rows fall from 60 to 45 (the limit is 20%)"]
    assert forced.report["new_photos"] == 0


def test_val_photos_measure_a_generation_and_are_not_indexed(tmp_path: Path, tiny_model: Path) -> None:
    catalogue = write_catalogue(tmp_path / "catalogue", split="val")
    indexed = run(catalogue, tiny_model, tmp_path / "out")
    quality = indexed.manifest.quality
    assert (quality["queries"], quality["answered"], indexed.manifest.rows) == ("val", 20, 60)
    assert quality["product"]["recall@1"] > 0.5


def test_a_live_generation_that_is_damaged_can_be_replaced_only_by_force(
    tmp_path: Path, tiny_bundle: Path, tiny_catalogue: Path, tiny_model: Path
) -> None:
    out = shutil.copytree(tiny_bundle, tmp_path / "out")
    (out / current(out) / "shards" / "00001.rows").unlink()
    with pytest.raises(GateError, match=r"cannot be compared with: .*00001.rows is missing"):
        run(tiny_catalogue, tiny_model, out)
    run(tiny_catalogue, tiny_model, out, force="the disk lost a file")
    open_generation(out / current(out), verify=True)


def test_quality_is_plain_json(tiny_bundle: Path) -> None:
    quality = read_manifest(tiny_bundle / current(tiny_bundle)).quality
    assert json.loads(json.dumps(quality)) == quality
