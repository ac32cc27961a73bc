"""Killed at any moment, the service has every change that it acknowledged, and no half one."""

import json
import random
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from tests.app.running import Process, photo_of, processes

KEY = "write-key-write-key"
PRODUCTS = 5


class Writer(threading.Thread):
    """Puts and deletes products until the service is gone; remembers what was acknowledged, and what was under way."""

    def __init__(self, service: Process, products: dict[str, int | None], seed: int) -> None:
        super().__init__(daemon=True)
        self.http = httpx2.Client(base_url=service.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60)
        self.products = products
        self.under_way: tuple[str, int | None] | None = None
        self.changes = 0
        self.enough = threading.Event()
        self.random = random.Random(seed)

    def run(self) -> None:
        with self.http, suppress(httpx2.TransportError):
            while True:
                self._change(f"N{self.random.randrange(PRODUCTS)}")

    def _change(self, product: str) -> None:
        number = self.random.randrange(1000) if self.random.random() < 0.7 else None
        self.under_way = (product, number)
        if number is None:
            response = self.http.delete(f"/products/{product}")
        else:
            fields = ("product", (None, json.dumps({"title": str(number)})))
            photos = [("image", (f"{product}-{number}-{i}", photo_of(40 + number % 9, i))) for i in range(number % 3)]
            response = self.http.put(f"/products/{product}", files=[fields, *photos])
        assert response.status_code in (200, 404), response.text
        self.products[product] = number
        self.changes += 1
        if self.changes > 5:
            self.enough.set()
        self.under_way = None


def kill(service: Process) -> None:
    service.popen.kill()
    service.popen.wait(60)
    service.http.close()


def state_of(service: Process, product: str) -> int | None:
    """The number that the product's title and photos agree on, None where there is none."""
    response = service.http.get(f"/products/{product}")
    if response.status_code == 404:
        return None
    found = response.json()
    number = int(found["title"])
    assert [own["image_id"] for own in found["images"]] == [f"{product}-{number}-{i}" for i in range(number % 3)]
    return number


@pytest.mark.parametrize("seed", range(2))
def test_no_acknowledged_change_is_lost_and_no_half_one_is_there(tiny_bundle: Path, tmp_path: Path, seed: int) -> None:
    state = tmp_path / "state"
    state.mkdir()
    products: dict[str, int | None] = dict.fromkeys((f"N{i}" for i in range(PRODUCTS)), None)
    changes = 0
    with processes(tiny_bundle, tmp_path) as start:
        for round in range(4):
            service = start(TWINSHOT_STATE=str(state), TWINSHOT_WRITE_KEY=KEY).until_ready()
            found = {product: state_of(service, product) for product in products}
            assert found == products
            writer = Writer(service, products, seed * 100 + round)
            writer.start()
            writer.enough.wait(60)
            time.sleep(writer.random.random() / 2)
            kill(service)
            writer.join(60)
            changes += writer.changes
            if writer.under_way is not None:  # may have been done or not, but wholly
                product, number = writer.under_way
                again = start(TWINSHOT_STATE=str(state), TWINSHOT_WRITE_KEY=KEY).until_ready()
                now = state_of(again, product)
                assert now in (number, products[product])
                products[product] = now
                kill(again)
    assert changes > 20
