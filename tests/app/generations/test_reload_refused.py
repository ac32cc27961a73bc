"""A bad generation is refused with the reason, and the old one goes on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.create_app import create_app
from app.generations.reload import without_folders
from app.live import Live
from app.loading import load
from app.settings import Settings
from engine.bundle.rows import write_lookup
from engine.bundle.store import current, set_current
from engine.changes.state import State
from engine.errors import StateError
from engine.files import sha256
from tests.app.generations.conftest import WRITE, Publish, cut_a_shard, value
from tests.app.running import ask
from tests.app.test_error_table import check
from tests.tiny_model import write_model

Damage = Callable[[Path], object]


def edit_manifest(folder: Path, **fields: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def record_files(folder: Path, *names: str) -> None:
    """Make the manifest agree with files that were altered."""
    files = json.loads((folder / "manifest.json").read_text())["files"]
    edit_manifest(
        folder,
        files=files | {own: {"bytes": (folder / own).stat().st_size, "sha256": sha256(folder / own)} for own in names},
    )


def bring_another_model(folder: Path) -> None:
    write_model(folder, bits=128, seed=9)
    record_files(folder, "model.onnx", "model.json")


def bring_another_graph(folder: Path) -> None:
    card = (folder / "model.json").read_bytes()
    write_model(folder, bits=128, seed=9)
    (folder / "model.json").write_bytes(card)
    record_files(folder, "model.onnx")


def forget_the_graph(folder: Path) -> None:
    files = json.loads((folder / "manifest.json").read_text())["files"]
    edit_manifest(folder, files={name: own for name, own in files.items() if name != "model.onnx"})


def mix_up_the_ids(folder: Path, rows: int = 60) -> None:
    ids = [f"{number:02}" for number in range(rows)]
    write_lookup(folder / "lookup.arrow", ids, ids)
    record_files(folder, "lookup.arrow")


BAD: dict[str, tuple[Damage, str]] = {
    "truncated shard": (cut_a_shard, "(truncated or altered)"),
    "another model": (bring_another_model, "codes of different models do not compare"),
    "another graph under the model's name": (bring_another_graph, "describes another model than model.onnx is"),
    "a graph that nothing vouches for": (forget_the_graph, "describes another model than model.onnx is"),
    "a format of the future": (lambda folder: edit_manifest(folder, format=2), "has format 2"),
    "another state": (lambda folder: edit_manifest(folder, state_id="0" * 16), "has changes of state 0000"),
    "ids that lead elsewhere": (mix_up_the_ids, "is not found by its ids"),
    "thresholds of another length": (
        lambda folder: edit_manifest(folder, thresholds=[0.0]),
        "1 thresholds for 128 bits",
    ),
    "something that nobody thought of": (lambda folder: mix_up_the_ids(folder, 100), "IndexError: "),
}


@pytest.mark.usefixtures("unwatched")
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_generation_is_refused_with_the_reason_and_the_old_one_goes_on(
    shop: TestClient, publish: Publish, bundles: Path, jpeg: bytes, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    old = current(bundles)
    damage, reason = BAD[bad]
    name = publish(damage)
    detail = check(shop.post("/admin/reload"), "generation-refused")
    assert reason in detail
    assert detail.endswith(f"; {old} goes on being served")
    health = shop.get("/readyz?verbose")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    checks = health.json()["checks"]
    assert (checks["generation"], checks["loading"], checks["refused"]["generation"]) == (old, None, name)
    assert reason in checks["refused"]["reason"]
    assert str(bundles.parent) not in health.text + detail
    assert value(shop, "twinshot_generation_refused") == 1
    (line,) = [own for own in caplog.records if own.name == "app.generations.reload"]
    assert line.getMessage().startswith(f"generation {name} is refused, {old} goes on: ")
    answer = ask(shop, jpeg).json()
    assert (answer["generation"], answer["results"][0]["product_id"]) == (old, "P03")
    set_current(bundles, old)
    assert shop.post("/admin/reload").json()["switched"] is False
    assert shop.get("/readyz").json() == {"status": "ok"}
    assert value(shop, "twinshot_generation_refused") == 0


@pytest.mark.usefixtures("unwatched")
def test_a_folder_whose_name_is_in_another_word_garbles_no_reason(
    publish: Publish, bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = current(bundles), publish(cut_a_shard)
    set_current(bundles, old)
    bundles.rename(bundles.parent / "00")
    monkeypatch.chdir(bundles.parent)
    settings = Settings.model_validate({"bundles": "00", "write_key": WRITE, "threads": 2})
    with TestClient(create_app(settings, Live(load(settings)))) as client:
        (settings.bundles / "CURRENT").write_text(new)
        detail = check(client.post("/admin/reload", headers={"Authorization": f"Bearer {WRITE}"}), "generation-refused")
    assert detail.startswith(f"TWINSHOT_BUNDLES/{new}/shards/00000.faiss has ")


@pytest.mark.parametrize(
    ("said", "public"),
    [
        ("/srv/b2 is no bundle folder", "TWINSHOT_BUNDLES is no bundle folder"),
        ("/srv/b2/CURRENT is missing", "TWINSHOT_BUNDLES/CURRENT is missing"),
        ("run `twinshot rollback /srv/b2`", "run `twinshot rollback TWINSHOT_BUNDLES`"),
        ("no space in '/srv/b2'.", "no space in 'TWINSHOT_BUNDLES'."),
        ("/srv/b2.", "TWINSHOT_BUNDLES."),
        ("/srv/b2/state/changes.sqlite is full", "TWINSHOT_STATE/changes.sqlite is full"),
        ("/srv/b2/state2, /srv/b2/state.old", "TWINSHOT_BUNDLES/state2, TWINSHOT_BUNDLES/state.old"),
        ("state 0fb2aa of /srv/b2-old and /srv/b2.old", "state 0fb2aa of /srv/b2-old and /srv/b2.old"),
        ("file:///srv/b2/x, not /mnt/srv/b2", "file://TWINSHOT_BUNDLES/x, not /mnt/srv/b2"),
    ],
)
def test_whole_paths_of_the_folders_alone_are_hidden(said: str, public: str) -> None:
    folders = {"TWINSHOT_BUNDLES": Path("/srv/b2"), "TWINSHOT_STATE": Path("/srv/b2/state")}
    assert without_folders(said, folders) == public


@pytest.mark.usefixtures("unwatched")
def test_what_was_refused_is_tried_again_only_when_somebody_says_so(
    shop: TestClient, publish: Publish, bundles: Path, next_bundle: Path
) -> None:
    reloader = shop.app_state["service"].reloader
    name = publish(cut_a_shard)
    for _ in range(3):
        shop.portal.call(reloader.look)
    assert value(shop, "twinshot_generation_refusals_total") == 1
    check(shop.post("/admin/reload"), "generation-refused")
    assert value(shop, "twinshot_generation_refusals_total") == 2
    shutil.copy(next_bundle / name / "shards" / "00000.faiss", bundles / name / "shards" / "00000.faiss")
    shop.portal.call(reloader.look)
    assert reloader.refused.generation == name
    assert shop.post("/admin/reload").json()["switched"] is True


@pytest.mark.usefixtures("unwatched")
@pytest.mark.parametrize("named", [None, "nonsense", "20200101T000000Z-00000000"])
def test_current_that_names_nothing_is_refused_and_served_is_what_was(
    shop: TestClient, bundles: Path, named: str | None, jpeg: bytes
) -> None:
    old = current(bundles)
    if named is None:
        (bundles / "CURRENT").unlink()
    else:
        (bundles / "CURRENT").write_text(named)
    assert "twinshot rollback" in check(shop.post("/admin/reload"), "generation-refused")
    assert ask(shop, jpeg).json()["generation"] == old
    set_current(bundles, old)
    assert shop.post("/admin/reload").status_code == 200


@pytest.mark.usefixtures("unwatched")
def test_what_was_compacted_with_another_state_makes_its_folder_that_states(
    shop: TestClient, publish: Publish, bundles: Path, state: State, jpeg: bytes
) -> None:
    first = current(bundles)
    wrong = publish(lambda folder: edit_manifest(folder, state_id="0" * 16))
    detail = check(shop.post("/admin/reload"), "generation-refused")
    assert f"but generation {wrong} has changes of state {'0' * 16}; name its folder" in detail
    set_current(bundles, first)
    with pytest.raises(StateError, match=f"but generation {wrong} has changes of state"):
        load(Settings(bundles=bundles, threads=2), state)
    shutil.rmtree(bundles / wrong)
    assert load(Settings(bundles=bundles, threads=2), state).generation.id == first


@pytest.mark.usefixtures("unwatched")
def test_a_generation_that_has_more_changes_than_the_log_is_refused(
    shop: TestClient, publish: Publish, state: State
) -> None:
    shop.delete("/products/P03")
    publish(lambda folder: edit_manifest(folder, state_id=state.log.state_id, includes_revision=2))
    assert "ends at 1; restore the newer log" in check(shop.post("/admin/reload"), "generation-refused")
