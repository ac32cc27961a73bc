"""A service that has switched generations a hundred times is no larger than after ten."""

import shutil
import time
from pathlib import Path

import psutil
import pytest

from engine.bundle.store import current, set_current
from index_builder.indexing import Order, index
from index_builder.progress import Progress
from tests.app.running import Process, counted, photo_of, processes
from tests.tiny_catalogue import category_of
from tests.tiny_model import write_model
from tests.waiting import until

AUTHORISED = {"Authorization": "Bearer write-key-write-key"}


def resident(service: Process) -> int:
    """Bytes in memory once the old generation is gone and what it had is given back."""
    time.sleep(3)  # a look at CURRENT, and at what is left, every second
    until(lambda: counted(service, "twinshot_generations_held") == 1)
    return int(psutil.Process(service.popen.pid).memory_info().rss)


@pytest.mark.long
def test_a_hundred_switches_take_no_more_memory_than_ten(
    tiny_bundle: Path, tiny_catalogue: Path, tmp_path: Path
) -> None:
    bundles = shutil.copytree(tiny_bundle, tmp_path / "bundles")
    model = write_model(tmp_path / "model", map(category_of, range(20)), bits=512, seed=5)
    names = [current(bundles)]
    index(Order(catalogue=tiny_catalogue, model=model, out=bundles, force="another model"), Progress())
    names.append(current(bundles))
    (tmp_path / "state").mkdir()
    with processes(bundles, tmp_path) as start:
        service = start(
            TWINSHOT_STATE=str(tmp_path / "state"),
            TWINSHOT_WRITE_KEY="write-key-write-key",
            TWINSHOT_CACHE_BYTES="0",  # it may grow
        ).until_ready()
        service.http.headers.update(AUTHORISED)
        sizes = {}
        for turn in range(1, 101):
            service.http.put("/products/NEW", files=[("image", (f"{turn}.jpg", photo_of(40 + turn % 9)))])
            set_current(bundles, names[turn % 2 - 1])
            service.http.post("/admin/reload").raise_for_status()
            for number in range(5):
                found = service.ask(photo_of(number) + bytes(turn)).json()
                assert found["generation"] == names[turn % 2 - 1]
            if turn in (10, 100):
                sizes[turn] = resident(service)
        assert counted(service, "twinshot_generation_switches_total") >= 99
    print(sizes)
    assert sizes[100] <= 1.05 * sizes[10], sizes
