from typing import Any

import pytest
import torch

from engine.errors import InputError, UnavailableError
from model_export.settings import find_device, find_precision
from tests.model_export.drawn import make_settings


@pytest.mark.parametrize(("size", "resize", "train"), [(224, 256, 192), (96, 110, 80), (128, 146, 112), (16, 18, 16)])
def test_training_and_searching_sizes_follow_from_one(size: int, resize: int, train: int) -> None:
    settings = make_settings(size=size)
    assert (settings.preprocessing.size, settings.preprocessing.resize, settings.train_size) == (size, resize, train)


def test_a_backbone_of_one_size_is_trained_at_it() -> None:
    assert make_settings(backbone="test_vit", size=160).train_size == 160


@pytest.mark.parametrize(("name", "value"), [("bits", 12), ("bits", 0), ("bits", 9000), ("size", 8), ("threads", 0)])
def test_values_out_of_range_are_errors_that_name_the_option(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"--{name} {value}"):
        make_settings(**{name: value})


def test_the_device_that_is_asked_for_is_the_one_that_is_used() -> None:
    assert find_device("cpu") == torch.device("cpu")
    if torch.cuda.is_available():
        assert find_device("cuda") == find_device("auto") == torch.device("cuda")
    else:
        assert find_device("auto") == torch.device("cpu")
        with pytest.raises(UnavailableError, match="--device cuda"):
            find_device("cuda")


def test_an_unknown_device_is_an_error() -> None:
    with pytest.raises(InputError, match="none of auto, cpu, cuda"):
        find_device("tpu")


@pytest.mark.parametrize(
    ("has", "auto"),
    [({"avx512_bf16": True}, "bfloat16"), ({"amx_bf16": True}, "bfloat16"), ({"avx2": True}, "float32")],
)
def test_the_cpu_computes_in_bfloat16_where_it_has_instructions_for_it(
    has: dict[str, bool], auto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    assert [find_precision(name, cpu) for name in ("auto", "float32", "bfloat16")] == [auto, "float32", "bfloat16"]


def test_an_unknown_precision_is_an_error() -> None:
    with pytest.raises(InputError, match="--precision 'float16' is none of auto, float32, bfloat16"):
        find_precision("float16", torch.device("cpu"))
