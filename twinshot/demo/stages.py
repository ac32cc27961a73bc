"""What of an earlier demo in the same folder can be used again: a stage whose inputs are unchanged is not repeated."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path

from engine.errors import InputError
from engine.files import write_atomic

RECORD = "stages.json"


class Stages:
    """The stages of one work folder. `stages.json` holds each one's key, and whether it came to its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reused: list[str] = []
        """The stages that had nothing to do."""
        self._path = folder / RECORD
        self._records: dict[str, dict[str, str | bool]] = {}
        if self._path.exists():
            try:
                self._records = json.loads(self._path.read_bytes())
            except ValueError as error:
                raise InputError(f"{self._path} is not readable JSON ({error}); remove {folder}") from error

    def ensure(self, stage: str, name: str, key: str, work: Callable[[Path], object]) -> Path:
        """The folder `name` of a stage, made by `work` unless it is there, whole, with the same `key`.

        What an earlier stage of another key left is removed; of the same key it is kept, for the stage to go on.
        Raises InputError if the folder holds something that no demo made.
        """
        output, record = self.folder / name, self._records.get(name)
        same = record is not None and record["key"] == key
        if same and record is not None and record["done"] and output.exists():
            self.reused.append(stage)
            return output
        if record is None and output.exists():
            raise InputError(f"{output} was not made by a demo; name another folder with --out")
        if not same and output.exists():
            shutil.rmtree(output)
        self._note(name, key, done=False)
        work(output)
        self._note(name, key, done=True)
        return output

    def _note(self, name: str, key: str, done: bool) -> None:
        self._records[name] = {"key": key, "done": done}
        write_atomic(self._path, json.dumps(self._records, indent=1).encode())


def digest(*parts: str) -> str:
    """A key of strings: equal parts, equal key."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def source_digest(*packages: str) -> str:
    """A key of the Python files of packages, found without importing what is in them."""
    files = [path for package in packages for path in sorted(_root(package).rglob("*.py"))]
    return digest(*(hashlib.sha256(path.read_bytes()).hexdigest() for path in files))


def files_digest(paths: Iterable[Path]) -> str:
    """A key of files by name, size and time of change: cheap for a hundred thousand photos."""
    stats = ((path, path.stat()) for path in paths)
    return digest(*(f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in stats))


def _root(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"the package {package} is not installed; install Twinshot again")
    return Path(next(iter(spec.submodule_search_locations)))
