"""The demo from the catalogue to the answers."""

import errno
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import InputError, TwinshotError
from engine.files import locked, require_folder
from twinshot.demo.asking import HOST, ask, wait_until_ready
from twinshot.demo.report import Report, make_report, print_report
from twinshot.demo.samples import write_samples
from twinshot.demo.shop import OwnCatalogue, Shop, own_shop, sample_shop
from twinshot.demo.stages import Stages, digest, source_digest
from twinshot.processes import run, serving

BACKBONE = "resnet10t"
SIZE = 104
TRAINING = (
    *("--weights=none", f"--backbone={BACKBONE}", f"--size={SIZE}", "--bits=512", "--seed=0", "--device=cpu"),
    *("--epochs=10", "--set=batch=32", "--set=lr_backbone=1e-3", "--set=instance=2", "--set=target_code=0.1"),
    *("--set=flip=0", "--set=hue=0", "--set=colour=0.15", "--set=perspective=0.05", "--set=crop=0.6"),
)
"""A small network from scratch: about nine minutes of one core, or half of that on two."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. `own` None is the sample."""

    out: Path
    port: int
    own: OwnCatalogue | None
    once: bool
    json: bool


@dataclass(slots=True)
class Clock:
    """Seconds by stage; says on `stream` which one begins."""

    quiet: bool
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a block."""
        print(f"== {name}", file=sys.stderr if self.quiet else sys.stdout, flush=True)
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - started


def run_demo(options: Options) -> None:
    """Build what is not built, serve it, ask it, print; then stay up until Ctrl-C, or with `once` end.

    Everything that was started is stopped on every way out. Raises InputError and TwinshotError.
    """
    require_folder(options.out, "--out")
    _require_free(options.port)
    clock = Clock(options.json)
    with locked(options.out):
        stages = Stages(options.out)
        shop = _build(options, stages, clock)
    log = options.out / "serve.log"
    where = (f"--host={HOST}", f"--port={options.port}")
    command = ["serve", str(options.out / "bundles"), *where, f"--samples={options.out / 'samples'}"]
    with serving(command, log) as service:
        report = _measure(options, shop, clock, service, log, stages.reused)
        print_report(report, options.json)
        if not options.once:
            _stay(service, log, options)


def _build(options: Options, stages: Stages, clock: Clock) -> Shop:
    """The catalogue, the model and the bundle, each only if it is not there yet."""
    with clock.stage("draw" if options.own is None else "read"):
        shop = sample_shop(stages) if options.own is None else own_shop(stages, options.own)
    trained = digest(shop.key, *shop.arguments, *TRAINING, source_digest("model_export", "engine"))
    with clock.stage("train"):
        command = ["train", *shop.arguments, *TRAINING]
        runs = stages.ensure("train", "run", trained, lambda out: run([*command, f"--out={out}"], options.json))
    with clock.stage("export"):
        model = stages.ensure(
            "export", "model", trained, lambda out: run(["export", str(runs), f"--out={out}"], options.json)
        )
    indexed = digest(trained, source_digest("index_builder"))
    with clock.stage("index"):
        command = ["index", *shop.arguments, f"--model={model}"]
        stages.ensure("index", "bundles", indexed, lambda out: run([*command, f"--out={out}"], options.json))
    # the service is told of a folder that is there; in what order the photos come is known once they were asked with
    stages.ensure("samples", "samples", shop.key, lambda out: out.mkdir(exist_ok=True))
    return shop


def _measure(
    options: Options, shop: Shop, clock: Clock, service: "subprocess.Popen[bytes]", log: Path, reused: list[str]
) -> Report:
    with clock.stage("serve"):
        wait_until_ready(options.port, service, log)
    with clock.stage("query"):
        answers, refused = ask(options.port, shop.questions, shop.read)
    write_samples(options.out / "samples", shop.questions, answers, shop.read)
    return make_report(answers, refused, clock.seconds, reused, f"http://{HOST}:{options.port}/")


def _stay(service: "subprocess.Popen[bytes]", log: Path, options: Options) -> None:
    try:
        print("Ctrl-C stops it.", file=sys.stderr if options.json else sys.stdout, flush=True)
        code = service.wait()
    except KeyboardInterrupt:
        return
    raise TwinshotError(f"the service ended with exit code {code}; {log} says why")


def _require_free(port: int) -> None:
    """Raise InputError if something listens on the port: found out now, not after minutes of training."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            said = "is in use by another program" if taken else f"cannot be used ({error.strerror})"
            raise InputError(
                f"port {port} of {HOST} {said}; take another port "
                '(`twinshot demo --port …`, `make demo ARGS="--port …"`)'
            ) from error
