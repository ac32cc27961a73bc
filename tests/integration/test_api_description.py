"""/openapi.json is true: schemathesis asks the running service what the description allows, and what it does not."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.app.running import READ_KEY, WRITE_KEY, shop_over

PROJECT = Path(__file__).resolve().parents[2]
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "ignored_auth",
)


def test_every_route_answers_as_it_is_described(tiny_bundle: Path, tmp_path: Path) -> None:
    with shop_over(tiny_bundle, tmp_path, TWINSHOT_READ_KEY=READ_KEY) as service:
        asked = subprocess.run(
            [
                *(str(Path(sys.executable).with_name("st")), "run", f"{service.url}/openapi.json", "--no-color"),
                *("--header", f"Authorization: Bearer {WRITE_KEY}", "--checks", ",".join(CHECKS)),
                *("--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--seed", "6"),
                *("--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off"),
            ],
            check=False,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.integration.described_photos", "PYTHONPATH": str(PROJECT)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
        )
    said = "\n".join(line[:500] for line in asked.stdout.splitlines())  # addresses may be long
    assert asked.returncode == 0, said + asked.stderr
    assert re.search(r"Tested: [1-9]", said)
