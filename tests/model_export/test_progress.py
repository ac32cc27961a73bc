import pytest

from model_export.progress import Reporter


def test_in_a_pipe_a_loop_is_silent_and_lines_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter()
    assert list(reporter.track(range(3), 3, "epoch 1/2")) == [0, 1, 2]
    reporter.line("loss [0.3] of /a/very/long/path" + "/x" * 100)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "loss [0.3] of /a/very/long/path" + "/x" * 100 + "\n"


def test_on_a_terminal_a_loop_has_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert list(Reporter().track(range(3), 3, "epoch 1/2")) == [0, 1, 2]
    assert "epoch 1/2" in capsys.readouterr().err


def test_an_item_can_be_several_steps(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert list(Reporter().track([[1, 2], [3]], 3, "photos", steps=len)) == [[1, 2], [3]]
    assert "3/3" in capsys.readouterr().err


def test_a_quiet_reporter_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter(quiet=True)
    reporter.line("anything")
    assert list(reporter.track(range(2), 2, "epoch")) == [0, 1]
    assert capsys.readouterr() == ("", "")


def test_a_bar_can_be_taken_away_in_the_middle_of_a_loop(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    reporter = Reporter()
    reporter.clear()
    loop = reporter.track(range(3), 3, "epoch 1/2")
    next(loop)
    reporter.clear()
    shown = "\x1b[?25h"
    assert capsys.readouterr().err.count(shown) == 1
    loop.close()
