import numpy as np
import pytest

from engine.errors import InputError
from model_export.projection import Floats, fit_projection


def photos(count: int, features: int, seed: int = 0) -> Floats:
    """Features with a steep spectrum, away from the origin."""
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((count, features)) / np.arange(1, features + 1) + 3).astype(np.float32)


@pytest.mark.parametrize(
    ("count", "features", "bits"),
    [(500, 64, 32), (500, 64, 64), (500, 64, 160), (20, 64, 32), (20, 64, 200), (1, 64, 16), (2, 8, 8)],
)
def test_any_number_of_photos_features_and_bits_gives_centred_directions(count: int, features: int, bits: int) -> None:
    x = photos(count, features)
    projection = fit_projection(x, bits, seed=0)
    embedding = projection.apply(x)
    assert projection.weight.shape == (bits, features)
    assert np.isfinite(embedding).all()
    assert np.abs(embedding.mean(axis=0)).max() < 1e-3
    assert np.linalg.matrix_rank(projection.weight) == min(bits, features)
    if count > 1:
        assert np.square(embedding).mean() == pytest.approx(1, rel=1e-3)


def test_bits_up_to_the_rank_keep_the_distances_along_the_principal_directions() -> None:
    x = photos(400, 32)
    embedding = fit_projection(x, 32, seed=0).apply(x)
    mine = np.linalg.norm(embedding[:50, None] - embedding[None, :50], axis=2)
    own = np.linalg.norm(x[:50, None] - x[None, :50], axis=2)
    scale = mine[own > 0] / own[own > 0]
    assert scale.std() / scale.mean() < 1e-3


def test_the_rotation_spreads_the_variance_over_all_bits() -> None:
    x = photos(1000, 64)
    spread = fit_projection(x, 32, seed=0).apply(x).std(axis=0)
    unturned = np.sort(np.linalg.svd(x - x.mean(axis=0), compute_uv=False))[::-1][:32]
    assert unturned[0] / unturned[-1] > 20
    assert spread.max() / spread.min() < 10


def test_few_photos_leave_room_for_what_they_do_not_show() -> None:
    x = photos(10, 64)
    other = photos(200, 64, seed=1)
    flat = fit_projection(x, 48, seed=0)
    assert np.linalg.matrix_rank(flat.apply(other) - flat.apply(other).mean(axis=0)) > 9


def test_itq_moves_photos_closer_to_the_corners_than_a_random_rotation() -> None:
    x = photos(600, 48)
    losses = {}
    for method in ("pca", "itq"):
        embedding = fit_projection(x, 24, seed=0, method=method).apply(x)
        losses[method] = np.square(np.sign(embedding) - embedding).mean()
    assert losses["itq"] < losses["pca"]


def test_itq_with_too_few_photos_is_an_error_with_a_remedy() -> None:
    with pytest.raises(InputError, match="vary in 9 directions"):
        fit_projection(photos(10, 64), 16, seed=0, method="itq")


def test_it_follows_from_the_seed() -> None:
    x = photos(100, 32)
    assert np.array_equal(fit_projection(x, 16, 1).weight, fit_projection(x, 16, 1).weight)
    assert not np.array_equal(fit_projection(x, 16, 1).weight, fit_projection(x, 16, 2).weight)


def test_equal_photos_give_a_finite_projection() -> None:
    projection = fit_projection(np.ones((5, 16), dtype=np.float32), 8, seed=0)
    assert np.isfinite(projection.weight).all()
    assert np.linalg.matrix_rank(projection.weight) == 8


@pytest.mark.parametrize("short", [128, 256, 512])
def test_the_first_bits_of_a_long_code_are_worth_a_code_of_their_length(short: int) -> None:
    x = photos(2000, 1100)
    centred = x - x.mean(axis=0)
    long, own = (fit_projection(x, bits, seed=0).weight for bits in (1024, short))
    kept = [float(np.square(centred @ np.linalg.qr(w.T)[0]).sum()) for w in (long[:short], own)]
    assert kept[0] == pytest.approx(kept[1], rel=0.03)
    first, same = (w[:128] / np.linalg.norm(w[:128]) for w in (long, own))
    assert np.allclose(first, same, atol=1e-5)


def test_one_rotation_of_all_directions_would_not_be_nested() -> None:
    x = photos(2000, 512)
    centred = x - x.mean(axis=0)
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((512, 512)))[0]
    own = fit_projection(x, 512, seed=0).weight[:128]
    kept = [float(np.square(centred @ np.linalg.qr(w.T)[0]).sum()) for w in (turned[:128], own)]
    assert kept[0] < 0.5 * kept[1]
