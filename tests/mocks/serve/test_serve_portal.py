"""The control plane's acts of the portal, snapshots, and the token of a signed-in administrator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from attrflow_mocks.control_client import ControlClient, ControlError
from attrflow_mocks.entra.tenant import Tenant
from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.world import World

ADMIN = "admin@contoso.onmicrosoft.com"
START = datetime(2026, 1, 31, 8, tzinfo=UTC)


@pytest.fixture
def mocks() -> Iterator[HostedMocks]:
    with HostedMocks(World.of("contoso-small", start=START)) as hosted:
        yield hosted


@pytest.fixture
def control(mocks: HostedMocks) -> ControlClient:
    said: Any = mocks.servers.announcement()
    return ControlClient(said["control"]["url"], said["control"]["token"])


def tenant_of(mocks: HostedMocks) -> Tenant:
    return mocks.world.required_tenant()


def test_acts_of_the_portal(mocks: HostedMocks, control: ControlClient) -> None:
    user = {"userPrincipalName": "s@contoso.test", "displayName": "S", "onPremisesSyncEnabled": True}
    control.call("POST", "/seed", {"users": [user]})
    asked = {"override_mobile": {"s@contoso.test": "+47 1"}, "cloud_mastered": {"s@contoso.test": True},
             "make_admin": ["s@contoso.test"], "assign_exchange": ["s@contoso.test"], "throttling": True, "lag": 2.5,
             "clients": [{"id": "few", "secret": "s", "roles": ["User.Read.All"]}]}  # fmt: skip
    control.call("POST", "/tenant", asked)
    found, tenant = tenant_of(mocks).user("s@contoso.test"), tenant_of(mocks)
    assert found is not None
    assert (found.properties["mobilePhone"], found.overrides) == ("+47 1", frozenset({"mobile"}))
    assert (found.cloud_managed, found.admin, found.exchange) == (True, True, True)
    assert (tenant.lag, tenant.limits is not None, tenant.clients["few"].roles) == (2.5, True, ("User.Read.All",))
    undo = {"cloud_mastered": {"s@contoso.test": False}, "remove_admin": ["s@contoso.test"], "throttling": False,
            "remove_exchange": ["s@contoso.test"]}  # fmt: skip
    control.call("POST", "/tenant", undo)
    found = tenant.user("s@contoso.test")
    assert found is not None
    assert (found.cloud_managed, found.admin, found.exchange, tenant.limits) == (False, False, False, None)


@pytest.mark.parametrize(
    ("asked", "status", "text"),
    [
        ({"cloud_mastered": {ADMIN: True}}, 409, "the cloud already"),
        ({"cloud_mastered": {"nobody@contoso.test": True}}, 404, "no object 'nobody"),
        ({"override_mobile": {"nobody@contoso.test": "1"}}, 404, "no user"),
        ({"clients": [{"id": "x", "roles": ["Shoe.Read.All"]}]}, 409, "Shoe.Read.All"),
        ({"clients": [{"name": "x"}]}, 400, "unknown field"),
    ],
)
def test_what_cannot_be_done(control: ControlClient, asked: dict[str, object], status: int, text: str) -> None:
    with pytest.raises(ControlError, match=text) as refused:
        control.call("POST", "/tenant", asked)
    assert refused.value.status == status


def test_a_snapshot_brings_everything_back_more_than_once(mocks: HostedMocks, control: ControlClient) -> None:
    assert control.call("POST", "/snapshots", {"name": "before"}) == {"snapshots": ["before"]}
    before = mocks.call(mocks.world.dump)
    for _ in range(2):
        control.call("POST", "/clock/advance", {"seconds": 60})
        control.call("POST", "/seed", {"users": [{"userPrincipalName": "n@contoso.test", "displayName": "N"}]})
        dn = "CN=Kari Nordmann,OU=Sales,OU=People,DC=contoso,DC=test"
        control.call("POST", "/directories/contoso/modify", {"dn": dn, "changes": {"title": ["Director"]}})
        assert mocks.call(mocks.world.dump) != before
        control.call("POST", "/snapshots/before/restore")
        assert mocks.call(mocks.world.dump) == before
    with pytest.raises(ControlError, match="there are: before"):
        control.call("POST", "/snapshots/after/restore")
    assert control.call("GET", "/snapshots") == {"snapshots": ["before"]}


def test_a_delta_token_of_an_undone_future_is_stale(mocks: HostedMocks, control: ControlClient) -> None:
    from attrflow_mocks.entra.direct import DirectClient  # noqa: PLC0415 - beside its one use

    server = mocks.servers.tenant
    assert server is not None
    client = DirectClient(server.responder)
    _, kept = client.drain("/v1.0/users/delta")
    control.call("POST", "/snapshots", {"name": "before"})
    control.call("POST", "/seed", {"users": [{"userPrincipalName": "n@contoso.test", "displayName": "N"}]})
    _, undone = client.drain("/v1.0/users/delta")
    control.call("POST", "/snapshots/before/restore")
    assert client.send("GET", undone).status == 410
    assert client.drain(kept)[0] == []


def test_an_administrator_signs_in(mocks: HostedMocks, control: ControlClient) -> None:
    said: Any = mocks.servers.announcement()["tenant"]
    token = control.call("POST", "/tenant/sign-in", {"client": said["client_id"], "user": ADMIN})["access_token"]
    url = f"{said['graph_url']}/directory/onPremisesSynchronization/{said['tenant_id']}"
    body = json.dumps({"features": {"blockSoftMatchEnabled": True}}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    assert httpx.patch(url, content=body, headers=headers).status_code == 204
    assert tenant_of(mocks).features["blockSoftMatchEnabled"] is True
    with pytest.raises(ControlError, match="no administrator"):
        control.call("POST", "/tenant/sign-in", {"client": said["client_id"], "user": "kari@contoso.test"})
