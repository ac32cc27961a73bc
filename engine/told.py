"""Signals that tell a command to end, as an exception in its main thread."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN = 0.05
"""Seconds until a signal is sent again whose exception was swallowed: by then what swallowed it is over."""


class Told(BaseException):
    """A signal told us to end. Like KeyboardInterrupt no Exception: nothing on its way up may swallow or wrap it."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(signal.Signals(number).name)


@contextmanager
def told_by(*numbers: signal.Signals) -> Iterator[None]:
    """The first of these signals becomes Told in the main thread; later ones must not cut short the tidying up.

    A signal that is ignored stays ignored: that is what `nohup` is for.

    Python swallows what is raised in the callback of a weak reference or in `__del__`, wherever the signal happens to
    arrive there, and tells `sys.unraisablehook` alone. From that, such a signal is sent again, Ctrl-C too.
    """
    told = False

    def tell(number: int, _frame: FrameType | None) -> None:
        nonlocal told
        if not told:
            told = True
            raise Told(number)

    def swallowed(unraisable: "sys.UnraisableHookArgs") -> None:
        nonlocal told
        error = unraisable.exc_value
        if isinstance(error, Told) and error.number in before:
            told = False
            _send_again(error.number)
        elif isinstance(error, KeyboardInterrupt):
            _send_again(signal.SIGINT)
        else:
            hook(unraisable)

    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, tell) for number in heard}
    hook, sys.unraisablehook = sys.unraisablehook, swallowed
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def _send_again(number: int) -> None:
    def send() -> None:
        time.sleep(AGAIN)
        # to the main thread itself, so that it is woken from whatever it waits for
        signal.pthread_kill(main, number)

    main = threading.main_thread().ident or 0
    threading.Thread(target=send, daemon=True).start()
