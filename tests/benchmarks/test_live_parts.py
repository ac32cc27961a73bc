"""What the benchmark of a live catalogue judges by: calls before answers, changes that are refused, controls."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from benchmarks.change.deleted import Found, judged
from benchmarks.change.killed import PRODUCTS, Writer
from benchmarks.change.traced import forced

LOG, PHOTO, SOCKET = "</state/changes.sqlite-wal>", "</state/photos/ab>", "<TCP:[127.0.0.1:1->127.0.0.1:2]>"
ANSWER = f'7  sendto(9{SOCKET}, "HTTP/1.1 200 OK\\r\\n"..., 300, 0, NULL, 0) = 300\n'


def test_what_is_forced_before_an_answer_counts_for_it() -> None:
    trace = f"8  fsync(5{PHOTO}) = 0\n8  fdatasync(6{LOG}) = 0\n{ANSWER}8  fdatasync(6{LOG}) = 0\n{ANSWER}"
    assert forced(trace) == [{"log": 1, "photos": 1}, {"log": 1, "photos": 0}]


def test_what_was_only_begun_before_an_answer_counts_for_the_next() -> None:
    trace = f"8  fdatasync(6{LOG} <unfinished ...>\n{ANSWER}8  <... fdatasync resumed>) = 0\n{ANSWER}"
    assert forced(trace) == [{"log": 0, "photos": 0}, {"log": 1, "photos": 0}]


def test_a_call_in_two_lines_is_joined_by_its_thread() -> None:
    begun = f"8  fdatasync(6{LOG} <unfinished ...>\n9  fsync(5{PHOTO} <unfinished ...>\n"
    assert forced(f"{begun}9  <... fsync resumed>) = 0\n{ANSWER}") == [{"log": 0, "photos": 1}]
    assert forced(f"{begun}8  <... fdatasync resumed>) = 0\n{ANSWER}") == [{"log": 1, "photos": 0}]


def test_what_failed_is_not_on_the_disk() -> None:
    assert forced(f"8  fdatasync(6{LOG}) = -1 EIO (Input/output error)\n{ANSWER}") == [{"log": 0, "photos": 0}]


def test_an_answer_may_be_out_as_soon_as_it_begins() -> None:
    begun = ANSWER.replace(") = 300", " <unfinished ...>")
    trace = f"{begun}8  fdatasync(6{LOG}) = 0\n7  <... sendto resumed>) = 300\n"
    assert forced(trace) == [{"log": 0, "photos": 0}]


def test_a_change_that_is_refused_ends_the_writer_with_its_status() -> None:
    class Refusing(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._refused()

        def do_DELETE(self) -> None:
            self._refused()

        def log_message(self, *_: object) -> None: ...

        def _refused(self) -> None:
            self.send_response(500)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever).start()
        writer = Writer(server.server_port, dict.fromkeys(PRODUCTS), {}, 0.0)
        writer.start()
        try:
            with pytest.raises(RuntimeError, match="a change was answered 500"):
                writer.ended()
        finally:
            server.shutdown()


def test_a_writer_whose_service_is_gone_has_ended_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    writer = Writer(port, dict.fromkeys(PRODUCTS), {}, 0.0)
    writer.start()
    assert writer.ended() == 0


@pytest.mark.parametrize(("searches", "holds"), [((5, 3, 1), True), ((5, 3, 0), False), ((0, 0, 0), False)])
def test_a_deleted_product_is_looked_for_by_searches_that_had_it(searches: tuple[int, ...], holds: bool) -> None:
    gone, control = judged([Found(1, own) for own in searches], {"the deletion itself": 0, "restart": 0})
    assert gone.holds
    assert control.holds is holds


def test_a_deleted_product_that_any_answer_has_is_told() -> None:
    gone, _ = judged([Found(1, 5)], {"the deletion itself": 0, "restart": 1})
    assert (gone.value, gone.holds) == (1, False)
