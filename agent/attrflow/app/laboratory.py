"""The laboratory: the one place that starts directories to try things on (DECISIONS 5).

`mock_process` starts `python -m attrflow_mocks.serve` as a child of its own, reads the one JSON line in
which it says where everything is, and ends it by closing its standard input; so it also ends when this
process dies. Nothing under `agent/` imports the mocks.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

import orjson

from attrflow.model.errors import AttrflowError

__all__ = ["AnnouncedDirectory", "AnnouncedTenant", "Announcement", "LaboratoryError", "mock_process", "mocks"]

PATIENCE_SECONDS = 20.0


class LaboratoryError(AttrflowError):
    """A mock server did not start."""

    code = "laboratory-error"
    exit_code = 5


@dataclass(frozen=True, slots=True)
class AnnouncedDirectory:
    """Where one mock directory is, and how to sign in."""

    name: str
    host: str
    port: int
    naming_context: str
    netbios: str
    profile: str
    account: str
    password: str

    @property
    def url(self) -> str:
        """The directory's address."""
        return f"ldap://{self.host}:{self.port}"

    @property
    def fqdn(self) -> str:
        """The domain's DNS name, from its naming context."""
        return ".".join(part.partition("=")[2] for part in self.naming_context.split(","))


@dataclass(frozen=True, slots=True)
class AnnouncedTenant:
    """Where the mock tenant is, and how to sign in."""

    tenant_id: str
    client_id: str
    client_secret: str
    graph_url: str
    login_url: str
    ingest_url: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a mock process says of itself."""

    pid: int
    control_url: str
    control_token: str
    directories: tuple[AnnouncedDirectory, ...] = ()
    tenant: AnnouncedTenant | None = None


def _announcement(line: bytes) -> Announcement:
    data: Mapping[str, Any] = orjson.loads(line)

    def only(type_: type, values: Mapping[str, Any]) -> Any:
        return type_(**{field.name: values[field.name] for field in fields(type_)})

    tenant = data.get("tenant")
    return Announcement(
        data["pid"],
        data["control"]["url"],
        data["control"]["token"],
        tuple(only(AnnouncedDirectory, directory) for directory in data["directories"]),
        only(AnnouncedTenant, tenant) if tenant else None,
    )


@contextmanager
def mock_process(
    scenario: str, part: Literal["all", "directories", "tenant"], seed: int = 1, clock: datetime | None = None
) -> Iterator[Announcement]:
    """A mock server of a scenario in a process of its own, for as long as the block lasts.

    With `clock` its time stands still there until its control plane moves it on.

    Raises:
        LaboratoryError: it did not start; the message is its own.
    """
    command = [sys.executable, "-m", "attrflow_mocks.serve", "--announce", "--scenario", scenario]
    command += ["--part", part, "--seed", str(seed)]
    command += ["--clock", clock.isoformat()] if clock is not None else []
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stdin is not None and process.stderr is not None
    try:
        line = process.stdout.readline()
        if not line:
            said = process.stderr.read().decode("utf-8", "replace").strip()
            raise LaboratoryError(f"The mock {part} of {scenario} did not start: {said or 'it said nothing'}.")
        yield _announcement(line)
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        process.stderr.close()


@contextmanager
def mocks(scenario: str, seed: int = 1) -> Iterator[Announcement]:
    """The directories and the tenant of a scenario, each in a process of its own, as one announcement."""
    with mock_process(scenario, "directories", seed) as directories, mock_process(scenario, "tenant", seed) as tenant:
        yield Announcement(tenant.pid, tenant.control_url, tenant.control_token, directories.directories, tenant.tenant)
