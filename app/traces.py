"""Traces for OpenTelemetry. FastAPI makes the span of a request, this module those of its stages.

The only file that knows OpenTelemetry. Of it FastAPI needs the interface in any case; what sends traces comes with the
extra `otel`, and is imported where it was asked for.
"""

import threading
import time
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace

from app.telemetry import OnStage, Stage
from engine.errors import InputError, UnavailableError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

OFF: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's own telemetry without ours: nothing, whatever else in the process has set OpenTelemetry up."""
UNTRACED = frozenset({"/livez", "/readyz", "/healthz", "/metrics"})
"""What is asked every few seconds by those who watch the service."""

LAST_WORDS = 3.0
"""Seconds for the last spans when the process stops; where nobody takes them, OpenTelemetry would try for ten."""


class Traces:
    """Spans of requests and of their stages, handed to one processor."""

    def __init__(self, processor: "SpanProcessor") -> None:
        """What is traced and as which service the variables OTEL_* say."""
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider

        resource = Resource.create()
        if str(resource.attributes["service.name"]).startswith("unknown_service"):
            resource = resource.merge(Resource({"service.name": "twinshot"}))
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("twinshot")
        self.fastapi: TelemetryConfig = {
            **OFF,
            "tracing": True,
            "tracer_provider": self._provider,
            "operation_spans": False,
            "exclude": _is_untraced,
        }
        """What FastAPI is made with."""

    def follow(self, request_id: str) -> tuple[str, OnStage] | None:
        """The id of this request's trace, and who makes spans of its stages; None where it is not traced."""
        span = trace.get_current_span()
        if not span.is_recording():
            return None
        span.set_attribute("twinshot.request_id", request_id)
        parent = trace.set_span_in_context(span)
        epoch = time.time_ns() - time.perf_counter_ns()

        def on_stage(stage: Stage, seconds: float, ended: float) -> None:
            end = epoch + int(ended * 1e9)
            self._tracer.start_span(stage, parent, start_time=end - int(seconds * 1e9)).end(end)

        return trace.format_trace_id(span.get_span_context().trace_id), on_stage

    def close(self) -> None:
        """Send what is left, for at most LAST_WORDS seconds."""
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(LAST_WORDS)


def start_traces() -> Traces:
    """Traces that are sent where the variables OTEL_* say, by OTLP over HTTP.

    Raises UnavailableError without the extra `otel`, InputError where one of the variables makes no sense.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise UnavailableError(
            f"TWINSHOT_TRACES=on, but what sends traces is not installed ({error}); install the extra 'otel' of "
            "twinshot, or set TWINSHOT_TRACES=off"
        ) from error
    try:
        return Traces(BatchSpanProcessor(OTLPSpanExporter()))
    except ValueError as error:
        raise InputError(f"TWINSHOT_TRACES=on, but a variable OTEL_* makes no sense ({error})") from error


def _is_untraced(scope: MutableMapping[str, Any]) -> bool:
    return scope["path"] in UNTRACED
