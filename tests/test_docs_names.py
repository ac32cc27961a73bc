"""What the docs name exists: settings, metrics, errors, routes, commands and their options, targets, files.

That each of them is in the docs, the other way round, is held by tests/test_docs.py and tests/app.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.create_app import create_app
from app.live import Live
from app.problems import KINDS
from app.settings import SHARED_DATA, Settings
from app.telemetry import Telemetry
from twinshot.cli import COMMANDS, LazyGroup

PROJECT = Path(__file__).resolve().parents[1]
PAGES = {
    str(page.relative_to(PROJECT)): page.read_text(encoding="utf-8")
    for page in sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")])
    if page.name != "CHANGELOG.md"  # which tells of what was
}
OF_OTHER_PROGRAMS = {
    *("--build", "--profile"),  # docker compose
    *("--save", "--appendonly"),  # redis-server
    *("--constraint", "--exclude-editable"),  # pip
}
BLOCK = re.compile(r"^```(?:console|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def named(pattern: str, blocks: bool = True) -> Iterator[tuple[str, str]]:
    """Each page with each thing that it names so, in blocks of commands too."""
    for page, text in PAGES.items():
        own = text if blocks else BLOCK.sub("", text)
        yield from ((page, found) for found in re.findall(pattern, own, re.MULTILINE))


def test_settings_exist() -> None:
    known = {f"TWINSHOT_{name.upper()}" for name in Settings.model_fields} | {SHARED_DATA}
    assert [found for found in named(r"\b(TWINSHOT_[A-Z_]+[A-Z])\b") if found[1] not in known | {"TWINSHOT_"}] == []


def test_metrics_exist() -> None:
    metrics = {sample.name for metric in Telemetry().registry.collect() for sample in metric.samples}
    names = {metric.name for metric in Telemetry().registry.collect()} | metrics
    known = names | {f"{name}{suffix}" for name in names for suffix in ("_total", "_sum", "_count", "_bucket")}
    assert [found for found in named(r"\b(twinshot_[a-z_]+[a-z])\b") if found[1] not in known] == []


def test_kinds_of_errors_exist() -> None:
    assert [found for found in named(r"urn:twinshot:problem:([a-z-]+)") if found[1] not in KINDS] == []
    rows = set(re.findall(r"^\| `([a-z-]+)` \| \d{3} \|", PAGES["docs/api.md"], re.MULTILINE))
    assert rows == set(KINDS)


def test_routes_exist(tmp_path: Path) -> None:
    paths = create_app(Settings(bundles=tmp_path), Live()).openapi()["paths"]
    known = [
        f"{method.upper()} {re.sub(r'{.*?}', '.+', path)}" for path, methods in paths.items() for method in methods
    ]
    said = named(r"`((?:GET|PUT|POST|PATCH|DELETE) /[^`? ]*)")
    assert [found for found in said if not any(re.fullmatch(route, found[1]) for route in known)] == []


def command(words: list[str]) -> Any:
    """The command that a line calls, a subcommand where it names one; None where there is none."""
    found = LazyGroup().get_command(None, words[0]) if words else None
    if found is not None and hasattr(found, "commands"):
        return found.commands.get(words[1]) if len(words) > 1 else found
    return found


def options(of: Any) -> set[str]:
    return {"--help", *(name for own in of.params for name in (*own.opts, *own.secondary_opts))}


def called() -> Iterator[Any]:
    """Each line of a block that calls twinshot: its words from there to the end of that command."""
    for page, text in PAGES.items():
        for block in BLOCK.findall(text):
            for line in block.replace("\\\n", " ").splitlines():
                found = re.search(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*twinshot (.*)", line)
                if found:
                    yield pytest.param(shlex.split(found[1], comments=True), id=f"{page}: {found[1][:40].strip()}")


@pytest.mark.parametrize("words", list(called()))
def test_a_command_and_its_options_exist(words: list[str]) -> None:
    own = command(words)
    assert own is not None
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert given - options(own) == set()


def test_commands_and_options_that_a_sentence_names_exist() -> None:
    assert [found for found in named(r"`twinshot ([a-z]+)\b") if found[1] not in COMMANDS] == []
    groups = [command([name]) for name in COMMANDS]
    commands = [own for group in groups for own in (group, *getattr(group, "commands", {}).values())]
    known = {"--version", "--install-completion", "--show-completion", *OF_OTHER_PROGRAMS}.union(
        *map(options, commands)
    )
    assert [found for found in named(r"(?<![\w-])(--[a-z][a-z-]+[a-z])\b", blocks=False) if found[1] not in known] == []


def test_targets_of_the_makefile_exist() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    benches = {own.stem.replace("_", "-") for own in PROJECT.glob("benchmarks/*.py")}
    known = targets | {f"bench-{name}" for name in benches}
    assert [found for found in named(r"`make ([a-z-]*[a-z])(?![\w<-])") if found[1] not in known] == []


def test_files_exist() -> None:
    rooms = "app|benchmarks|docker|docs|engine|index_builder|model_export|tests|twinshot"
    said = named(rf"`((?:{rooms})/[\w./-]*)`")
    assert [found for found in said if not (PROJECT / found[1]).exists()] == []
