from benchmarks.training_speed import BACKBONES, EPOCHS, PHOTOS, photos_of_epoch, rows, settings
from model_export.splits import split_rows


def test_photos_that_are_held_out_are_none_of_an_epoch() -> None:
    own = settings(BACKBONES[0], EPOCHS)
    trained = len(split_rows(rows(), own.seed, "drawn").train)
    assert trained < PHOTOS
    in_pairs = trained + trained % 2
    assert [photos_of_epoch(own, epoch) for epoch in range(EPOCHS)] == [in_pairs] * EPOCHS
