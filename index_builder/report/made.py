"""What was built from what."""

from engine.bundle.manifest import Manifest
from engine.model import ModelCard
from index_builder.order import Order
from index_builder.report.missing import Section


def made(manifest: Manifest, card: ModelCard, order: Order | None) -> Section:
    """Catalogue, model and options; a compaction has no order, and its catalogue is that of what it came from."""
    return {
        "generation": manifest.generation,
        "created": manifest.created,
        "catalogue": manifest.source.catalogue,
        "compacted_from": manifest.source.compacted_from,
        "rows_read": manifest.source.rows_read,
        "rows": manifest.rows,
        "products": manifest.products,
        "state_id": manifest.state_id,
        "includes_revision": manifest.includes_revision,
        "short_list": manifest.short_list,
        "thresholds_from": manifest.thresholds_from,
        "model": {
            "backbone": card.backbone,
            "bits": card.bits,
            "pixels": card.preprocessing.size,
            "classes": len(card.taxonomy.classes),
            "onnx_sha256": card.onnx_sha256,
            "weights": card.weights.model_dump(),
            "trained_on": card.training.model_dump(include={"catalogue", "photos", "products", "epochs", "seed"}),
        },
        "options": _options(order) if order else None,
    }


def _options(order: Order) -> Section:
    return {
        "index_splits": list(order.splits),
        "columns": order.columns,
        "images": str(order.images) if order.images else None,
        "strict": order.strict,
        "shard_rows": order.wishes.shard_rows,
        "keep_embeddings": order.wishes.embeddings,
        "thumbs": order.wishes.thumbs,
        "keep": order.keep,
        "force": order.force,
        "state": str(order.state) if order.state else None,
        "device": order.device,
        "threads": order.threads,
    }
