"""The front door: the command line, the client, the sample catalogue and the demo; the only package that knows all.

From Python: `from twinshot import Client` (docs/client.md).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twinshot.client import (
        AddImages,
        AsyncClient,
        Client,
        EditProduct,
        InputError,
        ProblemError,
        PutProduct,
        RemoveImage,
        RemoveProduct,
        ServiceError,
        UnreachableError,
    )

__all__ = [
    "AddImages",
    "AsyncClient",
    "Client",
    "EditProduct",
    "InputError",
    "ProblemError",
    "PutProduct",
    "RemoveImage",
    "RemoveProduct",
    "ServiceError",
    "UnreachableError",
]


def __getattr__(name: str) -> Any:
    """The client is imported when it is asked for: the command line does without it."""
    if name in __all__:
        from twinshot import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
