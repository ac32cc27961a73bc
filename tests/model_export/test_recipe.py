import pytest

from engine.errors import InputError
from model_export.recipe import Recipe, parse_overrides


def test_training_from_scratch_keeps_what_is_trained() -> None:
    recipe = Recipe.for_weights("none")
    assert (recipe.average, recipe.head, recipe.frozen_norm) == (1, "trained", False)


def test_fine_tuning_keeps_the_statistics_of_the_weights_and_fits_the_head_again() -> None:
    for weights in ("hub", "some/file.safetensors"):
        recipe = Recipe.for_weights(weights)
        assert (recipe.average, recipe.head, recipe.frozen_norm) == (1, "refit", True)


def test_values_are_taken_from_the_command_line_as_text() -> None:
    recipe = Recipe.for_weights("hub", parse_overrides(["average=0.7", "head=trained", "batch=32"]))
    assert (recipe.average, recipe.head, recipe.batch) == (0.7, "trained", 32)


@pytest.mark.parametrize("item", ["average", "=3", "average=", ""])
def test_an_override_without_name_or_value_is_an_error(item: str) -> None:
    with pytest.raises(InputError, match="is not NAME=VALUE"):
        parse_overrides([item])


@pytest.mark.parametrize(
    ("item", "named"),
    [("average=2", "recipe average='2'"), ("avrage=1", "recipe avrage='1'"), ("head=best", "recipe head='best'")],
)
def test_a_wrong_value_is_an_error_that_names_it_in_one_line(item: str, named: str) -> None:
    with pytest.raises(InputError, match=named) as error:
        Recipe.for_weights("hub", parse_overrides([item]))
    assert "\n" not in str(error.value)


def test_nothing_to_learn_is_an_error_with_a_remedy() -> None:
    nothing = {"hierarchy": 0, "target_code": 0, "instance": 0}
    with pytest.raises(InputError, match="use --epochs 0"):
        Recipe.for_weights("hub", dict(nothing))
    assert Recipe.for_weights("hub", {**nothing, "epochs": 0}).epochs == 0
    assert Recipe.for_weights("hub", {**nothing, "titles": 1}).titles == 1


def test_titles_without_training_are_an_error_with_a_remedy() -> None:
    with pytest.raises(InputError, match="epochs is 0; leave --titles off"):
        Recipe.for_weights("hub", {"titles": 1, "epochs": 0})


def test_bits_are_divided_in_one_way() -> None:
    with pytest.raises(InputError, match="nested and target_bits exclude each other"):
        Recipe.for_weights("hub", {"nested": 1, "target_bits": 128})


def test_a_probe_of_no_pretrained_features_is_an_error() -> None:
    with pytest.raises(InputError, match="--weights none has none"):
        Recipe.for_weights("none", {"probe": "true"})
    assert Recipe.for_weights("hub", {"probe": "true"}).probe
