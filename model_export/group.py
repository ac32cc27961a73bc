"""The processes that train one network together: which of them this is, and what they tell each other.

Every process computes its share of a batch and sees the outputs of all: the objective is that of one process.
"""

import os
import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import Module
from torch.nn.parallel import DistributedDataParallel

from engine.errors import InputError
from engine.wording import counted

T = TypeVar("T")

PATIENCE = timedelta(days=30)
"""How long a process waits for another: the first one validates alone. Whoever started them ends all when one ends."""


@dataclass(frozen=True, slots=True)
class Group:
    """One of `size` processes; `ALONE` is the only one. The first writes, validates and reports for all."""

    rank: int
    size: int

    @property
    def leads(self) -> bool:
        """Whether this process is the first."""
        return self.rank == 0

    def share(self, value: T) -> T:
        """The first process's `value`, in all of them: each waits here for it."""
        if self.size == 1:
            return value
        values: list[Any] = [value if self.leads else None]
        dist.broadcast_object_list(values, src=0, device=torch.device("cpu"))
        shared: T = values[0]
        return shared

    def part(self, items: Sequence[T]) -> Sequence[T]:
        """This process's part of `items`. The parts in order are `items`, and none differs by more than one in length.

        Raises InputError where there are fewer items than processes.
        """
        if len(items) < self.size:
            raise InputError(
                f"a batch of {counted(len(items), 'photo')} cannot be shared out among {self.size} processes; "
                "take fewer"
            )
        return items[self._edge(self.rank, len(items)) : self._edge(self.rank + 1, len(items))]

    def gather(self, own: Tensor, total: int) -> Tensor:
        """The rows of all processes, float [total, D], from each one's `own`, float [n, D], in order.

        The gradient that comes back is multiplied by `size`, because `parallel` takes the mean over the processes
        and what is wanted is the sum: each process differentiates the whole objective by its own rows.
        """
        if self.size == 1:
            return own
        edges = [self._edge(rank, total) for rank in range(self.size + 1)]
        gathered: Tensor = _Gather.apply(own, edges, self.rank)  # type: ignore[no-untyped-call]
        return gathered

    def parallel(self, network: Module, device: torch.device) -> Module:
        """`network` such that `backward` leaves the mean of all processes' gradients in each.

        Of parameters and buffers every process has the first one's at the start. Buffers are not sent again: batch
        statistics are either frozen or shared by `model_export.backbone.share_statistics`.
        """
        if self.size == 1:
            return network
        devices = [device] if device.type == "cuda" else None
        # A depthwise kernel's gradient is laid out as its weights are, but for the stride of an axis of length 1.
        warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides", UserWarning)
        # The static graph allows for parameters that a backbone has and does not use.
        return DistributedDataParallel(
            network, device_ids=devices, forward_sync_buffers=False, gradient_as_bucket_view=True, static_graph=True
        )

    def _edge(self, rank: int, total: int) -> int:
        return rank * total // self.size


ALONE = Group(0, 1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process stands in a group that is yet to meet: `url` is where (torch.distributed's init_method)."""

    rank: int
    size: int
    local: int
    """Its number among the processes of its machine: the CUDA device it takes."""
    beside: int
    """How many processes its machine has, itself included."""
    url: str


def torchrun_place() -> Place | None:
    """This process's place if torchrun started it; None otherwise."""
    own = os.environ
    if "TORCHELASTIC_RUN_ID" not in own:
        return None
    rank, size, local, beside = (int(own[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"))
    return Place(rank, size, local, beside, "env://")


@contextmanager
def joined(place: Place, device: torch.device) -> Iterator[Group]:
    """Meet the others: gloo on the CPU, NCCL on CUDA (and gloo for what is told there)."""
    if place.beside == place.size:  # all on this machine: no socket that another could reach
        loopback = next((name for _, name in socket.if_nameindex() if name.startswith("lo")), None)
        if loopback is not None:
            os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, init_method=place.url, rank=place.rank, world_size=place.size, timeout=PATIENCE)
    try:
        yield Group(place.rank, place.size)
    finally:
        dist.destroy_process_group()


class _Gather(torch.autograd.Function):
    """Rows from all processes; backwards each gets the gradient of its own rows, times the number of processes."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, edges: Sequence[int], rank: int) -> Tensor:
        ctx.begin, ctx.end, ctx.size = edges[rank], edges[rank + 1], len(edges) - 1
        counts = [end - begin for begin, end in pairwise(edges)]
        # gloo gathers rows of equal number only
        padded = own.new_zeros(max(counts), own.shape[1])
        padded[: len(own)] = own
        pieces = [torch.empty_like(padded) for _ in counts]
        dist.all_gather(pieces, padded)
        return torch.cat([piece[:count] for piece, count in zip(pieces, counts, strict=True)])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return gradient[ctx.begin : ctx.end] * ctx.size, None, None
