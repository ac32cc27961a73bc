"""A route that only receives and hashes a body: what an answer from the cache cannot cost less than.

The framework, the server, its settings and the reading of the body are the service's own.
"""

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry, Gauge

from app.body import Body, Intake
from app.settings import Settings

PHOTO_BYTES = 20_000_000
app = FastAPI()
intake = Intake(Settings(bundles=Path()), Gauge("held", "", registry=CollectorRegistry()))


@app.get("/ready")
async def ready() -> Response:
    return Response(b"{}")


@app.post("/search")
async def search(request: Request) -> Response:
    with Body(intake, request.headers, aiter(request.stream())) as body:
        (upload,) = await body.photos(1, PHOTO_BYTES)
    return Response(upload.sha256)


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", ws="none",
        access_log=False, log_config=None, server_header=False,
    )  # fmt: skip
