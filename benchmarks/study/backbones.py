"""The menu of backbones: those that the study has pretrained weights of, at the sizes that they are used at."""

from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.result import QUICK
from benchmarks.study.cell import Cell, model_of

UNTRAINED = Cell("menu", {"epochs": 0}, photos=81)
"""The pretrained backbone, by which all of the menu can be compared without hours of training. Its own projection, of
one photo of each leaf, is only there to be timed.
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """A backbone at one size of photos."""

    label: str
    cell: Cell

    @property
    def name(self) -> str:
        """As `--backbone` takes it."""
        return self.cell.backbone

    def model(self, threads: int) -> Path:
        """Its model folder; made unless it is there."""
        return model_of(self.cell, threads)[0]


def _choice(label: str, backbone: str, size: int) -> Choice:
    return Choice(f"{label}, {size} px", replace(UNTRAINED, backbone=backbone, size=size))


DEFAULT = _choice("MobileNetV2", "mobilenetv2_100", 224)
WHOLE = (
    _choice("MobileNetV2", "mobilenetv2_100", 160),
    DEFAULT,
    _choice("EfficientNet-Lite0", "tf_efficientnet_lite0", 224),
    _choice("EfficientNet-Lite1", "tf_efficientnet_lite1", 240),
    _choice("EfficientNet-Lite2", "tf_efficientnet_lite2", 260),
)
MENU = (WHOLE[0], DEFAULT) if QUICK else WHOLE
