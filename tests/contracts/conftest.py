"""The stores that the store contract is run against: a new one per test, and one suite for all kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attrflow.ports.store import Store
from attrflow.stores.memory import MemoryStore
from attrflow.stores.sqlite import open_sqlite

STORES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: open_sqlite(folder / "store.sqlite"),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()
