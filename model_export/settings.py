"""What the caller decides besides the catalogue, and the sizes that follow from it."""

from dataclasses import dataclass
from typing import Literal

import torch

from engine.errors import InputError, UnavailableError
from engine.preprocess import Preprocessing
from model_export.backbone import has_fixed_size
from model_export.projection import Method
from model_export.recipe import Recipe

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one training run, and of how this process computes it."""

    backbone: str
    weights: str
    bits: int
    seed: int
    size: int
    projection: Method
    recipe: Recipe
    device: torch.device
    threads: int
    precision: Precision
    """Of the training steps and of validation: bfloat16 is torch's autocast. The exported network is float32."""
    compile: bool

    def __post_init__(self) -> None:
        if not 8 <= self.bits <= 8192 or self.bits % 8:
            raise InputError(f"--bits {self.bits} is not a multiple of 8 from 8 to 8192")
        if not 16 <= self.size <= 1024:
            raise InputError(f"--size {self.size} is not between 16 and 1024 pixels")
        if self.threads < 1:
            raise InputError(f"--threads {self.threads} is not 1 or more")

    @property
    def preprocessing(self) -> Preprocessing:
        """How the search sees a photo: as usual for ImageNet, the short side is 8/7 of the crop."""
        return Preprocessing(size=self.size, resize=round(self.size * 8 / 7))

    @property
    def train_size(self) -> int:
        """The side of the training crops: 6/7 of the searched size, to a multiple of 16.

        Random crops show things larger than the search does; fewer pixels even that out (Touvron et al., "Fixing
        the train-test resolution discrepancy", NeurIPS 2019), and cost less.
        """
        return self.size if has_fixed_size(self.backbone) else max(16, round(self.size * 6 / 7 / 16) * 16)


def find_device(name: str) -> torch.device:
    """`cpu`, `cuda`, or `auto`: CUDA where there is a usable one. Raises UnavailableError, InputError."""
    if name not in ("auto", "cpu", "cuda"):
        raise InputError(f"--device {name!r} is none of auto, cpu, cuda")
    usable = torch.cuda.is_available()
    if name == "cuda" and not usable:
        raise UnavailableError("--device cuda: torch finds no CUDA device; take --device cpu, or install a CUDA torch")
    return torch.device("cuda" if usable and name != "cpu" else "cpu")


def find_precision(name: str, device: torch.device) -> Precision:
    """`float32`, `bfloat16`, or `auto`: the latter where the device has instructions for it. Raises UnavailableError,
    InputError.
    """
    if name not in ("auto", "float32", "bfloat16"):
        raise InputError(f"--precision {name!r} is none of auto, float32, bfloat16")
    if device.type != "cuda":
        # without these instructions torch computes the same, more slowly than float32
        native = any(torch.cpu.get_capabilities().get(kind, False) for kind in ("avx512_bf16", "amx_bf16"))
        return "bfloat16" if name == "bfloat16" or (name == "auto" and native) else "float32"
    usable = torch.cuda.is_bf16_supported(including_emulation=False)
    if name == "bfloat16" and not usable:
        raise UnavailableError("--precision bfloat16: this CUDA device has none; take --precision float32")
    return "bfloat16" if usable and name != "float32" else "float32"
