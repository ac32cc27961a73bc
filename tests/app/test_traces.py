"""Traces: a span for a request and one for each stage of its photo, sent where OTEL_* say; without them, nothing."""

import gzip
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from app.create_app import create_app
from app.live import Live, Loaded
from app.settings import Settings
from app.traces import Traces, start_traces
from engine.errors import InputError, UnavailableError
from tests.app.running import ask, photo_of, processes

STAGES = {"queue", "decode", "encode", "search", "rank", "cache"}
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@contextmanager
def traced(bundles: Path, loaded: Loaded) -> Iterator[tuple[TestClient, InMemorySpanExporter]]:
    """A service whose spans stay in memory."""
    exporter = InMemorySpanExporter()
    traces = Traces(SimpleSpanProcessor(exporter))
    app = create_app(Settings(bundles=bundles, threads=2), Live(loaded), traces=traces)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client, exporter
    traces.close()


def by_name(exporter: InMemorySpanExporter) -> dict[str, list[ReadableSpan]]:
    found: dict[str, list[ReadableSpan]] = {}
    for span in exporter.get_finished_spans():
        found.setdefault(span.name, []).append(span)
    return found


def test_a_search_is_a_span_and_each_of_its_stages_one_within_it(
    tiny_bundle: Path, loaded: Loaded, jpeg: bytes
) -> None:
    with traced(tiny_bundle, loaded) as (client, exporter):
        answer = ask(client, jpeg)
    spans = by_name(exporter)
    assert spans.keys() == STAGES | {"POST /search"}
    (request,) = spans["POST /search"]
    assert request.attributes is not None and request.context is not None
    assert request.attributes["http.route"] == "/search"
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["twinshot.request_id"] == answer.headers["X-Request-ID"]
    assert request.resource.attributes["service.name"] == "twinshot"
    for stage in STAGES:
        for span in spans[stage]:
            assert span.parent is not None and span.parent.span_id == request.context.span_id
            assert span.start_time and span.end_time and request.start_time and request.end_time
            # the two clocks are read one after the other
            assert request.start_time - 1_000_000 <= span.start_time <= span.end_time <= request.end_time + 1_000_000
    (search,), (rank,) = spans["search"], spans["rank"]
    assert search.end_time and rank.start_time and abs(search.end_time - rank.start_time) < 100_000


def test_each_photo_of_a_batch_has_its_stages(tiny_bundle: Path, loaded: Loaded) -> None:
    with traced(tiny_bundle, loaded) as (client, exporter):
        files = [("image", (str(number), photo_of(number))) for number in range(3)]
        assert client.post("/search/batch", files=files).status_code == 200
    spans = by_name(exporter)
    assert len(spans["decode"]) == len(spans["encode"]) == 3
    assert len(spans["POST /search/batch"]) == 1


def test_the_caller_s_trace_goes_on(tiny_bundle: Path, loaded: Loaded, jpeg: bytes) -> None:
    with traced(tiny_bundle, loaded) as (client, exporter):
        client.post("/search", files={"image": jpeg}, headers={"traceparent": PARENT})
        spans = exporter.get_finished_spans()
        assert {f"{span.context.trace_id:032x}" for span in spans if span.context} == {TRACE}
        exporter.clear()
        # 00: the caller does not sample, so nothing of it is kept
        client.post("/search", files={"image": jpeg}, headers={"traceparent": PARENT[:-1] + "0"})
        assert exporter.get_finished_spans() == ()


def test_a_span_holds_neither_keys_nor_photos_and_watchers_leave_none(
    tiny_bundle: Path, loaded: Loaded, jpeg: bytes
) -> None:
    with traced(tiny_bundle, loaded) as (client, exporter):
        client.post("/search", files={"image": ("holiday.jpg", jpeg)}, headers={"Authorization": "Bearer a-secret-key"})
        for path in ("/livez", "/readyz", "/healthz", "/metrics"):
            assert client.get(path).status_code == 200
    spans = exporter.get_finished_spans()
    said = "".join(span.to_json() for span in spans)
    assert "POST /search" in said
    assert not [secret for secret in ("a-secret-key", "holiday") if secret in said]
    assert not [span.name for span in spans if span.name.startswith("GET ")]


class Collector(HTTPServer):
    """Receives OTLP over HTTP, as a collector does."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, str, bytes]] = []
        """Of each span the service's name, its own and its trace's id."""
        super().__init__(("127.0.0.1", 0), _Receive)


class _Receive(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:  # the standard library's name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path == "/v1/traces":
            for own in ExportTraceServiceRequest.FromString(body).resource_spans:
                names = {attribute.key: attribute.value.string_value for attribute in own.resource.attributes}
                self.server.spans += [
                    (names["service.name"], span.name, span.trace_id)
                    for scope in own.scope_spans
                    for span in scope.spans
                ]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_a_process_sends_its_spans_to_a_collector_and_the_rest_when_it_stops(
    tiny_bundle: Path, tmp_path: Path, jpeg: bytes
) -> None:
    with Collector() as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        variables = {
            "TWINSHOT_TRACES": "on",
            "TWINSHOT_ACCESS_LOG": "on",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
            "OTEL_SERVICE_NAME": "shop",
        }
        with processes(tiny_bundle, tmp_path) as start:
            service = start(**variables).until_ready()
            service.http.post("/search", files={"image": jpeg}, headers={"traceparent": PARENT})
            assert service.stop() == 0
        collector.shutdown()
    assert {(name, trace.hex()) for name, _, trace in collector.spans} == {("shop", TRACE)}
    assert {span for _, span, _ in collector.spans} == STAGES | {"POST /search"}
    assert f'"trace_id": "{TRACE}"' in service.log.read_text()


def test_without_a_collector_answers_come_and_the_process_stops_in_time(
    tiny_bundle: Path, tmp_path: Path, jpeg: bytes, free_port: int
) -> None:
    with processes(tiny_bundle, tmp_path) as start:
        endpoint = f"http://127.0.0.1:{free_port}"
        service = start(TWINSHOT_TRACES="on", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint).until_ready()
        assert service.ask(jpeg).status_code == 200
        asked = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - asked < 8


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(UnavailableError, match="install the extra 'otel' of twinshot") as caught:
        start_traces()
    assert "\n" not in str(caught.value)


def test_a_variable_that_makes_no_sense_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "1")
    with pytest.raises(InputError, match="OTEL_"):
        start_traces()


def test_without_traces_nothing_that_sends_them_is_imported() -> None:
    code = (
        "import sys, pathlib; from app.create_app import create_app; from app.live import Live; import app.main; "
        "from app.settings import Settings; create_app(Settings(bundles=pathlib.Path('.')), Live()); "
        # redis-py imports the metrics of the SDK by itself where they are
        "ours = ('opentelemetry.sdk.trace', 'opentelemetry.exporter'); "
        "print([name for name in sys.modules if name.startswith(ours)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
