"""Every method against a real service, by both clients."""

import asyncio
import inspect
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from tests.app.running import READ_KEY, WRITE_KEY, Process, photo_of
from tests.tiny_catalogue import draw
from twinshot import AddImages, AsyncClient, Client, EditProduct, ProblemError, PutProduct, RemoveImage, RemoveProduct
from twinshot.client.calls import Call


class Awaited(Client):
    """Client whose every request is sent by an AsyncClient, so that one test speaks for both."""

    def __init__(self, server: str, key: str) -> None:
        super().__init__(server, key=key)
        self.key = key

    def send(self, call: Call[Any]) -> Any:
        async def ask() -> Any:
            async with AsyncClient(self.server, key=self.key) as client:
                return await client.send(call)

        return asyncio.run(ask())


@pytest.fixture(params=[Client, Awaited])
def either(request: pytest.FixtureRequest, service: Process) -> Any:
    with request.param(service.url, key=WRITE_KEY) as client:
        yield client


def test_a_photo_finds_its_product(either: Client) -> None:
    answer = either.search(photo_of(3), limit=2)
    assert [own.rank for own in answer.results] == [1, 2]
    assert answer.results[0].product_id == "P03"
    assert answer.results[0].category.leaf == "leaf1"
    assert (answer.query.width, answer.query.height) == (96, 96)
    assert either.search(photo_of(3), limit=1, offset=1).results == answer.results[1:]
    assert either.search(draw(3, 7), limit=1).results[0].product_id == "P03"


def test_a_search_is_narrowed(either: Client) -> None:
    photo = photo_of(3)
    only = either.search(photo, category=["leaf:leaf1", "leaf:leaf0"], limit=20)
    assert {own.product_id for own in only.results} == {"P00", "P01", "P02", "P03"}
    assert either.search(photo, category="leaf:leaf1", exclude="P03").results[0].product_id == "P02"
    part = either.search(photo, box=(0.25, 0.25, 0.75, 0.75))
    assert part.results != either.search(photo).results
    with pytest.raises(ProblemError) as caught:
        either.search(photo, min_score=0.5)
    assert caught.value.kind == "no-calibration"
    with pytest.raises(ProblemError) as caught:
        either.search(photo, min_revision=10**6)
    assert caught.value.kind == "revision-not-reached"


def test_several_photos_are_answered_each_by_itself(either: Client) -> None:
    good, bad = either.search_batch([photo_of(5), b"no photo"], limit=1).answers
    assert good.results is not None
    assert good.results[0].product_id == "P05"
    assert bad.results is None
    assert bad.error is not None
    assert (bad.error.kind, bad.error.status) == ("unreadable-photo", 400)


def test_what_is_there_is_shown(either: Client) -> None:
    product = either.product("P04")
    assert (product.product_id, product.title) == ("P04", "Drawn product 4")
    assert [own.image_id for own in product.images] == ["P04-0", "P04-1", "P04-2"]
    assert product.etag.startswith('"')
    similar = either.similar("P04", limit=3, exclude=["P05"])
    assert len(similar.results) == 3
    assert not {"P04", "P05"} & {own.product_id for own in similar.results}
    assert either.image("P04-0").startswith(b"RIFF")
    info = either.info()
    assert (info.calibration.available, info.limits.batch) == (False, 16)
    assert either.ready() is True
    reloaded = either.reload()
    assert (reloaded.generation, reloaded.switched) == (info.generation, False)


@pytest.mark.parametrize(
    "product_id", ["plain", "a/b", "a b?c#d%41", "é£", "..", ".", "a/../b", 'a"b\\c', "x/images/y"]
)
def test_a_product_of_any_name_is_put_shown_changed_and_removed(either: Client, product_id: str) -> None:
    image_id = f"{product_id.replace(chr(34), '').replace(chr(92), '')}-1"
    change = either.put_product(product_id, {image_id: photo_of(40)}, title="New", meta="M", leaf="L")
    assert (change.product_id, change.images, change.replayed) == (product_id, (image_id,), False)
    product = either.product(product_id)
    assert (product.product_id, product.title, product.etag) == (product_id, "New", change.etag)
    assert (product.category.meta, product.category.level2, product.category.leaf) == ("M", None, "L")
    assert either.image(image_id).startswith(b"RIFF")
    assert either.search(photo_of(40), min_revision=change.revision).results[0].product_id == product_id
    added = either.add_images(product_id, {f"{image_id}.b": photo_of(41)}, if_match=change.etag)
    assert len(added.images) == 2
    with pytest.raises(ProblemError) as caught:
        either.put_product(product_id, if_match=change.etag)
    assert caught.value.kind == "product-changed"
    edited = either.edit_product(product_id, {"title": "Edited", "leaf": None}, if_match=added.etag)
    assert edited.images == added.images
    product = either.product(product_id)
    assert (product.title, product.category.meta, product.category.leaf) == ("Edited", "M", None)
    if "/images/" in product_id:
        assert either.batch([RemoveImage(product_id, image_id), RemoveProduct(product_id)]).done == 2
    else:
        assert either.remove_image(product_id, image_id).images == (f"{image_id}.b",)
        assert either.remove_product(product_id).etag is None
    with pytest.raises(ProblemError):
        either.product(product_id)


