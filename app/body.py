"""Reading photos from a request body: counted, at a minimum rate, in memory only. Photos never touch the disk."""

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Self

from prometheus_client import Gauge
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from app.pace import Pace
from app.problems import ProblemError
from app.settings import Settings

OVERHEAD = 64 * 1024
"""Bytes that the multipart framing of one photo may take."""
FIELD = "image"
_CLOSE = {"Connection": "close"}
"""The rest of the body stays unread, so the connection cannot carry another request."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One photo as it came, and its SHA-256 in hexadecimal."""

    data: bytes
    sha256: str


class Intake:
    """How many bytes of request bodies the process holds at this moment, and may hold."""

    def __init__(self, settings: Settings, held: Gauge) -> None:
        self.settings = settings
        self._held = held
        self._bytes = 0

    def hold(self, count: int) -> None:
        """Add `count` bytes. Raises ProblemError (429) where there is no room."""
        if self._bytes + count > self.settings.max_buffered_bytes:
            raise ProblemError("busy", "too many uploads at once; try again shortly", _CLOSE)
        self._bytes += count
        self._held.set(self._bytes)

    def release(self, count: int) -> None:
        """Give back `count` bytes."""
        self._bytes -= count
        self._held.set(self._bytes)


class Body:
    """The body of one request, as a context: its bytes count as held until the end."""

    def __init__(self, intake: Intake, headers: Headers, chunks: AsyncIterator[bytes]) -> None:
        self._intake = intake
        self._settings = intake.settings
        self._headers = headers
        self._chunks = chunks
        self._held = 0

    async def photos(self, most: int, photo_bytes: int) -> list[Upload]:
        """The photos of the body, 1 to `most`, each of `photo_bytes` at most.

        Raises ProblemError: 400 malformed, 408 slow, 413 too large, 415 content type, 422 field, 429 busy.
        """
        content_type, options = parse_options_header(self._headers.get("content-type", ""))
        limit = min(self._settings.max_body_bytes, most * (photo_bytes + OVERHEAD))
        self._check_length(limit)
        if content_type == b"multipart/form-data":
            form = _Form(options.get(b"boundary", b""), photo_bytes)
            await self._read(form.feed, limit)
            return form.photos(most)
        if content_type.startswith(b"image/"):
            part = _Part()
            await self._read(part.feed, limit)
            return [part.upload()]
        raise ProblemError(
            "unsupported-content-type",
            f"the content type is {content_type.decode('latin-1') or 'not given'}; send multipart/form-data with a "
            f"field '{FIELD}', or the photo's bytes as image/jpeg, image/png, …",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._intake.release(self._held)
        self._held = 0

    def _check_length(self, limit: int) -> None:
        declared = self._headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            raise _too_large(f"the body has {int(declared):,} bytes", limit)

    async def _read(self, feed: Callable[[bytes], None], limit: int) -> None:
        pace = Pace(self._settings.body_grace, self._settings.min_body_rate)
        try:
            async with pace:
                async for chunk in self._chunks:
                    pace.received += len(chunk)
                    if pace.received > limit:
                        raise _too_large("the body is larger", limit)
                    self._intake.hold(len(chunk))
                    self._held += len(chunk)
                    feed(chunk)
        except TimeoutError:
            raise ProblemError(
                "slow-body",
                f"{pace.received:,} bytes in {pace.seconds:.0f} s; the minimum is "
                f"{self._settings.min_body_rate:,} bytes per second",
            ) from None
        except ClientDisconnect:
            raise ProblemError("malformed-body", "the connection ended before the body did", _CLOSE) from None


class _Part:
    """One photo, growing; hashed as it arrives so that no large photo holds up the event loop."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._hash = hashlib.sha256()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def feed(self, chunk: bytes) -> None:
        self._chunks.append(chunk)  # joined once: a growing array would be copied again and again
        self._length += len(chunk)
        self._hash.update(chunk)

    def upload(self) -> Upload:
        return Upload(b"".join(self._chunks), self._hash.hexdigest())


class _Form:
    """A multipart/form-data body whose only fields are photos."""

    def __init__(self, boundary: bytes, photo_bytes: int) -> None:
        self._photo_bytes = photo_bytes
        self._parts: list[_Part] = []
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._data,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise ProblemError("malformed-body", f"the multipart boundary cannot be used ({error})") from error
        if not boundary:
            raise ProblemError("malformed-body", "the content type multipart/form-data names no boundary")

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise ProblemError("malformed-body", f"the multipart body is malformed ({error})", _CLOSE) from error

    def photos(self, most: int) -> list[Upload]:
        if not self._ended:
            raise ProblemError("malformed-body", "the multipart body ends before its last boundary")
        if not self._parts:
            raise ProblemError("invalid-request", f"{FIELD}: the field is missing")
        if len(self._parts) > most:
            raise ProblemError(
                "invalid-request",
                f"{FIELD}: {len(self._parts)} photos, at most {most} here"
                + ("; /search/batch takes several" if most == 1 else ""),
            )
        return [part.upload() for part in self._parts]

    def _begin(self) -> None:
        self._disposition = b""

    def _header_end(self) -> None:
        name, value = self._header
        if bytes(name).lower() == b"content-disposition":
            self._disposition = bytes(value)
        name.clear()
        value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name != FIELD:
            raise ProblemError(
                "invalid-request",
                f"{name or 'a part without a name'}: only '{FIELD}' is a form field; "
                "parameters such as limit go into the address",
                _CLOSE,
            )
        self._parts.append(_Part())

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._parts[-1]
        part.feed(data[start:end])
        if len(part) > self._photo_bytes:
            raise _too_large("the photo is larger", self._photo_bytes)

    def _end(self) -> None:
        self._ended = True


def _too_large(what: str, limit: int) -> ProblemError:
    return ProblemError("too-large", f"{what}, the limit is {limit:,} bytes", _CLOSE)
