import pytest

from engine.wording import counted


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 categories"), (1, "1 category"), (2, "2 categories"), (1200, "1,200 categories")]
)
def test_a_number_has_its_noun_in_the_right_form(count: int, said: str) -> None:
    assert counted(count, "category", "categories") == said
    assert counted(1, "photo") == "1 photo"
    assert counted(3, "photo") == "3 photos"
