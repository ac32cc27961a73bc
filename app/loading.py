"""From a bundle folder to a generation that answers at full speed."""

import hashlib
from io import BytesIO

from PIL import Image

from app.batching_encoder import MOST, BatchingEncoder
from app.cache.entries import KEPT
from app.live import Loaded
from app.search import Query, answer_of, embed
from app.settings import Settings
from app.telemetry import Timing
from engine.bundle.generation import open_generation
from engine.bundle.store import current
from engine.encoder import Encoder


def load(settings: Settings) -> Loaded:
    """Open the generation that CURRENT names, load its model and search once, so that all of it is warm.

    Raises BundleError and UnavailableError.
    """
    generation = open_generation(settings.bundles / current(settings.bundles), index_device=settings.index_device)
    encoder = Encoder(generation.folder, device=settings.device, threads=1, verify=False)
    # batches gain nothing on a CPU (docs/serving.md)
    loaded = Loaded(generation, _batching(encoder, settings.threads) if settings.device == "cuda" else encoder)
    _warm(loaded)
    return loaded


def _batching(encoder: Encoder, threads: int) -> BatchingEncoder:
    batching = BatchingEncoder(encoder, min(threads, MOST))  # there are never more photos than threads
    batching.warm()
    return batching


def _warm(loaded: Loaded) -> None:
    # Pillow imports its decoders on first use, one of them a second time for what it cannot read
    Image.init()
    for name in loaded.encoder.card.preprocessing.formats:
        file = BytesIO()
        Image.new("RGB", (512, 512), (127, 127, 127)).save(file, name)
        photo = file.getvalue()
        query = Query(photo, hashlib.sha256(photo).hexdigest(), need=KEPT, scope=loaded.generation.manifest.scope)
        answer_of(loaded.generation, query, embed(loaded, query, Timing()), Timing())
