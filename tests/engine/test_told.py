"""A signal becomes an exception that ends the block, once, and that nothing swallows."""

import signal
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.told import Told, told_by

NUMBERS = (signal.SIGTERM, signal.SIGHUP)


class Referent:
    """Something that a weak reference can be to."""


class Teardown:
    """An object in whose `__del__` a signal arrives."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number

    def __del__(self) -> None:
        signal.raise_signal(self.number)


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """The signals as they are where nobody ignores them, whatever the tests themselves were started under."""
    handlers = {**dict.fromkeys(NUMBERS, signal.SIG_DFL), signal.SIGINT: signal.default_int_handler}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_being_told_to_end_unwinds_the_stack_so_that_children_are_stopped(number: signal.Signals) -> None:
    before, hook = signal.getsignal(number), sys.unraisablehook
    with pytest.raises(Told) as told, told_by(*NUMBERS):
        try:
            signal.raise_signal(number)
        except Exception:  # as libraries do around what they try
            pytest.fail("it was swallowed")
    assert told.value.number == number
    assert (signal.getsignal(number), sys.unraisablehook) == (before, hook)


def test_an_ignored_signal_stays_ignored_as_nohup_wants_it() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with told_by(*NUMBERS):
        signal.raise_signal(signal.SIGHUP)


def test_a_second_signal_does_not_cut_short_the_tidying_up() -> None:
    tidied = False
    with pytest.raises(Told) as told, told_by(*NUMBERS):
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            for number in NUMBERS:
                signal.raise_signal(number)
            tidied = True
    assert tidied
    assert told.value.number == signal.SIGTERM


def in_a_callback(number: signal.Signals) -> None:
    referent = Referent()
    reference = weakref.ref(referent, lambda _: signal.raise_signal(number))
    del referent
    assert reference() is None


def in_a_destructor(number: signal.Signals) -> None:
    Teardown(number)


@pytest.mark.parametrize("swallow", [in_a_callback, in_a_destructor])
@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGTERM, Told), (signal.SIGHUP, Told), (signal.SIGINT, KeyboardInterrupt)]
)
def test_a_signal_whose_exception_python_swallows_is_sent_again(
    number: signal.Signals,
    error: type[BaseException],
    swallow: Callable[[signal.Signals], None],
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(error), told_by(*NUMBERS):
        swallow(number)
        time.sleep(30)
        pytest.fail("it was swallowed")
    assert capfd.readouterr().err == ""


def test_a_block_within_another_leaves_it_the_signals_that_it_does_not_hear() -> None:
    with pytest.raises(Told) as told, told_by(*NUMBERS), told_by(signal.SIGTERM):
        in_a_callback(signal.SIGHUP)
        time.sleep(30)
    assert told.value.number == signal.SIGHUP


def test_what_else_python_swallows_is_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: seen.append(unraisable.exc_type))
    referent = Referent()
    reference = weakref.ref(referent, lambda _: Path("/no/such/file").stat())
    with told_by(*NUMBERS):
        del referent
    assert reference() is None
    assert seen == [FileNotFoundError]
