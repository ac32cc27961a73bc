import os
import subprocess
import sys
from pathlib import Path

IMPORT = "from model_export.torchvision_shim import ensure_torchvision; ensure_torchvision()"


def run(code: str, *folders: Path) -> "subprocess.CompletedProcess[str]":
    path = os.pathsep.join(map(str, (*folders, Path(__file__).parents[2])))
    command = [sys.executable, "-W", "error", "-c", code]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_torchvision_can_be_imported_and_used_afterwards() -> None:
    code = f"{IMPORT}; ensure_torchvision(); import timm, torchvision.transforms.v2 as t; t.Resize(8)"
    done = run(code)
    assert done.returncode == 0, done.stderr


def test_another_failure_of_torchvision_passes_through(tmp_path: Path) -> None:
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision/__init__.py").write_text("raise RuntimeError('something else is broken')")
    done = run(IMPORT, tmp_path)
    assert done.returncode == 1
    assert "RuntimeError: something else is broken" in done.stderr
