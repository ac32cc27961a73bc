"""The same model and index behind LitServe: `lit.py PORT BUNDLES WORKERS BATCH`.

LitServe decodes a request in its worker and may gather several into a batch; one ONNX Runtime thread each, which its
guide advises for several workers on a CPU.
"""

import sys
from pathlib import Path
from typing import Any

from fastapi import Request
from litserve import LitAPI, LitServer

from benchmarks.rivals.plain import Model


class Search(LitAPI):
    """A photo in, products out."""

    bundles: Path

    def setup(self, device: str) -> None:
        """Load in the worker."""
        self.model = Model(self.bundles, 1)

    def decode_request(self, request: Request) -> bytes:
        """The bytes of the form's field."""
        data: bytes = request["image"].file.read()
        return data

    def predict(self, x: Any) -> Any:
        """One photo, or as many as were gathered."""
        return [self.model.search(file) for file in x] if isinstance(x, list) else self.model.search(x)

    def encode_response(self, output: Any) -> Any:
        """The list."""
        return {"results": output}


if __name__ == "__main__":
    port, bundles, workers, batch = sys.argv[1:]
    api = Search(max_batch_size=int(batch), batch_timeout=0.005, api_path="/search")
    api.bundles = Path(bundles)  # of the object: it is what is sent to the workers
    server = LitServer(api, accelerator="cpu", workers_per_device=int(workers))
    server.run(host="127.0.0.1", port=int(port), generate_client_file=False, log_level="warning")
