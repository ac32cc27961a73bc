"""In a shop that keeps no thumbnails, those that came with changes are shown, before and after they are folded in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.testclient import TestClient

from app.create_app import create_app
from app.live import Live
from app.loading import load
from app.settings import Settings
from engine.changes.state import open_state
from index_builder.compaction.compact import compact
from index_builder.indexing import Order, index
from index_builder.plan import Wishes
from index_builder.progress import Progress
from tests.app.running import photo_of

KEY = "write-key-write-key"


@contextmanager
def serving(bundles: Path, folder: Path) -> Iterator[TestClient]:
    settings = Settings.model_validate({"bundles": bundles, "state": folder, "write_key": KEY, "threads": 1})
    state = open_state(folder)
    with TestClient(create_app(settings, Live(load(settings, state)), state)) as client:
        client.headers["Authorization"] = f"Bearer {KEY}"
        yield client
    state.close()


def urls(client: TestClient, product_id: str) -> list[str | None]:
    return [own["image_url"] for own in client.get(f"/products/{product_id}").json()["images"]]


def test_a_photo_that_was_put_has_its_thumbnail_and_no_other(
    tiny_catalogue: Path, tiny_model: Path, tmp_path: Path
) -> None:
    bundles, state = tmp_path / "bundles", tmp_path / "state"
    state.mkdir()
    index(Order(catalogue=tiny_catalogue, model=tiny_model, out=bundles, wishes=Wishes(thumbs=False)), Progress())
    with serving(bundles, state) as client:
        client.put("/products/NEW", files=[("image", ("new.jpg", photo_of(40)))]).raise_for_status()
        client.patch("/products/P03", json={"title": "Changed"}).raise_for_status()
        assert (urls(client, "NEW"), set(urls(client, "P03"))) == (["/images/new.jpg"], {None})
        before = client.get("/images/new.jpg").content
    assert compact(bundles, state, keep=3, threads=1, progress=Progress())
    with serving(bundles, state) as client:
        assert client.get("/products/P03").json()["title"] == "Changed"
        assert (urls(client, "NEW"), set(urls(client, "P03"))) == (["/images/new.jpg"], {None})
        assert client.get("/images/new.jpg").content == before
        assert client.post("/search", files={"image": photo_of(40)}).json()["results"][0]["image_url"] is not None
        assert client.get("/images/P03-0").status_code == 404
