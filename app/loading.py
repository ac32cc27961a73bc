"""From a bundle folder to a generation that answers at full speed."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from app import batching_encoder, lone_encoder
from app.batching_encoder import BatchingEncoder
from app.cache.entries import KEPT
from app.changes.follow import with_changes
from app.live import Loaded
from app.lone_encoder import LoneEncoder
from app.search import Query, answer_of, embed
from app.settings import Settings
from app.telemetry import Timing
from engine.bundle.generation import Generation, open_generation
from engine.bundle.store import current
from engine.changes.state import State
from engine.encoder import Encoder, PhotoEncoder
from engine.live.catch_up import go_on


@dataclass(frozen=True, slots=True)
class Opened:
    """A generation and its model, without the changes since. `narrow`: the model as long work beside requests uses it,
    on a CPU with one thread."""

    generation: Generation
    encoder: PhotoEncoder
    narrow: PhotoEncoder


def load(settings: Settings, state: State | None = None, breathe: Callable[[], None] = go_on) -> Loaded:
    """Open the generation that CURRENT names with the changes of `state`, and search once, so that all of it is warm.

    `breathe` as in `catch_up`: the first start on a new model encodes the photos of all changes, which may take hours.
    Raises BundleError, StateError and UnavailableError.
    """
    opened = open_named(settings, current(settings.bundles))
    generation, encoder = opened.generation, opened.encoder
    loaded = Loaded.of(generation, encoder) if state is None else with_changes(generation, encoder, state, breathe)
    warm(loaded)
    return loaded


def open_named(settings: Settings, name: str) -> Opened:
    """Open the generation of this id. Raises BundleError and UnavailableError."""
    generation = open_generation(settings.bundles / name, index_device=settings.index_device)
    encoder, narrow = _encoders(generation.folder, settings)
    return Opened(generation, encoder, narrow)


def _encoders(folder: Path, settings: Settings) -> tuple[PhotoEncoder, PhotoEncoder]:
    """What suits the device: batches gain nothing on a CPU, more threads nothing on a GPU (docs/serving.md)."""
    narrow = Encoder(folder, device=settings.device, threads=1, verify=False)
    if settings.device == "cuda":
        batching = BatchingEncoder(narrow, min(settings.threads, batching_encoder.MOST))  # never more than threads
        batching.warm()
        return batching, batching
    if settings.threads == 1:
        return narrow, narrow
    narrow.warm()
    threads = min(settings.threads, lone_encoder.MOST)
    return LoneEncoder(narrow, Encoder(folder, threads=threads, verify=False, spin=False)), narrow


def warm(loaded: Loaded) -> None:
    """Search once with a photo of each type."""
    # Pillow imports its decoders on first use, one of them a second time for what it cannot read
    Image.init()
    for name in loaded.encoder.card.preprocessing.formats:
        file = BytesIO()
        Image.new("RGB", (512, 512), (127, 127, 127)).save(file, name)
        photo = file.getvalue()
        query = Query(photo, hashlib.sha256(photo).hexdigest(), need=KEPT, scope=loaded.view.everything)
        answer_of(loaded.view, query, embed(loaded, query, Timing()), Timing())
