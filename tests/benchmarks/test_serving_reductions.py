"""How the serving benchmark makes figures of what it saw: photos by Zipf's law, stages, stacks."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from app.cache.entries import answer_key, embedding_key
from app.loading import load
from app.settings import Settings
from benchmarks.serve.bare import STAGES, Cost
from benchmarks.serve.caching import numbered, zipf
from benchmarks.serve.curve import stages_ms
from benchmarks.serve.photos import Photo
from benchmarks.serve.profile import Side, rooms, shared_out, table
from benchmarks.serve.revising import revised
from benchmarks.serve.shop import draw
from engine.bundle.manifest import read_manifest
from engine.bundle.rows import RowTable
from engine.bundle.store import current


def test_a_drawn_shop_has_the_real_rows_four_photos_of_each_drawn_product_and_is_sorted(tiny_bundle: Path) -> None:
    folder = tiny_bundle / current(tiny_bundle)
    manifest = read_manifest(folder)
    drawn = draw(folder, manifest, manifest.rows + 340)
    products, images = drawn.products.to_pylist(), drawn.images.to_pylist()
    assert drawn.codes.shape == (400, manifest.model.bits // 8)
    assert (np.diff(drawn.categories) >= 0).all()
    assert len(set(images)) == 400
    assert set(RowTable(folder, [shard.name for shard in manifest.shards]).ids(np.arange(60))[1]) <= set(images)
    assert set(Counter(name for name in products if name.startswith("D")).values()) == {4}
    again = draw(folder, manifest, manifest.rows + 340)
    assert again.codes.tobytes() == drawn.codes.tobytes()
    assert again.images.equals(drawn.images)


def test_photos_are_asked_for_by_zipfs_law_and_the_same_ones_each_time() -> None:
    order = zipf(100, 50_000, 1.0)
    counts = Counter(order)
    assert counts[0] / counts[1] == pytest.approx(2, rel=0.1)
    assert counts[0] / counts[9] == pytest.approx(10, rel=0.15)
    assert set(order) <= set(range(100))
    assert order == zipf(100, 50_000, 1.0)


def test_a_numbered_photo_is_its_own_and_no_other() -> None:
    bases = (Photo(b"one", "image/jpeg"), Photo(b"two", "image/jpeg"))
    data = {numbered(bases, number).data for number in range(600)}
    assert len(data) == 600
    assert numbered(bases, 7) == numbered(bases, 7)
    assert numbered(bases, 3).data.startswith(b"two")


def test_a_stage_is_the_median_over_rounds_and_the_mean_over_photos() -> None:
    rounds = [(1.0, 10.0), (2.0, 20.0), (300.0, 30.0)]
    costs = [Cost(0, 0, {"decode": seconds / 1e3}) for own in rounds for seconds in own]
    assert stages_ms(costs, 2) == pytest.approx(dict.fromkeys(STAGES, 0.0) | {"decode": (2 + 20) / 2})


def test_a_stack_belongs_to_the_part_of_the_path_that_is_in_it_whatever_surrounds_it() -> None:
    thread = "Thread.run (threading.py:982);_worker (concurrent/futures/thread.py:83)"
    work = f"{thread};Searcher._fresh.<locals>.work (app/search.py:86)"
    loop = "main (app/main.py:94);Server.run (uvicorn/server.py:86);run_forever (loop.c:33192)"
    app = f"{loop};task_step (_asynciomodule.c:2990);RequestResponseCycle.run_asgi (uvicorn/protocols/http/impl.py:400)"
    found = rooms(
        [
            f"{work};embed (app/search.py:95);decode (engine/preprocess.py:40);jpeg_idct (libjpeg.so) 30",
            f"{work};embed (app/search.py:97);Encoder.encode (engine/encoder.py:60);MlasConv (onnxruntime.so) 20",
            f"{work};answer_of (app/search.py:107);rank (engine/ranking.py:9);_Timed.nearest (app/search.py:170);"
            "FlatIndex.nearest (engine/index/flat.py:60);knn_hamming (faiss.so) 10",
            f"{work};answer_of (app/search.py:107);rank (engine/ranking.py:3);Flat.codes (engine/index/flat.py:9) 5",
            f"{loop};HttpToolsProtocol.data_received (uvicorn/protocols/http/httptools_impl.py:200) 4",
            f"{app};search (app/routes/search.py:60);Body.photos (app/body.py:99);sha256_update (libcrypto.so) 3",
            f"{app};Envelope.__call__ (app/middleware.py:40) 6",
            f"{loop} 2",
            "start_thread (libc.so) 1",
            f"{loop};uv__io_poll (linux.c:1452);epoll_pwait (libc.so.6) 50",
            f"{thread};_queue_SimpleQueue_get_impl (_queuemodule.c:253);PyThread_acquire_lock_timed (libpython.so) 60",
            f"{work};answer_of (app/search.py:113);pthread_cond_timedwait (libc.so.6);0x7f58ba6a3f16 (libc.so.6) 8",
        ]
    )
    assert found == {
        "threads": {"decode": 30, "encode": 20, "search": 10, "rank": 5, "other": 1, "waiting": 68},
        "loop": {
            "HTTP: parse and write": 4, "body: read and hash": 3, "routing and middleware": 6, "event loop": 2,
            "waiting": 50,
        },
    }  # fmt: skip


def test_processor_time_is_shared_out_as_the_samples_of_its_side_that_do_not_wait() -> None:
    counts: dict[Side, Counter[str]] = {
        "threads": Counter({"decode": 30, "encode": 10, "waiting": 500}),
        "loop": Counter({"event loop": 2, "cache": 2}),
    }
    ms = shared_out({"threads": 8.0, "loop": 1.0}, counts)
    assert {room: own for room, own in ms.items() if own} == {"decode": 6, "encode": 2, "event loop": 0.5, "cache": 0.5}
    assert "| decode | 6.00 | 67% |" in table(ms)


def test_a_write_makes_other_answers_and_the_same_embeddings(tiny_bundle: Path) -> None:
    loaded = load(Settings(bundles=tiny_bundle))
    later = revised(loaded)
    scope = loaded.view.everything
    assert answer_key(later, "a", None, scope, ()) != answer_key(loaded, "a", None, scope, ())
    assert embedding_key(later, "a", None) == embedding_key(loaded, "a", None)
    assert later.generation.index is loaded.generation.index
    assert np.array_equal(later.generation.thresholds, loaded.generation.thresholds)
