"""What is raised where no answer came: one clear line, and what a program decides by."""

import subprocess
import sys

import httpx
import pytest

from engine.errors import InputError, TwinshotError
from tests.app.running import Process, photo_of
from tests.twinshot.client.scripted import Script, scripted
from twinshot import Client, ProblemError, ServiceError, UnreachableError

SECRET = "secret-secret-secret"


def test_an_error_of_the_service_carries_what_the_service_said(shop: Client) -> None:
    with pytest.raises(ProblemError) as caught:
        shop.product("P99")
    error = caught.value
    assert (error.status, error.kind, error.title) == (404, "unknown-product", "There is no such product")
    assert error.detail.startswith("no product 'P99'")
    assert str(error) == (
        f"GET {shop.server}/products/P99: 404 unknown-product: {error.detail} (request {error.request_id})"
    )
    assert (error.passing, error.retry_after, error.candidates) == (False, None, ())


def test_an_ambiguous_category_names_what_may_have_been_meant(shop: Client) -> None:
    with pytest.raises(ProblemError) as caught:
        shop.search(photo_of(3), category="level4")
    assert caught.value.kind == "unknown-category"
    assert set(caught.value.candidates) == {"path:meta0/level4", "path:meta0/level4/level4"}


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (httpx.Response(504, html="<h1>Gateway Time-out</h1>"), "504 Gateway Timeout"),
        (
            httpx.Response(
                504,
                json={"type": "about:blank", "title": "Gateway Time-out", "status": 504},
                headers={"Content-Type": "application/problem+json"},
            ),
            "504 Gateway Time-out",
        ),
        (
            httpx.Response(500, content=b'{"type": "urn', headers={"Content-Type": "application/problem+json"}),
            "500 Internal Server Error",
        ),
    ],
)
def test_an_error_of_something_in_between_has_no_kind(answer: httpx.Response, line: str) -> None:
    with scripted(Script(answer)) as client, pytest.raises(ProblemError) as caught:
        client.info()
    assert caught.value.kind == ""
    assert str(caught.value) == f"GET http://shop.test/info: {line}"


@pytest.mark.parametrize(("status", "code"), [(401, 2), (404, 2), (422, 2), (408, 1), (429, 1), (500, 1), (503, 1)])
def test_what_the_caller_can_mend_is_exit_code_2(status: int, code: int) -> None:
    assert ProblemError("GET http://shop.test/", status).exit_code == code


@pytest.mark.parametrize("answer", [httpx.Response(200, html="<h1>Welcome</h1>"), httpx.Response(200, json={"a": 1})])
def test_an_answer_of_something_else_is_said_to_be_one(answer: httpx.Response) -> None:
    with scripted(Script(answer, answer)) as client:
        with pytest.raises(ServiceError, match="not that of a Twinshot service"):
            client.info()
        with pytest.raises(ServiceError, match="not that of a Twinshot service"):
            client.product("P1")


def test_a_server_that_moved_is_not_followed() -> None:
    moved = httpx.Response(308, headers={"Location": "https://shop.test/info"})
    script = Script(moved)
    with scripted(script) as client, pytest.raises(ServiceError, match=r"moved to https://shop\.test/info; give that"):
        client.info()
    assert len(script.requests) == 1


def test_where_nobody_listens_is_said(free_port: int) -> None:
    with Client(f"http://127.0.0.1:{free_port}", attempts=1) as client, pytest.raises(UnreachableError) as caught:
        client.info()
    assert str(caught.value).startswith(f"GET http://127.0.0.1:{free_port}/info: no answer (")
    assert isinstance(caught.value.__cause__, httpx.ConnectError)
    assert isinstance(caught.value, TwinshotError)


@pytest.mark.parametrize("server", ["", "shop", "127.0.0.1:8000", "ftp://shop.test", "http://"])
def test_a_server_that_is_no_address_is_refused(server: str) -> None:
    with pytest.raises(InputError, match="give an address such as"):
        Client(server)


@pytest.mark.parametrize("key", ["", f"{SECRET}\n", f"{SECRET} ", f"{SECRET}é", f"a {SECRET}"])
def test_a_key_that_cannot_be_sent_is_refused_and_never_shown(key: str) -> None:
    with pytest.raises(InputError) as caught:
        Client("http://shop.test", key=key)
    assert SECRET not in str(caught.value)


def test_no_error_shows_a_key(service: Process) -> None:
    with Client(service.url, key=SECRET) as client, pytest.raises(ProblemError) as caught:
        client.remove_product("P03")
    assert (caught.value.status, caught.value.kind) == (401, "unauthorized")
    for text in (str(caught.value), repr(caught.value), repr(client)):
        assert SECRET not in text


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    with pytest.raises(InputError, match="give the key as `key`") as caught:
        Client(f"http://user:{SECRET}@shop.test")
    assert SECRET not in str(caught.value)


def test_what_cannot_be_sent_is_refused_before_anything_is() -> None:
    script = Script()
    with scripted(script) as client:
        for call in (
            lambda: client.product(""),
            lambda: client.put_product("", b"photo"),
            lambda: client.add_images("P1", []),
            lambda: client.search_batch([]),
            lambda: client.put_product("P1", {'a"b': b"photo"}),
            lambda: client.put_product("P1", {"": b"photo"}),
            lambda: client.remove_product("A/images/B"),
            lambda: client.remove_image("A", "x/images/B"),
        ):
            with pytest.raises(InputError):
                call()
    assert script.requests == []


def test_a_header_that_cannot_be_sent_is_the_callers_mistake(shop: Client) -> None:
    with pytest.raises(InputError, match="cannot be sent"):
        shop.remove_product("P1", idempotency_key="two\nlines")


def test_importing_the_package_loads_no_http_library() -> None:
    code = (
        "import sys, twinshot; print(sorted({'httpx', 'pydantic', 'tenacity', 'PIL'} & set(sys.modules)))\n"
        "from twinshot import *; print(Client.__name__, AsyncClient.__name__)\n"
        "print(sorted({'fastapi', 'faiss', 'onnxruntime', 'torch', 'app'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "Client AsyncClient", "[]"]
