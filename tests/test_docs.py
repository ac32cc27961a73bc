"""What the docs must hold; the API's page and the settings are held by tests/app, the recipe by tests/model_export."""

from pathlib import Path

from twinshot.cli import COMMANDS

PROJECT = Path(__file__).resolve().parents[1]


def test_every_command_is_in_the_readme_or_the_docs() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in [PROJECT / "README.md", *PROJECT.glob("docs/*.md")])
    missing = [name for name in COMMANDS if f"twinshot {name}" not in text]
    assert missing == []


def test_every_page_that_the_readme_names_exists() -> None:
    words = (PROJECT / "README.md").read_text(encoding="utf-8").replace("`", " ").split()
    named = {word.strip("(),.:;") for word in words if word.startswith(("docs/", "CONTRIBUTING"))}
    assert named
    assert [name for name in named if not (PROJECT / name).exists()] == []
