"""The writer's lock: one writer per store, among processes (`flock`) and within one (DECISIONS 19).

The kernel lets go of an flock when its process dies, however it dies; what the file says is only for
people and counts only while the lock is held. Times here are the machine's own, since several
processes compare them; nothing of them is stored or decided by.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import orjson

from attrflow.model.errors import StoreBusy, StoreError

__all__ = ["Holder", "hold_file", "read_holder", "this_process"]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a store: process id, host, what for, and since when (ISO 8601, UTC)."""

    pid: int
    host: str
    purpose: str
    since: str

    def refusal(self, store: str) -> StoreBusy:
        """The error for whoever comes second."""
        return StoreBusy(
            f"the store {store} is in use: {self.purpose} (process {self.pid} on {self.host}, "
            f"since {self.since}) writes to it",
            help="wait until it has ended, or end it; reading is possible meanwhile",
        )


def this_process(purpose: str) -> Holder:
    """This process as a holder, from now on."""
    now = datetime.fromtimestamp(time.time(), UTC)
    return Holder(os.getpid(), socket.gethostname(), purpose, now.strftime("%Y-%m-%dT%H:%M:%SZ"))


@contextmanager
def hold_file(path: Path, store: str, purpose: str) -> Iterator[None]:
    """Hold the lock file at `path` while the block runs.

    Raises:
        StoreBusy: somebody holds it already.
        StoreError: the file cannot be made.
    """
    try:
        stream = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"the lock file {path} cannot be written: {error.strerror or error}",
            help="the store's folder must be writable for whoever runs attrflow",
        ) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _holder(stream).refusal(store) from error
        try:
            _write(stream, orjson.dumps(asdict(this_process(purpose))).decode())
            yield
        finally:
            _write(stream, "")  # closing lets go; an empty file says that nobody held it to the end


def read_holder(path: Path) -> Holder | None:
    """Who holds the lock file at `path` as far as can be seen without touching it; None where nobody does.

    A process that was killed leaves its name in the file: it counts only while the process is there.
    """
    try:
        data = orjson.loads(path.read_bytes())
        holder = Holder(int(data["pid"]), str(data["host"]), str(data["purpose"]), str(data["since"]))
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    if holder.host != socket.gethostname():
        return holder
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return holder  # it is somebody else's, and it is there
    return holder


def _write(stream: TextIO, text: str) -> None:
    stream.seek(0)
    stream.truncate()
    stream.write(text)
    stream.flush()


def _holder(stream: TextIO) -> Holder:
    """Who the file says; it may be empty for the instant between locking and writing."""
    stream.seek(0)
    try:
        data = orjson.loads(stream.read())
        return Holder(int(data["pid"]), str(data["host"]), str(data["purpose"]), str(data["since"]))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return Holder(0, "unknown host", "a run that is just starting", "just now")
