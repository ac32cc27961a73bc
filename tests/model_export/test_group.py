import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from model_export.group import ALONE, Group, torchrun_place


@given(size=st.integers(1, 9), total=st.integers(9, 80))
def test_the_parts_of_all_processes_in_order_are_the_whole_and_even(size: int, total: int) -> None:
    items = list(range(total))
    parts = [Group(rank, size).part(items) for rank in range(size)]
    assert [item for part in parts for item in part] == items
    lengths = {len(part) for part in parts}
    assert max(lengths) - min(lengths) <= 1


def test_a_batch_with_fewer_photos_than_processes_is_an_error() -> None:
    with pytest.raises(InputError, match="a batch of 4 photos cannot be shared out among 5 processes"):
        Group(0, 5).part([1, 2, 3, 4])


def test_a_process_alone_leads_and_sees_only_itself() -> None:
    rows = torch.rand(3, 2)
    assert ALONE.leads
    assert ALONE.part([1, 2]) == [1, 2]
    assert ALONE.share("said") == "said"
    assert ALONE.gather(rows, 3) is rows


def test_torchruns_variables_tell_the_place_of_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert torchrun_place() is None
    given = {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4", "TORCHELASTIC_RUN_ID": "7"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    place = torchrun_place()
    assert place is not None
    assert (place.rank, place.size, place.local, place.beside) == (5, 8, 1, 4)
