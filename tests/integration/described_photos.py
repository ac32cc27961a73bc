"""Loaded by schemathesis: to the description a photo is bytes; without real ones nothing would come beyond decoding."""

import schemathesis
from hypothesis import strategies

from tests.app.running import photo_of

schemathesis.openapi.format(
    "binary", strategies.sampled_from([photo_of(3), photo_of(5, kind="PNG"), photo_of(3)[:500], b"", b"no photo"])
)
