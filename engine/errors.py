"""Every error that Twinshot raises on purpose.

    TwinshotError                 the work failed                       exit code 1
    ├── ParityError               an exported model differs from the trained one
    ├── GateError                 a generation is worse than the live one
    ├── UntidyError               a generation is live, but not everything that it replaces is deleted
    ├── BusyError                 another process is writing the same folder
    └── InputError                bad usage or bad input                exit code 2
        ├── CatalogueError        a catalogue, one of its rows
        ├── BundleError           a model or bundle folder: missing, truncated, altered, of another version
        ├── StateError            the state folder: its log or a photo of it
        ├── UnavailableError      a library, a device or a file that was asked for is not here
        └── ScopeError            a category that is unknown or ambiguous
            PhotoError            one photo (an InputError too)
            ├── UnreadableError   0 bytes, not an image, truncated
            ├── TooLargeError     more bytes or pixels than the limit
            └── UnsupportedError  readable, but not a type we take

A message names the thing, the value and the remedy, in one line.
"""


class TwinshotError(Exception):
    """The work failed; `str(error)` is one line for a person."""

    exit_code = 1


class ParityError(TwinshotError):
    """An exported model answers differently from the one that was trained."""


class GateError(TwinshotError):
    """A new generation is worse than the live one; it was not published."""


class UntidyError(TwinshotError):
    """A new generation is live; what nothing needs any more could not be deleted."""


class BusyError(TwinshotError):
    """Another process holds the lock on a folder that this one wants to write."""


class InputError(TwinshotError):
    """Bad usage or bad input: the caller can mend it."""

    exit_code = 2


class CatalogueError(InputError):
    """A catalogue cannot be read, or has rows that may not pass."""


class BundleError(InputError):
    """A model or bundle folder is incomplete, altered, of another version, or its parts do not belong together."""


class StateError(InputError):
    """The state folder cannot be read, or lacks a file."""


class UnavailableError(InputError):
    """A library, device or file that was asked for is not here. Nothing else is used in its stead."""


class ScopeError(InputError):
    """A category filter names no category, or several; `candidates` lists what may have been meant."""

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class PhotoError(InputError):
    """One photo cannot be used."""


class UnreadableError(PhotoError):
    """The bytes are no image, or not a whole one."""


class TooLargeError(PhotoError):
    """The photo has more bytes or pixels than the model's limits allow."""


class UnsupportedError(PhotoError):
    """An image, but of a type that is not taken."""
