"""The service as its own process: starting, stopping, and bodies that mean harm."""

import json
import re
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import httpx2
import pytest

from engine.bundle.store import current
from engine.changes.state import open_state
from engine.live.photo_codes import model_key
from engine.model import read_card
from tests.app.running import Process, counted, photo_of, processes
from tests.changed import keep, put
from tests.waiting import until

Start = Callable[..., Process]


@pytest.fixture
def start(tiny_bundle: Path, tmp_path: Path) -> Iterator[Start]:
    with processes(tiny_bundle, tmp_path) as start:
        yield start


def test_importing_the_service_loads_nothing_of_training() -> None:
    code = "import sys, app.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"torch", "torchvision", "timm", "onnx", "onnxscript", "tensorboard", "model_export", "index_builder"}
    assert not heavy & set(loaded)


def test_sigterm_lets_the_answer_under_way_finish_and_exits_0(start: Start) -> None:
    service = start(TWINSHOT_DRAIN="2").until_ready()
    photo = photo_of(3)
    head = f"POST /search HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: {len(photo)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as slow:
        slow.sendall(head.encode() + photo[:100])
        until(lambda: counted(service, "twinshot_buffered_bytes") > 0)
        service.popen.terminate()
        until(lambda: service.http.get("/readyz").status_code == 503)
        assert service.http.get("/readyz").json()["status"] == "unavailable"
        refused = service.ask(photo)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:twinshot:problem:shutting-down")
        until(lambda: not listens(service.port))
        slow.sendall(photo[100:])
        answer = slow.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["results"][0]["product_id"] == "P03"
    assert service.popen.wait(60) == 0


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_sigterm_ends_a_start_that_encodes_every_photo_of_the_log(
    start: Start, tiny_bundle: Path, tmp_path: Path
) -> None:
    state = open_state(tmp_path)
    photo = photo_of(3, side=3000)  # takes a while to decode, and each with another end is another photo
    digests = [keep(state, photo + bytes([number])) for number in range(100)]
    put(state, "NEW", {f"n{number}": digest for number, digest in enumerate(digests)})
    service = start(TWINSHOT_STATE=str(tmp_path), TWINSHOT_THREADS="1")
    until(lambda: "not ready yet" in service.log.read_text())
    service.popen.terminate()
    assert service.popen.wait(60) == 0
    assert json.loads(service.log.read_text().splitlines()[-1])["message"] == "stopped"
    card = read_card(tiny_bundle / current(tiny_bundle))
    assert state.log.embeddings(model_key(card), digests) == {}  # which are written when all are encoded
    state.close()


def test_ctrl_c_stops_at_once_with_exit_code_0(start: Start) -> None:
    service = start(TWINSHOT_DRAIN="10").until_ready()
    began = time.monotonic()
    service.popen.send_signal(2)
    assert service.popen.wait(60) == 0
    assert time.monotonic() - began < 8


def test_fifty_megabytes_are_refused_before_they_are_sent(start: Start) -> None:
    service = start().until_ready()
    head = b"POST /search HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 50000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as caller:
        caller.sendall(head)
        answer = caller.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"application/problem+json" in answer
    for body in (b"\0" * 50_000_000, iter([b"\0" * 10_000] * 5_000)):
        refused = service.http.post("/search", content=body, headers={"Content-Type": "image/jpeg"})
        assert (refused.status_code, refused.json()["title"]) == (413, "The photo or body is too large")
    assert service.ask(photo_of(3)).status_code == 200


def test_a_refusal_reaches_who_sends_the_whole_body_before_reading(start: Start) -> None:
    service = start().until_ready()
    head = b"POST /search HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 38000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as caller:
        caller.sendall(head + b"\0" * 38_000_000)
        answer = caller.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413")
    assert answer.lower().count(b"http/1.1") == 1


def test_who_never_ends_after_a_refusal_is_cut_off(start: Start) -> None:
    service = start(TWINSHOT_MAX_BODY_BYTES="1000000").until_ready()
    head = b"POST /search HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"\0" * 0x10000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as caller:
        caller.sendall(head)
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                caller.sendall(chunk)


