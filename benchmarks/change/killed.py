"""SIGKILL at any moment of changes, compaction and publishing: what was acknowledged is there, and nothing else."""

import json
import random
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
import psutil
from PIL import Image

from benchmarks.change.asking import KEY, changing
from benchmarks.change.copies import copied
from benchmarks.result import PROJECT, QUICK, WORK, Claim, claim
from benchmarks.serve.memory import SMALL
from benchmarks.serve.servers import CORES, Server
from benchmarks.serve.shop import shop
from engine.bundle.generation import open_generation
from engine.bundle.store import current, names

KILLS = 20 if QUICK else 200
PRODUCTS = [f"N{number}" for number in range(8)]
Number = int | None
"""What a product is: the number in its title, its photos' names and their pixels; None: it is not there."""


@dataclass
class Faults:
    """What should never be, each with a line that says where."""

    lost: list[str] = field(default_factory=list)
    ghosts: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    acknowledged: int = 0
    compacted: int = 0
    kills: int = 0


def killed(_: Path) -> tuple[dict[str, Any], list[Claim]]:
    """Service and compaction, killed at random moments over one bundle folder and one state."""
    (WORK / "live").mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=WORK / "live") as folder:
        found = kill_again_and_again(copied(shop(SMALL), Path(folder) / "bundles"), Path(folder) / "state", KILLS)
    note = f"{found.acknowledged} acknowledged changes, {found.compacted} compactions published; {{}}"
    return vars(found), [
        claim(f"{found.kills} SIGKILLs: {what}", len(own), "", 0, "lower", note.format("; ".join(own[:3]) or "none"))
        for what, own in (
            ("acknowledged changes lost", found.lost),
            ("ghosts", found.ghosts),
            ("unreadable states", found.unreadable),
        )
    ]


def kill_again_and_again(bundles: Path, state: Path, kills: int, seed: int = 0) -> Faults:
    """Change products of `bundles` and compact, kill all of it at a random moment, look at what is left."""
    state.mkdir()
    chance = random.Random(seed)
    shop: dict[str, Number] = dict.fromkeys(PRODUCTS)
    gone: dict[str, int] = {}
    found = Faults()
    published = set(names(bundles))
    writer: Writer | None = None
    while found.kills < kills:
        try:
            open_generation(bundles / current(bundles), verify=True)
            with changing(bundles, state, cores=CORES) as server, ExitStack() as stack:
                _look(server, shop, gone, writer, found)
                writer = Writer(server.port, shop, gone, chance.random())
                writer.start()
                if found.kills % 2:
                    stack.callback(_end, _compacting(bundles, state))
                    time.sleep(chance.random() * 2.5)  # until it has published, or not
                else:
                    time.sleep(0.1 + chance.random() / 2)
                for process in server.family:
                    process.kill()
                found.kills += 1
            found.acknowledged += writer.ended()
            found.compacted += len(set(names(bundles)) - published)
            published |= set(names(bundles))
        except Exception as error:  # whatever it is, it is what was looked for
            found.unreadable.append(f"after {found.kills} kills: {type(error).__name__}: {error}")
            break
    return found


class Writer(threading.Thread):
    """Puts and deletes products until the service is gone; remembers what was acknowledged and what was under way."""

    def __init__(self, port: int, shop: dict[str, Number], gone: dict[str, int], seed: float) -> None:
        """`shop` becomes what was acknowledged, `gone` the number that a deleted product had last."""
        super().__init__(daemon=True)
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {KEY}"}, timeout=20
        )
        self._shop, self._gone, self._chance = shop, gone, random.Random(seed)
        self.under_way: tuple[str, Number] | None = None
        self._acknowledged = 0
        self._failed: Exception | None = None

    def run(self) -> None:
        try:
            with self._http, suppress(httpx.TransportError):
                self._change()
        except Exception as error:  # nobody hears what a thread raises
            self._failed = error

    def ended(self) -> int:
        """Wait until the service is gone: how many changes were acknowledged. Raises what ended it before that."""
        self.join(30)
        if self._failed is not None:
            raise self._failed
        return self._acknowledged

    def _change(self) -> None:
        while True:
            product = self._chance.choice(PRODUCTS)
            number = self._chance.randrange(10_000) if self._chance.random() < 0.7 else None
            self.under_way = (product, number)
            status = self._put(product, number) if number is not None else self._removed(product)
            if status not in (200, 404):
                raise RuntimeError(f"a change was answered {status}")
            if number is None and (last := self._shop[product]) is not None:
                self._gone[product] = last
            self._shop[product] = number
            self._acknowledged += 1
            self.under_way = None

    def _put(self, product: str, number: int) -> int:
        photos = [("image", (name, photo(number, i))) for i, name in enumerate(_images(product, number))]
        fields = ("product", (None, json.dumps({"title": str(number)})))
        return self._http.put(f"/products/{product}", files=[fields, *photos]).status_code

    def _removed(self, product: str) -> int:
        return self._http.delete(f"/products/{product}").status_code


def photo(number: int, place: int) -> bytes:
    """A JPEG that no other number and place has."""
    pixels = np.random.default_rng((number, place)).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).resize((96, 96), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def _images(product: str, number: int) -> list[str]:
    return [f"{product}-{number}-{i}" for i in range(number % 3)]


def _look(server: Server, shop: dict[str, Number], gone: dict[str, int], writer: Writer | None, found: Faults) -> None:
    """Compare what is served with what was acknowledged; what was under way may have been done or not, but wholly."""
    under_way = writer.under_way if writer is not None else None
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=30) as http:
        for product, number in shop.items():
            allowed = {number, under_way[1]} if under_way is not None and under_way[0] == product else {number}
            now = _served(http, product, gone.get(product))
            if now not in allowed:
                where = f"after {found.kills} kills: {product} is {now}, not {' or '.join(map(str, allowed))}"
                (found.lost if now is None else found.ghosts).append(where)
            shop[product] = now if isinstance(now, int) else None


def _served(http: httpx.Client, product: str, last: int | None) -> int | str | None:
    """What a product is by its own page and by searches with its photos; a text where those disagree.

    `last`: what it was when it was last deleted.
    """
    response = http.get(f"/products/{product}")
    if response.status_code == 404:
        found = [] if last is None else [_first(http, last, i)["product_id"] for i in range(last % 3)]
        return f"gone, but found as {last}" if product in found else None
    page = response.raise_for_status().json()
    number = int(page["title"])
    if [own["image_id"] for own in page["images"]] != _images(product, number):
        return f"{page['title']} with the photos {page['images']}"
    for place, name in enumerate(_images(product, number)):
        first = _first(http, number, place)
        if (first["image_id"], first["distance"]) != (name, 0):
            return f"{number}, but its photo {name} finds {first['image_id']}"
    return number


def _first(http: httpx.Client, number: int, place: int) -> dict[str, Any]:
    headers = {"Content-Type": "image/jpeg"}
    answer = http.post("/search", content=photo(number, place), headers=headers).raise_for_status().json()
    return dict(answer["results"][0])


def _compacting(bundles: Path, state: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "twinshot", "compact", str(bundles), f"--state={state}"]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(psutil.NoSuchProcess):
        for own in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
            own.kill()
    process.wait(30)
