"""Exchanges with the tenant written down as they happen, to hold a client's traffic against something else.

On where ATTRFLOW_MOCKS_RECORD names a folder; each process has a file of its own there.
"""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from attrflow_mocks.entra.answers import Request, Response

__all__ = ["ENVIRONMENT", "Recording"]

ENVIRONMENT = "ATTRFLOW_MOCKS_RECORD"


class Recording:
    """A file of JSON lines: what was asked, and what was answered; without tokens and without what came in bodies."""

    def __init__(self, folder: Path) -> None:
        """Write into this folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / f"tenant-{os.getpid()}.jsonl"

    @classmethod
    def asked_for(cls) -> Recording | None:
        """The recording that the environment asks for."""
        folder = os.environ.get(ENVIRONMENT)
        return cls(Path(folder)) if folder else None

    def note(self, target: str, request: Request, response: Response, fault: str | None) -> None:
        """Append one exchange."""
        line = {
            "target": target,
            "method": request.method,
            "path": request.target,
            "query": request.query,
            "fault": fault,
            "status": response.status,
            "body": response.body.decode("utf-8", "replace"),
        }
        with self._file.open("ab") as file:
            file.write(orjson.dumps(line) + b"\n")
