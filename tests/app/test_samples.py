"""GET /samples: photos to try, and no way out of their folder."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.samples import MOST
from app.settings import SettingsError, read_settings
from tests.app.conftest import Clients
from tests.app.running import photo_of

READ = "read-key-read-key-0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photos, and what is none; a secret beside them."""
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    own = tmp_path / "samples"
    (own / "deeper.jpg").mkdir(parents=True)
    (own / "deeper.jpg" / "secret.jpg").write_bytes(b"secret")
    for name in ("b ä.jpg", "a.JPG", ".hidden.jpg", "notes.txt"):
        (own / name).write_bytes(photo_of(3))
    return own


def test_the_photos_of_the_folder_are_listed_by_name_and_shown(clients: Clients, folder: Path) -> None:
    with clients(samples=folder) as client:
        samples = client.get("/samples").json()["samples"]
        assert [own["name"] for own in samples] == ["a.JPG", "b ä.jpg"]
        for own in samples:
            answer = client.get(own["image_url"])
            assert (answer.content, answer.headers["Content-Type"]) == (photo_of(3), "image/jpeg")


def test_without_a_folder_there_are_none(client: TestClient) -> None:
    answer = client.get("/samples")
    assert (answer.status_code, answer.json()) == (200, {"samples": []})
    assert client.get("/samples/a.jpg").json()["type"].endswith("unknown-image")


def test_of_many_the_first_are_shown(clients: Clients, tmp_path: Path) -> None:
    for number in range(MOST + 2):
        (tmp_path / f"{number:03}.png").write_bytes(photo_of(3, kind="PNG"))
    with clients(samples=tmp_path) as client:
        assert [own["name"] for own in client.get("/samples").json()["samples"]][-1] == f"{MOST - 1:03}.png"
        assert client.get(f"/samples/{MOST:03}.png").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        *("../secret.jpg", "..%2Fsecret.jpg", "%2e%2e%2fsecret.jpg", "..%5Csecret.jpg", "....//secret.jpg"),
        *("deeper.jpg", "deeper.jpg/secret.jpg", "deeper.jpg%2Fsecret.jpg", "%2Fetc%2Fpasswd", "a.jpg%00"),
        *(".hidden.jpg", "notes.txt", "%252e%252e%252fsecret.jpg"),
    ],
)
def test_nothing_else_is_shown(clients: Clients, folder: Path, name: str) -> None:
    with clients(samples=folder) as client:
        answer = client.get(f"/samples/{name}")
        assert answer.status_code == 404
        assert b"secret" not in answer.content.replace(b"secret.jpg", b"")


def test_samples_are_for_those_who_may_search(clients: Clients, folder: Path) -> None:
    with clients(samples=folder, read_key=READ) as client:
        assert {client.get(path).status_code for path in ("/samples", "/samples/a.JPG")} == {401}


def test_a_folder_that_is_none_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"TWINSHOT_SAMPLES=.*nothing: is no folder"):
        read_settings({"TWINSHOT_BUNDLES": str(tmp_path), "TWINSHOT_SAMPLES": str(tmp_path / "nothing")})
