"""All checks, in the order in which they are told."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from app.settings import Settings
from engine.bundle.manifest import Manifest, read_manifest
from engine.bundle.store import current
from engine.errors import TwinshotError
from twinshot.doctor import bundle, libraries, machine, service, state
from twinshot.doctor.finding import Check, Finding, look

NOTHING_NAMED = Finding("bundle", "ok", "none named: `twinshot doctor BUNDLES` looks at one")
_MAPPED = (".faiss", ".rows", ".arrow", ".onnx")
"""What the service has in memory of a generation."""


def examine(environment: Mapping[str, str], bundles: Path | None, verify: bool) -> Iterator[Finding]:
    """Look at everything. `environment`: the variables that are meant for the service."""
    folder = bundles or Path(environment.get("TWINSHOT_BUNDLES", "."))
    named = bundles is not None or "TWINSHOT_BUNDLES" in environment
    settings, manifest = service.readable(environment, folder), _manifest(folder)
    yield from _looked(_installation(settings))
    yield from _looked(_service(environment, settings, folder))
    yield from _looked(_machine(environment, settings, manifest, folder))
    if not named:
        yield NOTHING_NAMED
        return
    yield look("generation", partial(bundle.live, folder))
    if manifest is not None:
        yield from _looked(_bundle(environment, folder, manifest, settings, verify))


def _installation(settings: Settings) -> dict[str, Check]:
    return {
        "Twinshot": libraries.twinshot,
        "libraries": libraries.libraries,
        "extras": libraries.extras,
        "ONNX Runtime": partial(libraries.onnxruntime, settings.device),
        "FAISS": partial(libraries.faiss, settings.index_device),
    }


def _service(environment: Mapping[str, str], settings: Settings, folder: Path) -> dict[str, Check]:
    return {
        "settings": partial(service.settings, environment, folder),
        "port": partial(service.port, settings),
        "Redis": partial(service.redis, settings.redis_url),
        "state": partial(state.folder, _state(environment)),
    }


def _machine(
    environment: Mapping[str, str], settings: Settings, manifest: Manifest | None, folder: Path
) -> dict[str, Check]:
    threads = settings.threads if "TWINSHOT_THREADS" in environment else None
    sizes = {} if manifest is None else {name: own.bytes for name, own in manifest.files.items()}
    mapped = sum(size for name, size in sizes.items() if name.endswith(_MAPPED))
    needed = machine.PROCESS + settings.cache_bytes + settings.max_buffered_bytes + mapped
    checks: dict[str, Check] = {
        "cores": partial(machine.cores, threads, settings.device),
        "memory": partial(machine.memory, needed),
        "disk": partial(machine.disk, "disk", folder, sum(sizes.values())),
    }
    if settings.state is not None:
        checks["disk of the state"] = partial(machine.disk, "disk of the state", settings.state, 0)
    return checks


def _bundle(
    environment: Mapping[str, str], folder: Path, manifest: Manifest, settings: Settings, verify: bool
) -> dict[str, Check]:
    generation = folder / manifest.generation
    return {
        "files": partial(bundle.files, generation, manifest, verify),
        "index": partial(bundle.index, generation),
        "thresholds": partial(bundle.thresholds, manifest),
        "query": partial(bundle.query, generation, settings.device),
        "scores": partial(bundle.scores, manifest),
        "changes": partial(state.fits, _state(environment), folder, manifest),
    }


def _looked(checks: dict[str, Check]) -> Iterator[Finding]:
    return (look(about, check) for about, check in checks.items())


def _state(environment: Mapping[str, str]) -> Path | None:
    """As it is named, also where no service could use it."""
    named = environment.get("TWINSHOT_STATE")
    return Path(named) if named else None


def _manifest(folder: Path) -> Manifest | None:
    """The live generation's; None where there is none to be read, which `bundle.live` tells."""
    try:
        return read_manifest(folder / current(folder))
    except TwinshotError:
        return None
