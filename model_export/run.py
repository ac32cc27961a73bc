"""The parts of a training run under way."""

from dataclasses import dataclass

import numpy as np

from engine.catalogue.row import Row
from model_export.encode import Encoder
from model_export.finish import Finish
from model_export.group import Group
from model_export.network import Network
from model_export.progress import Reporter
from model_export.run_folder import RunConfig, RunFolder
from model_export.settings import Settings
from model_export.splits import Split
from model_export.titles import Attributes

MAX_FITTED = 5000
"""Photos that a projection and the thresholds are fitted on."""


@dataclass(frozen=True, slots=True)
class Run:
    """Of one process: `group` says which one of how many."""

    split: Split
    settings: Settings
    config: RunConfig
    folder: RunFolder
    network: Network
    finish: Finish
    encoder: Encoder
    reporter: Reporter
    group: Group
    attributes: Attributes | None

    @property
    def fitted(self) -> list[Row]:
        """The training photos, at most MAX_FITTED of them, drawn by the seed."""
        train = self.split.train
        rng = np.random.default_rng((self.settings.seed, 4))
        chosen = rng.choice(len(train), min(len(train), MAX_FITTED), replace=False)
        return [train[i] for i in np.sort(chosen)]
