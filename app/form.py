"""The parts of a request body, growing as it arrives: one photo, or a multipart/form-data body."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.problems import ProblemError
from app.wording import of_photo

FIELD = "image"
"""The name of a part that is a photo."""
CLOSE = {"Connection": "close"}
"""The rest of the body stays unread, so the connection cannot carry another request."""
MOST_PARTS = 10_000
"""Each part takes memory beyond its bytes, so that a body of nothing but empty parts would take many times its size."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One part as it came: its bytes and their SHA-256 in hexadecimal; in a form its name, and that of its file."""

    data: bytes
    sha256: str
    name: str = ""
    filename: str | None = None


class Part:
    """One part, growing; hashed as it arrives so that no large photo holds up the event loop."""

    def __init__(self, name: str = "", filename: str | None = None) -> None:
        self.name = name
        self.filename = filename
        self._chunks: list[bytes] = []
        self._hash = hashlib.sha256()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def feed(self, chunk: bytes) -> None:
        """Take in the next bytes."""
        self._chunks.append(chunk)  # joined once: a growing array would be copied again and again
        self._length += len(chunk)
        self._hash.update(chunk)

    def upload(self) -> Upload:
        """The whole part."""
        return Upload(b"".join(self._chunks), self._hash.hexdigest(), self.name, self.filename)


class Form:
    """A multipart/form-data body whose parts have names that are taken and sizes within a limit."""

    def __init__(self, boundary: bytes, most_bytes: int, refusal: Callable[[str], str | None]) -> None:
        """`refusal` says of a part's name why it is not taken, or None. Raises ProblemError."""
        self._most_bytes, self._refusal = most_bytes, refusal
        self._parts: list[Part] = []
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
        """Take in the next bytes. Raises ProblemError."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise ProblemError("malformed-body", f"the multipart body is malformed ({error})", CLOSE) from error

    def uploads(self) -> list[Upload]:
        """All parts, in their order. Raises ProblemError where the body is not whole."""
        if not self._ended:
            raise ProblemError("malformed-body", "the multipart body ends before its last boundary")
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
        refusal = self._refusal(name)
        if refusal is not None:
            raise ProblemError("invalid-request", refusal, CLOSE)
        if len(self._parts) == MOST_PARTS:
            raise ProblemError("invalid-request", f"the form has more than {MOST_PARTS:,} parts; send fewer", CLOSE)
        filename = options.get(b"filename")
        self._parts.append(Part(name, None if filename is None else filename.decode("utf-8", "replace")))

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self._parts[-1]
        part.feed(data[start:end])
        if len(part) > self._most_bytes:
            what = "the photo is larger" if part.name == FIELD else f"the part {part.name!r} is larger"
            if part.name == FIELD and part.filename:
                what = of_photo(part.filename, what)
            raise too_large(what, self._most_bytes)

    def _end(self) -> None:
        self._ended = True


def too_large(what: str, limit: int) -> ProblemError:
    """The answer to a body or a part that is too large."""
    return ProblemError("too-large", f"{what}, the limit is {limit:,} bytes", CLOSE)
