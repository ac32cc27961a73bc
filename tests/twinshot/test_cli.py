import json
import os
import subprocess
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from twinshot.cli import COMMANDS


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "twinshot", *arguments], capture_output=True, text=True, check=False)


@cache
def helped(command: str) -> "subprocess.CompletedProcess[str]":
    return run(*command.split(), "--help")


def test_the_help_lists_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert f" {name} " in done.stdout


def test_the_version_is_the_package_s() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"twinshot {version('twinshot')}\n")


EVERY = [*COMMANDS, "products add", "products edit", "products remove", "products list"]


@pytest.mark.parametrize("name", EVERY)
def test_each_command_has_help_with_an_example_and_says_in_one_line_what_was_typed_wrong(name: str) -> None:
    done = helped(name)
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert f"Example: twinshot {name} " in words
    wrong = run(*name.split(), "--nonsense")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    (line,) = wrong.stderr.splitlines()
    assert line.startswith("twinshot: No such option: --nonsense")
    assert f"twinshot {name} --help` has all options and an example" in line


@pytest.mark.parametrize("name", [own for own in EVERY if own not in ("serve", "products")])
def test_each_command_whose_answer_a_program_would_read_has_json(name: str) -> None:
    assert "--json" in helped(name).stdout


@pytest.mark.parametrize(("typed", "meant"), [("searc", "search"), ("products ad", "add")])
def test_a_mistyped_command_is_one_line_with_the_one_that_is_like_it(typed: str, meant: str) -> None:
    done = run(*typed.split())
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert f"No such command '{typed.rsplit(maxsplit=1)[-1]}'. Did you mean '{meant}'? `" in line
    assert line.endswith(" --help` has all options and an example")


def test_what_is_like_no_command_is_not_guessed_at() -> None:
    assert "Did you mean" not in run("nonsense").stderr


def test_a_group_without_a_command_shows_its_help() -> None:
    for done in (run(), run("products")):
        assert done.returncode == 2
        assert "Usage: " in done.stdout
        assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "offered"), [("ro", ["rollback"]), ("products r", ["remove"]), ("doctor --v", ["--verify"])]
)
def test_bash_completes_commands_and_options(words: str, offered: list[str]) -> None:
    assert completed(words) == offered


def test_bash_completes_the_generations_of_the_folder_that_is_typed(tiny_bundle: Path, tmp_path: Path) -> None:
    live = (tiny_bundle / "CURRENT").read_text().strip()
    for command in (
        "rollback {} --to ",
        "verify {} --generation ",
        "evaluate {} --generation ",
        "submit {} --generation ",
    ):
        assert completed(command.format(tiny_bundle) + live[:4]) == [live]
    for folder in (tmp_path, tmp_path / "nowhere"):
        assert completed(f"rollback {folder} --to 2") == []


def completed(words: str) -> list[str]:
    """What bash would offer after `twinshot WORDS`."""
    typed = f"twinshot {words}"
    asked = {"_TWINSHOT_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    code = "import sys; sys.argv = ['twinshot']; from twinshot.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **asked}
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_the_help_loads_neither_torch_nor_faiss_nor_onnxruntime() -> None:
    code = (
        "import sys; sys.argv = ['twinshot', '--help']\n"
        "from twinshot.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print({'torch', 'timm', 'faiss', 'onnxruntime', 'fastapi'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"


def test_bad_usage_is_exit_code_2() -> None:
    assert run("nonsense").returncode == 2
    assert run("search").returncode == 2
    assert run("search", "somewhere", "photo.jpg", "--limit", "0").returncode == 2


BUNDLE_COMMANDS = ["search {} photo.jpg", "serve {}", "verify {}", "generations {}", "rollback {}"]


@pytest.mark.parametrize("command", BUNDLE_COMMANDS)
@pytest.mark.parametrize("folder", ["nowhere", "photos"])
def test_a_folder_that_is_no_bundle_folder_is_one_line_and_exit_code_2(
    command: str, folder: str, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "shoe.jpg").touch()
    done = run(*command.format(tmp_path / folder).split())
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"twinshot: {tmp_path / folder} is no")
    assert done.stdout == ""
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["shoe.jpg"]


def test_a_photo_of_an_indexed_product_finds_it(tiny_bundle: Path, tiny_photo: Path) -> None:
    done = run("search", str(tiny_bundle), str(tiny_photo), "--limit", "3", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["photo"] == str(tiny_photo)
    assert len(answer["results"]) == 3
    best = answer["results"][0]
    assert list(best) == ["product_id", "score", "match", "similarity", "distance", "image_id"]
    assert (best["distance"], best["score"], best["match"]) == (0, None, None)
    assert tiny_photo.name.startswith(best["product_id"])
    table = run("search", str(tiny_bundle), str(tiny_photo))
    assert best["product_id"] in table.stdout


def test_scores_are_those_of_the_service(calibrated_bundle: Path, tiny_photo: Path) -> None:
    asked = "search", str(calibrated_bundle), str(tiny_photo), "--json", "--limit"
    (one,), three = (json.loads(run(*asked, limit).stdout)["results"] for limit in ("1", "3"))
    assert one == three[0]
    assert (one["score"] > 0.5, one["match"]) == (True, True)
    assert [own["match"] for own in three[1:]] == [False, False]


def test_photos_that_cannot_be_used_are_named_and_the_others_answered(
    tiny_bundle: Path, tiny_photo: Path, tmp_path: Path
) -> None:
    gone, note = tmp_path / "gone.jpg", tmp_path / "note.jpg"
    note.write_text("hello")
    reasons = {gone: "the photo cannot be read (No such file or directory)", note: "the bytes are not an image"}
    photos = [gone, tiny_photo, note, tiny_photo]
    done = run("search", str(tiny_bundle), *map(str, photos), "--json")
    assert done.returncode == 2
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [own["photo"] for own in told] == [str(path) for path in photos]
    assert [own.get("error") for own in told] == [reasons.get(path) for path in photos]
    assert ["results" in own for own in told] == [False, True, False, True]
    assert len({own["generation"] for own in told}) == 1
    assert done.stderr.splitlines() == [f"twinshot: {path}: {reason}" for path, reason in reasons.items()]
    table = run("search", str(tiny_bundle), *map(str, photos))
    assert (table.returncode, table.stderr) == (2, done.stderr)
    assert table.stdout.count("# ") == 2


def test_an_unknown_category_is_named_with_those_there_are(tiny_bundle: Path, tiny_photo: Path) -> None:
    done = run("search", str(tiny_bundle), str(tiny_photo), "--category", "Submarines")
    assert done.returncode == 2
    assert done.stderr == ("twinshot: no category 'Submarines'; there are 'meta0', 'meta1', and what is below them\n")
