"""Killed in the middle of a batch, the service has all of it or none of it; all, if it was acknowledged."""

import json
import random
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2

from tests.app.running import Process, photo_of, processes
from tests.integration.test_killed_while_changing import KEY, kill

PRODUCTS = [f"N{number:02}" for number in range(40)]
ROUNDS = 5


def send(service: Process, number: int, acknowledged: list[int]) -> None:
    """Put every product, titled `number`; one in four with a photo that is new."""
    lines, files = [], []
    for place, product in enumerate(PRODUCTS):
        line: dict[str, Any] = {"op": "put", "product_id": product, "title": str(number)}
        if place % 4 == 0:
            line["images"] = [f"{product}-{number}"]
            files.append(("image", (f"{product}-{number}", photo_of(40 + place, number))))
        lines.append(json.dumps(line))
    headers = {"Authorization": f"Bearer {KEY}"}
    with suppress(httpx2.TransportError), httpx2.Client(base_url=service.url, headers=headers, timeout=60) as http:
        response = http.post("/products/batch", files=[("operations", ("o", "\n".join(lines).encode())), *files])
        assert response.json()["done"] == len(PRODUCTS), response.text
        acknowledged.append(number)


def titles_of(service: Process) -> set[int]:
    """What the products are titled, whose photos must agree with it."""
    found = set()
    for place, product in enumerate(PRODUCTS):
        response = service.http.get(f"/products/{product}")
        number = int(response.json()["title"]) if response.status_code == 200 else 0
        if number:
            images = [own["image_id"] for own in response.json()["images"]]
            assert images == ([f"{product}-{number}"] if place % 4 == 0 else [])
        found.add(number)
    return found


def test_a_batch_is_there_whole_or_not_at_all(tiny_bundle: Path, tmp_path: Path) -> None:
    state, chance = tmp_path / "state", random.Random(7)
    state.mkdir()

    variables = {"TWINSHOT_STATE": str(state), "TWINSHOT_WRITE_KEY": KEY}
    with processes(tiny_bundle, tmp_path) as start:
        service, acknowledged = start(**variables).until_ready(), [0]
        started = time.monotonic()
        send(service, 1, acknowledged)
        takes = time.monotonic() - started
        for number in range(2, 2 + ROUNDS):
            sender = threading.Thread(target=send, args=(service, number, acknowledged), daemon=True)
            sender.start()
            time.sleep(chance.random() * takes * 1.2)
            kill(service)
            sender.join(60)
            service = start(**variables).until_ready()
            (title,) = titles_of(service)
            assert acknowledged[-1] <= title <= number
            acknowledged.append(title)
