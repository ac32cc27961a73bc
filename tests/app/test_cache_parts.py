"""The in-process cache, and the packing of what is cached."""

import asyncio
import weakref
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cache.entries import (
    Answer,
    Embedded,
    Match,
    answer_key,
    embedding_key,
    pack_answer,
    pack_embedded,
    unpack_answer,
    unpack_embedded,
)
from app.cache.layered import LayeredCache
from app.cache.memory import MemoryCache
from app.live import Loaded
from engine.changes.record import Change
from engine.live.view import LiveScope, View


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_put_is_got_until_its_time_is_over() -> None:
    async def story() -> None:
        clock = Clock()
        cache = MemoryCache(10_000, ttl=60, clock=clock)
        await cache.put({"key": b"value"})
        clock.now = 59.9
        assert await cache.get("key") == [b"value"]
        clock.now = 60.0
        assert await cache.get("key") == [None]
        assert cache.bytes == 0

    asyncio.run(story())


def test_a_cache_says_what_this_process_keeps_and_not_what_another_one_does() -> None:
    async def story() -> None:
        shared = MemoryCache(10_000, ttl=60)
        own = LayeredCache(shared, 10_000, 60)
        await shared.put({"other": b"x" * 100})
        assert own.held == (0, 0)
        await own.put({"key": b"value"})
        assert own.held.entries == 1
        assert shared.held.entries == 2
        await own.close()
        assert own.held == (0, 0)

    asyncio.run(story())


def test_the_least_recently_used_entry_goes_first() -> None:
    async def story() -> None:
        cache = MemoryCache(3_000, ttl=60)
        for key in "abc":
            await cache.put({key: b"x" * 600})
        await cache.get("a")
        await cache.put({"d": b"x" * 600})
        assert [value is not None for value in await cache.get(*"abcd")] == [True, False, True, True]

    asyncio.run(story())


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 2000)), max_size=60))
def test_the_cache_never_outgrows_its_bytes_and_counts_them_right(puts: list[tuple[str, int]]) -> None:
    async def story() -> None:
        cache = MemoryCache(3_000, ttl=60)
        last: dict[str, int] = {}
        for key, size in puts:
            await cache.put({key: b"x" * size})
            last[key] = size
            assert cache.bytes <= 3_000
        held = dict(zip(last, await cache.get(*last), strict=True))
        assert all(value is None or len(value) == last[key] for key, value in held.items())
        assert cache.bytes == sum(len(key) + len(value) + 250 for key, value in held.items() if value is not None)

    asyncio.run(story())


@given(st.lists(st.floats(width=32, allow_nan=False), max_size=40), st.integers(0, 5))
def test_an_embedding_comes_back_bit_for_bit(floats: list[float], classes: int) -> None:
    entry = Embedded(np.array(floats, dtype=np.float32), np.full(classes, 0.1, dtype=np.float32), 1600, 1200)
    back = unpack_embedded(pack_embedded(entry))
    assert back is not None
    assert back.embedding.tobytes() == entry.embedding.tobytes()
    assert back.probabilities.tobytes() == entry.probabilities.tobytes()
    assert (back.width, back.height) == (1600, 1200)


@given(st.text(), st.one_of(st.none(), st.text()), st.floats(-1, 1), st.booleans())
def test_an_answer_comes_back_as_it_was(text: str, title: str | None, number: float, complete: bool) -> None:
    match = Match(text, text, number, 9, title, title, (title, None, text), number)
    answer = Answer(
        (match, match._replace(score=None)), complete, {"meta": [(text, number)], "level2": [], "leaf": []}, 3, 4
    )
    assert unpack_answer(pack_answer(answer)) == answer


@pytest.mark.parametrize("data", [b"", b"junk", b"[]", b"[[],true,{},1,2]", b"null", b"TSE1" + b"\xff" * 16])
def test_foreign_bytes_are_no_entry(data: bytes) -> None:
    assert unpack_embedded(data) is None
    assert unpack_answer(data) is None


def test_keys_tell_apart_whatever_changes_the_answer(loaded: Loaded) -> None:
    whole = loaded.view.everything
    loaded_later = Loaded.of(loaded.generation, loaded.encoder)
    loaded_later.overlay.apply(Change(revision=1, at="", product_id="P00", product=None), {})
    later = replace(loaded_later, view=View(loaded_later.overlay))
    keys = {
        answer_key(loaded, "a", None, whole, ()),
        answer_key(loaded, "b", None, whole, ()),
        answer_key(loaded, "a", (0.0, 0.0, 1.0, 0.5), whole, ()),
        answer_key(loaded, "a", None, LiveScope(((0, 30),), None), ()),
        answer_key(loaded, "a", None, LiveScope(whole.base, frozenset([1])), ()),
        answer_key(loaded, "a", None, whole, ("P01",)),
        answer_key(later, "a", None, whole, ()),
        embedding_key(loaded, "a", None),
        embedding_key(loaded, "a", (0.0, 0.0, 1.0, 0.5)),
    }
    assert len(keys) == 9
    assert answer_key(loaded, "a", None, whole, ("x", "y")) == answer_key(loaded, "a", None, whole, ("y", "x", "x"))
    assert embedding_key(later, "a", None) == embedding_key(loaded, "a", None)


def test_nothing_is_kept_of_what_was_left_out(loaded: Loaded) -> None:
    exclude = frozenset(f"P{number}" for number in range(1000))
    left = weakref.ref(exclude)
    answer_key(loaded, "a", None, loaded.view.everything, exclude)
    del exclude
    assert left() is None


def test_the_process_answers_for_the_shared_cache_and_writes_to_both() -> None:
    async def story() -> None:
        shared = MemoryCache(10_000, ttl=60)
        own, other = LayeredCache(shared, 10_000, 60), LayeredCache(shared, 10_000, 60)
        await own.put({"key": b"value"})
        assert await other.get("key") == [b"value"]
        await shared.close()
        assert await own.get("key") == [b"value"]
        assert await other.get("key") == [b"value"]
        assert await LayeredCache(shared, 10_000, 60).get("key") == [None]

    asyncio.run(story())
