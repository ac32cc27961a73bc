"""Starting weights on this machine: a file of timm weights, or a run of ours that is finished."""

from pathlib import Path
from pickle import UnpicklingError
from zipfile import is_zipfile

import torch
from safetensors import safe_open
from torch import Tensor, nn

from engine.errors import InputError, UnavailableError
from engine.files import sha256
from engine.model import Weights
from model_export.run_folder import FINAL, RunFolder

State = dict[str, Tensor]

_GET = "copy it or download it again, or name another with --weights"
_SAVE = 'save the state dict of that network alone (README.md, "Starting weights", has how)'


def load_weights(module: nn.Module, name: str, path: Path) -> Weights:
    """Put the weights at `path` into `module`, the timm network `name` without its classifier; where they are from.

    A folder is a finished run: its backbone, as it was exported. Raises UnavailableError where nothing is there,
    InputError for what cannot be read or does not fit.
    """
    if path.is_dir():
        return _load_run(module, name, path)
    if not path.is_file():
        raise UnavailableError(f"weights {path} is no file; name a .safetensors or .pth file, a run, hub, or none")
    state, licence = _read(path)
    _put(module, state, f"weights {path}", name)
    return Weights(source=path.name, licence=licence, sha256=sha256(path))


def _load_run(module: nn.Module, name: str, path: Path) -> Weights:
    run = RunFolder(path)
    config = run.config()
    if config.backbone != name:
        raise InputError(
            f"weights {path} are a run of {config.backbone}, not of {name}; add --backbone {config.backbone}"
        )
    if not run.has(FINAL):
        raise InputError(
            f"weights {path} are a run that is not finished ({FINAL} is missing); finish its training first"
        )
    state = _under("backbone.", run.load(FINAL)["network"])
    inner = _under("network.", state)
    _put(module, inner if len(inner) == len(state) else state, f"weights {path}", name)
    return Weights(source=f"{path.name}/{FINAL}", licence=config.weights.licence, sha256=sha256(path / FINAL))


def _under(prefix: str, state: State) -> State:
    """What is below `prefix`, by the names that are left."""
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def _read(path: Path) -> tuple[State, str | None]:
    """The tensors of a file and the licence that it names. No code in it is run."""
    if not path.stat().st_size:
        raise InputError(f"weights {path} have 0 bytes; {_GET}")
    safe = path.suffix == ".safetensors"
    metadata: dict[str, str] = {}
    try:
        if safe:
            with safe_open(path, framework="pt") as file:
                state: object = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
                metadata = file.metadata() or {}
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever unpickling bytes that are no pickle stumbles over
        if isinstance(error, UnpicklingError) and is_zipfile(path):
            raise InputError(f"weights {path} hold more than tensors, and only tensors are read; {_SAVE}") from error
        kind = "safetensors" if safe else "pth"
        raise InputError(
            f"weights {path} are no whole .{kind} file, but damaged, cut off or something else; {_GET}"
        ) from error
    return _tensors(state, path), metadata.get("license") or metadata.get("licence")


def _tensors(state: object, path: Path) -> State:
    if not isinstance(state, dict):
        raise InputError(f"weights {path} hold a {type(state).__name__}, no tensors by their names; {_SAVE}")
    for key, value in state.items():
        if not isinstance(value, Tensor):
            raise InputError(f"weights {path} have {key!r}, which is no tensor; {_SAVE}")
    return state


def _put(module: nn.Module, state: State, source: str, name: str) -> None:
    try:
        module.load_state_dict(state, strict=True)
    except RuntimeError as error:
        differ = _differences(module.state_dict(), state)
        raise InputError(
            f"{source} do not fit {name} without its classifier: {differ}; name their network with --backbone, "
            f"or {_SAVE}"
        ) from error


def _differences(own: State, given: State) -> str:
    """How many tensors of each kind do not fit, with the first of each."""
    kinds = {
        "is missing": [key for key in own if key not in given],
        "is unknown": [key for key in given if key not in own],
        "has another shape": [key for key in own if key in given and own[key].shape != given[key].shape],
    }
    return ", ".join(
        f"{keys[0]!r} {what}" + (f" (and {len(keys) - 1:,} more)" if keys[1:] else "")
        for what, keys in kinds.items()
        if keys
    )
