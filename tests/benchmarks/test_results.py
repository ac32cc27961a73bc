from benchmarks.result import RESULTS, Result, claim
from benchmarks.table import PAGE, page


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
