"""The port that the service listens on."""

import errno
import os
import socket

from app.settings import Settings
from engine.errors import InputError


class PortInUseError(InputError):
    """Another program listens there."""


def bind(settings: Settings) -> socket.socket:
    """The port, open. Raises PortInUseError, and InputError where there is no such address here."""
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((settings.host, settings.port), family=family, backlog=1024)
    except OSError as error:
        where = f"port {settings.port} of {settings.host}"
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"{where} is in use by another program; take another port (TWINSHOT_PORT, `twinshot serve --port`)"
            ) from error
        # create_server appends the address to the system's words; a name that is not found has no errno of the system
        said = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise InputError(
            f"cannot listen on {where} ({said}); name an address and port of this machine "
            "(TWINSHOT_HOST and TWINSHOT_PORT, `twinshot serve --host --port`)"
        ) from error
