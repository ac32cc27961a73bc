"""The epochs of a run: train, validate, write down, and go on where a run was cut off."""

import math
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from engine.errors import TwinshotError
from model_export.curves import Curves
from model_export.data import TrainingPhotos
from model_export.finish import averaged
from model_export.objective import Objective
from model_export.run import Run
from model_export.run_folder import BEST, LAST, TENSORBOARD, State
from model_export.trainer import Trainer
from model_export.validate import validate


def train_epochs(run: Run, initial: State) -> list[dict[str, float]]:
    """Train what is left of the epochs; the history of all of them, as the process knows it."""
    settings, recipe = run.settings, run.settings.recipe
    objective = Objective(run.split.train, run.config.taxonomy, settings.bits, recipe, settings.seed, run.attributes)
    photos = TrainingPhotos(run.split.train, run.encoder.read, settings.preprocessing, settings.train_size)
    trainer = Trainer(run.network, objective.to(settings.device), photos, settings, run.group)
    history: list[dict[str, float]] = []
    last = run.group.share(run.folder.load(LAST) if run.group.leads and run.folder.has(LAST) else None)
    if last is not None:
        trainer.resume(last)
        history = last["history"]
        run.reporter.line(f"resuming {run.folder.path} after epoch {len(history)} of {recipe.epochs}")
    with ExitStack() as stack:
        if run.group.leads:
            curves = stack.enter_context(Curves(run.folder.path / TENSORBOARD, len(history) + 1))
        for number in range(len(history), recipe.epochs):
            began = time.monotonic()
            line = {"epoch": float(number + 1), **trainer.epoch(number, run.reporter)}
            if not math.isfinite(line["loss"]):
                raise TwinshotError(f"the loss of epoch {number + 1} is {line['loss']}; lower lr_backbone and lr_heads")
            if run.group.leads:
                line |= _steer(run, initial, trainer, history, line)
                curves.add(number + 1, line)
                run.reporter.line(_describe(line, recipe.epochs, time.monotonic() - began))
            history.append(line)
    return history


def _steer(
    run: Run, initial: State, trainer: Trainer, history: Sequence[dict[str, float]], line: dict[str, float]
) -> dict[str, float]:
    """Validate the network after an epoch, and write best.pt, last.pt and log.csv; the figures."""
    trained = {key: value.clone() for key, value in trainer.network.state_dict().items()}
    figures = _validate(run, initial, trained)
    steering = [before.get("val_recall_at_1", -1.0) for before in history]
    # Of equal epochs the later: photos in bursts are soon all found, long before there is nothing to learn.
    if figures.get("val_recall_at_1", 0.0) >= max(steering, default=-1.0):
        run.folder.save(BEST, trained)
    trainer.network.load_state_dict(trained)
    lines = [*history, {**line, **figures}]
    run.folder.save(LAST, {**trainer.state(), "history": lines})
    run.folder.write_log(lines)
    return figures


def _validate(run: Run, initial: State, trained: State) -> dict[str, float]:
    """The figures of the network as it would be exported now. Leaves another network in `run.network`.

    In the precision of training: these figures only choose an epoch, and encoding takes as long as training.
    """
    run.network.load_state_dict(averaged(initial, trained, run.finish.average))
    encoder = replace(run.encoder, precision=run.settings.precision)
    return validate(run.network, run.finish, run.split, encoder)


def _describe(line: dict[str, float], epochs: int, each: float) -> str:
    """What a person wants of an epoch; log.csv has the rest. `each`: its seconds, validation included."""
    number = int(line["epoch"])
    parts = [f"epoch {number}/{epochs}", f"loss {line['loss']:.3f}"]
    if "val_recall_at_1" in line:
        parts.append(f"recall@1 {line['val_recall_at_1']:.3f}")
    left = f", about {_span((epochs - number) * each)} left" if number < epochs else ""
    return "  ".join([*parts, f"{_span(each)}{left}"])


def _span(seconds: float) -> str:
    """`45 s`, `12 min`, `3.4 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
