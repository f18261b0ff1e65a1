"""pytest fixtures: a real OpenLDAP, a mock one, a mock Active Directory, a mock Entra tenant, also inside respx.

Only pytest is imported here, since pytest loads this module in every run of every project that has the
package installed; the servers are imported when a fixture is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from attrflow_mocks.graph_respx import GraphInProcess
    from attrflow_mocks.hosted import HostedMocks
    from attrflow_mocks.hosted_faces import MockAd, MockOpenLdap, MockTenant
    from attrflow_mocks.openldap import RunningSlapd
    from attrflow_mocks.world import Part

__all__ = ["graph_respx", "mock_ad", "mock_openldap", "mock_tenant", "openldap"]

_MARKER = (
    "mocks(scenario, seed, directory): which scenario, seed and directory mock_ad, mock_openldap, mock_tenant serve"
)
_SHORT_MARKER = "scenario(name, seed=1): which scenario the mocks of this test serve"


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    config.addinivalue_line("markers", _MARKER)
    config.addinivalue_line("markers", _SHORT_MARKER)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which OpenLDAP the fixture `openldap` takes."""
    parser.getgroup("attrflow-mocks").addoption(
        "--attrflow-openldap",
        metavar="auto|local|container|URL",
        default=None,
        help="which OpenLDAP the fixture openldap takes (default: ATTRFLOW_OPENLDAP, else auto)",
    )


@pytest.fixture(scope="session")
def openldap(request: pytest.FixtureRequest) -> Iterator[RunningSlapd]:
    """A slapd with 50 people and 6 groups under `dc=example,dc=test`, for the whole session.

    `--attrflow-openldap` or ATTRFLOW_OPENLDAP says which: `auto` takes the local binary, else a container,
    else skips the test with the line that installs slapd (fails where ATTRFLOW_FORBID_SKIP is 1); `local`,
    `container` and a URL fail where they cannot be had.
    """
    from attrflow_mocks.openldap import SlapdError, SlapdMissingError, example_ldif  # noqa: PLC0415 - only where the fixture is used
    from attrflow_mocks.openldap_choice import ENVIRONMENT, NoOpenLdapError, chosen_openldap  # noqa: PLC0415 - the same
    from attrflow_mocks.openldap_container import DockerMissingError  # noqa: PLC0415 - the same

    mode = request.config.getoption("--attrflow-openldap") or os.environ.get(ENVIRONMENT) or "auto"
    block = chosen_openldap(mode, lambda: example_ldif(50, 6))
    try:
        slapd = block.__enter__()
    except NoOpenLdapError as error:
        if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1":
            pytest.fail(f"{error} (ATTRFLOW_FORBID_SKIP is 1)", pytrace=False)
        pytest.skip(str(error))
    except (SlapdMissingError, DockerMissingError, SlapdError) as error:
        pytest.fail(str(error), pytrace=False)
    try:
        yield slapd
    finally:
        block.__exit__(None, None, None)


@pytest.fixture
def mock_ad(request: pytest.FixtureRequest) -> Iterator[MockAd]:
    """A mock Active Directory on a free port, as new for each test: the first directory of contoso-small.

    `@pytest.mark.scenario("two-forests")` or `@pytest.mark.mocks(scenario="contoso-small", seed=2,
    directory="fabrikam")` asks for another.
    """
    from attrflow_mocks.hosted_faces import MockAd  # noqa: PLC0415 - only where the fixture is used

    yield MockAd(_served(request, "directories"), _asked(request).get("directory"))


@pytest.fixture
def mock_openldap(request: pytest.FixtureRequest) -> Iterator[MockOpenLdap]:
    """A mock OpenLDAP on a free port, as new for each test: that of openldap-small unless a marker says otherwise.

    No slapd is needed; `openldap` is the real one.
    """
    from attrflow_mocks.hosted_faces import MockOpenLdap  # noqa: PLC0415 - only where the fixture is used

    served = _served(request, "directories", "openldap-small")
    yield MockOpenLdap(served, _asked(request).get("directory"))


@pytest.fixture
def mock_tenant(request: pytest.FixtureRequest) -> Iterator[MockTenant]:
    """A mock Entra tenant on a free port, as new for each test: that of contoso-small."""
    from attrflow_mocks.hosted_faces import MockTenant  # noqa: PLC0415 - only where the fixture is used

    yield MockTenant(_served(request, "tenant"))


@pytest.fixture
def graph_respx(request: pytest.FixtureRequest) -> Iterator[GraphInProcess]:
    """The tenant inside this process: httpx (and so msgraph-sdk) reaches it at graph.microsoft.com without a socket.

    Needs respx. Whatever httpx sends to any other host fails the test, so that no real host is asked.
    """
    try:
        from attrflow_mocks.graph_respx import mounted  # noqa: PLC0415 - imports respx, which may be missing
    except ImportError as error:
        pytest.fail(f"graph_respx needs respx ({error}): pip install 'attrflow[testing]'", pytrace=False)
    from attrflow_mocks.world import World  # noqa: PLC0415 - only where the fixture is used

    scenario, seed = _scenario(request)
    with mounted(World.of(scenario, seed=seed, part="tenant")) as graph:
        yield graph


def _asked(request: pytest.FixtureRequest) -> dict[str, str | int]:
    marker = request.node.get_closest_marker("mocks")
    asked = dict(marker.kwargs) if marker else {}
    unknown = sorted(set(asked) - {"scenario", "seed", "directory"})
    if unknown or (marker and marker.args):
        pytest.fail(f"the marker is {_MARKER}", pytrace=False)
    short = request.node.get_closest_marker("scenario")
    if short is not None:
        if len(short.args) != 1 or set(short.kwargs) - {"seed"}:
            pytest.fail(f"the marker is {_SHORT_MARKER}", pytrace=False)
        asked = {"scenario": short.args[0], **short.kwargs, **asked}
    return asked


def _scenario(request: pytest.FixtureRequest, otherwise: str = "contoso-small") -> tuple[str, int]:
    from attrflow_mocks.scenarios.loader import DEFAULT_SEED  # noqa: PLC0415 - only where a fixture is used

    asked = _asked(request)
    return str(asked.get("scenario", otherwise)), int(asked.get("seed", DEFAULT_SEED))


@pytest.fixture(scope="session")
def _attrflow_mocks() -> Iterator[dict[tuple[str, int, str], HostedMocks]]:
    """The mocks that this session has started, one for each scenario, seed and part; tests reset them."""
    running: dict[tuple[str, int, str], HostedMocks] = {}
    yield running
    for mocks in running.values():
        mocks.__exit__(None, None, None)


def _served(request: pytest.FixtureRequest, part: Part, otherwise: str = "contoso-small") -> HostedMocks:
    """The running mocks that a test asks for, as they were at the start."""
    from attrflow_mocks.hosted import HostedMocks  # noqa: PLC0415 - only where the fixture is used
    from attrflow_mocks.world import World  # noqa: PLC0415 - only where the fixture is used

    running: dict[tuple[str, int, str], HostedMocks] = request.getfixturevalue("_attrflow_mocks")
    scenario, seed = _scenario(request, otherwise)
    mocks = running.get((scenario, seed, part))
    if mocks is None:
        mocks = HostedMocks(World.of(scenario, seed=seed, part=part))
        running[scenario, seed, part] = mocks.__enter__()
    else:
        mocks.call(mocks.world.reset)
    return mocks
