"""GET /info: what is served."""

from fastapi import APIRouter

from app.asked import MAX_RESULTS
from app.changes import batch
from app.deps import Parts, Snapshot
from app.routes.results import category_of
from app.schemas import MAX_BATCH, CalibrationInfo, CategoryInfo, Info, Limits, ModelInfo
from engine.calibration import Calibration
from engine.scope import name_of

router = APIRouter(tags=["service"])


@router.get("/info", summary="Show what is served: generation, categories, model, limits")
async def info(service: Parts, loaded: Snapshot) -> Info:
    """The generation, its categories and model, and the limits of a request."""
    manifest, card = loaded.generation.manifest, loaded.generation.card
    spec = card.preprocessing
    return Info(
        generation=manifest.generation,
        created=manifest.created,
        revision=loaded.revision,
        rows=loaded.view.rows,
        products=loaded.view.products,
        categories=[
            CategoryInfo(category=category_of(own.path), filter=name_of(own.path), rows=rows)
            for own, rows in zip(loaded.view.categories, loaded.view.category_rows(), strict=False)
        ],
        model=ModelInfo(
            backbone=card.backbone,
            bits=card.bits,
            onnx_sha256=card.onnx_sha256,
            weights=card.weights.source,
            licence=card.weights.licence,
        ),
        calibration=_calibration(manifest.calibration),
        quality=manifest.quality,
        limits=Limits(
            results=MAX_RESULTS,
            batch=MAX_BATCH,
            body_bytes=service.settings.max_body_bytes,
            photo_bytes=spec.max_bytes,
            photo_pixels=spec.max_pixels,
            photo_types=list(spec.formats),
            changes=batch.MOST,
            changes_bytes=batch.largest(service.settings),
        ),
        cache=service.cache.kind,
        writable=service.takes_changes,
    )


def _calibration(own: Calibration | None) -> CalibrationInfo:
    if own is None:
        return CalibrationInfo(
            available=False,
            reason="there were too few photos of known products to calibrate scores with when this generation was "
            "built (report.json has the numbers): score and match are null, and min_score is refused",
        )
    shown = own.model_dump(include={"source", "queries", "ece", "min_score", "precision", "recall"})
    return CalibrationInfo(available=True, reason=None, **shown)
