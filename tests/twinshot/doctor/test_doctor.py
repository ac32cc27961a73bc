"""`twinshot doctor`: what is said of what is right, wrong and missing."""

import json
import shutil
import socket
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.settings import variables
from engine.changes.state import State
from engine.index.flat import write_shard
from tests.app.running import free_port as any_port
from tests.redis_server import RedisServer
from twinshot.cli import main
from twinshot.doctor import libraries, machine
from twinshot.doctor.finding import Finding, look

Doctor = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def doctor(free_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Runs `twinshot doctor … --json` with these TWINSHOT_… variables: the exit code, and each finding by its name."""
    for name in variables():
        monkeypatch.delenv(name)
    monkeypatch.setenv("TWINSHOT_PORT", str(free_port))

    def run(*arguments: object, **environment: object) -> tuple[int, dict[str, Any]]:
        for name, value in environment.items():
            monkeypatch.setenv(f"TWINSHOT_{name}", str(value))
        monkeypatch.setattr(sys, "argv", ["twinshot", "doctor", *map(str, arguments), "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        told = json.loads(capsys.readouterr().out)
        assert isinstance(ended.value.code, int)
        assert told["fit"] == (ended.value.code == 0)
        return ended.value.code, {own["about"]: own for own in told["findings"]}

    return run


@pytest.fixture
def bundles(tiny_bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_bundle, tmp_path / "bundles"))


def live(bundles: Path) -> Path:
    return bundles / (bundles / "CURRENT").read_text().strip()


def test_all_is_well_with_what_is_well(doctor: Doctor, calibrated_bundle: Path) -> None:
    code, found = doctor(calibrated_bundle, "--verify")
    assert code == 0
    assert [
        own for own in found.values() if own["level"] != "ok" and own["about"] not in ("cores", "memory", "disk")
    ] == []
    assert "checksums are right" in found["files"]["said"]
    assert "300 photos of 100 products, 64 bits" in found["index"]["said"]
    assert "5 of 5 products found" in found["query"]["said"]
    assert "recommended min_score" in found["scores"]["said"]
    assert "CPUExecutionProvider" in found["ONNX Runtime"]["said"]


def test_without_a_bundle_the_rest_is_looked_at(doctor: Doctor) -> None:
    code, found = doctor()
    assert code == 0
    assert "twinshot doctor BUNDLES" in found["bundle"]["said"]
    assert "query" not in found


def test_in_a_pipe_each_finding_is_one_line_with_its_level(
    tiny_bundle: Path, doctor: Doctor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, found = doctor(tiny_bundle)
    monkeypatch.setattr(sys, "argv", ["twinshot", "doctor", str(tiny_bundle)])
    with pytest.raises(SystemExit):
        main()
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [own["level"] for own in found.values()]
    assert last.startswith(f"{len(lines)} checks: ")


def test_too_few_photos_for_scores_is_a_warning(doctor: Doctor, tiny_bundle: Path) -> None:
    code, found = doctor(tiny_bundle)
    assert (code, found["scores"]["level"]) == (0, "warning")


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_no_bundle_is_a_finding(doctor: Doctor, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    code, found = doctor(tmp_path / name)
    assert (code, found["generation"]["level"]) == (1, "failed")
    assert "twinshot index" in found["generation"]["remedy"]


def test_a_truncated_file_is_named_and_an_altered_one_where_all_are_read(doctor: Doctor, bundles: Path) -> None:
    rows = live(bundles) / "shards" / "00000.thumbs"
    data = rows.read_bytes()
    rows.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    assert doctor(bundles)[1]["files"]["level"] == "ok"
    code, found = doctor(bundles, "--verify")
    assert (code, found["files"]["level"]) == (1, "failed")
    assert "00000.thumbs is altered" in found["files"]["said"]
    rows.write_bytes(data[:-1])
    assert "00000.thumbs has " in doctor(bundles)[1]["files"]["said"]


def test_a_model_of_another_index_is_found(doctor: Doctor, bundles: Path) -> None:
    path = live(bundles) / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["model"]["onnx_sha256"] = "0" * 64
    path.write_text(json.dumps(manifest))
    found = doctor(bundles)[1]
    assert found["index"]["level"] == "failed"
    assert "codes of different models do not compare" in found["index"]["remedy"]


def test_codes_that_are_not_those_of_the_photos_are_found_by_asking(doctor: Doctor, bundles: Path) -> None:
    for number, rows in (("00000", 25), ("00001", 25), ("00002", 10)):
        codes = np.full((rows, 8), 0x55, dtype=np.uint8)
        write_shard(live(bundles) / "shards" / f"{number}.faiss", codes)
    code, found = doctor(bundles)
    assert (code, found["query"]["level"]) == (0, "warning")
    assert "twinshot evaluate" in found["query"]["remedy"]


def test_keys_and_passwords_are_never_shown_and_unknown_variables_are(doctor: Doctor) -> None:
    key, url = "a-key-that-is-secret", "redis://:a-password@127.0.0.1:1/0?password=a-password"
    code, found = doctor(WRITE_KEY=key, REDIS_URL=url, PROT=8000)
    said = json.dumps(found)
    assert code == 1
    assert key not in said
    assert "a-password" not in said
    assert found["settings"]["level"] == "warning"
    assert "TWINSHOT_PROT" in found["settings"]["said"]
    assert "WRITE_KEY (set, not shown)" in found["settings"]["said"]
    assert (found["Redis"]["level"], found["Redis"]["remedy"]) == ("failed", "start it, or mend TWINSHOT_REDIS_URL")


def test_a_setting_that_cannot_be_read_hides_no_other(doctor: Doctor) -> None:
    code, found = doctor(QUEUE="many", REDIS_URL="redis://127.0.0.1:1/0")
    assert code == 1
    assert "TWINSHOT_QUEUE=many" in found["settings"]["said"]
    assert found["Redis"]["level"] == "failed"


def test_a_redis_that_would_fill_up_is_a_warning(doctor: Doctor, tmp_path: Path) -> None:
    server = RedisServer(any_port(), tmp_path, "--maxmemory", "64mb", "--maxmemory-policy", "noeviction")
    try:
        warned = doctor(REDIS_URL=server.url)[1]["Redis"]
        assert (warned["level"], "noeviction" in warned["said"]) == ("warning", True)
        assert "allkeys-lru" in warned["remedy"]
        server.set("maxmemory-policy", "allkeys-lru")
        assert doctor(REDIS_URL=server.url)[1]["Redis"]["level"] == "ok"
    finally:
        server.end()


def test_a_port_in_use_is_a_warning_for_it_may_be_the_service(doctor: Doctor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, found = doctor(PORT=taken.getsockname()[1])
    assert (code, found["port"]["level"]) == (0, "warning")
    assert doctor(HOST="192.0.2.1")[1]["port"]["level"] == "failed"


def test_the_state_is_read_and_one_of_another_version_is_found(doctor: Doctor, state: State, tiny_bundle: Path) -> None:
    with state.log.writing() as writing:
        writing.delete("P00")
    code, found = doctor(tiny_bundle, STATE=state.folder)
    assert code == 0
    assert f"id {state.log.state_id}, revision 1" in found["state"]["said"]
    assert found["changes"]["said"].startswith("1 revision of the log")
    state.log._writer.execute("PRAGMA user_version = 99")
    code, found = doctor(tiny_bundle, STATE=state.folder)
    assert (code, found["state"]["level"]) == (1, "failed")
    assert "format 99" in found["state"]["said"]


def test_changes_of_a_state_that_is_not_this_one_are_found(doctor: Doctor, state: State, bundles: Path) -> None:
    path = live(bundles) / "manifest.json"
    manifest = json.loads(path.read_text()) | {"state_id": "another", "includes_revision": 3}
    path.write_text(json.dumps(manifest))
    assert doctor(bundles)[1]["changes"]["level"] == "warning"
    assert doctor(bundles, STATE=state.folder)[1]["changes"]["level"] == "failed"
    path.write_text(json.dumps(manifest | {"state_id": state.log.state_id}))
    older = doctor(bundles, STATE=state.folder)[1]["changes"]
    assert (older["level"], "the log ends at 0" in older["said"]) == ("failed", True)


def test_a_state_folder_that_is_not_there_is_found(doctor: Doctor, tmp_path: Path) -> None:
    code, found = doctor(STATE=tmp_path / "nowhere")
    assert (code, found["state"]["level"], found["settings"]["level"]) == (1, "failed", "failed")


def test_libraries_that_are_missing_or_shut_each_other_out_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    here = {"onnxruntime": "1.31.1", "onnxruntime-gpu": "1.31.1"}

    def version(name: str) -> str:
        if name not in here:
            raise PackageNotFoundError(name)
        return here[name]

    monkeypatch.setattr(libraries, "version", version)
    assert "fastapi" in libraries.libraries().said
    assert libraries.extras().said == "onnxruntime, onnxruntime-gpu own the same module"
    del here["onnxruntime-gpu"]
    missing = libraries.extras()
    assert (missing.level, missing.said) == ("failed", "none: nothing can be encoded or searched")
    assert missing.remedy is not None
    here["faiss-cpu"] = "1.15.1"
    assert libraries.extras().said.startswith("cpu (onnxruntime 1.31.1, faiss-cpu 1.15.1); not train")


def test_a_device_that_is_not_here_is_found(doctor: Doctor) -> None:
    code, found = doctor(DEVICE="cuda", INDEX_DEVICE="cuda")
    assert (code, found["ONNX Runtime"]["level"], found["FAISS"]["level"]) == (1, "failed", "failed")


def test_a_container_that_may_use_less_than_it_sees_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "GROUP", tmp_path)
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert machine.cores(None, "cpu").remedy == "TWINSHOT_THREADS=1"
    assert machine.cores(1, "cpu").level == "ok"
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert machine.cores(1000, "cpu").level == "warning"
    (tmp_path / "memory.max").write_text("1000000000\n")
    (tmp_path / "memory.current").write_text("900000000\n")
    assert machine.memory(200_000_000).level == "warning"
    assert machine.memory(50_000_000).level == "ok"
    assert machine.disk("disk", tmp_path / "not" / "yet", 10**18).level == "warning"


def test_a_check_that_stumbles_is_a_finding_and_no_traceback() -> None:
    def stumble() -> Finding:
        raise ImportError("libgomp.so.1: cannot open shared object file")

    found = look("FAISS", stumble)
    assert (found.level, found.said) == (
        "failed",
        "could not be looked at (ImportError: libgomp.so.1: cannot open shared object file)",
    )
