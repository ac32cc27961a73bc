"""What the serving benchmark judges by: a queue that is served in order, photos that are new each time, a load."""

import asyncio
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks.serve.fifo import latencies
from benchmarks.serve.load import Sample, closed, opened, percentile, poisson, statuses, throughput
from benchmarks.serve.photos import Photo, fresh, request


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 5)), max_size=30))
def test_one_server_is_lindleys_recursion(photos: list[tuple[float, float]]) -> None:
    arrivals = sorted(arrival for arrival, _ in photos)
    services = [service for _, service in photos]
    waited, expected, before = 0.0, [], 0.0
    for place, (arrival, service) in enumerate(zip(arrivals, services, strict=True)):
        if place:
            waited = max(0.0, waited + services[place - 1] - (arrival - before))
        expected.append(waited + service)
        before = arrival
    assert latencies(arrivals, services) == pytest.approx(expected, abs=1e-6)


def test_answers_that_come_after_the_end_of_a_closed_loop_are_no_throughput() -> None:
    def samples(clients: int) -> list[Sample]:
        """Of a server that takes half a second for each photo, asked for 4 s."""
        answers = [(number + 1) / 2 for number in range(8 + clients)]
        asked = [0.0] * clients + answers
        return [Sample(due, end - due, 200) for due, end in zip(asked, answers, strict=False) if due < 4]

    assert [throughput(samples(clients), 4) for clients in (1, 2, 8, 32)] == [2, 2, 2, 2]


def test_two_servers_work_on_two_photos_at_once() -> None:
    assert latencies([0, 0, 0], [2, 3, 1], servers=2) == [2, 3, 3]


def test_arrivals_come_at_the_rate_that_was_asked() -> None:
    due = poisson(50, 200)
    assert len(due) == pytest.approx(10_000, rel=0.05)
    assert due == sorted(due)
    assert np.std(np.diff(due)) == pytest.approx(1 / 50, rel=0.1)


def test_the_same_picture_is_another_photo_each_time() -> None:
    file = BytesIO()
    Image.new("RGB", (32, 32), (10, 200, 30)).save(file, "PNG")
    photo = Photo(file.getvalue(), "image/png")
    first, second = fresh(photo), fresh(photo)
    assert first != second
    with Image.open(BytesIO(first)) as one, Image.open(BytesIO(second)) as two:
        assert one.tobytes() == two.tobytes()
    assert request(photo, again=True) == request(photo, again=True)
    assert request(photo) != request(photo)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that says 200, and 429 to every fourth."""
    number = 0
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
            number += 1
            status = b"429 Too Many" if number % 4 == 0 else b"200 OK"
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\n{}")
    except asyncio.IncompleteReadError:
        writer.close()


def test_a_load_asks_as_often_as_it_says_and_counts_every_answer() -> None:
    async def story() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        photo = Photo(b"x" * 1000, "image/jpeg")
        async with server:
            samples = await opened(port, poisson(200, 0.5), lambda: request(photo), most=1)
            assert len(samples) == len(poisson(200, 0.5))
            assert set(statuses(samples)) == {"200", "429"}
            assert statuses(samples)["429"] == len(samples) // 4
            assert percentile(samples, 50) > 0
            assert statuses(await closed(port, 2, lambda: request(photo), 0.2)).keys() <= {"200", "429"}
            turns = iter([True] * 7)
            assert len(await closed(port, 2, lambda: request(photo), 60, lambda: next(turns, False))) == 7

    asyncio.run(story())
