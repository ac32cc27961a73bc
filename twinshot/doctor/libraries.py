"""What is installed."""

import re
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from twinshot.doctor.finding import Finding

if TYPE_CHECKING:
    from engine.encoder import Device

SHOWN = ("numpy", "pillow", "pyarrow", "fastapi", "uvicorn", "redis")
"""Libraries whose versions are told where all are there; those of extras are told with their extra."""
EXTRAS = ("cpu", "gpu", "gpu-index", "train")
SERVING = EXTRAS[:3]
"""One of these is needed for everything but `check`, `fetch` and `products`."""
_SAME_MODULE = (("onnxruntime", "onnxruntime-gpu"), ("faiss-cpu", "faiss-gpu-cuvs", "faiss-gpu"))
_INSTALL = 'pip install --constraint constraints.txt --editable ".[{}]"'


def twinshot() -> Finding:
    """Ourselves and the interpreter."""
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    return Finding("Twinshot", "ok", f"{version('twinshot')}, {python}, {sys.prefix}")


def libraries() -> Finding:
    """What the service cannot do without."""
    missing = [name for name in _required(None) if installed(name) is None]
    if missing:
        return Finding("libraries", "failed", f"not installed: {', '.join(missing)}", _INSTALL.format("cpu"))
    return Finding("libraries", "ok", _with_versions(SHOWN))


def extras() -> Finding:
    """Which extras are whole."""
    whole = [name for name in EXTRAS if all(installed(own) for own in _required(name))]
    doubled = [", ".join(names) for names in map(_present, _SAME_MODULE) if len(names) > 1]
    names = dict.fromkeys(own for name in whole for own in _required(name))
    said = f"{', '.join(whole) or 'none'}" + (f" ({_with_versions(names)})" if names else "")
    if doubled:
        remedy = f"uninstall all of them, then {_INSTALL.format('cpu')}"
        return Finding("extras", "failed", f"{doubled[0]} own the same module", remedy)
    if not set(whole) & set(SERVING):
        return Finding("extras", "failed", f"{said}: nothing can be encoded or searched", _INSTALL.format("cpu"))
    if "train" not in whole:
        return Finding("extras", "ok", f"{said}; not train, which `train`, `export` and `build` need")
    return Finding("extras", "ok", said)


def onnxruntime(device: "Device") -> Finding:
    """Where the model can run."""
    from engine.encoder import import_onnxruntime, providers

    found = ", ".join(providers(device))
    return Finding("ONNX Runtime", "ok", f"{import_onnxruntime().__version__}, {found}")


def faiss(device: "Device") -> Finding:
    """Where the codes can be searched, and for which processors it was built."""
    from engine.index.flat import import_faiss
    from engine.index.gpu import faiss_with_gpu

    library = faiss_with_gpu() if device == "cuda" else import_faiss()
    built_for = library.get_compile_options().split()
    return Finding("FAISS", "ok", ", ".join([library.__version__, *built_for]))


def installed(name: str) -> str | None:
    """The version of a package, None where it is not there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _required(extra: str | None) -> list[str]:
    """The packages that we declare, of an extra or without any."""
    declared = requires("twinshot") or []
    mine = [own for own in declared if (f'extra == "{extra}"' in own if extra else "extra ==" not in own)]
    return [match[0] for own in mine if (match := re.match(r"[\w.-]+", own))]


def _present(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if installed(name)]


def _with_versions(names: Iterable[str]) -> str:
    return ", ".join(f"{name} {installed(name)}" for name in names)
