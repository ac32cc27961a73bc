"""Starting weights on this machine: a file of timm weights, or a run of ours that is finished."""

from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn

from engine.errors import InputError, UnavailableError
from engine.files import sha256
from engine.model import Weights
from model_export.run_folder import FINAL, RunFolder

State = dict[str, Tensor]


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
    try:
        if path.suffix != ".safetensors":
            state: State = torch.load(path, map_location="cpu", weights_only=True)
            return state, None
        with safe_open(path, framework="pt") as file:
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
    except Exception as error:  # whatever unpickling bytes that are no pickle stumbles over
        raise InputError(
            f"weights {path} cannot be read ({_first_line(error)}); give a whole .safetensors or .pth"
        ) from error
    return state, metadata.get("license") or metadata.get("licence")


def _put(module: nn.Module, state: State, source: str, name: str) -> None:
    try:
        module.load_state_dict(state, strict=True)
    except (RuntimeError, TypeError, AttributeError) as error:
        detail = " ".join(str(error).split())[:200]
        raise InputError(f"{source} do not fit {name} without its classifier: {detail}") from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0].split('. ')[0][:160]}" if lines else type(error).__name__
