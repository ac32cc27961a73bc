"""A whole run: from the rows of a catalogue to RUN/final.pt. It goes on by itself where it was cut off."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from engine.catalogue.row import Row
from engine.errors import CatalogueError, InputError
from engine.files import locked
from engine.taxonomy import Taxonomy
from engine.wording import counted
from model_export.backbone import Backbone, create_backbone, has_batch_statistics, share_statistics
from model_export.classifier import PROBE_RATE, PROBE_STEPS, fit_temperature, refit_classifier
from model_export.data import Read, search_batches
from model_export.encode import Encoder
from model_export.epochs import train_epochs
from model_export.finish import Finish, averaged, set_embedding
from model_export.group import ALONE, Group
from model_export.network import Network
from model_export.progress import Reporter
from model_export.projection import Doubles, Floats, fit_projection
from model_export.recipe import OF_CATEGORIES, Recipe
from model_export.run import Run
from model_export.run_folder import ATTRIBUTES, BEST, FINAL, INITIAL, RunConfig, RunFolder, State, rows_digest
from model_export.settings import Settings
from model_export.splits import Split, is_identified, split_rows
from model_export.spread import of_products, whitening
from model_export.titles import mine_attributes

PARITY_PHOTOS = 128


@dataclass(frozen=True, slots=True)
class Trained:
    """What a finished run says of itself. `figures` are those of its best epoch on the photos that were `held_out`."""

    run: Path
    epochs: int
    best_epoch: int
    photos: int
    held_out: int
    seconds: float
    figures: dict[str, float]


def train(
    rows: Sequence[Row],
    read: Read,
    name: str,
    out: Path,
    settings: Settings,
    reporter: Reporter,
    group: Group = ALONE,
) -> Trained:
    """Train on `rows` (their photos through `read`) of the catalogue `name`, into the folder `out`.

    All processes of a `group` call this alike; the first alone touches `out`, and its answer is the one that counts.
    With `recipe.epochs` 0 nothing is trained: a projection is fitted on the backbone's features, and no labels are
    needed. Raises InputError (CatalogueError, UnavailableError) for what the caller can mend, TwinshotError if the
    loss is no longer a number, BusyError while another process writes `out`.
    """
    started = time.monotonic()
    torch.set_num_threads(settings.threads)
    # Sums in a fixed order: on the CPU, a run resumed equals a run never interrupted, bit for bit.
    torch.use_deterministic_algorithms(settings.device.type == "cpu")
    torch.manual_seed(settings.seed)
    with ExitStack() as stack:
        if group.leads:
            stack.enter_context(locked(out))
        run = _prepare(rows, read, name, RunFolder(out), settings, reporter, group)
        initial = group.share(_initial(run) if group.leads else {})
        run.network.load_state_dict(initial)
        history = train_epochs(run, initial) if settings.recipe.epochs else []
        if group.leads and not run.folder.has(FINAL):
            _complete(run, initial)
        group.share(None)  # the others wait until the first one is done
    best = max(reversed(history), key=lambda line: line.get("val_recall_at_1", line["epoch"]), default={"epoch": 0.0})
    figures = {key: value for key, value in best.items() if key.startswith("val_")}
    seconds = time.monotonic() - started
    counts = len(run.split.train), len(run.split.queries)
    return Trained(out, len(history), int(best["epoch"]), *counts, round(seconds, 1), figures)


def _prepare(
    rows: Sequence[Row],
    read: Read,
    name: str,
    folder: RunFolder,
    settings: Settings,
    reporter: Reporter,
    group: Group,
) -> Run:
    epochs = settings.recipe.epochs
    split = split_rows(rows, settings.seed, name) if epochs else _shelf(rows, name)
    settings = replace(settings, recipe=_settled(settings.recipe, split.train, reporter))
    labelled = [row for row in (*split.train, *split.gallery, *split.queries) if row.split != "val"]
    taxonomy = Taxonomy.from_paths(row.category for row in labelled) if epochs else Taxonomy()
    attributes = mine_attributes(split.train, name) if settings.recipe.titles else None
    if settings.weights == "hub":
        reporter.line(f"looking for the weights of {settings.backbone}, here or at the hub")
    backbone = create_backbone(settings.backbone, settings.weights, settings.size, settings.recipe.pooling)
    config = _config(split, name, settings, backbone, taxonomy)
    if group.leads:
        folder.claim(config)
        if attributes is not None:
            folder.claim_attributes(attributes)
            reporter.line(f"{counted(len(attributes.attributes), 'attribute')} from titles: {folder.path / ATTRIBUTES}")
    heads = len(taxonomy.classes), len(attributes.attributes) if attributes else 0
    network = _network(Network(backbone, settings.bits, *heads), settings, group)
    finish = Finish.of(settings.recipe, settings.projection, settings.bits, settings.seed)
    encoder = Encoder(read, settings.preprocessing, settings.device, settings.threads, reporter)
    return Run(split, settings, config, folder, network, finish, encoder, reporter, group, attributes)


def _settled(recipe: Recipe, rows: Sequence[Row], reporter: Reporter) -> Recipe:
    """The recipe with the weights that depend on the catalogue."""
    settled = recipe.for_catalogue(is_identified(rows)) if recipe.epochs else recipe
    if off := [name for name in OF_CATEGORIES if getattr(settled, name) != getattr(recipe, name)]:
        reporter.line(f"product ids say which photos show the same: identity alone is trained ({', '.join(off)} = 0)")
    return settled


def _network(network: Network, settings: Settings, group: Group) -> Network:
    """`network` where and how it will be computed."""
    trains = settings.recipe.epochs > 0 and group.size > 1
    if trains and not settings.recipe.frozen_norm and has_batch_statistics(network):
        if settings.device.type != "cuda":
            raise InputError(
                f"{settings.backbone} normalises by a batch's statistics, which torch cannot share among processes "
                "on a CPU; take one process, or pretrained weights and frozen_norm=true, which keeps theirs"
            )
        network.backbone = share_statistics(network.backbone)
    if settings.device.type == "cuda":  # what its convolutions are fastest with, in bfloat16 above all
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
        rows_sha256=rows_digest((*split.train, *split.queries, *split.gallery), titles=settings.recipe.titles > 0),
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
    return run.folder.load(INITIAL)


def _first_projection(run: Run) -> None:
    settings, rows = run.settings, run.fitted
    features = run.encoder.features(run.network, rows)
    run.network.even_out(torch.from_numpy(features))
    features *= run.network.scale.cpu().numpy()
    first = of_products(rows, features) if settings.projection == "whiten" else None
    set_embedding(run.network, fit_projection(features, settings.bits, settings.seed, settings.projection, first))
    if settings.recipe.probe:
        taxonomy = run.config.taxonomy
        refit_classifier(run.network, features, rows, taxonomy, settings.recipe, PROBE_STEPS, PROBE_RATE)


def _complete(run: Run, initial: State) -> None:
    """Finish the best network, fit its thresholds, and write final.pt."""
    run.reporter.line(f"finishing on {counted(len(run.fitted), 'photo')}")
    trained = run.folder.load(BEST) if run.settings.recipe.epochs else initial
    run.network.load_state_dict(averaged(initial, trained, run.finish.average))
    features = run.encoder.features(run.network, run.fitted)
    thresholds = run.finish.head(run.network, features, _whitening(run, features)).apply(features).mean(axis=0)
    if run.finish.average < 1:
        refit_classifier(run.network, features, run.fitted, run.config.taxonomy, run.settings.recipe)
    if run.split.queries:
        held_out = run.encoder.features(run.network, run.split.queries)
        fit_temperature(run.network, held_out, run.split.queries, run.config.taxonomy)
    shown = run.fitted[:PARITY_PHOTOS]
    photos = np.concatenate(
        [
            p.numpy()
            for _, p in search_batches(shown, run.encoder.read, run.settings.preprocessing, 32, run.settings.threads)
        ]
    )
    run.folder.save_photos(photos)
    run.folder.save(FINAL, {"network": run.network.exported_state(), "thresholds": torch.from_numpy(thresholds)})


def _whitening(run: Run, features: Floats) -> Doubles | None:
    if not run.finish.whitens:
        return None
    run.reporter.line("measuring what photos of one product differ by")
    settings = run.settings
    return whitening(run.network, run.encoder, run.fitted, features, settings.recipe, settings.seed)
