"""The systemd unit of docs/operations.md goes together with the service: settings, signals, exit codes, folders."""

import configparser
import re
from pathlib import Path

from app.main import FINISH
from app.settings import Settings
from engine.errors import InputError
from twinshot.cli import COMMANDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def block(language: str, begin: str) -> str:
    """The code block of the page that begins so."""
    (found,) = re.findall(rf"^```{language}\n({re.escape(begin)}.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert isinstance(found, str)
    return found


def service() -> dict[str, str]:
    """What the unit says of the service; a key that stands there twice is an error."""
    unit = configparser.ConfigParser(delimiters="=", interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(block("ini", "# /etc/systemd/system/twinshot.service"))
    return dict(unit["Service"])


def environment() -> dict[str, str]:
    """The variables of the file that the unit names."""
    own = block("sh", f"# {service()['EnvironmentFile']}")
    return dict(line.split("=", 1) for line in own.splitlines() if not line.startswith("#"))


def test_its_variables_are_settings_and_name_the_bundles_and_the_state_that_systemd_makes() -> None:
    own = environment()
    assert set(own) <= {f"TWINSHOT_{name.upper()}" for name in Settings.model_fields}
    assert own["TWINSHOT_STATE"] == f"/var/lib/{service()['StateDirectory']}"
    assert f"the bundles in\n`{own['TWINSHOT_BUNDLES']}`" in PAGE


def test_it_serves_and_gives_answers_under_way_their_time() -> None:
    own = service()
    program, command = own["ExecStart"].split()
    assert (Path(program).name, command in COMMANDS) == ("twinshot", True)
    assert (own["KillSignal"], own["ExecReload"]) == ("SIGTERM", "/bin/kill -HUP $MAINPID")
    assert int(own["TimeoutStopSec"]) >= FINISH + 10


def test_what_would_fail_again_is_not_started_again_and_a_start_that_is_stopped_has_not_failed() -> None:
    own = service()
    assert int(own["RestartPreventExitStatus"]) == InputError.exit_code
    assert int(own["SuccessExitStatus"]) == 128 + 15


def test_only_the_state_can_be_written() -> None:
    own = service()
    assert (own["ProtectSystem"], own["ProtectHome"], own["PrivateTmp"]) == ("strict", "yes", "yes")
    assert not {"ReadWritePaths", "BindPaths"} & set(own)
