"""A generation takes over in a running service, with every change, and the old one is let go of."""

import gc
import shutil
import weakref
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.changes.follow import Follower
from app.live import Live, Loaded
from engine.bundle.store import current, set_current
from engine.changes.state import State
from index_builder.publish import roll_back
from tests.app.conftest import Clients
from tests.app.generations.conftest import WRITE, Publish, cut_a_shard, value
from tests.app.running import ask, photo_of
from tests.app.test_changes import first, put
from tests.app.test_error_table import check
from tests.waiting import until

KEY = {"Authorization": f"Bearer {WRITE}"}


@pytest.mark.usefixtures("unwatched")
def test_what_current_names_is_served_when_the_service_is_told_to_look(shop: TestClient, publish: Publish) -> None:
    before = shop.get("/info").json()
    name = publish()
    assert shop.get("/info").json() == before
    assert shop.post("/admin/reload").json() == {"generation": name, "revision": 0, "switched": True}
    assert shop.post("/admin/reload").json() == {"generation": name, "revision": 0, "switched": False}
    after = shop.get("/info").json()
    assert (after["generation"], after["model"]["bits"], before["model"]["bits"]) == (name, 128, 64)
    found = ask(shop, photo_of(3)).json()
    assert (found["generation"], found["results"][0]["product_id"]) == (name, "P03")
    assert value(shop, "twinshot_generation_switches_total") == 1
    assert value(shop, "twinshot_generation_load_seconds") > 0


def test_what_current_names_is_served_without_being_asked(shop: TestClient, publish: Publish) -> None:
    name = publish()
    until(lambda: ask(shop, photo_of(3)).json()["generation"] == name)


@pytest.mark.usefixtures("unwatched")
def test_changes_are_in_the_new_generation_whatever_its_model_and_in_the_old_one_after_a_roll_back(
    shop: TestClient, publish: Publish, bundles: Path, jpeg: bytes
) -> None:
    put(shop, "NEW", ("a.jpg", photo_of(40)), title="New one")
    shop.delete("/products/P03")
    revision = shop.get("/info").json()["revision"]
    old, new = current(bundles), publish()
    for name in (new, old, new):
        set_current(bundles, name)
        assert shop.post("/admin/reload").json() == {"generation": name, "revision": revision, "switched": True}
        found = first(shop, photo_of(40))
        assert (found["product_id"], found["distance"], found["revision"]) == ("NEW", 0, revision)
        assert "P03" not in [own["product_id"] for own in ask(shop, jpeg, limit=200).json()["results"]]
    assert roll_back(bundles) == old
    put(shop, "LATER", ("b.jpg", photo_of(41)))
    assert shop.post("/admin/reload").json()["revision"] == revision + 1
    assert first(shop, photo_of(41))["product_id"] == "LATER"
    check(shop.get("/products/P03"), "unknown-product")


@pytest.mark.usefixtures("unwatched")
def test_a_generation_that_was_deleted_while_it_is_served_goes_on(
    shop: TestClient, publish: Publish, bundles: Path, jpeg: bytes
) -> None:
    old = current(bundles)
    publish(cut_a_shard)
    check(shop.post("/admin/reload"), "generation-refused")
    shutil.rmtree(bundles / old)
    answer = ask(shop, jpeg, limit=200).json()
    assert (answer["generation"], len(answer["results"]), answer["results"][0]["product_id"]) == (old, 20, "P03")
    assert shop.get("/images/P03-0").headers["Content-Type"] == "image/webp"
    assert shop.get("/products/P03/similar").json()["results"]
    assert put(shop, "NEW", ("a.jpg", photo_of(40))).status_code == 200
    assert first(shop, photo_of(40))["product_id"] == "NEW"


