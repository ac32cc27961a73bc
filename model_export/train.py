"""A whole run: from the rows of a catalogue to RUN/final.pt. It goes on by itself where it was cut off."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engine.catalogue.row import Row
from engine.errors import CatalogueError, TwinshotError
from engine.files import locked
from engine.taxonomy import Taxonomy
from model_export.backbone import Backbone, create_backbone
from model_export.classifier import refit_classifier
from model_export.curves import Curves
from model_export.data import Read, TrainingPhotos, search_batches
from model_export.encode import Encoder
from model_export.finish import Finish, averaged, set_embedding
from model_export.network import Network
from model_export.objective import Objective
from model_export.progress import Reporter
from model_export.projection import Doubles, Floats, fit_projection
from model_export.run_folder import BEST, FINAL, INITIAL, LAST, TENSORBOARD, RunConfig, RunFolder, State, rows_digest
from model_export.settings import Settings
from model_export.splits import Split, split_rows
from model_export.spread import of_products, whitening
from model_export.trainer import Trainer
from model_export.validate import validate

MAX_FITTED = 5000
"""Photos that a projection and the thresholds are fitted on."""
PARITY_PHOTOS = 128


@dataclass(frozen=True, slots=True)
class Trained:
    """What a finished run says of itself. `figures` are the validation figures of its best epoch."""

    run: Path
    epochs: int
    best_epoch: int
    photos: int
    seconds: float
    figures: dict[str, float]


@dataclass(frozen=True, slots=True)
class Run:
    """The parts of a run under way."""

    split: Split
    settings: Settings
    config: RunConfig
    folder: RunFolder
    network: Network
    finish: Finish
    encoder: Encoder
    reporter: Reporter

    @property
    def fitted(self) -> list[Row]:
        """The training photos, at most MAX_FITTED of them, drawn by the seed."""
        train = self.split.train
        rng = np.random.default_rng((self.settings.seed, 4))
        chosen = rng.choice(len(train), min(len(train), MAX_FITTED), replace=False)
        return [train[i] for i in np.sort(chosen)]


def train(rows: Sequence[Row], read: Read, name: str, out: Path, settings: Settings, reporter: Reporter) -> Trained:
    """Train on `rows` (their photos through `read`) of the catalogue `name`, into the folder `out`.

    With `recipe.epochs` 0 nothing is trained: a projection is fitted on the backbone's features, and no labels are
    needed. Raises InputError (CatalogueError, UnavailableError) for what the caller can mend, TwinshotError if the
    loss is no longer a number, BusyError while another process writes `out`.
    """
    started = time.monotonic()
    torch.set_num_threads(settings.threads)
    # Sums in a fixed order: on the CPU, a run resumed equals a run never interrupted, bit for bit.
    torch.use_deterministic_algorithms(settings.device.type == "cpu")
    torch.manual_seed(settings.seed)
    with locked(out):
        run = _prepare(rows, read, name, RunFolder(out), settings, reporter)
        initial = _initial(run)
        history = _epochs(run, initial) if settings.recipe.epochs else []
        if not run.folder.has(FINAL):
            _complete(run, initial)
    best = max(reversed(history), key=lambda line: line.get("val_recall_at_1", line["epoch"]), default={"epoch": 0.0})
    figures = {key: value for key, value in best.items() if key.startswith("val_")}
    seconds = time.monotonic() - started
    return Trained(out, len(history), int(best["epoch"]), len(run.split.train), round(seconds, 1), figures)


def _prepare(
    rows: Sequence[Row], read: Read, name: str, folder: RunFolder, settings: Settings, reporter: Reporter
) -> Run:
    epochs = settings.recipe.epochs
    split = split_rows(rows, settings.seed, name) if epochs else _shelf(rows, name)
    labelled = [row for row in (*split.train, *split.gallery, *split.queries) if row.split != "val"]
    taxonomy = Taxonomy.from_paths(row.category for row in labelled) if epochs else Taxonomy()
    if settings.weights == "hub":
        reporter.line(f"looking for the weights of {settings.backbone}, here or at the hub")
    backbone = create_backbone(settings.backbone, settings.weights, settings.size, settings.recipe.pooling)
    config = _config(split, name, settings, backbone, taxonomy)
    folder.claim(config)
    network = _placed(Network(backbone, settings.bits, len(taxonomy.classes)), settings)
    finish = Finish.of(settings.recipe, settings.projection, settings.bits, settings.seed)
    encoder = Encoder(read, settings.preprocessing, settings.device, settings.threads, reporter)
    return Run(split, settings, config, folder, network, finish, encoder, reporter)


def _placed(network: Network, settings: Settings) -> Network:
    if settings.device.type == "cuda":  # channels last: what its convolutions are fastest with, in bfloat16 above all
        return network.to(settings.device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
    return network.to(settings.device)


def _shelf(rows: Sequence[Row], name: str) -> Split:
    """Without training: all that is indexed, to fit the projection on."""
    shelf = tuple(row for row in rows if row.indexed)
    if not shelf:
        raise CatalogueError(f"{name} has no photos to fit a projection on: every row is of split val, test or query")
    return Split(shelf, (), ())


def _config(split: Split, name: str, settings: Settings, backbone: Backbone, taxonomy: Taxonomy) -> RunConfig:
    return RunConfig(
        catalogue=name,
        rows_sha256=rows_digest((*split.train, *split.queries, *split.gallery)),
        photos=len(split.train),
        products=len({row.product for row in split.train}),
        backbone=settings.backbone,
        weights=backbone.weights,
        bits=settings.bits,
        seed=settings.seed,
        projection=settings.projection,
        preprocessing=settings.preprocessing,
        train_size=settings.train_size,
        recipe=settings.recipe,
        taxonomy=taxonomy,
    )


def _initial(run: Run) -> State:
    """The network before the first step: made once, then read back, so that a resumed run starts from the same."""
    if not run.folder.has(INITIAL):
        if run.settings.weights != "none" and run.settings.recipe.epochs:
            run.reporter.line("fitting the first projection")
            _first_projection(run)
        run.folder.save(INITIAL, run.network.state_dict())
    initial = run.folder.load(INITIAL)
    run.network.load_state_dict(initial)
    return initial


def _first_projection(run: Run) -> None:
    settings, rows = run.settings, run.fitted
    features = run.encoder.features(run.network, rows)
    run.network.even_out(torch.from_numpy(features))
    features *= run.network.scale.cpu().numpy()
    first = of_products(rows, features) if settings.projection == "whiten" else None
    set_embedding(run.network, fit_projection(features, settings.bits, settings.seed, settings.projection, first))


def _epochs(run: Run, initial: State) -> list[dict[str, float]]:
    """Train what is left of the epochs; the history of all of them."""
    settings, recipe = run.settings, run.settings.recipe
    objective = Objective(run.split.train, run.config.taxonomy, settings.bits, recipe, settings.seed)
    photos = TrainingPhotos(run.split.train, run.encoder.read, settings.preprocessing, settings.train_size)
    trainer = Trainer(run.network, objective.to(settings.device), photos, settings)
    history: list[dict[str, float]] = []
    if run.folder.has(LAST):
        last = run.folder.load(LAST)
        trainer.resume(last)
        history = last["history"]
        run.reporter.line(f"resuming {run.folder.path} after epoch {len(history)} of {recipe.epochs}")
    began, first = time.monotonic(), len(history)
    with Curves(run.folder.path / TENSORBOARD, len(history) + 1) as curves:
        for number in range(len(history), recipe.epochs):
            line = {"epoch": float(number + 1), **trainer.epoch(number, run.reporter)}
            if not math.isfinite(line["loss"]):
                raise TwinshotError(f"the loss of epoch {number + 1} is {line['loss']}; lower lr_backbone and lr_heads")
            trained = {key: value.clone() for key, value in trainer.network.state_dict().items()}
            line |= _validate(run, initial, trained)
            steering = [before.get("val_recall_at_1", -1.0) for before in history]
            # Of equal epochs the later: photos in bursts are soon all found, long before there is nothing to learn.
            if line.get("val_recall_at_1", 0.0) >= max(steering, default=-1.0):
                run.folder.save(BEST, trained)
            history.append(line)
            trainer.network.load_state_dict(trained)
            run.folder.save(LAST, {**trainer.state(), "history": history})
            run.folder.write_log(history)
            curves.add(number + 1, line)
            each = (time.monotonic() - began) / (len(history) - first)
            run.reporter.line(_describe(line, recipe.epochs, each))
    return history


def _validate(run: Run, initial: State, trained: State) -> dict[str, float]:
    """The figures of the network as it would be exported now. Leaves another network in `run.network`."""
    run.network.load_state_dict(averaged(initial, trained, run.finish.average))
    return validate(run.network, run.finish, run.split, run.encoder)


def _complete(run: Run, initial: State) -> None:
    """Finish the best network, fit its thresholds, and write final.pt."""
    run.reporter.line(f"finishing on {len(run.fitted):,} photos")
    trained = run.folder.load(BEST) if run.settings.recipe.epochs else initial
    run.network.load_state_dict(averaged(initial, trained, run.finish.average))
    features = run.encoder.features(run.network, run.fitted)
    thresholds = run.finish.head(run.network, features, _whitening(run, features)).apply(features).mean(axis=0)
    if run.finish.average < 1:
        refit_classifier(run.network, features, run.fitted, run.config.taxonomy, run.settings.recipe)
    shown = run.fitted[:PARITY_PHOTOS]
    photos = np.concatenate(
        [
            p.numpy()
            for _, p in search_batches(shown, run.encoder.read, run.settings.preprocessing, 32, run.settings.threads)
        ]
    )
    run.folder.save_photos(photos)
    run.folder.save(FINAL, {"network": run.network.state_dict(), "thresholds": torch.from_numpy(thresholds)})


def _whitening(run: Run, features: Floats) -> Doubles | None:
    if not run.finish.whitens:
        return None
    run.reporter.line("measuring what photos of one product differ by")
    settings = run.settings
    return whitening(run.network, run.encoder, run.fitted, features, settings.recipe, settings.seed)


def _describe(line: dict[str, float], epochs: int, each: float) -> str:
    """What a person wants of an epoch; log.csv has the rest. `each`: the seconds of one, validation included."""
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
