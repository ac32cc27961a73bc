"""`twinshot fetch` from feed to catalogue: resumable, nothing asked for twice, every failed row named."""

import csv
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.catalogue.bad_row import Reason
from engine.catalogue.catalogue import open_catalogue
from engine.catalogue.check import check
from engine.catalogue.columns import Columns
from engine.errors import BusyError
from engine.files import locked
from engine.preprocess import Preprocessing
from tests.children import child
from tests.twinshot.fetch.downloading import downloader
from twinshot.fetch.feed import Fetched, fetch_feed

if TYPE_CHECKING:
    from tests.twinshot.fetch.conftest import Shop


def feed_of(tmp_path: Path, *urls: str) -> Path:
    path = tmp_path / "feed.csv"
    path.write_text("picture,sku\n" + "".join(f"{url},P{number}\n" for number, url in enumerate(urls, 1)))
    return path


def run(feed: Path, out: Path, shop: "Shop", **options: Any) -> Fetched:
    columns = Columns({"image": "picture", "product_id": "sku"})
    with downloader(shop.host, **options) as web:
        return fetch_feed(feed, out, columns, web, progress=lambda done: None)


def test_a_feed_becomes_a_catalogue_that_passes_the_check(shop: "Shop", tmp_path: Path) -> None:
    feed = feed_of(tmp_path, *(shop.url(f"/{number}.jpg") for number in range(100)), shop.url("/png"))
    fetched = run(feed, tmp_path / "out", shop)
    assert (fetched.new, fetched.already, fetched.failed) == (101, 0, [])
    checked = check(open_catalogue(fetched.catalogue), Preprocessing(), threads=2)
    assert checked.bad == []
    assert [row.product_id for row in checked.rows] == [f"P{number}" for number in range(1, 102)]
    assert {Path(row.image).suffix for row in checked.rows} == {".jpg", ".png"}
    assert (tmp_path / "out" / checked.rows[3].image).read_bytes() == shop.picture(3)


def test_a_second_run_asks_for_nothing_again(shop: "Shop", tmp_path: Path) -> None:
    feed = feed_of(tmp_path, *(shop.url(f"/{number}.jpg") for number in range(5)))
    first = run(feed, tmp_path / "out", shop)
    catalogue = first.catalogue.read_bytes()
    second = run(feed, tmp_path / "out", shop)
    assert (second.new, second.already) == (0, 5)
    assert len(shop.asked) == 5
    assert second.catalogue.read_bytes() == catalogue


def test_a_url_in_several_rows_is_asked_for_once_even_if_it_fails(shop: "Shop", tmp_path: Path) -> None:
    fetched = run(feed_of(tmp_path, *[shop.url("/1.jpg"), shop.url("/none")] * 50), tmp_path / "out", shop)
    assert sorted(shop.paths()) == ["/1.jpg", "/none"]
    assert (fetched.new + fetched.already, len(fetched.failed)) == (50, 50)


def test_part_files_are_never_taken_for_photos(shop: "Shop", tmp_path: Path) -> None:
    feed = feed_of(tmp_path, shop.url("/1.jpg"))
    photo = next(open_catalogue(run(feed, tmp_path / "out", shop).catalogue).rows()).image
    whole = tmp_path / "out" / photo
    part = whole.rename(whole.with_name(f"{whole.name}.123.partial"))
    part.write_bytes(b"\xff\xd8")
    assert run(feed, tmp_path / "out", shop).new == 1
    assert whole.read_bytes() == shop.picture(1)
    assert not part.exists()


