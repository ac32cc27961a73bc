"""What can be checked of Prometheus and Grafana in Compose without an engine: what is mounted, named and asked."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docker.test_docker_files import PROJECT, compose

MONITORING = PROJECT / "docker" / "monitoring"
NAMES = ("prometheus", "grafana")


def read(path: str) -> Any:
    return yaml.safe_load((MONITORING / path).read_text(encoding="utf-8"))


def mounted(service: dict[str, Any]) -> dict[str, str]:
    """Where the files of the project are in the container: that place → the file."""
    pairs = [volume.removesuffix(":ro").split(":") for volume in service["volumes"] if volume.startswith("./")]
    return {inside: outside for outside, inside in pairs}


@pytest.mark.parametrize("file", ["docker-compose.yml", "docker-compose.replicas.yml"])
def test_both_come_with_the_profile_alone(file: str) -> None:
    services = compose(file)["services"]
    assert {name for name, own in services.items() if own.get("profiles") == ["monitoring"]} == set(NAMES)
    assert "prometheus" in compose(file)["volumes"]


def test_their_images_are_pinned_and_their_ports_are_this_machine_s_alone() -> None:
    for name in NAMES:
        service = compose("docker-compose.yml")["services"][name]
        assert re.fullmatch(r"\w+/\w+:v?\d+\.\d+\.\d+", service["image"])
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_everything_that_is_mounted_exists() -> None:
    for file in ("docker-compose.yml", "docker-compose.replicas.yml"):
        for name in NAMES:
            for path in mounted({"volumes": [], **compose(file)["services"][name]}).values():
                assert (PROJECT / path).exists(), path


def test_prometheus_finds_its_rules_and_the_processes_of_either_compose_file() -> None:
    configuration, service = read("prometheus.yml"), compose("docker-compose.yml")["services"]["prometheus"]
    files = mounted(service)
    assert f"--config.file={next(iter(files))}" in service["command"]
    assert [files[path] for path in configuration["rule_files"]] == ["./docker/monitoring/alerts.yml"]
    (job,) = configuration["scrape_configs"]
    assert job["job_name"] == "twinshot"  # by which the rules and the dashboard know the process
    (targets,) = job["file_sd_configs"][0]["files"]
    replicas = mounted(compose("docker-compose.replicas.yml")["services"]["prometheus"])
    for file, path in (("docker-compose.yml", files[targets]), ("docker-compose.replicas.yml", replicas[targets])):
        services = [name for name in compose(file)["services"] if name.startswith("twinshot")]
        (group,) = yaml.safe_load((PROJECT / path).read_text(encoding="utf-8"))
        assert group["targets"] == [f"{name}:8000" for name in services]


@pytest.mark.parametrize("key", ["", "a-key-with-$igns-'and\"quotes"])
def test_prometheus_command_hands_it_the_read_key_as_a_file(key: str, tmp_path: Path) -> None:
    service = compose("docker-compose.yml")["services"]["prometheus"]
    (job,) = read("prometheus.yml")["scrape_configs"]
    shell, flag, line, *rest = [word.replace("$$", "$") for word in service["entrypoint"]]
    assert job["authorization"]["credentials_file"] in line
    line = line.replace("/tmp/read-key", str(tmp_path / "read-key")).replace("/bin/prometheus", "echo")
    done = subprocess.run(
        [shell, flag, line, *rest, *service["command"]],
        env={"TWINSHOT_READ_KEY": key, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (tmp_path / "read-key").read_text() == key
    assert done.stdout.split() == service["command"]


def test_grafana_is_given_the_data_source_and_the_dashboard() -> None:
    service = compose("docker-compose.yml")["services"]["grafana"]
    files = mounted(service)
    (source,) = read("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    (provider,) = read("grafana/provisioning/dashboards/twinshot.yml")["providers"]
    folder = PROJECT / files[provider["options"]["path"]]
    home = service["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/twinshot.json"
    dashboard = json.loads((folder / "twinshot.json").read_text(encoding="utf-8"))
    chosen = next(own for own in dashboard["templating"]["list"] if own["name"] == "datasource")
    assert chosen["current"]["value"] == source["uid"]
    assert files["/etc/grafana/provisioning"] == "./docker/monitoring/grafana/provisioning"
