"""Threads that wait for the same device are answered in one call, each with its own answer or its own error."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress

import pytest

from engine.batching import Batching

PATIENCE = 20
"""Seconds after which a thread hangs."""


class Device:
    """Doubles numbers, and remembers what it was asked together; held back until `free` is set."""

    def __init__(self, free: bool = False) -> None:
        self.batches: list[list[int]] = []
        self.begun, self.free, self.busy = threading.Semaphore(0), threading.Event(), threading.Lock()
        if free:
            self.free.set()

    def work(self, questions: Sequence[int]) -> list[int]:
        assert self.busy.acquire(blocking=False), "asked by two threads at once"
        try:
            self.batches.append(list(questions))
            self.begun.release()
            assert self.free.wait(PATIENCE)
            if any(question < 0 for question in questions):
                raise ValueError(f"no {min(questions)} here")
            return [2 * question for question in questions]
        finally:
            self.busy.release()


def ask_while_busy(device: Device, most: int, *questions: int) -> list[Future[int]]:
    """Ask 0, and while the device is busy with it the others, in their order, each in a thread of its own."""
    batching = Batching(device.work, most)
    pool = ThreadPoolExecutor(len(questions) + 1)
    calls = [pool.submit(batching.ask, 0)]
    assert device.begun.acquire(timeout=PATIENCE)
    for place, question in enumerate(questions, 1):
        calls.append(pool.submit(batching.ask, question))
        until(lambda place=place: len(batching._line) == place)  # type: ignore[misc]
    device.free.set()
    assert not wait(calls, PATIENCE).not_done
    pool.shutdown()
    return calls


def until(condition: Callable[[], bool]) -> None:
    for _ in range(PATIENCE * 1000):
        if condition():
            return
        threading.Event().wait(0.001)
    raise AssertionError("it did not come to that")


def test_a_lone_question_is_asked_at_once_in_the_callers_own_thread() -> None:
    asked_in: list[int] = []

    def work(questions: Sequence[int]) -> Sequence[int]:
        asked_in.append(threading.get_ident())
        return questions

    assert Batching(work, 8).ask(7) == 7
    assert asked_in == [threading.get_ident()]


def test_who_waits_while_the_device_is_busy_goes_together_in_one_call() -> None:
    device = Device()
    calls = ask_while_busy(device, 8, 1, 2, 3, 4)
    assert device.batches == [[0], [1, 2, 3, 4]]
    assert [call.result() for call in calls] == [0, 2, 4, 6, 8]


def test_a_call_has_no_more_questions_than_it_may_and_the_first_to_come_goes_first() -> None:
    device = Device()
    ask_while_busy(device, 2, 1, 2, 3, 4, 5)
    assert device.batches == [[0], [1, 2], [3, 4], [5]]


def test_an_error_reaches_the_caller_whose_question_it_is_and_nobody_else() -> None:
    device = Device()
    calls = ask_while_busy(device, 8, 1, -2, 3, -4)
    assert device.batches == [[0], [1, -2, 3, -4], [1], [-2], [3], [-4]]
    assert [call.result() for call in calls if not call.exception()] == [0, 2, 6]
    assert [str(call.exception()) for call in calls if call.exception()] == ["no -2 here", "no -4 here"]


def test_a_device_that_answers_too_few_questions_together_is_asked_one_by_one() -> None:
    device = Device()
    whole = device.work
    device.work = lambda questions: whole(questions)[:1]  # type: ignore[method-assign]
    assert [call.result() for call in ask_while_busy(device, 8, 1, 2)] == [0, 2, 4]


def test_after_an_error_the_device_is_free_again() -> None:
    device = Device(free=True)
    batching = Batching(device.work, 8)
    with pytest.raises(ValueError, match="no -1 here"):
        batching.ask(-1)
    assert batching.ask(1) == 2


def test_an_interrupted_call_leaves_the_others_to_themselves() -> None:
    device = Device()
    whole = device.work

    def work(questions: Sequence[int]) -> list[int]:
        answers = whole(questions)
        if questions[0] == 1:
            raise KeyboardInterrupt
        return answers

    device.work = work  # type: ignore[method-assign]
    calls = ask_while_busy(device, 8, 1, 2, 3)
    assert device.batches == [[0], [1, 2, 3], [2, 3]]
    assert isinstance(calls[1].exception(), KeyboardInterrupt)
    assert [call.result() for call in calls[2:]] == [4, 6]


def test_many_threads_get_each_its_own_answer_and_a_pool_that_is_shut_down_meanwhile_ends() -> None:
    device = Device(free=True)
    batching = Batching(device.work, 5)
    pool = ThreadPoolExecutor(8)

    def some(first: int) -> list[int]:
        answers = []
        for question in range(first, first + 50):
            with suppress(ValueError):
                answers.append(batching.ask(question if question % 7 else -question - 1))
        return answers

    calls = [pool.submit(some, first) for first in range(0, 4000, 50)]
    until(lambda: len(device.batches) > 50)
    pool.shutdown(wait=False, cancel_futures=True)
    assert not wait([call for call in calls if not call.cancelled()], PATIENCE).not_done
    for first, call in zip(range(0, 4000, 50), calls, strict=True):
        if not call.cancelled():
            assert call.result() == [2 * question for question in range(first, first + 50) if question % 7]
    assert max(map(len, device.batches)) <= 5
