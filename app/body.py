"""Reading photos from a request body: counted, at a minimum rate, in memory only. Photos never touch the disk."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Self

from prometheus_client import Gauge
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from app.form import CLOSE, FIELD, Form, Part, Upload, too_large
from app.pace import Pace
from app.problems import ProblemError
from app.settings import Settings

OVERHEAD = 64 * 1024
"""Bytes that the multipart framing of one photo may take."""


class Intake:
    """How many bytes of request bodies the process holds at this moment, and may hold."""

    def __init__(self, settings: Settings, held: Gauge) -> None:
        self.settings = settings
        self._held = held
        self._bytes = 0

    def hold(self, count: int) -> None:
        """Add `count` bytes. Raises ProblemError (429) where there is no room."""
        if self._bytes + count > self.settings.max_buffered_bytes:
            raise ProblemError("busy", "too many uploads at once; try again shortly", CLOSE)
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
            form = Form(options.get(b"boundary", b""), photo_bytes, _no_photo)
            await self._read(form.feed, limit)
            return _counted(form.uploads(), most)
        if content_type.startswith(b"image/"):
            part = Part()
            await self._read(part.feed, limit)
            return [part.upload()]
        raise ProblemError(
            "unsupported-content-type",
            f"the content type is {content_type.decode('latin-1') or 'not given'}; send multipart/form-data with a "
            f"field '{FIELD}', or the photo's bytes as image/jpeg, image/png, …",
        )

    async def parts(self, limit: int, part_bytes: int, refusal: Callable[[str], str | None]) -> list[Upload]:
        """The parts of a form of `limit` bytes, each of `part_bytes`. `refusal` as in Form, raises as `photos`."""
        content_type, options = parse_options_header(self._headers.get("content-type", ""))
        self._check_length(limit)
        if content_type != b"multipart/form-data":
            own = content_type.decode("latin-1") or "not given"
            raise ProblemError("unsupported-content-type", f"the content type is {own}; send multipart/form-data")
        form = Form(options.get(b"boundary", b""), part_bytes, refusal)
        await self._read(form.feed, limit)
        return form.uploads()

    async def text(self, limit: int, kinds: Sequence[str]) -> bytes:
        """The body as it is, of `limit` bytes, where its content type is one of `kinds`. Raises as `photos`."""
        content_type, _ = parse_options_header(self._headers.get("content-type", ""))
        limit = min(self._settings.max_body_bytes, limit)
        self._check_length(limit)
        own = content_type.decode("latin-1") or "not given"
        if own not in kinds:
            raise ProblemError("unsupported-content-type", f"the content type is {own}; send {' or '.join(kinds)}")
        part = Part()
        await self._read(part.feed, limit)
        return part.upload().data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._intake.release(self._held)
        self._held = 0

    def _check_length(self, limit: int) -> None:
        declared = self._headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            raise too_large(f"the body has {int(declared):,} bytes", limit)

    async def _read(self, feed: Callable[[bytes], None], limit: int) -> None:
        pace = Pace(self._settings.body_grace, self._settings.min_body_rate)
        try:
            async with pace:
                async for chunk in self._chunks:
                    pace.received += len(chunk)
                    if pace.received > limit:
                        raise too_large("the body is larger", limit)
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
            raise ProblemError("malformed-body", "the connection ended before the body did", CLOSE) from None


def _no_photo(name: str) -> str | None:
    if name == FIELD:
        return None
    return (
        f"{name or 'a part without a name'}: only '{FIELD}' is a form field; "
        "parameters such as limit go into the address"
    )


def _counted(photos: list[Upload], most: int) -> list[Upload]:
    if not photos:
        raise ProblemError("invalid-request", f"{FIELD}: the field is missing")
    if len(photos) > most:
        raise ProblemError(
            "invalid-request",
            f"{FIELD}: {len(photos)} photos, at most {most} here"
            + ("; /search/batch takes several" if most == 1 else ""),
        )
    return photos
