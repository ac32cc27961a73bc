"""The log on standard error: one JSON object a line, or plain lines on a terminal.

Photos, keys and addresses of callers never go in.
"""

import json
import logging
import logging.config
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal

Format = Literal["json", "text"]
about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))
"""What every record of a request has as well: its id, and that of its trace."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON. `extra={"fields": {…}}` adds fields of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **about.get(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class PlainLines(logging.Formatter):
    """A record as a person reads it: `12:34:56 message`, from warnings on `12:34:56 warning: message`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        line = super().format(record)
        if record.levelno < logging.WARNING:
            return line
        time, _, message = line.partition(" ")
        return f"{time} {record.levelname.lower()}: {message}"


def configure(form: Format | None = None) -> None:
    """Send every log record of the process to standard error; without `form` as text where that is a terminal."""
    text = sys.stderr.isatty() if form is None else form == "text"
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"lines": {"()": PlainLines if text else JsonLines}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {"uvicorn": {"level": "WARNING"}, "faiss": {"level": "WARNING"}},
        }
    )
