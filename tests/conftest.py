"""Whatever a mock tenant answers over HTTP in any test of the suite is held against Graph's published shapes.

Also in the processes that tests start: each writes its exchanges into a folder, which is read after each test.
What holds for all tests of Hypothesis stands here too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, settings

from attrflow_mocks.entra.answers import Request, Response
from attrflow_mocks.entra.recording import ENVIRONMENT

# How long an example takes is the machine's affair, and who else works on it: no test is about time.
settings.register_profile("attrflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("attrflow")


class Exchanges:
    """The recorded exchanges of a folder, each given once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, int] = {}

    def new(self) -> Iterator[tuple[Request, Response]]:
        """What came since the last time, but what a fault ordered."""
        for entry in os.scandir(self._folder):
            start = self._read.get(entry.name, 0)
            if entry.stat().st_size == start:
                continue
            with Path(entry.path).open("rb") as file:
                file.seek(start)
                # A process that still runs may be in the middle of a line.
                whole = file.read().rpartition(b"\n")[0]
            self._read[entry.name] = start + len(whole) + 1 if whole else start
            for line in whole.splitlines():
                told = orjson.loads(line)
                if told["target"] == "graph" and told["fault"] is None and not told["path"].endswith("$batch"):
                    yield (
                        Request(told["method"], told["path"], told["query"]),
                        Response(told["status"], told["body"].encode()),
                    )


@pytest.fixture(scope="session")
def exchanges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchanges]:
    """The exchanges of this session."""
    folder = tmp_path_factory.mktemp("exchanges")
    before = os.environ.get(ENVIRONMENT)
    os.environ[ENVIRONMENT] = str(folder)
    yield Exchanges(folder)
    os.environ.pop(ENVIRONMENT)
    if before is not None:
        os.environ[ENVIRONMENT] = before


@pytest.fixture(autouse=True)
def _graph_contract(exchanges: Exchanges) -> Iterator[None]:
    yield
    for request, response in exchanges.new():
        from tests.mocks.entra.graph_shapes import check_answer  # noqa: PLC0415 - only where there was traffic

        check_answer(request, response)
