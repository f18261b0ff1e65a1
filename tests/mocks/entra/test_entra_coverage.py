"""The coverage page is the one that the routes give, and every operation has roles that open it."""

from __future__ import annotations

from pathlib import Path

import pytest

from attrflow_mocks.entra.coverage import page
from attrflow_mocks.entra.graph import ROUTES
from attrflow_mocks.entra.permissions import roles_for
from attrflow_mocks.entra.routing import Route

PAGE = Path(__file__).parents[3] / "mocks" / "coverage-entra.md"


def test_the_page_is_fresh() -> None:
    command = "python -m attrflow_mocks.entra.coverage > mocks/coverage-entra.md"
    assert PAGE.read_text("utf-8") == page(), f"make it anew: {command}"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.pattern}")
def test_every_operation_has_roles_and_says_what_it_is(route: Route) -> None:
    assert roles_for(route.method, route.pattern), "an operation without a role opens for nobody"
    assert route.summary[:1].isupper()


def test_no_operation_is_there_twice() -> None:
    names = [(route.method, route.pattern) for route in ROUTES]
    assert len(names) == len(set(names))