@pytest.mark.usefixtures("unwatched")
def test_while_a_generation_is_loaded_the_old_one_answers_and_says_what_is_coming(
    shop: TestClient, publish: Publish, bundles: Path, state: State, jpeg: bytes
) -> None:
    put(shop, "NEW", ("a.jpg", photo_of(40)))
    old, new = current(bundles), publish()

    with state.log.writing():  # what the new model makes of NEW cannot be kept before this ends
        shop.portal.call(shop.app_state["service"].reloader.look_soon)
        until(lambda: shop.get("/readyz?verbose").json()["checks"]["loading"] == new)
        assert shop.get("/readyz").json() == {"status": "ok"}
        assert ask(shop, jpeg).json()["generation"] == old
    until(lambda: ask(shop, jpeg).json()["generation"] == new)
    assert shop.get("/readyz?verbose").json()["checks"]["loading"] is None
    assert first(shop, photo_of(40))["product_id"] == "NEW"


@pytest.mark.usefixtures("unwatched")
def test_a_change_at_the_last_moment_is_in_the_new_generation(
    shop: TestClient, publish: Publish, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, switch = publish(), Follower.switch

    async def after_a_change(follower: Follower, loaded: Loaded) -> Loaded:
        with state.log.writing() as writing:
            revision = writing.delete("P03").revision
        await follower.up_to(revision)  # the old view has it, and it was acknowledged
        assert loaded.revision < revision
        return await switch(follower, loaded)

    monkeypatch.setattr(Follower, "switch", after_a_change)
    assert shop.post("/admin/reload").json() == {"generation": name, "revision": 1, "switched": True}
    check(shop.get("/products/P03"), "unknown-product")


@pytest.mark.usefixtures("unwatched")
def test_a_service_that_ends_gives_up_what_it_loads(shop: TestClient, publish: Publish, bundles: Path) -> None:
    put(shop, "NEW", ("a.jpg", photo_of(40)))
    old = current(bundles)
    publish()
    reloader = shop.app_state["service"].reloader
    reloader.close()
    assert shop.post("/admin/reload").json() == {"generation": old, "revision": 1, "switched": False}
    assert reloader.refused is None


@pytest.mark.usefixtures("unwatched")
def test_a_request_keeps_the_generation_that_it_began_with(shop: TestClient, publish: Publish, live: Live) -> None:
    held = live.loaded
    assert held is not None
    publish()
    shop.post("/admin/reload")
    assert value(shop, "twinshot_generations_held") == 2
    assert held.view.product("P03").tolist()
    assert len(held.view.ids(held.view.product("P03"))[1]) == 3
    del held
    assert value(shop, "twinshot_generations_held") == 1


@pytest.mark.usefixtures("unwatched")
def test_an_old_generation_is_freed_at_once_and_without_the_collector(
    shop: TestClient, publish: Publish, bundles: Path, live: Live, jpeg: bytes
) -> None:
    put(shop, "NEW", ("a.jpg", photo_of(40)))
    names = [current(bundles), publish()]

    def parts() -> list["weakref.ref[Any]"]:
        own = live.loaded
        assert own is not None
        return [weakref.ref(part) for part in (own, own.view, own.overlay, own.encoder, own.generation)]

    gc.collect()
    gc.disable()
    try:
        for turn in range(1, 13):
            old = parts()
            set_current(bundles, names[turn % 2])
            assert shop.post("/admin/reload").json()["switched"] is True
            assert ask(shop, jpeg + bytes(turn)).status_code == 200
            assert first(shop, photo_of(40))["product_id"] == "NEW"
            assert [own() for own in old] == [None] * len(old)
    finally:
        gc.enable()
    assert value(shop, "twinshot_generations_held") == 1


def test_only_who_has_the_write_key_may_ask_for_a_look(clients: Clients, loaded: Loaded) -> None:
    with clients() as client:
        assert "SIGHUP" in check(client.post("/admin/reload"), "changes-off")
    with clients(write_key=WRITE) as client:  # without a state: a look changes no product
        check(client.post("/admin/reload"), "unauthorized")
        answer = client.post("/admin/reload", headers=KEY).json()
        assert answer == {"generation": loaded.generation.id, "revision": 0, "switched": False}
    with clients(write_key=WRITE, live=Live()) as client:
        check(client.post("/admin/reload", headers=KEY), "not-ready")
