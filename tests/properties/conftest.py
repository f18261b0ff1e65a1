"""The companies of the simulation are small: here every reference flows by its differences, as large ones do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def differences_from_the_first() -> Iterator[None]:
    """In force for the whole module, since Hypothesis runs many companies in one test."""
    patch = pytest.MonkeyPatch()
    patch.setattr("attrflow.engine.reference.DIFFERENCES_FROM", 1)
    yield
    patch.undo()