def test_a_body_that_drips_gets_408_while_others_are_answered(start: Start) -> None:
    service = start(TWINSHOT_BODY_GRACE="0.5").until_ready()
    head = b"POST /search HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 5000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=60) as caller:
        caller.sendall(head + b"\xff\xd8")
        assert service.ask(photo_of(3)).status_code == 200
        answer = caller.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"urn:twinshot:problem:slow-body" in answer


def test_health_does_not_wait_for_photos_that_are_worked_on(start: Start) -> None:
    service = start(TWINSHOT_THREADS="1").until_ready()
    big = photo_of(3, 1, side=3000, kind="PNG")
    answers: list[httpx2.Response] = []

    def load() -> None:
        answers.extend(service.ask(big, box=f"0,0,1,{1 - number / 100}") for number in range(4))

    callers = [threading.Thread(target=load) for _ in range(3)]
    for caller in callers:
        caller.start()
    waits = []
    with httpx2.Client(base_url=service.url) as own:
        while any(caller.is_alive() for caller in callers):
            began = time.perf_counter()
            assert own.get("/livez").status_code == 200
            waits.append(time.perf_counter() - began)
            time.sleep(0.01)
    assert [answer.status_code for answer in answers] == [200] * 12
    decoding = [own for own in map(decode_seconds, answers) if own is not None]
    assert median(waits) < median(decoding) / 3


def decode_seconds(answer: httpx2.Response) -> float | None:
    found = re.search(r"decode;dur=([\d.]+)", answer.headers["Server-Timing"])
    return float(found[1]) / 1000 if found else None


def test_a_photo_leaves_no_trace_in_the_log(start: Start) -> None:
    service = start().until_ready()
    assert sent(service).status_code == 200
    log = service.log.read_text()
    assert "SECRET" not in log
    assert "secret-name" not in log
    assert all(json.loads(line)["message"] for line in log.splitlines())


def test_a_photo_that_is_asked_with_is_written_to_no_file(start: Start) -> None:
    service = start(TWINSHOT_LOG_LEVEL="error").until_ready()
    # from here on every file that it would write to ends at its first byte, temporary ones without a name too
    resource.prlimit(service.popen.pid, resource.RLIMIT_FSIZE, (0, 0))
    assert sent(service).status_code == 200
    raw = service.http.post("/search", content=SECRET, headers={"Content-Type": "image/jpeg"})
    assert raw.status_code == 200


SECRET = photo_of(3, 1, side=1200) + b"SECRET-MARK" * 200_000


def sent(service: Process) -> httpx2.Response:
    """The answer to a photo of 2 MB, whose name and bytes can be told."""
    return service.http.post("/search", files={"image": ("secret-name.jpg", SECRET)})


@pytest.mark.parametrize("damage", ["empty", "no manifest", "truncated shard", "altered model", "other calibration"])
def test_a_bad_bundle_ends_the_start_with_one_line_and_exit_code_2(
    start: Start, tiny_bundle: Path, tmp_path: Path, damage: str
) -> None:
    bundles = tmp_path / "bundles"
    shutil.copytree(tiny_bundle, bundles)
    generation = bundles / (bundles / "CURRENT").read_text().strip()
    if damage == "empty":
        (bundles / "CURRENT").unlink()
    elif damage == "no manifest":
        (generation / "manifest.json").unlink()
    elif damage == "truncated shard":
        shard = generation / "shards" / "00001.faiss"
        shard.write_bytes(shard.read_bytes()[:-7])
    elif damage == "altered model":
        model = bytearray((generation / "model.onnx").read_bytes())
        model[-20] ^= 1
        (generation / "model.onnx").write_bytes(bytes(model))
    else:
        manifest = json.loads((generation / "manifest.json").read_text())
        (generation / "manifest.json").write_text(json.dumps(manifest | {"calibration": {"kind": "logistic"}}))
    service = start(bundles)
    assert service.popen.wait(60) == 2
    said = [line for line in service.log.read_text().splitlines() if not line.startswith("{")]
    assert len(said) == 1
    assert said[0].startswith(f"twinshot: {bundles}")
    assert ";" in said[0] or "`twinshot index" in said[0]


def test_a_port_that_is_taken_is_named(start: Start, free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)):
        service = start(TWINSHOT_PORT=str(free_port))
        assert service.popen.wait(60) == 2
    assert f"port {free_port}" in service.log.read_text()
