"""A tenant without a socket for most tests, and one on a socket for those about the wire.

Whatever the strict face answers in any test of this folder is held against Graph's published shapes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from tests.mocks.entra.graph_shapes import check_answer

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.answers import Request, Response
from attrflow_mocks.entra.direct import DirectClient
from attrflow_mocks.entra.responder import Responder
from attrflow_mocks.entra.server import Running, running
from attrflow_mocks.entra.tenant import Tenant
from attrflow_mocks.faults import Fault
from attrflow_mocks.scenarios.seed import TenantSeed

SEED = TenantSeed(
    tenant_id="7d0a4f0e-2c1b-4e57-9a36-0d9e9f0a1b2c",
    display_name="Contoso",
    initial_domain="contoso.onmicrosoft.com",
    verified_domains=["contoso.com", "contoso.test"],
    applications={"0f3c2c5a-6e8a-4d9f-9d53-5b8a1f0c7e11": "open sesame"},
    users=(
        {
            "userPrincipalName": "root@contoso.onmicrosoft.com",
            "displayName": "Root",
            "directoryRoles": ["Global Administrator"],
        },
        {
            "userPrincipalName": "cloud@contoso.com",
            "displayName": "Cloud Only",
            "mail": "cloud@contoso.com",
            "department": "Sales",
        },
    ),
)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 22, 7, 0, tzinfo=UTC))


@pytest.fixture
def client(clock: Clock) -> DirectClient:
    return DirectClient(Responder(Tenant(SEED, clock)))


@pytest.fixture
def served(clock: Clock) -> Iterator[Running]:
    with running(SEED, clock=clock) as tenant:
        yield tenant


@pytest.fixture(scope="session")
def held_against_shapes() -> Counter[str]:
    """How many answers were held against which shape so far."""
    return Counter()


@pytest.fixture(autouse=True)
def _contract(monkeypatch: pytest.MonkeyPatch, held_against_shapes: Counter[str]) -> None:
    plain = Responder._answer

    def checked(self: Responder, target: str, request: Request, fault: Fault | None) -> Response:
        response = plain(self, target, request, fault)
        # What a fault ordered is not the service's own answer.
        if target == "graph" and fault is None and not request.path.endswith("$batch"):
            shape = check_answer(request, response)
            if shape is not None:
                held_against_shapes[shape] += 1
        return response

    monkeypatch.setattr(Responder, "_answer", checked)
