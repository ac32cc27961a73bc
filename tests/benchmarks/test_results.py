import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks.parts import measured
from benchmarks.result import OUTPUTS, PROJECT, RESULTS, Claim, Result, claim, commit_of, today
from benchmarks.table import PAGE, heading, page


def test_the_page_is_made_from_the_results() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m benchmarks.table"


def test_every_claim_is_judged_by_its_own_target() -> None:
    results = [Result.model_validate_json(path.read_bytes()) for path in RESULTS.glob("*.json")]
    assert results
    for result in results:
        for own in result.claims:
            assert own.holds == claim(own.name, own.value, own.unit, own.target, own.better).holds


def test_a_claim_holds_on_the_right_side_of_its_target() -> None:
    assert claim("a", 0.8, "", 0.8, "higher").holds is True
    assert claim("a", 0.79, "", 0.8, "higher").holds is False
    assert claim("a", 1.3, "×", 1.2, "lower").holds is False
    assert claim("a", 1.3, "×", None, "lower").holds is None


def test_a_part_is_measured_once_and_keeps_its_commit_and_its_date(tmp_path: Path) -> None:
    asked: list[Path] = []

    def part(bundles: Path) -> tuple[dict[str, Any], list[Claim]]:
        asked.append(bundles)
        return {"ms": len(asked)}, [claim("a", 1, "", 1, "higher")]

    kept = tmp_path / "parts" / "a.json"
    first = measured(part, tmp_path, kept)
    assert (first.figures, first.commit, first.date) == ({"ms": 1}, commit_of(PROJECT), today())
    assert first.claims == [claim("a", 1, "", 1, "higher")]
    own = json.loads(kept.read_text())
    del own["date"]  # of before parts had one
    kept.write_text(json.dumps(own | {"commit": "0ld"}))
    again = measured(part, tmp_path, kept)
    assert (again.figures, again.commit, again.date) == ({"ms": 1}, "0ld", None)
    assert len(asked) == 1


def told(figures: dict[str, Any]) -> str:
    result = Result(
        name="a_b", title="", commit="new", measured="2026-02-01", machine={"cores": 2, "cpu": "X"}, quick=False,
        figures=figures, claims=[],
    )  # fmt: skip
    return heading(result)


def test_a_table_is_of_the_commits_and_dates_at_which_its_parts_were_measured() -> None:
    assert told({}) == "`make bench-a-b`; 2 × X; 2026-02-01, new"
    parts = {"commits": {"x": "old", "y": "new", "z": "old"}}
    assert told(parts) == "`make bench-a-b`; 2 × X; old: `x`, `z`; new: `y`"
    parts["dates"] = {"y": "2026-02-01", "z": "2026-01-01"}
    assert told(parts) == "`make bench-a-b`; 2 × X; old: `x`; 2026-02-01, new: `y`; 2026-01-01, old: `z`"
    assert told({"commits": {"x": "old"}, "dates": {"x": "2026-01-01"}}) == "`make bench-a-b`; 2 × X; 2026-01-01, old"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one commit."""
    for name in ("engine/codes.py", "docs/benchmarks.md", "docs/api.md", "benchmarks/results/demo.json", "docs/a.svg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("before")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=first"]):
        subprocess.run([*git, *command], check=True)
    return tmp_path


def test_what_benchmarks_write_does_not_make_a_commit_look_changed(project: Path) -> None:
    for name in ("docs/benchmarks.md", "benchmarks/results/new.json", "docs/a.svg", "docs/new.svg"):
        (project / name).write_text("after")
    assert "+changes" not in commit_of(project)
    assert commit_of(project) != "unknown"
    for output in OUTPUTS:
        assert (PROJECT / output).exists()


@pytest.mark.parametrize("name", ["engine/codes.py", "docs/api.md", "engine/new.py"])
def test_any_other_change_shows_beside_the_commit(project: Path, name: str) -> None:
    (project / name).write_text("after")
    assert commit_of(project).endswith("+changes")
