"""Why a change is not made."""

from engine.errors import TwinshotError


class NoSuchProductError(TwinshotError):
    """There is no product of this id, or no such photo of it."""


class ChangedMeanwhileError(TwinshotError):
    """The product is not what the caller took it for."""


class TakenError(TwinshotError):
    """Another product has a photo of this id."""


class TooManyPhotosError(TwinshotError):
    """More photos than a product may have."""


class KeyUsedError(TwinshotError):
    """An idempotency key came with another request."""
