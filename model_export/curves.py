"""TensorBoard curves of a run. The only file that imports tensorboard."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType


class Curves:
    """Writes one point of each curve an epoch; points of epochs that are trained again are replaced."""

    def __init__(self, folder: Path, first_epoch: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # its own imports
            from torch.utils.tensorboard.writer import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=first_epoch)

    def __enter__(self) -> "Curves":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def add(self, epoch: int, values: Mapping[str, float]) -> None:
        """The figures at the end of `epoch`."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()
