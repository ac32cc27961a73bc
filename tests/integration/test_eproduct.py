"""The eProduct challenge, whole: `build` and `submit` with the commands alone, on a drawn data set."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index_builder.submission import read_submission
from twinshot.sample.eproduct import TRUTH, write_eproduct
from twinshot.sample.listings import Size


def twinshot(*words: object) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    command = [sys.executable, "-m", "twinshot", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def ids(folder: Path, split: str) -> list[str]:
    with (folder / "metadata" / f"{split}.csv").open(newline="") as file:
        return [row["UUID"] for row in csv.DictReader(file)]


def mar_at_10(lists: dict[str, list[str]], truth: dict[str, list[str]], capped: bool) -> float:
    """The challenge's measure from the two files, in a plain loop."""
    shares = []
    for query, right in truth.items():
        found = sum(photo in right for photo in lists[query][:10])
        shares.append(found / (min(len(right), 10) if capped else len(right)))
    return float(np.mean(shares))


def build_and_submit(folder: Path, size: Size, *options: str) -> Path:
    """Draw, build, submit: what a user with the real files types, with `options` for `build`."""
    data, bundles = write_eproduct(folder / "eproduct", size), folder / "bundles"
    for words in (
        ("build", data, "--out", bundles, *options),
        ("submit", bundles, "--queries", data, "--out", folder / "submission.csv"),
        ("evaluate", bundles, "--queries", data, "--truth", data / TRUTH, "--json", folder / "figures.json"),
    ):
        done = twinshot(*words)
        assert done.returncode == 0, done.stderr
    return folder


def hold_to_the_challenge(folder: Path, queries: int) -> dict[str, float]:
    """Every line of the submission is right in form, and the figures of `evaluate` are those of the file."""
    data = folder / "eproduct"
    lists, truth = read_submission(folder / "submission.csv"), read_submission(data / TRUTH)
    assert list(lists) == ids(data, "query_part1")
    index = set(ids(data, "index"))
    assert len(lists) == queries
    for photos in lists.values():
        assert len(set(photos)) == len(photos) == 10
        assert index.issuperset(photos)
    figures: dict[str, float] = json.loads((folder / "figures.json").read_text())["bits_rescored"]["photo"]
    assert figures["mar@10"] == pytest.approx(mar_at_10(lists, truth, capped=False))
    assert figures["mar@10_capped"] == pytest.approx(mar_at_10(lists, truth, capped=True))
    assert figures["mar@10"] < figures["mar@10_capped"]
    return figures


SMALL = Size(meta=2, level2=3, leaves=8, train=40, val=8, index=60, queries=12)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = ("--weights", "none", "--epochs", "1", "--backbone", "mobilenetv3_small_050", "--bits", "64")
    return build_and_submit(tmp_path_factory.mktemp("challenge"), SMALL, *options)


def test_build_and_submit_give_the_file_that_the_challenge_takes(done: Path) -> None:
    hold_to_the_challenge(done, SMALL.queries)
    first = (done / "submission.csv").read_text().splitlines()[0]
    query, _, photos = first.partition(",")
    assert query == ids(done / "eproduct", "query_part1")[0]
    assert photos == f'"{" ".join(photos.strip(chr(34)).split())}"'


def test_the_training_photos_are_trained_on_but_never_an_answer(done: Path) -> None:
    listed = json.loads(twinshot("generations", done / "bundles", "--json").stdout)["generations"]
    assert [own["rows"] for own in listed] == [SMALL.index]
    model = json.loads((done / "bundles" / ".build" / "model" / "model.json").read_text())
    assert model["training"]["photos"] == SMALL.train
    assert len(model["taxonomy"]["classes"]) == SMALL.leaves


def test_labels_of_val_can_be_asked_for_where_the_training_photos_are_indexed(done: Path) -> None:
    data, proxy = done / "eproduct", done / "proxy"
    words = (
        "index",
        data,
        "--model",
        done / "bundles" / ".build" / "model",
        "--out",
        proxy,
        "--index-splits",
        "train",
        "--json",
    )
    assert json.loads(twinshot(*words).stdout)["rows"] == SMALL.train
    figures = done / "proxy.json"
    asked = twinshot("evaluate", proxy, "--queries", data, "--query-splits", "val", "--json", figures)
    assert asked.returncode == 0, asked.stderr
    told = json.loads(figures.read_text())
    assert (told["relevant"], told["queries"], told["rows"]) == ("category", SMALL.val, SMALL.train)
    refused = twinshot("submit", proxy, "--queries", data, "--out", done / "wrong.csv")
    assert refused.returncode == 2
    assert "holds photos that are not in the index of" in refused.stderr
    assert not (done / "wrong.csv").exists()


def test_submit_says_what_it_wrote_and_what_was_bad(done: Path, tmp_path: Path) -> None:
    (tmp_path / "metadata").mkdir()
    (tmp_path / "Images").symlink_to(done / "eproduct" / "Images")
    queries = (done / "eproduct" / "metadata" / "query_part1.csv").read_text()
    (tmp_path / "metadata" / "query_part1.csv").write_text(f"{queries}lost,query_part1/lost.JPEG\n")
    said = twinshot("submit", done / "bundles", "--queries", tmp_path, "--out", tmp_path / "s.csv")
    assert said.returncode == 0, said.stderr
    assert f"s.csv: 13 queries answered from {SMALL.index} photos of" in said.stdout
    assert "1 query got an empty list: no usable photo" in said.stderr
    assert f"1 bad row, listed in {tmp_path / 's.bad_rows.csv'}" in said.stderr
    assert read_submission(tmp_path / "s.csv")["lost"] == []
    told = json.loads(
        twinshot("submit", done / "bundles", "--queries", tmp_path, "--out", tmp_path / "s.csv", "--json").stdout
    )
    assert (told["queries"], told["empty"], told["bad"]) == (13, 1, 1)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_real_hierarchy_is_built_and_submitted(tmp_path: Path) -> None:
    size = Size(train=2000, val=200, index=2000, queries=200)
    options = ("--weights", "none", "--epochs", "2", "--backbone", "mobilenetv3_small_050", "--bits", "256")
    figures = hold_to_the_challenge(build_and_submit(tmp_path, size, *options), size.queries)
    model = json.loads((tmp_path / "bundles" / ".build" / "model" / "model.json").read_text())
    assert len(model["taxonomy"]["classes"]) == 1000
    assert figures["mar@10"] > 0.02, "chance is 10 of 2,000"
