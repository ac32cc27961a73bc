"""Pixels from where they are decoded to where they are computed with."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


def on_device(batches: Iterable[tuple[T, Tensor]], device: torch.device) -> Iterator[tuple[T, Tensor]]:
    """Each item with its pixels on `device`. To CUDA they are copied from pinned memory on a stream of their own, one
    batch ahead: while a batch is computed with, the next one travels.
    """
    if device.type != "cuda":
        yield from batches
        return
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    sent: tuple[T, Tensor, torch.cuda.Event] | None = None
    for item, pixels in batches:
        with torch.cuda.stream(stream):
            following = item, pixels.pin_memory().to(device, non_blocking=True), stream.record_event()
        if sent is not None:
            yield _arrived(*sent)
        sent = following
    if sent is not None:
        yield _arrived(*sent)


def _arrived(item: T, pixels: Tensor, copied: torch.cuda.Event) -> tuple[T, Tensor]:
    current = torch.cuda.current_stream(pixels.device)
    current.wait_event(copied)
    pixels.record_stream(current)  # its memory is not to be used anew while the step still reads it
    return item, pixels
