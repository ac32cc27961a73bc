from pathlib import Path

from model_export.recipe import Recipe

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training.md"


def test_every_value_of_the_recipe_is_in_the_docs() -> None:
    page = PAGE.read_text(encoding="utf-8")
    missing = [name for name in Recipe.model_fields if f"`{name}`" not in page]
    assert missing == []
