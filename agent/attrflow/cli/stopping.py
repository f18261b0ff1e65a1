"""Stopping a run from outside: the first signal lets it end with what is under way, the second ends it at once.

Ctrl-C and SIGTERM are the same. What a run does about it is the run's; this only takes note.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["stoppable"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_HEARD = b"\nStopping with what is under way; once more stops at once.\n"


@contextmanager
def stoppable(*, quiet: bool = False) -> Iterator[Callable[[], bool]]:
    """Whether somebody asked to stop, for as long as the block lasts; signals are as before after it.

    Args:
        quiet: say nothing on standard error, where a program reads it.

    Raises:
        KeyboardInterrupt: a second signal came while the block was still at work.
    """
    asked: list[int] = []

    def take(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        if len(asked) > 1:
            raise KeyboardInterrupt
        if not quiet:
            os.write(sys.stderr.fileno(), _HEARD)  # a signal may come in the middle of a print: no buffer is touched

    if threading.current_thread() is not threading.main_thread():
        yield lambda: bool(asked)  # only the main thread may take signals
        return
    before = {number: signal.signal(number, take) for number in _SIGNALS}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
