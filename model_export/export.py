"""From a finished run to a model folder: the ONNX graph, checked against the network, and its card."""

import contextlib
import io
import logging
import os
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine.errors import InputError
from engine.files import require_folder, sha256, sync_folder, write_atomic
from engine.model import CARD_FILE, ONNX_FILE, ModelCard, Parity, Training, replaced
from engine.preprocess import Pixels
from model_export.backbone import create_backbone
from model_export.network import Network
from model_export.parity import NAMES, Arrays, compare, run_onnx
from model_export.run_folder import FINAL, RunConfig, RunFolder, State

BATCH = 16


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export says of itself."""

    model: Path
    bytes: int
    parity: Parity


class _Graph(nn.Module):
    """The network with the outputs of the contract: embedding, probabilities, features."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        outputs = self.network(pixels)
        probabilities = outputs.logits.softmax(dim=1) if self.network.classifier is not None else outputs.logits
        return outputs.embedding, probabilities, outputs.features


def export(run: Path, out: Path, bits: int | None = None) -> Exported:
    """Write the model folder `out` from the finished run `run`. A model that is there is replaced as a whole.

    bits: only the first so many of the code, which is nested (`model_export.projection`).
    Raises InputError for a run that is not finished, an `out` that holds something else or more bits than there are,
    ParityError (and writes nothing) where ONNX Runtime does not give what torch gives.
    """
    folder = RunFolder(run)
    config = folder.config()
    _check_out(out)
    if not folder.has(FINAL):
        raise InputError(f"{run} is not finished ({FINAL} is missing); run `twinshot train` again with the same --out")
    final = folder.load(FINAL)
    if bits is not None:
        config, final = _shortened(config, final, bits)
    photos = folder.photos()
    graph = _Graph(_network(config, final["network"])).eval()
    thresholds, features = final["thresholds"].numpy(), final["network"]["embedding.weight"].shape[1]
    staging = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        staging.mkdir(parents=True)
        _write_onnx(graph, config.preprocessing.size, staging / ONNX_FILE)
        parity = compare(_run_torch(graph, photos), run_onnx(staging / ONNX_FILE, photos), thresholds)
        card = _card(config, features, thresholds, parity, sha256(staging / ONNX_FILE))
        write_atomic(staging / CARD_FILE, card.model_dump_json(indent=1).encode() + b"\n")
        _publish(staging, out)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return Exported(out, (out / ONNX_FILE).stat().st_size, parity)


def _check_out(out: Path) -> None:
    require_folder(out, "--out")
    if out.is_dir() and any(out.iterdir()) and not (out / CARD_FILE).exists():
        raise InputError(f"{out} holds files that are no model; name a new folder with --out")


def _shortened(config: RunConfig, final: State, bits: int) -> tuple[RunConfig, State]:
    """The run as if it had been trained with its first `bits` bits alone."""
    if bits % 8 or not 8 <= bits <= config.bits:
        raise InputError(f"--bits {bits} is not a multiple of 8 from 8 to the run's {config.bits}")
    network = dict(final["network"])
    for name in ("embedding.weight", "embedding.bias"):
        network[name] = network[name][:bits]
    return config.model_copy(update={"bits": bits}), {"network": network, "thresholds": final["thresholds"][:bits]}


def _network(config: RunConfig, state: dict[str, Tensor]) -> Network:
    backbone = create_backbone(config.backbone, "none", config.preprocessing.size, config.recipe.pooling)
    network = Network(backbone, config.bits, len(config.taxonomy.classes))
    network.load_state_dict(state)
    return network


def _write_onnx(graph: nn.Module, size: int, path: Path) -> None:
    # A sample batch of 2: sizes 0 and 1 would be taken for constants.
    sample = torch.zeros(2, size, size, 3, dtype=torch.uint8)
    with _silence():
        torch.onnx.export(
            graph,
            (sample,),
            str(path),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            input_names=["pixels"],
            output_names=list(NAMES),
            external_data=False,
            verbose=False,
        )


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """The exporter talks on standard output, warns of its own internals, and logs; none of it is for our users."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _run_torch(graph: nn.Module, photos: Pixels) -> Arrays:
    with torch.inference_mode():
        pieces = [graph(torch.from_numpy(photos[i : i + BATCH])) for i in range(0, len(photos), BATCH)]
    return {name: torch.cat([piece[i] for piece in pieces]).numpy() for i, name in enumerate(NAMES)}


def _card(config: RunConfig, features: int, thresholds: np.ndarray, parity: Parity, onnx_sha256: str) -> ModelCard:
    training = Training(
        catalogue=config.catalogue,
        photos=config.photos,
        products=config.products,
        epochs=config.recipe.epochs,
        seed=config.seed,
        recipe={**config.recipe.model_dump(), "train_size": config.train_size, "projection": config.projection},
    )
    return ModelCard(
        backbone=config.backbone,
        bits=config.bits,
        features=features,
        preprocessing=config.preprocessing,
        thresholds=tuple(float(value) for value in thresholds),
        taxonomy=config.taxonomy,
        weights=config.weights,
        training=training,
        parity=parity,
        onnx_sha256=onnx_sha256,
    )


def _publish(staging: Path, out: Path) -> None:
    """Put `staging` in the place of `out`. Where this is killed in between, `read_card` says where the model went."""
    old = replaced(out)
    if out.exists():
        shutil.rmtree(old, ignore_errors=True)
        out.rename(old)
    staging.rename(out)
    sync_folder(out.parent)
    shutil.rmtree(old, ignore_errors=True)
