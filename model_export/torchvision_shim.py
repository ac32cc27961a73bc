"""Makes torchvision importable beside a CPU build of torch.

The published torchvision wheels are linked against CUDA builds of torch. Beside a CPU build their compiled operators
do not load, and `import torchvision` (so `import timm`) fails while it registers the fake version of `nms`, an
operator that then has no schema. We need only the Python part, so it is enough to declare the two missing schemas.
"""

import importlib
import sys

import torch

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []  # a Library object that is collected takes its schemas with it


def ensure_torchvision() -> None:
    """Import torchvision; where that fails for want of the operator `torchvision::nms`, declare it and try again.

    Any other failure passes through.
    """
    try:
        importlib.import_module("torchvision")
        return
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS:
        library.define(schema)  # type: ignore[no-untyped-call]
    _declared.append(library)
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    importlib.import_module("torchvision")
