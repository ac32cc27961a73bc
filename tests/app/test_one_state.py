"""Several processes on one state, at the same time or one after the other: each has the changes of all."""

from app.changes import follow
from tests.app.conftest import Shops
from tests.app.running import photo_of
from tests.app.test_changes import first, put
from tests.waiting import until


def test_what_was_changed_is_there_after_a_restart(shops: Shops, jpeg: bytes) -> None:
    with shops() as before:
        put(before, "NEW", ("a.jpg", photo_of(40)))
        before.delete("/products/P03")
    with shops() as after:
        assert first(after, photo_of(40))["product_id"] == "NEW"
        assert first(after, jpeg)["product_id"] != "P03"
        assert after.get("/info").json()["revision"] == 2


def test_another_process_has_a_change_when_it_is_asked_to_wait_for_it(shops: Shops) -> None:
    with shops() as one, shops() as other:
        revision = put(one, "NEW", ("a.jpg", photo_of(40))).json()["revision"]
        assert first(other, photo_of(40), min_revision=revision)["product_id"] == "NEW"
        assert other.get("/products/NEW").json()["images"][0]["image_id"] == "a.jpg"


def test_another_process_has_a_change_soon_without_being_asked_to_wait(shops: Shops) -> None:
    assert follow.EVERY < 1  # of the second that is promised; the machine that tests may be slow
    with shops() as one, shops() as other:
        assert first(other, photo_of(40))["product_id"] != "NEW"
        put(one, "NEW", ("a.jpg", photo_of(40)))
        until(lambda: first(other, photo_of(40))["product_id"] == "NEW")
