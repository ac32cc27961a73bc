import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.codes import binarise, direction, hamming, similarity, unpack

SEEDS = st.integers(0, 2**32 - 1)


def test_bits_are_packed_little_endian() -> None:
    embedding = np.full(16, -1, dtype=np.float32)
    embedding[[0, 9]] = 1
    assert binarise(embedding, np.zeros(16, dtype=np.float32)).tolist() == [0b00000001, 0b00000010]


def test_a_value_at_its_threshold_is_zero() -> None:
    thresholds = np.arange(8, dtype=np.float32)
    assert binarise(thresholds, thresholds).tolist() == [0]


@given(SEEDS, st.sampled_from([8, 64, 512, 1024]))
def test_distances_count_differing_bits(seed: int, bits: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 256, (5, bits // 8), dtype=np.uint8)
    expected = [int((unpack(codes[0]) != unpack(other)).sum()) for other in codes]
    assert hamming(codes[0], codes).tolist() == expected


@given(SEEDS, st.sampled_from([8, 128, 512, 1024, 2048, 8192]))
def test_similarity_is_the_cosine_between_the_query_and_the_signs(seed: int, bits: int) -> None:
    rng = np.random.default_rng(seed)
    embedding, thresholds = rng.normal(size=(2, bits)).astype(np.float32)
    # the last one's signs all agree with the query: there truncating takes most away
    codes = np.vstack([rng.integers(0, 256, (7, bits // 8), dtype=np.uint8), binarise(embedding, thresholds)])
    signs = unpack(codes).astype(np.float64) * 2 - 1
    centred = embedding.astype(np.float64) - thresholds
    expected = signs @ centred / np.linalg.norm(centred) / np.sqrt(bits)
    got = similarity(direction(embedding, thresholds), codes)
    assert np.abs(got - expected).max() <= bits / 2**24 + 1e-7  # float32 itself


@given(SEEDS, st.integers(1, 40))
def test_equal_codes_have_equal_similarities_in_any_batch(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    query = direction(rng.normal(size=512).astype(np.float32), np.zeros(512, dtype=np.float32))
    codes = rng.integers(0, 256, (count, 64), dtype=np.uint8)
    together = similarity(query, np.concatenate([codes, codes[::-1]]))
    assert np.array_equal(together[:count], together[count:][::-1])
    assert together[0] == similarity(query, codes[:1])[0]


def test_a_query_at_the_thresholds_is_equally_similar_to_everything() -> None:
    thresholds = np.ones(64, dtype=np.float32)
    codes = np.random.default_rng(0).integers(0, 256, (4, 8), dtype=np.uint8)
    assert similarity(direction(thresholds, thresholds), codes).tolist() == [0, 0, 0, 0]