def test_a_killed_run_goes_on_where_it_was(shop: "Shop", tmp_path: Path) -> None:
    feed = feed_of(tmp_path, *(shop.url(f"/{number}.jpg") for number in range(40)))
    out = tmp_path / "out"
    command = [sys.executable, "-m", "twinshot", "fetch", str(feed), f"--out={out}", f"--allow-host={shop.host}"]
    command += ["--allow-private", "--column=image=picture", "--column=product_id=sku", "--delay=0.05"]
    with child(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while len(shop.asked) < 10 and process.poll() is None:
            time.sleep(0.01)
        process.kill()
    kept = {path.name for path in (out / "photos").glob("*/*.jpg")}
    before = len(shop.asked)
    assert 0 < len(kept) < 40
    assert not (out / "catalogue.csv").exists()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{40 - len(kept)} pictures fetched, {len(kept)} already there, 0 failed" in done.stdout
    assert len(shop.asked) - before == 40 - len(kept)
    assert len(list(open_catalogue(out).rows())) == 40


def test_a_picture_that_is_none_is_named_and_not_kept(shop: "Shop", tmp_path: Path) -> None:
    feed = feed_of(tmp_path, shop.url("/1.jpg"), shop.url("/html"), shop.url("/none"), shop.url("/huge"), "", "x.jpg")
    fetched = run(feed, tmp_path / "out", shop)
    assert [(bad.number, bad.reason) for bad in fetched.failed] == [
        (2, Reason.UNREADABLE),
        (3, Reason.NOT_FETCHED),
        (4, Reason.TOO_LARGE),
        (5, Reason.EMPTY_IMAGE),
        (6, Reason.NOT_FETCHED),
    ]
    assert "status 404" in fetched.failed[1].message
    assert len(list((tmp_path / "out" / "photos").glob("*/*"))) == 1
    with (tmp_path / "out" / "failed.csv").open(newline="") as file:
        assert [row["row"] for row in csv.DictReader(file)] == ["2", "3", "4", "5", "6"]


def test_requests_to_one_host_keep_their_distance(shop: "Shop", tmp_path: Path) -> None:
    feed = feed_of(tmp_path, *(shop.url(f"/{number}.jpg") for number in range(6)))
    start = time.monotonic()
    run(feed, tmp_path / "out", shop, delay=0.2)
    assert max(when for _, when, _ in shop.asked) - start >= 5 * 0.2


def test_a_run_that_is_broken_off_stops_asking_and_leaves_the_old_catalogue(shop: "Shop", tmp_path: Path) -> None:
    before = run(feed_of(tmp_path, shop.url("/1.jpg")), tmp_path / "out", shop).catalogue.read_bytes()
    feed = feed_of(tmp_path, *(shop.url(f"/{number}.jpg") for number in range(300)))

    def break_off(done: int) -> None:
        raise KeyboardInterrupt

    columns = Columns({"image": "picture", "product_id": "sku"})
    with downloader(shop.host, delay=0.01) as web, pytest.raises(KeyboardInterrupt):
        fetch_feed(feed, tmp_path / "out", columns, web, break_off)
    assert (tmp_path / "out" / "catalogue.csv").read_bytes() == before
    assert len(shop.asked) < 150


def test_two_runs_into_one_folder_do_not_mix(shop: "Shop", tmp_path: Path) -> None:
    with locked(tmp_path / "out"), pytest.raises(BusyError):
        run(feed_of(tmp_path, shop.url("/1.jpg")), tmp_path / "out", shop)


def command(feed: Path, shop: "Shop", *more: str) -> subprocess.CompletedProcess[str]:
    line = [
        sys.executable,
        "-m",
        "twinshot",
        "fetch",
        str(feed),
        f"--out={feed.parent / 'out'}",
        "--column=image=picture",
    ]
    return subprocess.run(
        [*line, f"--allow-host={shop.host}", *more], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_command_counts_and_warns_of_rows_without_a_picture(shop: "Shop", tmp_path: Path) -> None:
    done = command(feed_of(tmp_path, shop.url("/1.jpg"), shop.url("/none")), shop, "--allow-private", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "catalogue": str(tmp_path / "out" / "catalogue.csv"),
        "new": 1,
        "already": 0,
        "failed": 1,
    }
    assert "warning: 1 row of" in done.stderr
    assert "status 404" in done.stderr


def test_the_command_fails_when_no_row_has_a_picture(shop: "Shop", tmp_path: Path) -> None:
    done = command(feed_of(tmp_path, shop.url("/1.jpg")), shop)
    assert done.returncode == 1
    assert "--allow-private" in done.stderr
    assert done.stderr.count("\n") == 1
    assert shop.asked == []
