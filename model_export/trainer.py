"""One network over its epochs: the plain loop, and what is needed to go on after any whole epoch."""

import copy
import time
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Parameter

from model_export.backbone import freeze_statistics
from model_export.compiled import compiled
from model_export.data import TrainingPhotos
from model_export.group import ALONE, Group
from model_export.network import Network, Outputs
from model_export.objective import Objective
from model_export.optimisation import make_optimiser, set_rates
from model_export.progress import Reporter
from model_export.run_folder import State
from model_export.sampler import View, epoch_batches
from model_export.settings import Settings
from model_export.transfer import on_device


class Trainer:
    """Every random choice of an epoch follows from (seed, epoch), so an epoch repeated gives the same network.

    In a group each process computes its part of every batch, and the objective is computed on the whole of it.
    """

    def __init__(
        self, network: Network, objective: Objective, photos: TrainingPhotos, settings: Settings, group: Group = ALONE
    ) -> None:
        self.network = network
        self._objective = objective
        self._photos = photos
        self._settings = settings
        self._recipe = settings.recipe
        self._group = group
        network.watched = not self._recipe.hierarchy
        self._clipped = _clipped(network)
        self._optimiser = make_optimiser(network, self._recipe)
        # the network as it is before the first step: `resume` comes later
        self._teacher = copy.deepcopy(network).eval() if self._recipe.geometry else None
        self._device = next(network.parameters()).device
        own = compiled(network, self._device) if settings.compile else network
        self._parallel = group.parallel(own, self._device)

    def state(self) -> State:
        """What a later `resume` needs."""
        return {"network": self.network.state_dict(), "optimiser": self._optimiser.state_dict()}

    def resume(self, state: State) -> None:
        """Go back to a `state`."""
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])

    def epoch(self, number: int, reporter: Reporter) -> dict[str, float]:
        """Train epoch `number` (from 0); the mean of every term, the share of the peak rate and the seconds."""
        started = time.monotonic()
        recipe, seed = self._recipe, self._settings.seed
        # Dropout and stochastic depth draw from torch's own generator, each process something else.
        torch.manual_seed(seed * 100_003 + number + self._group.rank * 1_000_000_007)
        self._parallel.train()
        if recipe.frozen_norm:
            freeze_statistics(self.network)
        self._objective.begin_epoch()
        rows = self._photos.rows
        batches = epoch_batches(rows, recipe.batch, seed, number, recipe.together, recipe.positives)
        steps = len(batches) * recipe.epochs
        sums: dict[str, Tensor] = {}
        share = 0.0
        own = [self._group.part(views) for views in batches]
        loaded = on_device(self._photos.batches(own, recipe, seed, number, self._settings.threads), self._device)
        label = f"epoch {number + 1}/{recipe.epochs}"
        for i, (_, pixels) in enumerate(reporter.track(loaded, len(batches), label)):
            share = set_rates(self._optimiser, number * len(batches) + i, steps, recipe.warmup)
            for name, value in self.step(batches[i], pixels).items():
                sums[name] = sums.get(name, torch.zeros((), device=self._device)) + value
        means = {name: float(value) / len(batches) for name, value in sums.items()}
        return {**means, "rate": share, "seconds": time.monotonic() - started}

    def step(self, views: Sequence[View], pixels: Tensor) -> dict[str, Tensor]:
        """One step on the `views` of a whole batch, `pixels` those of this process's part, on its device; the terms."""
        rows = torch.tensor([view.row for view in views], device=self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._settings.precision == "bfloat16"):
            outputs: Outputs = self._parallel(pixels)
            teacher = None
            if self._teacher is not None:
                with torch.no_grad():
                    teacher = self._group.gather(self._teacher(pixels).features.float(), len(views))
        terms: dict[str, Tensor] = self._objective(self._whole(outputs, len(views)), rows, teacher)
        self._optimiser.zero_grad(set_to_none=True)
        watched = terms["hierarchy"] if self.network.watched and "hierarchy" in terms else 0
        (terms["loss"] + watched).backward()  # type: ignore[no-untyped-call]
        for parameters in self._clipped:
            torch.nn.utils.clip_grad_norm_(parameters, self._recipe.clip)
        self._optimiser.step()
        return {name: value.detach() for name, value in terms.items()}

    def _whole(self, own: Outputs, total: int) -> Outputs:
        """The outputs of all processes, in float32: similarities of many bits want more than bfloat16's eight."""
        each = [output.float() for output in own]
        if self._group.size == 1:
            return Outputs(*each)
        together = self._group.gather(torch.cat(each, dim=1), total)
        return Outputs(*torch.split(together, [output.shape[1] for output in each], dim=1))


def _clipped(network: Network) -> list[list[Parameter]]:
    """What is clipped together: a classifier that only watches is on its own, so that it changes nothing else."""
    if network.classifier is None or not network.watched:
        return [list(network.parameters())]
    watching = list(network.classifier.parameters())
    own = {id(parameter) for parameter in watching}
    return [[parameter for parameter in network.parameters() if id(parameter) not in own], watching]
