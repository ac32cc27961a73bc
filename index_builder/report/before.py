"""What is different from the generation before."""

from typing import Any

from engine.bundle.manifest import Manifest
from engine.taxonomy import NO_PATH
from index_builder.report.category import in_one_line
from index_builder.report.missing import Section, missing

SHOWN = 20


def before(new: Manifest, old: Manifest | None, beside: dict[str, Any] | None) -> Section:
    """Rows, products, categories, model and quality beside `old`'s. beside: as `index_builder.gate.compare` says it."""
    if old is None:
        return missing("There is nothing to compare with: this is the first generation of the folder.")
    mine, its = _categories(new), _categories(old)
    return {
        "generation": old.generation,
        "rows": {"before": old.rows, "now": new.rows},
        "products": {"before": old.products, "now": new.products},
        "categories": {"before": len(its), "now": len(mine)},
        "came": _listed(mine - its),
        "went": _listed(its - mine),
        "model": {
            "before": old.model.backbone,
            "now": new.model.backbone,
            "same": old.model.onnx_sha256 == new.model.onnx_sha256,
        },
        "bits": {"before": old.model.bits, "now": new.model.bits},
        "thresholds_from": {"before": old.thresholds_from, "now": new.thresholds_from},
        "quality": beside if beside and "change" in beside else None,
    }


def _categories(manifest: Manifest) -> set[str]:
    return {in_one_line(own.path) for own in manifest.categories if own.path != NO_PATH}


def _listed(names: set[str]) -> Section:
    return {"count": len(names), "first": sorted(names)[:SHOWN]}
