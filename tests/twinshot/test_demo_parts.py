"""The parts of the demo: samples, questions, ports, and what is counted."""

import csv
import json
import re
import signal
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from engine.catalogue.catalogue import open_catalogue
from engine.catalogue.row import Row
from engine.errors import InputError, TwinshotError
from twinshot import processes
from twinshot.commands.demo import demo
from twinshot.demo.asking import Answer, wait_until_ready
from twinshot.demo.questions import Question, good_rows, hold_out, questions
from twinshot.demo.report import make_report, print_report
from twinshot.demo.run import Options, run_demo
from twinshot.demo.samples import write_samples
from twinshot.processes import run, serving


def a_row(product: str, split: str | None, number: int = 1) -> Row:
    name = f"{product}-{split}-{number}"
    return Row(f"{name}.jpg", name, product, ("a", None, None), None, split, None, "catalogue.csv", number)


def an_answer(group: str, place: int | None, match: bool | None = None, near_twin: bool = False) -> Answer:
    return Answer(Question(a_row("P", "query"), group, near_twin), place, match, 5.0, "g1")  # type: ignore[arg-type]


def test_the_samples_begin_with_clear_matches_and_none_is_left_out(tmp_path: Path) -> None:
    photos = {
        "twin": an_answer("seen", 1, True, near_twin=True),
        "unsure": an_answer("seen", 1, False),
        "wrong": an_answer("seen", 2, True),
        "clear": an_answer("seen", 1, True),
    }
    answers = [replace(own, question=replace(own.question, row=a_row(name, "query"))) for name, own in photos.items()]
    asked = [*(own.question for own in answers), Question(a_row("refused", "query"), "seen", False)]
    (tmp_path / "09.png").write_text("of an earlier demo")
    write_samples(tmp_path, asked, answers, lambda row: row.product_id.encode())
    written = {path.name: path.read_text() for path in sorted(tmp_path.iterdir())}
    assert written == {"01.jpg": "clear", "02.jpg": "twin", "03.jpg": "unsure", "04.jpg": "wrong", "05.jpg": "refused"}


def test_which_samples_are_offered_does_not_depend_on_the_answers(tmp_path: Path) -> None:
    asked = [Question(a_row(f"P{number:02}", "query"), "seen", number % 2 == 0) for number in range(30)]
    right = [Answer(own, 1, True, 5.0, "g1") for own in asked]
    wrong = [Answer(own, None, False, 5.0, "g1") for own in asked]
    offered = []
    for name, answers in {"none": [], "right": right, "wrong": wrong}.items():
        (tmp_path / name).mkdir()
        write_samples(tmp_path / name, asked, answers, lambda row: row.product_id.encode())
        offered.append({path.read_text() for path in (tmp_path / name).iterdir()})
    assert offered == [{f"P{number:02}" for number in range(0, 30, 3)}] * 3


def test_test_rows_are_asked_before_query_and_val() -> None:
    rows = [a_row("A", "train"), a_row("A", "val"), a_row("A", "query"), a_row("A", "test")]
    assert [own.row.split for own in questions(rows, frozenset())] == ["test"]
    assert [own.row.split for own in questions(rows[:3], frozenset())] == ["query"]
    assert [own.row.split for own in questions(rows[:2], frozenset())] == ["val"]


def test_a_question_knows_whether_its_product_was_trained_on_or_only_indexed_or_neither() -> None:
    rows = [a_row("A", None), a_row("B", "index"), *(a_row(name, "query") for name in "ABC")]
    asked = questions(rows, frozenset("B"))
    assert [own.group for own in asked] == ["seen", "unseen", "stranger"]
    assert [own.near_twin for own in asked] == [False, True, False]


def test_of_many_questions_every_nth_is_asked() -> None:
    rows = [a_row("A", "query", number) for number in range(2500)]
    assert [own.row.number for own in questions(rows, frozenset())][:3] == [0, 3, 6]


def test_without_held_out_photos_one_photo_of_each_product_with_several_is_held_out(tmp_path: Path) -> None:
    rows = [a_row("A", None, 1), a_row("A", None, 2), a_row("B", None, 1)]
    hold_out(rows, Path("own.csv"))(tmp_path / "catalogue")
    copied = good_rows(open_catalogue(tmp_path / "catalogue" / "catalogue.csv"))
    assert [(row.product, row.split) for row in copied] == [("A", None), ("A", "query"), ("B", None)]
    assert [row.category for row in copied] == [row.category for row in rows]


def test_a_catalogue_that_cannot_be_asked_about_is_an_error_with_a_remedy() -> None:
    with pytest.raises(InputError, match=r"own\.csv has no rows of split test, query or val.*use `twinshot build`"):
        hold_out([a_row("A", None), a_row("B", None)], Path("own.csv"))


def test_two_photos_are_too_few_for_a_demo() -> None:
    with pytest.raises(
        InputError, match=r"two\.csv has too few photos for a demo: with 1 held out .*, 1 would be left"
    ):
        hold_out([a_row("A", None, 1), a_row("A", None, 2)], Path("two.csv"))


def test_columns_without_a_catalogue_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name it with --catalogue"):
        demo(out=tmp_path / "demo", column=["image=photo"])


