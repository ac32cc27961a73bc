"""Bodies are counted and timed as they arrive, and parsed in memory alone."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Gauge
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from app.body import Body, Intake
from app.form import Upload
from app.problems import ProblemError
from app.settings import Settings

PHOTO = bytes(range(256)) * 20_000
FORM = "multipart/form-data; boundary=edge"


def intake(**settings: Any) -> Intake:
    gauge = Gauge("held", "", registry=CollectorRegistry())
    return Intake(Settings.model_validate({"bundles": Path("b"), **settings}), gauge)


def read(content_type: str, body: bytes, step: int = 65_536, most: int = 1, **settings: Any) -> list[Upload]:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), step):
            yield body[start : start + step]

    return asyncio.run(
        Body(intake(**settings), Headers({"content-type": content_type}), chunks()).photos(most, 10_000_000)
    )


def part(photo: bytes, name: str = "image") -> bytes:
    return b'--edge\r\nContent-Disposition: form-data; name="%s"; filename="x"\r\n\r\n%s\r\n' % (name.encode(), photo)


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_form_means_the_same_however_it_is_cut(step: int) -> None:
    photos = [b"first\r\n--edg", b"", b"\r\n\r\nthird"]
    uploads = read(FORM, b"".join(map(part, photos)) + b"--edge--\r\n", step, most=3)
    assert [upload.data for upload in uploads] == photos
    assert [upload.sha256 for upload in uploads] == [hashlib.sha256(photo).hexdigest() for photo in photos]


def test_a_large_form_makes_no_temporary_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[str] = []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no such folder"))
    monkeypatch.setattr("io.open", lambda *args, **_: opened.append(args[0]))
    (upload,) = read(FORM, part(PHOTO) + b"--edge--\r\n")
    assert upload.data == PHOTO
    assert opened == []


def test_a_body_that_stalls_is_given_up_after_the_grace() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"begun"
        await asyncio.sleep(30)

    with pytest.raises(ProblemError) as caught:
        asyncio.run(Body(intake(body_grace=0.2), Headers({"content-type": "image/png"}), chunks()).photos(1, 1000))
    assert caught.value.kind == "slow-body"


def test_a_body_that_drips_is_given_up_though_it_never_stalls() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.02)
            yield b"drop"

    slow = intake(body_grace=0.2, min_body_rate=10_000)
    with pytest.raises(ProblemError) as caught:
        asyncio.run(Body(slow, Headers({"content-type": "image/png"}), chunks()).photos(1, 1_000_000))
    assert caught.value.kind == "slow-body"


def test_a_caller_who_goes_away_leaves_an_error_and_no_memory() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"begun"
        raise ClientDisconnect

    own = intake(max_body_bytes=10, max_buffered_bytes=10)
    with Body(own, Headers({"content-type": "image/png"}), chunks()) as body:
        with pytest.raises(ProblemError, match="connection ended"):
            asyncio.run(body.photos(1, 1000))
        with pytest.raises(ProblemError, match="too many uploads"):
            own.hold(6)
    own.hold(10)


def test_more_than_the_limit_is_refused_as_soon_as_it_is_declared() -> None:
    asked: list[bool] = []

    async def chunks() -> AsyncIterator[bytes]:
        asked.append(True)
        yield b""

    headers = Headers({"content-type": "image/png", "content-length": "50000000"})
    with pytest.raises(ProblemError) as caught:
        asyncio.run(Body(intake(), headers, chunks()).photos(1, 20_000_000))
    assert caught.value.kind == "too-large"
    assert asked == []
