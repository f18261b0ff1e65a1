"""The pytest plugin: `assert_flow` and `assert_case` as fixtures. It imports only pytest until one is used."""

from __future__ import annotations

from collections.abc import Callable

import pytest

__all__: list[str] = []


@pytest.fixture(name="assert_flow")
def _assert_flow() -> Callable[..., None]:
    """Assert what comes of an attribute: `assert_flow(rules, "user.ldif", "mail", expected)`."""
    from attrflow.app.rule_testing import assert_flow  # noqa: PLC0415 - a plugin is loaded by every pytest run

    return assert_flow


@pytest.fixture(name="assert_case")
def _assert_case() -> Callable[..., None]:
    """Assert that a case file holds: `assert_case("kari.toml")`."""
    from attrflow.app.rule_testing import assert_case  # noqa: PLC0415 - the same

    return assert_case
