"""pytest fixtures: a real OpenLDAP, a mock Active Directory, a mock Entra tenant.

Only pytest is imported here, since pytest loads this module in every run of every project that has the
package installed; the servers are imported when a fixture is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from attrflow_mocks.hosted import HostedMocks
    from attrflow_mocks.hosted_faces import MockAd, MockTenant
    from attrflow_mocks.openldap import RunningSlapd
    from attrflow_mocks.world import Part

__all__ = ["mock_ad", "mock_tenant", "openldap"]

_MARKER = "mocks(scenario, seed, directory): which scenario, seed and directory mock_ad and mock_tenant serve"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def openldap() -> Iterator[RunningSlapd]:
    """A slapd with 50 people and 6 groups under `dc=example,dc=test`, for the whole session.

    Without slapd on this machine the test is skipped with the line that installs it, or fails where
    ATTRFLOW_FORBID_SKIP is 1.
    """
    from attrflow_mocks.openldap import SlapdMissingError, example_ldif, running_slapd  # noqa: PLC0415

    try:
        block = running_slapd(example_ldif(50, 6))
        slapd = block.__enter__()
    except SlapdMissingError as error:
        if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1":
            pytest.fail(f"{error} (ATTRFLOW_FORBID_SKIP is 1)", pytrace=False)
        pytest.skip(str(error))
    try:
        yield slapd
    finally:
        block.__exit__(None, None, None)


@pytest.fixture
def mock_ad(request: pytest.FixtureRequest) -> Iterator[MockAd]:
    """A mock Active Directory on a free port, fresh for each test: the first directory of contoso-small.

    `@pytest.mark.mocks(scenario="contoso-small", seed=2, directory="fabrikam")` asks for another.
    """
    from attrflow_mocks.hosted_faces import MockAd  # noqa: PLC0415

    with _hosted(request, "directories") as mocks:
        yield MockAd(mocks, _asked(request).get("directory"))


@pytest.fixture
def mock_tenant(request: pytest.FixtureRequest) -> Iterator[MockTenant]:
    """A mock Entra tenant on a free port, fresh for each test: that of contoso-small."""
    from attrflow_mocks.hosted_faces import MockTenant  # noqa: PLC0415

    with _hosted(request, "tenant") as mocks:
        yield MockTenant(mocks)


def _asked(request: pytest.FixtureRequest) -> dict[str, str | int]:
    marker = request.node.get_closest_marker("mocks")
    asked = dict(marker.kwargs) if marker else {}
    unknown = sorted(set(asked) - {"scenario", "seed", "directory"})
    if unknown or (marker and marker.args):
        pytest.fail(f"the marker is {_MARKER}", pytrace=False)
    return asked


def _hosted(request: pytest.FixtureRequest, part: Part) -> HostedMocks:
    from attrflow_mocks.hosted import HostedMocks  # noqa: PLC0415
    from attrflow_mocks.scenarios.loader import DEFAULT_SEED  # noqa: PLC0415
    from attrflow_mocks.world import World  # noqa: PLC0415

    asked = _asked(request)
    scenario, seed = str(asked.get("scenario", "contoso-small")), int(asked.get("seed", DEFAULT_SEED))
    return HostedMocks(World.of(scenario, seed=seed, part=part))
