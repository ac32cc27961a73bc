"""SIGHUP has two meanings: an operator wants a look at CURRENT, or the terminal of the service was closed."""

import os
import signal


class Terminal:
    """The terminal that the process was started in, if it was in one."""

    def __init__(self) -> None:
        # `nohup` has the signal ignored: then the end of the terminal is not the end of the service
        self._matters = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN and _is_there()

    @property
    def closed(self) -> bool:
        """Whether it was closed, and the service should end with it. The system takes it away before it signals."""
        return self._matters and not _is_there()


def _is_there() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