def test_recall_leaves_strangers_out_and_counts_each_group() -> None:
    answers = [
        *(an_answer("seen", 1), an_answer("seen", 3, near_twin=True), an_answer("unseen", 1, near_twin=True)),
        *(an_answer("unseen", None), an_answer("stranger", None, match=True), an_answer("stranger", None, match=False)),
    ]
    figures = make_report(answers, [], {"draw": 1.234}, ["train"], "http://127.0.0.1:1/").figures
    assert figures["product_recall_at_1"] == 0.5
    assert figures["product_recall_at_10"] == 0.75
    assert figures["seen_recall_at_1"] == figures["unseen_recall_at_1"] == figures["near_twin_recall_at_1"] == 0.5
    assert (figures["queries"], figures["strangers"], figures["strangers_matched"]) == (6, 2, 1)
    assert figures["seconds"] == {"draw": 1.23}


def test_what_was_not_asked_is_null_and_not_nought() -> None:
    figures = make_report([an_answer("seen", 1)], [], {}, [], "").figures
    assert figures["unseen_recall_at_1"] is None
    assert figures["near_twin_recall_at_1"] is None
    assert figures["strangers_matched"] is None


def test_the_json_is_the_last_line_of_stdout_and_the_rest_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(make_report([an_answer("seen", 1)], ["a line"], {"train": 2.0}, [], "x"), as_json=True)
    out, err = capsys.readouterr()
    assert json.loads(out)["product_recall_at_1"] == 1.0
    assert out.count("\n") == 1
    assert "a line" in err
    assert re.search(r"trained on +1\.000 +its product was trained on", err)


def test_what_is_not_known_has_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [an_answer("seen", 1), an_answer("stranger", None)]
    print_report(make_report(asked, [], {}, [], "x"), as_json=False)
    out = capsys.readouterr().out
    assert re.search("^photos asked +2$", out, re.MULTILINE)
    assert not re.search("not known|None|strangers|sure|near-twins|only indexed", out)


def test_right_answers_that_reach_the_threshold_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [an_answer("seen", 1, match=True), an_answer("unseen", 1, match=False), an_answer("seen", 2, match=True)]
    report = make_report(asked, [], {}, [], "x")
    assert (report.figures["right"], report.figures["right_matched"]) == (2, 1)
    print_report(report, as_json=False)
    assert "right, and sure of it  1 of 2      right answers reach the threshold: `match`\n" in capsys.readouterr().out


def test_shares_have_three_decimals_and_times_one(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [*(an_answer("seen", 1) for _ in range(2)), an_answer("unseen", None)]
    print_report(make_report(asked, [], {"train": 400.86, "export": 0.004}, ["export"], "x"), as_json=False)
    told = capsys.readouterr().out
    assert re.search(r"first +0\.667 ", told)
    assert re.search(r"only indexed +0\.000 ", told)
    assert re.search(r"median +5\.0 ms$", told, re.MULTILINE)
    assert re.search(r"train +400\.9 s$", told, re.MULTILINE)
    assert re.search(r"export +0\.0 s +from before$", told, re.MULTILINE)


def test_strangers_are_counted_where_the_service_gives_a_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    asked = [an_answer("seen", 1, match=True), an_answer("stranger", None, match=True)]
    print_report(make_report(asked, [], {}, [], "x"), as_json=False)
    assert re.search(r"^strangers, yet sure +1 of 1 +photos of products", capsys.readouterr().out, re.MULTILINE)


def test_a_taken_port_is_an_error_with_the_remedy_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError) as refused:
            run_demo(Options(tmp_path / "demo", port, None, once=True, json=True))
    assert str(refused.value) == (
        f"port {port} of 127.0.0.1 is in use by another program; take another port "
        '(`twinshot demo --port …`, `make demo ARGS="--port …"`)'
    )
    assert not (tmp_path / "demo").exists()


def test_a_command_that_fails_keeps_its_kind_of_exit_code(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="`twinshot check` ended with exit code 2; its own message is above"):
        run(["check", str(tmp_path / "none.csv")], quiet=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "none.csv" in err


def test_a_service_that_does_not_start_names_its_log_and_its_last_line(tmp_path: Path, free_port: int) -> None:
    log = tmp_path / "serve.log"
    with (
        serving(["serve", str(tmp_path / "none"), f"--port={free_port}"], log) as service,
        pytest.raises(TwinshotError, match=r"the service ended with exit code 2.*serve\.log says why: .*none"),
    ):
        wait_until_ready(free_port, service, log)


def test_a_child_that_takes_too_long_to_end_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_bundle: Path, free_port: int
) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.1)  # the service keeps its port open for a second
    log = tmp_path / "serve.log"
    with serving(["serve", str(tiny_bundle), f"--port={free_port}"], log) as service:
        wait_until_ready(free_port, service, log)
    assert service.returncode == -signal.SIGKILL


def test_a_running_child_is_gone_after_its_block(tmp_path: Path, tiny_bundle: Path, free_port: int) -> None:
    log = tmp_path / "serve.log"
    with serving(["serve", str(tiny_bundle), f"--port={free_port}"], log) as service:
        wait_until_ready(free_port, service, log)
    assert service.returncode == 0


def test_a_copied_table_keeps_every_field(tmp_path: Path) -> None:
    row = Row("a.jpg", "i", "P", ("m", "l", None), "A title, with comma", None, "https://x.example/", "c.csv", 1)
    hold_out([row, a_row("P", None), a_row("Q", None)], Path("c.csv"))(tmp_path)
    with (tmp_path / "catalogue.csv").open(newline="") as file:
        first = next(csv.DictReader(file))
    assert first == {
        **{"image": "a.jpg", "image_id": "i", "product_id": "P", "meta": "m", "level2": "l", "leaf": ""},
        **{"title": "A title, with comma", "url": "https://x.example/", "split": ""},
    }
