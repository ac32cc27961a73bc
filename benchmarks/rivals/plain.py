"""The service that one would obviously write: FastAPI's UploadFile, ONNX Runtime and FAISS as their guides show them.

The same model, the same index, the same answer but for the order among products of equal rank. Settings are the
command's: `plain.py PORT BUNDLES WORKERS THREADS`, THREADS being ONNX Runtime's and FAISS's for one call.
"""

import os
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI, UploadFile
from PIL import Image, ImageOps

from engine.bundle.manifest import read_manifest
from engine.bundle.rows import RowTable
from engine.bundle.store import current

LIMIT = 10


class Model:
    """Everything that a request needs."""

    def __init__(self, bundles: Path, threads: int) -> None:
        generation = bundles / current(bundles)
        manifest = read_manifest(generation)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            str(generation / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        faiss.omp_set_num_threads(threads)
        names = [shard.name for shard in manifest.shards]
        shards: Any = faiss.IndexBinaryShards  # its stub knows one of its constructors
        self.index = shards(manifest.model.bits, False, True)
        self.shards = [faiss.read_index_binary(str(generation / "shards" / f"{name}.faiss")) for name in names]
        for shard in self.shards:
            self.index.add_shard(shard)
        self.table = RowTable(generation, names)
        self.thresholds = np.array(manifest.thresholds, dtype=np.float32)
        self.side = int(self.session.get_inputs()[0].shape[1])

    def search(self, file: bytes) -> list[dict[str, Any]]:
        image = ImageOps.exif_transpose(Image.open(BytesIO(file))).convert("RGB")
        short = min(image.size)
        image = image.resize(
            (round(image.width * 256 / short), round(image.height * 256 / short)), Image.Resampling.BICUBIC
        )
        left, top = (image.width - self.side) // 2, (image.height - self.side) // 2
        pixels = np.asarray(image.crop((left, top, left + self.side, top + self.side)))
        (embedding,) = self.session.run(["embedding"], {"pixels": pixels[None]})
        code = np.packbits(embedding > self.thresholds, axis=1, bitorder="little")
        distances, rows = self.index.search(code, 200)
        records = self.table.records(rows[0])
        answer: dict[str, dict[str, Any]] = {}
        for distance, record in zip(distances[0].tolist(), records, strict=True):
            answer.setdefault(record.product_id, {"product_id": record.product_id, "distance": distance})
        return list(answer.values())[:LIMIT]


def create() -> FastAPI:
    """The application, from the environment: uvicorn's workers import it by name."""
    app = FastAPI()
    model = Model(Path(os.environ["RIVAL_BUNDLES"]), int(os.environ["RIVAL_THREADS"]))

    @app.get("/ready")
    async def ready() -> dict[str, str]:
        return {}

    # a plain function: FastAPI runs it in a thread, so that it does not hold up the event loop
    @app.post("/search")
    def search(image: UploadFile) -> list[dict[str, Any]]:
        return model.search(image.file.read())

    return app


if __name__ == "__main__":
    port, bundles, workers, threads = sys.argv[1:]
    os.environ |= {"RIVAL_BUNDLES": bundles, "RIVAL_THREADS": threads}
    uvicorn.run(
        "benchmarks.rivals.plain:create", factory=True, host="127.0.0.1", port=int(port), workers=int(workers),
        access_log=False, log_level="warning",
    )  # fmt: skip
