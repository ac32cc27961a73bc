"""Generations are published and rolled back under a real service that is searched and changed: no request fails."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from engine.bundle.store import current, set_current
from index_builder.indexing import Order, index
from index_builder.progress import Progress
from index_builder.publish import roll_back
from tests.app.running import Process, counted, photo_of, processes
from tests.children import child, end
from tests.tiny_catalogue import category_of, write_catalogue
from tests.tiny_model import write_model

Start = Callable[..., Process]
KEY = "write-key-write-key"
AUTHORISED = {"Authorization": f"Bearer {KEY}"}
SEARCHERS = 3


@dataclass(frozen=True)
class Shop:
    """Two generations that have no product in common, made by different models; the first is live."""

    bundles: Path
    state: Path
    products: dict[str, set[str]]

    @property
    def names(self) -> list[str]:
        return sorted(self.products)


@pytest.fixture
def shop(tiny_bundle: Path, tmp_path: Path) -> Shop:
    bundles = shutil.copytree(tiny_bundle, tmp_path / "bundles")
    first = current(bundles)
    model = write_model(tmp_path / "model", map(category_of, range(20)), bits=128, seed=5)
    catalogue = write_catalogue(tmp_path / "catalogue", products=10, first=50)
    index(Order(catalogue=catalogue, model=model, out=bundles, force="another shop"), Progress())
    products = {first: {f"P{i:02}" for i in range(20)}, current(bundles): {f"P{i:02}" for i in range(50, 60)}}
    set_current(bundles, first)
    (tmp_path / "state").mkdir()
    return Shop(bundles, tmp_path / "state", products)


@pytest.fixture
def start(shop: Shop, tmp_path: Path) -> Iterator[Start]:
    with processes(shop.bundles, tmp_path) as start:
        yield lambda **more: start(TWINSHOT_STATE=str(shop.state), TWINSHOT_WRITE_KEY=KEY, **more)


@dataclass
class Load:
    """Who searches and who changes, what they were answered, and what was wrong with it."""

    service: Process
    shop: Shop
    over: threading.Event = field(default_factory=threading.Event)
    answers: list[str] = field(default_factory=list)
    """The generation of each answer."""
    wrong: list[str] = field(default_factory=list)
    changes: int = 0

    def search(self, number: int) -> None:
        """Ask again and again, each time with another photo of the same picture."""
        photo, asked, revision = photo_of(number), 0, 0
        with httpx2.Client(base_url=self.service.url, timeout=30) as http:
            while not self.over.wait(0.005):
                asked += 1
                response = http.post("/search", files={"image": photo + f"{number} {asked}".encode()})
                if response.status_code != 200:
                    self.wrong.append(response.text)
                    continue
                answer = response.json()
                found = {own["product_id"] for own in answer["results"]}
                strangers = found - self.shop.products[answer["generation"]] - {"NEW"}
                if strangers or not found or answer["revision"] < revision:
                    self.wrong.append(f"{strangers} {revision} {response.text}")
                revision = answer["revision"]
                self.answers.append(answer["generation"])

    def change(self) -> None:
        """Put and remove one product, and look for it after each."""
        with httpx2.Client(base_url=self.service.url, timeout=30, headers=AUTHORISED) as http:
            while not self.over.wait(0.02):
                number = 40 + self.changes % 7
                sent = http.put("/products/NEW", files=[("image", (f"{number}.jpg", photo_of(number)))])
                found = http.post("/search", files={"image": photo_of(number)}).json()
                if sent.status_code != 200 or found["results"][0]["product_id"] != "NEW":
                    self.wrong.append(f"{sent.text} {found}")
                if http.delete("/products/NEW").status_code != 200:
                    self.wrong.append("it was not there")
                found = http.post("/search", files={"image": photo_of(number)}).json()
                if "NEW" in [own["product_id"] for own in found["results"]]:
                    self.wrong.append(f"deleted: {found}")
                self.changes += 1

    def until(self, reached: Callable[[], bool]) -> None:
        late = time.monotonic() + 60
        while not reached():
            assert time.monotonic() < late, f"{self.wrong[:1]} {self.service.log.read_text()}"
            time.sleep(0.02)

    def more(self, generation: str) -> None:
        """Wait until each searcher may have had a few answers from this generation, and there was a change."""
        answers, changes = len(self.answers) + 5 * SEARCHERS, self.changes + 2
        self.until(lambda: len(self.answers) >= answers and self.changes >= changes)
        self.until(lambda: generation in self.answers[answers - 5 * SEARCHERS :])


def test_no_request_fails_while_generations_are_published_and_rolled_back(
    start: Start, shop: Shop, tiny_catalogue: Path, tiny_model: Path
) -> None:
    load = Load(start().until_ready(), shop)
    old, new = shop.names
    with ThreadPoolExecutor(SEARCHERS + 1) as pool:
        work = [pool.submit(load.search, number) for number in range(SEARCHERS)] + [pool.submit(load.change)]
        try:
            load.more(old)
            for name in (new, old, new):
                roll_back(shop.bundles, name)
                load.more(name)
            for _ in range(2):
                order = Order(catalogue=tiny_catalogue, model=tiny_model, out=shop.bundles, keep=9, force="a test")
                published = index(order, Progress()).folder.name
                shop.products[published] = shop.products[old]
                load.more(published)
            assert roll_back(shop.bundles, new) == new
            load.more(new)
        finally:
            load.over.set()
        for own in work:
            own.result()
    assert load.wrong == []
    assert counted(load.service, "twinshot_generation_switches_total") == 6
    load.until(lambda: counted(load.service, "twinshot_generations_held") == 1)
    assert load.service.stop() == 0


def is_served(service: Process, name: str) -> None:
    """Wait until a generation is served."""
    late = time.monotonic() + 60
    while service.http.get("/info").json()["generation"] != name:
        assert time.monotonic() < late, service.log.read_text()
        time.sleep(0.02)


def test_processes_on_one_folder_each_see_a_new_generation(start: Start, shop: Shop) -> None:
    services = [start(), start()]
    for service in services:
        service.until_ready()
    sent = services[0].http.put("/products/NEW", files=[("image", ("a.jpg", photo_of(40)))], headers=AUTHORISED)
    set_current(shop.bundles, shop.names[1])
    for service in services:
        is_served(service, shop.names[1])
        found = service.ask(photo_of(40), min_revision=sent.json()["revision"]).json()["results"][0]
        assert (found["product_id"], found["distance"]) == ("NEW", 0)


def test_sighup_is_a_look_at_current_and_tries_again_what_was_refused(start: Start, shop: Shop) -> None:
    service = start().until_ready()
    new = shop.bundles / shop.names[1]
    shard = new / "shards" / "00000.faiss"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-7])
    set_current(shop.bundles, new.name)
    late = time.monotonic() + 60
    while service.http.get("/readyz?verbose").json()["checks"]["refused"] is None:
        assert time.monotonic() < late
        time.sleep(0.02)
    shard.write_bytes(whole)
    service.popen.send_signal(signal.SIGHUP)
    is_served(service, new.name)
    assert service.stop() == 0


def test_the_command_line_is_not_ended_by_sighup(shop: Shop, free_port: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "twinshot", "serve", str(shop.bundles), f"--port={free_port}"]
    with (tmp_path / "serve.log").open("wb") as log, child(command, stderr=log, start_new_session=True) as process:
        until_alive(free_port)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert httpx2.get(f"http://127.0.0.1:{free_port}/readyz").status_code == 200
        assert end(process) == 0


def until_alive(port: int) -> None:
    late = time.monotonic() + 60
    while time.monotonic() < late:
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError("it did not start")


ON_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.parametrize(("before", "stops"), [([], True), (["nohup"], False)])
def test_a_service_ends_with_its_terminal_unless_nohup_says_otherwise(
    shop: Shop, free_port: int, tmp_path: Path, before: list[str], stops: bool
) -> None:
    command = [*before, sys.executable, "-m", "twinshot", "serve", str(shop.bundles), f"--port={free_port}"]
    terminal, theirs = pty.openpty()
    # nohup writes what is said into its folder
    with child(
        [sys.executable, "-c", ON_TERMINAL, *command],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        until_alive(free_port)
        process.send_signal(signal.SIGHUP)  # the terminal is there: a look at CURRENT
        time.sleep(0.3)
        assert httpx2.get(f"http://127.0.0.1:{free_port}/readyz").status_code == 200
        os.close(terminal)
        if stops:
            assert process.wait(60) == 0
            return
        time.sleep(1)
        assert httpx2.get(f"http://127.0.0.1:{free_port}/readyz").status_code == 200
        assert end(process) == 0


def test_a_shop_can_start_from_nothing(tiny_model: Path, tmp_path: Path) -> None:
    out, state = tmp_path / "empty", tmp_path / "own-state"
    state.mkdir()
    command = [sys.executable, "-m", "twinshot", "index", "--empty", f"--model={tiny_model}", f"--out={out}"]
    subprocess.run(command, check=True, capture_output=True)
    with processes(out, tmp_path) as start:
        service = start(TWINSHOT_STATE=str(state), TWINSHOT_WRITE_KEY=KEY).until_ready()
        assert service.ask(photo_of(3)).json()["results"] == []
        for number, name in ((3, "FIRST"), (4, "SECOND")):
            fields = ("product", (None, json.dumps({"title": name, "meta": "Shoes"})))
            photo = ("image", (f"{name}.jpg", photo_of(number)))
            sent = service.http.put(f"/products/{name}", files=[fields, photo], headers=AUTHORISED)
            assert sent.status_code == 200, sent.text
            found = service.ask(photo_of(number, 8)).json()["results"]
            assert found[0]["product_id"] == name
        assert [own["product_id"] for own in service.ask(photo_of(3), category="meta:Shoes").json()["results"]] == [
            "FIRST",
            "SECOND",
        ]
        assert service.http.delete("/products/FIRST", headers=AUTHORISED).status_code == 200
        assert [own["product_id"] for own in service.ask(photo_of(3)).json()["results"]] == ["SECOND"]
