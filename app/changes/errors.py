"""Why a change is not made."""

from engine.errors import TwinshotError


class ChangeError(TwinshotError):
    """A change is not made, and nothing of it is."""


class NoSuchProductError(ChangeError):
    """There is no product of this id."""


class NoSuchPhotoError(ChangeError):
    """The product has no photo of this id."""


class ChangedMeanwhileError(ChangeError):
    """The product is not what the caller took it for."""


class TakenError(ChangeError):
    """Another product has a photo of this id."""


class TooManyPhotosError(ChangeError):
    """More photos than a product may have."""


class KeyUsedError(ChangeError):
    """An idempotency key came with another request."""
