from dataclasses import replace

import pytest
import torch

from engine.errors import InputError
from engine.taxonomy import Taxonomy
from model_export.losses.attributes import attribute_loss
from model_export.losses.instance import instance_loss
from model_export.losses.target_code import TargetCodeLoss, target_codes
from model_export.network import Outputs
from model_export.objective import Objective
from model_export.recipe import Recipe
from model_export.titles import Attribute, Attributes
from tests.model_export.drawn import make_row

ROWS = [make_row(i, f"p{i // 2}", ("m", f"l{i // 6}", f"f{i // 4}")) for i in range(12)]
TAXONOMY = Taxonomy.from_paths(row.category for row in ROWS)
BITS = 64


def objective(**recipe: float | str | bool) -> Objective:
    off = {"hierarchy": 0, "target_code": 0, "instance": 0, "balance": 0}
    return Objective(ROWS, TAXONOMY, BITS, Recipe.model_validate({**off, **recipe}), seed=3)


def outputs(seed: int = 0, rows: int = 8) -> Outputs:
    drawn = torch.randn(rows, BITS, generator=torch.Generator().manual_seed(seed))
    return Outputs(drawn, drawn, torch.zeros(rows, len(TAXONOMY.classes)), drawn[:, :0])


def test_the_loss_is_the_weighted_sum_of_its_terms() -> None:
    terms = objective(target_code=0.5, instance=2, balance=3)(outputs(), torch.arange(8))
    expected = 0.5 * terms["target_code"] + 2 * terms["instance"] + 3 * terms["balance"]
    assert float(terms["loss"]) == pytest.approx(float(expected))


def test_two_views_of_one_photo_are_alike_but_not_two_photos_of_a_product() -> None:
    embeddings = outputs().embedding
    rows = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])
    of_photos = objective(instance=1, positives="photo")(outputs(), rows)["instance"]
    of_products = objective(instance=1)(outputs(), rows)["instance"]
    assert float(of_photos) == pytest.approx(float(instance_loss(embeddings, rows)))
    assert float(of_products) == pytest.approx(float(instance_loss(embeddings, rows // 2)))


def test_nested_terms_are_the_means_over_the_first_bits() -> None:
    terms = objective(target_code=1, instance=1, nested=True)(outputs(), torch.arange(8))
    embeddings, codes = outputs().embedding, target_codes(TAXONOMY.classes, BITS, 3)
    classes = torch.tensor([TAXONOMY.classes.index(row.category) for row in ROWS[:8]])
    products = torch.arange(8) // 2
    sizes = (8, 16, 32, 64)
    of_products = [float(instance_loss(embeddings[:, :size], products)) for size in sizes]
    of_codes = [float(TargetCodeLoss(codes[:, :size])(embeddings[:, :size], classes)) for size in sizes]
    assert float(terms["instance"]) == pytest.approx(sum(of_products) / 4)
    assert float(terms["target_code"]) == pytest.approx(sum(of_codes) / 4)


def test_a_divided_code_has_its_first_bits_from_the_category_and_its_last_from_identity() -> None:
    own = objective(target_code=1, instance=1, target_bits=24)
    first, last = outputs(), outputs()
    first.embedding[:, :24] *= torch.linspace(1, 2, 24)
    last.embedding[:, 24:] *= torch.linspace(1, 2, 40)
    base, by_first, by_last = (own(out, torch.arange(8)) for out in (outputs(), first, last))
    assert by_first["instance"] == base["instance"] and by_first["target_code"] != base["target_code"]
    assert by_last["instance"] != base["instance"] and by_last["target_code"] == base["target_code"]


def test_a_division_that_leaves_nothing_to_identity_is_an_error() -> None:
    with pytest.raises(InputError, match="target_bits=64 leaves no bit of 64"):
        objective(target_code=1, instance=1, target_bits=64)


def test_the_bank_holds_what_earlier_steps_saw_up_to_its_size() -> None:
    rows = torch.arange(8)
    own = objective(instance=1, bank=16)
    steps = [float(own(outputs(seed), rows)["instance"]) for seed in range(4)]
    before = [outputs(seed).embedding for seed in range(4)]
    products = rows // 2
    kept = [before[:0], before[:1], before[:2], before[1:3]]  # two steps of eight fill it
    for seed, bank in enumerate(kept):
        known = torch.cat([before[seed][:0], *bank])
        expected = instance_loss(before[seed], products, 0.1, known, products.repeat(len(bank)))
        assert steps[seed] == pytest.approx(float(expected)), seed


def test_every_epoch_begins_with_an_empty_bank() -> None:
    own = objective(instance=1, bank=16)
    first = float(own(outputs(), torch.arange(8))["instance"])
    assert float(own(outputs(), torch.arange(8))["instance"]) != first
    own.begin_epoch()
    assert float(own(outputs(), torch.arange(8))["instance"]) == first


def test_the_titles_of_a_row_are_learned_from_its_logits_and_rows_without_any_are_left_out() -> None:
    titles = ["red hat", "hat", None, "blue", "red", "blue hat, red", "", "boot"]
    rows = [replace(row, title=title) for row, title in zip(ROWS, titles, strict=False)]
    names = [Attribute(name=name, products=9) for name in ("hat", "red", "red hat", "blue")]
    recipe = Recipe.model_validate({"hierarchy": 0, "target_code": 0, "instance": 0, "balance": 0, "titles": 2})
    own = Objective(rows, TAXONOMY, BITS, recipe, 3, Attributes(products=9, attributes=tuple(names)))
    batch = torch.tensor([5, 2, 0, 0, 3, 6, 7])
    present = [[1, 1, 0, 1], [0] * 4, [1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 1], [0] * 4, [0] * 4]
    logits = torch.randn(7, 4, generator=torch.Generator().manual_seed(1))
    terms = own(outputs(rows=7)._replace(attributes=logits), batch)
    assert float(terms["titles"]) == pytest.approx(float(attribute_loss(logits, torch.tensor(present).bool())))
    assert float(terms["loss"]) == pytest.approx(2 * float(terms["titles"]))


def test_without_a_head_for_titles_there_is_no_such_term() -> None:
    assert "titles" not in objective(instance=1)(outputs(), torch.arange(8))
