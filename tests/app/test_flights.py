"""Equal questions under way are worked on once, for as long as anybody waits."""

import asyncio

import pytest

from app.caller import Caller, CallerGoneError
from app.flights import Flight, Flights
from app.gate import QueueFullError


class Line:
    """A caller's connection."""

    def __init__(self) -> None:
        self.up = True
        self.caller = Caller(self._gone)

    async def _gone(self) -> bool:
        return not self.up


class Work:
    """Counts how often it was begun, and waits until it may end."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun = 0
        self.go, self.may_end = asyncio.Event(), asyncio.Event()
        self._error = error

    async def __call__(self, flight: Flight[str]) -> str:
        await self.go.wait()
        await flight.check_wanted()
        self.begun += 1
        await self.may_end.wait()
        if self._error is not None:
            raise self._error
        return f"answer {self.begun}"


async def ticks() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_one_answer_for_all_who_ask_the_same_and_another_for_another() -> None:
    async def story() -> None:
        flights: Flights[str] = Flights()
        work = Work()
        work.go.set()
        tasks = [asyncio.create_task(flights.join("same", Line().caller, work)) for _ in range(5)]
        other = asyncio.create_task(flights.join("other", Line().caller, work))
        await ticks()
        assert work.begun == 2
        work.may_end.set()
        assert set(await asyncio.gather(*tasks)) == {await other}
        assert len(flights) == 0

    asyncio.run(story())


def test_what_fails_fails_for_all_and_is_not_remembered() -> None:
    async def story() -> None:
        flights: Flights[str] = Flights()
        bad = Work(ValueError("bad photo"))
        bad.go.set()
        bad.may_end.set()
        both = await asyncio.gather(
            *(flights.join("key", Line().caller, bad) for _ in range(2)), return_exceptions=True
        )
        assert [str(error) for error in both] == ["bad photo"] * 2
        assert bad.begun == 1
        good = Work()
        good.go.set()
        good.may_end.set()
        assert await flights.join("key", Line().caller, good) == "answer 1"

    asyncio.run(story())


def test_the_first_callers_end_is_not_the_end_of_the_others() -> None:
    async def story() -> None:
        flights: Flights[str] = Flights()
        work = Work()
        first = asyncio.create_task(flights.join("key", Line().caller, work))
        second = asyncio.create_task(flights.join("key", Line().caller, work))
        await ticks()
        first.cancel()
        await ticks()
        work.go.set()
        work.may_end.set()
        assert await second == "answer 1"

    asyncio.run(story())


def test_work_is_begun_while_one_of_its_callers_is_there() -> None:
    async def story() -> None:
        flights: Flights[str] = Flights()
        work, gone, there = Work(), Line(), Line()
        tasks = [asyncio.create_task(flights.join("key", line.caller, work)) for line in (gone, there)]
        await ticks()
        gone.up = False
        work.go.set()
        work.may_end.set()
        assert await asyncio.gather(*tasks) == ["answer 1"] * 2
        assert there.caller.begun

    asyncio.run(story())


def test_work_whose_callers_all_hung_up_is_not_begun() -> None:
    async def story() -> None:
        flights: Flights[str] = Flights()
        work, line = Work(), Line()
        task = asyncio.create_task(flights.join("key", line.caller, work))
        await ticks()
        line.up = False
        work.go.set()
        with pytest.raises(CallerGoneError):
            await task
        assert work.begun == 0
        assert not line.caller.begun

    asyncio.run(story())


def test_who_joins_just_as_work_is_given_up_gets_an_answer_all_the_same() -> None:
    async def story() -> None:
        flights: Flights[str] = Flights()
        line, late = Line(), Line()
        line.up = False
        begun: list[str] = []

        async def given_up(flight: Flight[str]) -> str:
            if not begun:
                begun.append("first")
                await ticks()
                raise CallerGoneError("the callers that were asked are gone")
            begun.append("second")
            return "answer"

        first = asyncio.create_task(flights.join("key", line.caller, given_up))
        await asyncio.sleep(0)
        joined = asyncio.create_task(flights.join("key", late.caller, given_up))
        assert await joined == "answer"
        with pytest.raises(CallerGoneError):
            await first
        assert begun == ["first", "second"]

    asyncio.run(story())


def test_who_may_no_longer_be_refused_is_not_refused_with_another_whom_he_joined() -> None:
    async def story() -> None:
        flights: Flights[str] = Flights()
        single, batch, place_taken = Line().caller, Line().caller, asyncio.Event()
        batch.begun = True

        async def queued(flight: Flight[str]) -> str:
            begun = flight.begun  # as Compute.run is told it, once
            place_taken.set()
            await ticks()
            if not begun:
                raise QueueFullError("the queue is full")
            return "answer"

        refused = asyncio.create_task(flights.join("key", single, queued))
        await place_taken.wait()
        assert await flights.join("key", batch, queued) == "answer"
        with pytest.raises(QueueFullError):
            await refused

    asyncio.run(story())


def test_closing_ends_what_is_under_way() -> None:
    async def story() -> None:
        flights: Flights[str] = Flights()
        task = asyncio.create_task(flights.join("key", Line().caller, Work()))
        await ticks()
        await flights.close()
        assert len(flights) == 0
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
