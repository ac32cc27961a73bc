"""A staged generation beside the live one: how well it answers, and whether it may take over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.bundle.generation import Generation, open_generation
from engine.bundle.manifest import Manifest
from engine.bundle.store import CURRENT_FILE, current
from engine.catalogue.catalogue import Catalogue
from engine.catalogue.row import Row
from engine.encoder import Encoder
from engine.errors import BundleError, GateError
from engine.live.photo_codes import model_key
from index_builder.gate import Examined, Examiner, Judges, choose_judges, compare, faults, quality_of, require_pass
from index_builder.order import Order
from index_builder.progress import Progress


@dataclass(frozen=True, slots=True)
class Measured:
    """How well a staged generation answers."""

    quality: dict[str, Any]
    """As its manifest says it."""
    judges: Judges
    examined: Examined | None
    """Its answers to the judges; None where there are none."""
    live: Manifest | None
    """Of the generation that it was compared with."""


def measure(
    order: Order,
    staged: Path,
    encoder: Encoder,
    catalogue: Catalogue | None,
    rows: Sequence[Row],
    deleted: Collection[str],
    progress: Progress,
) -> Measured:
    """Measure what is staged. Raises GateError if it may not replace the live one.

    encoder: the staged generation's; rows: all that are indexed or held out; deleted: the products that were
    deleted through the service: that they are gone was meant.
    """
    new, live = open_generation(staged), _live(order, progress)
    judges = choose_judges(rows)
    quality: dict[str, Any] = {"queries": None}
    own: Examined | None = None
    beside: dict[str, Any] = {"generation": live.id, "rows": live.manifest.rows} if live else {}
    if catalogue is not None and judges.rows:
        examiner = Examiner(catalogue, judges, order.out, order.threads, progress)
        with progress.stage("measure"):
            own = examiner.examine(new, encoder, "new", floats=True)
            quality = quality_of(own.evaluation, judges)
            if live is not None and live.manifest.rows:
                same = model_key(live.card) == model_key(new.card)
                other = encoder if same else Encoder(live.folder, order.device, order.threads)
                its = examiner.examine(live, other, "live", floats=False)
                beside = compare(own.evaluation, its.evaluation)
    meant = sum(len(live.table.product(own)) for own in deleted) if live else 0
    reasons = faults(new.manifest.rows, beside, meant) if beside else []
    require_pass(new.id, reasons, order.force)
    quality = {**quality, "beside": beside or None, "forced": order.force, "faults": reasons}
    return Measured(quality, judges, own, live.manifest if live else None)


def _live(order: Order, progress: Progress) -> Generation | None:
    if not (order.out / CURRENT_FILE).exists():
        return None
    try:
        return open_generation(order.out / current(order.out))
    except BundleError as error:
        if order.force:
            progress.say(f"not compared with the live generation: {error}")
            return None
        raise GateError(f"the live generation cannot be compared with: {error}, or use --force REASON") from error
