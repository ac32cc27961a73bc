"""How large a generation is, and how long it took."""

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath

from engine.bundle.manifest import Manifest
from engine.bundle.rows import LOOKUP_FILE
from engine.model import CARD_FILE, ONNX_FILE
from index_builder.report.missing import Section

_PARTS = {
    ".faiss": "bit codes",
    ".rows": "row table",
    ".f16": "embeddings (for evaluation)",
    ".features.f16": "features (for evaluation)",
    ".thumbs": "thumbnails",
}
_FILES = {LOOKUP_FILE: "row table", ONNX_FILE: "model", CARD_FILE: "model"}


def costs(manifest: Manifest, seconds: Mapping[str, float]) -> Section:
    """Bytes by part and seconds by stage."""
    parts: Counter[str] = Counter()
    for name, record in manifest.files.items():
        path = PurePosixPath(name)
        parts[_FILES.get(name) or _PARTS["".join(path.suffixes)]] += record.bytes
    return {
        "bytes": dict(parts.most_common()),
        "total_bytes": parts.total(),
        "shards": len(manifest.shards),
        "bytes_per_photo": parts.total() / manifest.rows if manifest.rows else None,
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
    }
