"""A real model folder, made in milliseconds without torch: colour statistics of a 4 × 4 grid, randomly projected."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engine.model import CARD_FILE, ONNX_FILE, ModelCard, Parity, Training, Weights
from engine.preprocess import Preprocessing
from engine.taxonomy import Path3, Taxonomy

GRID = 4
FEATURES = GRID * GRID * 3 * 2


def write_model(
    folder: Path, classes: Iterable[Path3] = (), bits: int = 64, seed: int = 0, size: int = 64, resize: int = 72
) -> Path:
    """Write model.onnx and model.json to `folder` and return it. Equal arguments give equal bytes.

    features: mean and standard deviation of each colour in each cell, float32 [N, 96]; embedding: their centred
    random projection; probabilities: softmax of another one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    taxonomy = Taxonomy.from_paths(classes)
    (folder / ONNX_FILE).write_bytes(_graph(bits, len(taxonomy.classes), seed, size).SerializeToString())
    card = ModelCard(
        backbone="colour-grid",
        bits=bits,
        features=FEATURES,
        preprocessing=Preprocessing(size=size, resize=resize),
        thresholds=(0.0,) * bits,
        taxonomy=taxonomy,
        weights=Weights(source="none"),
        training=Training(catalogue="none", photos=0, products=0, epochs=0, seed=seed),
        parity=Parity(photos=0, max_difference=0.0, differing_bits=0.0),
        onnx_sha256=hashlib.sha256((folder / ONNX_FILE).read_bytes()).hexdigest(),
    )
    (folder / CARD_FILE).write_text(card.model_dump_json(indent=2), encoding="utf-8")
    return folder


def _graph(bits: int, classes: int, seed: int, size: int) -> onnx.ModelProto:
    random = np.random.default_rng(seed)
    centre = np.repeat(np.array([0.5, 0.15], dtype=np.float32), FEATURES // 2)
    weights = {
        "scale": np.array(255.0, dtype=np.float32),
        "zero": np.array(0.0, dtype=np.float32),
        "centre": centre,
        "projection": random.standard_normal((FEATURES, bits)).astype(np.float32),
        "heads": random.standard_normal((FEATURES, classes)).astype(np.float32),
    }
    pool = {"kernel_shape": [size // GRID] * 2, "strides": [size // GRID] * 2}
    nodes = [
        helper.make_node("Cast", ["pixels"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["cast", "scale"], ["unit"]),
        helper.make_node("Transpose", ["unit"], ["nchw"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["nchw"], ["mean"], **pool),
        helper.make_node("Mul", ["nchw", "nchw"], ["squares"]),
        helper.make_node("AveragePool", ["squares"], ["mean_square"], **pool),
        helper.make_node("Mul", ["mean", "mean"], ["square_mean"]),
        helper.make_node("Sub", ["mean_square", "square_mean"], ["signed_variance"]),
        helper.make_node("Max", ["signed_variance", "zero"], ["variance"]),  # rounding may go below 0
        helper.make_node("Sqrt", ["variance"], ["deviation"]),
        helper.make_node("Flatten", ["mean"], ["flat_mean"]),
        helper.make_node("Flatten", ["deviation"], ["flat_deviation"]),
        helper.make_node("Concat", ["flat_mean", "flat_deviation"], ["features"], axis=1),
        helper.make_node("Sub", ["features", "centre"], ["centred"]),
        helper.make_node("MatMul", ["centred", "projection"], ["embedding"]),
        helper.make_node("MatMul", ["centred", "heads"], ["logits"]),
        helper.make_node("Softmax" if classes else "Identity", ["logits"], ["probabilities"]),
    ]
    outputs = {"embedding": bits, "probabilities": classes, "features": FEATURES}
    graph = helper.make_graph(
        nodes,
        "colour_grid",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", size, size, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width]) for name, width in outputs.items()],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    return model
