"""What the docs must hold; the API's page and the settings are held by tests/app, the recipe by tests/model_export."""

import re
import subprocess
from pathlib import Path

import pytest

from engine.catalogue.catalogue import open_catalogue
from engine.catalogue.row import Row
from index_builder.queries import choose_rows
from model_export.backbone import create_backbone
from twinshot.cli import COMMANDS
from twinshot.sample.plan import plan
from twinshot.sample.write import PHOTOS, SEED

PROJECT = Path(__file__).resolve().parents[1]
PAGES = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")]
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first code block of a language in the README."""
    found = re.search(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def links(text: str) -> set[str]:
    """The targets of a page's links and pictures that do not lead out of the project."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return {link for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link}


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether the file of a relative link is there, and in it the heading that is meant."""
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    return target.exists() and (not anchor or anchor in anchors(target.read_text(encoding="utf-8")))


def test_every_command_is_in_the_readme_or_the_docs() -> None:
    text = "".join([README, *(path.read_text(encoding="utf-8") for path in PROJECT.glob("docs/*.md"))])
    missing = [name for name in COMMANDS if f"twinshot {name}" not in text]
    assert missing == []


def test_the_page_of_commands_has_a_line_for_each() -> None:
    page = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
    lines = [line.split("|")[1] for line in page.splitlines() if line.startswith("| [")]
    assert [name for name in COMMANDS if not any(f"`{name}`" in re.split(r"[\[\], ]+", line) for line in lines)] == []


def test_every_link_and_anchor_leads_somewhere() -> None:
    pages = {page: page.read_text(encoding="utf-8") for page in PAGES}
    assert [
        f"{page.relative_to(PROJECT)}: {link}"
        for page, text in pages.items()
        for link in links(text)
        if not leads_somewhere(page, link)
    ] == []


def test_the_docs_index_links_every_page_and_the_readme_the_index() -> None:
    index = PROJECT / "docs" / "README.md"
    linked = {link.partition("#")[0] for link in links(index.read_text(encoding="utf-8"))}
    assert {page.name for page in PROJECT.glob("docs/*.md")} == linked | {"README.md"}
    assert "docs/README.md" in links(README)


@pytest.mark.parametrize("page", ["README.md", *sorted(f"docs/{own.name}" for own in PROJECT.glob("docs/*.md"))])
def test_the_first_commands_of_a_page_say_how_a_shell_finds_twinshot_and_all_call_it_so(page: str) -> None:
    text = (PROJECT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:console|sh)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    calling = [own for own in blocks if re.search(r"^(\$ )?twinshot ", own, re.MULTILINE)]
    assert all(own.removeprefix("$ ").startswith("source .venv/bin/activate ") for own in calling[:1])
    assert not [own for own in blocks if ".venv/bin/twinshot" in own]


def test_the_readme_names_every_target_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert "test-long" in targets
    assert [target for target in targets if f"`make {target}`" not in README] == []


def test_make_without_a_target_lists_every_one_and_setup_says_first_that_it_takes_a_while() -> None:
    targets = re.findall(r"^([a-z%-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    listed = [line.split()[1] for line in made() if line.startswith("make ")]
    assert listed == targets
    setup = made("--dry-run", "--always-make", "setup")
    (said,) = (place for place, line in enumerate(setup) if "some minutes" in line)
    assert said < next(place for place, line in enumerate(setup) if "-m venv" in line)


def made(*arguments: str) -> list[str]:
    """What make prints."""
    done = subprocess.run(["make", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_photo_that_the_readme_asks_the_demo_with_is_held_out_and_its_answer_is_the_products_id() -> None:
    asked = re.search(r"@demo/catalogue/photos/(\w+)-(\d+)\.jpg.*?first result is `(\w+)`", README, re.DOTALL)
    assert asked
    product = next(own for own in plan(SEED) if own.id == asked[1])
    splits = [split for split, number in PHOTOS[product.role].items() for _ in range(number)]
    assert splits[int(asked[2]) - 1] == "query"
    assert "train" in splits
    assert asked[3] == product.id


def test_the_readmes_catalogue_has_photos_for_its_evaluate_command(tmp_path: Path) -> None:
    table = tmp_path / "catalogue.csv"
    table.write_text(block("csv"), encoding="utf-8")
    rows = [row for row in open_catalogue(table).entries() if isinstance(row, Row)]
    command = re.search(r"twinshot evaluate bundles --queries catalogue\.csv(?: --query-splits (\S+))?$", README, re.M)
    assert command
    chosen, split = choose_rows(rows, command[1].split(",") if command[1] else [])
    assert split == "test"
    assert {row.product for row in chosen} <= {row.product for row in rows if row.indexed}


def test_the_lines_that_save_weights_make_a_file_that_training_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "pretrained=True" in block("python")
    create_backbone("mobilenetv2_100", "none", 64)  # timm finds its torchvision
    monkeypatch.chdir(tmp_path)
    exec(block("python").replace("pretrained=True", "pretrained=False"), {})
    assert create_backbone("mobilenetv2_100", str(tmp_path / "mobilenetv2_100.pth"), 64).features == 1280
