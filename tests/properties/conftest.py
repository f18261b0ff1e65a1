"""What holds for the simulation: references flow by their differences, and a seed is a run.

The companies are small: here every reference flows as those of large groups do.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants


@pytest.fixture(autouse=True, scope="module")
def differences_from_the_first() -> Iterator[None]:
    """In force for the whole module, since Hypothesis runs many companies in one test."""
    patch = pytest.MonkeyPatch()
    patch.setattr("attrflow.engine.reference.DIFFERENCES_FROM", 1)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="module")
def a_seed_is_a_run() -> Iterator[None]:
    """Hypothesis draws the constants of whatever modules are loaded, so a seed alone would not repeat a run."""
    patch = pytest.MonkeyPatch()
    patch.setattr(providers, "_get_local_constants", Constants)
    providers.CONSTANTS_CACHE.cache.clear()
    yield
    patch.undo()
    providers.CONSTANTS_CACHE.cache.clear()