def test_changes_are_listed(either: Client) -> None:
    since = either.info().revision
    either.put_product("CHANGED", title="One")
    either.remove_product("CHANGED")
    listed = either.changes(since=since)
    assert [(own.product_id, own.deleted) for own in listed.changes] == [("CHANGED", True)]
    assert listed.complete
    assert either.changes(since=listed.changes[-1].revision).changes == ()


def test_a_batch_says_of_each_operation_what_became_of_it(either: Client) -> None:
    photo = photo_of(42)
    answer = either.batch(
        [
            PutProduct("B1", {"B1-1": photo}, title="é", meta="M", level2="N", leaf="L", url="http://shop.test/B1"),
            AddImages("B1", [photo_of(43)]),
            AddImages("B9", {"B1-1": photo}),
            PutProduct("B2", [b"no photo"]),
            RemoveImage("B1", "B1-1"),
            PutProduct("B1", title="now", if_match='"old"'),
            EditProduct("B1", {"url": None}),
        ]
    )
    assert (answer.done, answer.refused, answer.replayed) == (4, 3, False)
    kinds = [own.error and own.error.kind for own in answer.results]
    assert kinds == [None, None, "unknown-product", "unreadable-photo", None, "product-changed", None]
    product = either.product("B1")
    assert (product.title, product.url, product.etag) == ("é", None, answer.results[6].etag)
    assert [own.image_id for own in product.images] == list(answer.results[6].images or ())
    assert either.batch([RemoveProduct("B1")]).results[0].images == ()


def test_a_change_under_the_callers_own_key_is_done_once(either: Client) -> None:
    key = f"own-{type(either).__name__}"
    first = either.put_product("ONCE", title="One", idempotency_key=key)
    either.remove_product("ONCE")
    again = either.put_product("ONCE", title="One", idempotency_key=key)
    assert again == first.model_copy(update={"replayed": True})
    with pytest.raises(ProblemError) as caught:
        either.put_product("ONCE", title="Two", idempotency_key=key)
    assert caught.value.kind == "key-used"


class Deaf(httpx.HTTPTransport):
    """A connection that breaks once the service has done its work, the first time."""

    broken = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if self.broken:
            return response
        self.broken = True
        response.read()
        raise httpx.ReadError("broken")


def test_a_change_whose_answer_was_lost_is_not_done_twice(service: Process) -> None:
    with Client(service.url, key=WRITE_KEY) as shop, Client(service.url, key=WRITE_KEY, transport=Deaf()) as unlucky:
        shop.put_product("LOST", {"LOST-1": photo_of(44)})
        before = shop.info().revision
        removed = unlucky.remove_product("LOST")
        assert (removed.replayed, removed.revision, shop.info().revision) == (True, before + 1, before + 1)


def test_the_read_key_reads_and_does_not_write(service: Process) -> None:
    with Client(service.url, key=READ_KEY) as reader, Client(service.url) as stranger:
        assert reader.info().generation
        with pytest.raises(ProblemError):
            reader.remove_product("P03")
        with pytest.raises(ProblemError):
            stranger.info()
        assert stranger.ready()


def test_methods_of_the_asynchronous_client_are_awaited_and_keep_their_signatures(service: Process) -> None:
    async def ask() -> None:
        async with AsyncClient(service.url, key=WRITE_KEY) as shop:
            under_way = shop.search(photo_of(3), limit=1)
            assert isinstance(under_way, Coroutine)
            first, second = await asyncio.gather(under_way, shop.similar("P03", limit=1))
            assert first.results[0].product_id == "P03"
            assert second.product_id == "P03"
            assert list(inspect.signature(shop.search).parameters)[:2] == ["photo", "limit"]
            assert (shop.search.__doc__ or "").startswith("The products most like the photo")

    asyncio.run(ask())
    assert inspect.signature(Client.search).parameters.keys() == inspect.signature(AsyncClient.search).parameters.keys()


def test_all_products_are_those_of_all_pages(service: Process, shop: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twinshot.client.client._PAGE", 7)
    found = list(shop.all_products())
    first = shop.products(limit=7)
    assert found[:7] == list(first.products)
    assert first.next == found[6].product_id
    assert found[7:14] == list(shop.products(after=first.next, limit=7).products)
    ids = [own.product_id for own in found]
    assert ids == sorted(ids)
    assert {f"P{number:02}" for number in range(20)} <= set(ids)
    assert [own.product_id for own in shop.all_products(category="leaf:leaf1")] == ["P02", "P03"]

    async def ask() -> list[str]:
        async with AsyncClient(service.url, key=WRITE_KEY) as other:
            return [own.product_id async for own in other.all_products()]

    assert asyncio.run(ask()) == ids
