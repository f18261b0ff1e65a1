"""Servers that stay up between commands: `up` starts one in the background, `down` ends it, `logs` shows its words.

Each kind has one place in a folder of the user's own: what it announced, and its log. A process is ended only
when it is the one that was started. What a killed keeper left behind, a server and its folder, goes at the next `up`
or `down`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["StandingError", "announce", "down", "logs", "state_folder", "up"]

_PATIENCE = 120.0


class StandingError(RuntimeError):
    """It is up already, or not up, or did not come up; the text says which and what to do."""


def state_folder() -> Path:
    """The folder of this user; ATTRFLOW_MOCKS_STATE names another.

    Raises:
        StandingError: somebody else's folder stands in its place.
    """
    given = os.environ.get("ATTRFLOW_MOCKS_STATE")
    folder = Path(given) if given else Path(tempfile.gettempdir()) / f"attrflow-mocks-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise StandingError(f"{folder} is not yours; name a folder of your own in ATTRFLOW_MOCKS_STATE")
    return folder


def up(kind: str, options: Sequence[str]) -> dict[str, Any]:
    """Start a server of this kind with these options; returns what it announces.

    Raises:
        StandingError: one is up, or it ended at its start.
    """
    folder = state_folder()
    state, log = folder / f"{kind}.json", folder / f"{kind}.log"
    if _alive(_read(state)):
        raise StandingError(f"{kind} is up already; `attrflow-mocks {kind} down` ends it")
    _sweep(_read(state))
    state.unlink(missing_ok=True)
    command = [sys.executable, "-c", "from attrflow_mocks.command import main; main()", kind, "--state", str(state)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, *options], stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        document = _read(state)
        if document is not None:
            process.returncode = 0  # it is left to itself: nobody waits for it here, and nothing is to warn of that
            return document
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
        raise StandingError(log.read_text(encoding="utf-8", errors="replace").strip() or f"{kind} ended at its start")
    process.terminate()
    process.wait()
    raise StandingError(f"{kind} did not come up within {_PATIENCE:.0f} s; its log is {log}")


def announce(state: Path, document: dict[str, Any]) -> None:
    """Say that this process is up, all at once, so that nobody reads half of it."""
    served = _started(int(document["pid"]))
    whole = {**document, "keeper": os.getpid(), "started": _started(os.getpid()), "server_started": served}
    fresh = state.with_suffix(".new")
    fresh.write_text(json.dumps(whole, default=str), encoding="utf-8")
    fresh.replace(state)


def down(kind: str) -> bool:
    """End what `up` started, and wait until it is gone; false when nothing was up.

    Raises:
        StandingError: it did not end.
    """
    state = state_folder() / f"{kind}.json"
    document = _read(state)
    if document is None or not _alive(document):
        swept = _sweep(document)
        state.unlink(missing_ok=True)
        return swept
    _end(int(document["keeper"]), document["started"])
    state.unlink(missing_ok=True)
    return True


def _end(pid: int, started: str) -> None:
    """End a process that is no child of this one, and see it gone."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE
    while started == _started(pid):
        if time.monotonic() > deadline:
            raise StandingError(f"process {pid} does not end")
        time.sleep(0.02)  # there is nothing to wait on


def _sweep(document: dict[str, Any] | None) -> bool:
    """End the server of a keeper that was killed, and remove its folder; false when there was nothing left."""
    if document is None:
        return False
    pid, started = int(document["pid"]), document.get("server_started", "")
    alive = started == _started(pid) != ""
    if alive:
        _end(pid, started)
    folder = Path(document.get("folder") or ".")
    left = folder.parent == Path(tempfile.gettempdir()) and folder.is_dir()
    if left:
        shutil.rmtree(folder)
    return alive or left


def logs(kind: str) -> str:
    """What the server, and what it runs, wrote.

    Raises:
        StandingError: none was ever up.
    """
    log = state_folder() / f"{kind}.log"
    if not log.exists():
        raise StandingError(f"{kind} was never up; `attrflow-mocks {kind} up` starts it")
    return log.read_text(encoding="utf-8", errors="replace")


def _read(state: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(state.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    assert isinstance(document, dict)
    return document


def _alive(document: dict[str, Any] | None) -> bool:
    """Whether the process that announced itself still runs: the same number and the same start."""
    return document is not None and document["started"] == _started(int(document["keeper"])) != ""


def _started(pid: int) -> str:
    """When a process began, in the system's own words; empty for one that is gone."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if words[0] == "Z" else words[19]
