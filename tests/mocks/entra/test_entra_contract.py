"""The table of shapes fits the routes, and every read of the table is asked at least once."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest
from tests.mocks.entra.graph_shapes import check_answer, shape_of

from attrflow_mocks.entra.answers import Request, Response
from attrflow_mocks.entra.direct import DirectClient, object_id
from attrflow_mocks.entra.graph import ROUTES
from attrflow_mocks.entra.licensing import PRODUCTS
from attrflow_mocks.entra.objects import ProvisioningError

TABLE = tomllib.loads(Path(__file__).with_name("graph_shapes.toml").read_text("utf-8"))["routes"]
READS = sorted(name.removeprefix("GET ") for name in TABLE if name.startswith("GET "))
ASKS = sorted(
    name.removeprefix("POST ")
    for name in TABLE
    if name.startswith("POST ") and ("Member" in name or "retryService" in name)
)
EVENTUAL = {"ConsistencyLevel": "eventual"}


def test_every_shape_belongs_to_a_route() -> None:
    assert sorted(set(TABLE) - {f"{route.method} {route.pattern}" for route in ROUTES}) == []


@pytest.fixture
def filled(client: DirectClient) -> dict[str, str]:
    """A tenant with one of everything; ids by collection."""
    tenant = client.tenant
    tenant.assign_exchange("cloud@contoso.com")
    synced = client.add(
        "s", userPrincipalName="s@contoso.com", displayName="S", mail="s@contoso.com", mobile="1",
        telephoneNumber="2", extensionAttribute1="x", extension_0123456789abcdef0123456789abcdef_room="4",
        userCertificate=[{"b64": "AAEC"}],
    )  # fmt: skip
    user = object_id(synced["cloudAnchor"])
    contact = client.add("c", "contact", displayName="C", mail="c@corp.example", telephoneNumber="1", city="Oslo")
    team = {"displayName": "T", "mailEnabled": True, "mailNickname": "t", "securityEnabled": True,
            "groupTypes": ["Unified"]}  # fmt: skip
    group = client.graph("POST", "groups", team).json["id"]
    other = client.graph("POST", "groups", {**team, "mailNickname": "u"}).json["id"]
    device = {"accountEnabled": True, "alternativeSecurityIds": [{"type": 2, "key": "Y3=="}], "displayName": "PC",
              "deviceId": "4c299165-6e8f-4b45-a5ba-c5d250a707ff", "operatingSystem": "W",
              "operatingSystemVersion": "11"}  # fmt: skip
    pc = client.graph("POST", "devices", device).json["id"]
    application = client.graph("POST", "applications", {"displayName": "A"}).json["id"]
    extension = {"name": "n", "dataType": "String", "targetObjects": ["User"]}
    added = client.graph("POST", f"applications/{application}/extensionProperties", extension).json["id"]
    manager = {"@odata.id": f"x/users/{user}"}
    cloud = client.user("cloud@contoso.com")["id"]
    client.graph("PUT", f"users/{cloud}/manager/$ref", manager)
    client.update(contact["cloudAnchor"], manager={"ref": synced["cloudAnchor"]})
    for path in (f"groups/{group}/members", f"groups/{group}/owners", f"devices/{pc}/registeredOwners",
                 f"devices/{pc}/registeredUsers"):  # fmt: skip
        assert client.graph("POST", f"{path}/$ref", {"@odata.id": f"x/users/{cloud}"}).status == 204
    client.graph("DELETE", f"groups/{other}")
    return {
        "users": cloud, "contacts": object_id(contact["cloudAnchor"]), "groups": group, "devices": pc,
        "applications": application, "extension": added, "directoryObjects": user, "deletedItems": other,
        "domains": "contoso.com", "organization": tenant.tenant_id, "onPremisesSynchronization": tenant.tenant_id,
        "subscribedSkus": PRODUCTS["ENTERPRISEPACK"].id,
    }  # fmt: skip


def address(pattern: str, ids: dict[str, str]) -> str:
    """The pattern with ids of the right kind in its placeholders."""
    parts: list[str] = []
    for part in pattern.split("/"):
        before = parts[-1] if parts else ""
        parts.append(ids.get(before, ids["extension"]) if part == "{id}" else part)
    return "/".join(parts)


@pytest.mark.parametrize("pattern", READS)
def test_reads(client: DirectClient, filled: dict[str, str], held_against_shapes: Counter[str], pattern: str) -> None:
    before = held_against_shapes[TABLE[f"GET {pattern}"]]
    answer = client.graph("GET", address(pattern, filled), headers=EVENTUAL)
    assert answer.status == 200, answer.body
    assert held_against_shapes[TABLE[f"GET {pattern}"]] == before + 1


@pytest.mark.parametrize("pattern", ASKS)
def test_questions(client: DirectClient, filled: dict[str, str], pattern: str) -> None:
    body = {"securityEnabledOnly": False, "groupIds": [filled["groups"]], "ids": [filled["groups"]]}
    assert client.graph("POST", address(pattern, filled), body).status in (200, 204)


def test_writes_that_no_other_test_makes(client: DirectClient, filled: dict[str, str]) -> None:
    user, pc = filled["users"], filled["devices"]
    for path in (f"devices/{pc}/registeredOwners/{user}/$ref", f"devices/{pc}/registeredUsers/{user}/$ref"):
        assert client.graph("DELETE", path).status == 204
    assert client.graph("POST", f"users/{user}/revokeSignInSessions").json["value"] is True
    body = {"entityType": "Group", "displayName": "D", "mailNickname": "d"}
    assert client.graph("POST", "directoryObjects/validateProperties", body).status == 204
    synced = client.add("g", "group", displayName="G", mailEnabled=True, mail="g@contoso.com")
    for path in (f"groups/{object_id(synced['cloudAnchor'])}", f"contacts/{filled['contacts']}"):
        assert client.graph("PATCH", f"{path}/onPremisesSyncBehavior", {"isCloudManaged": True}).status == 204


@pytest.mark.parametrize("kind", ["users", "groups", "contacts", "devices", "domains"])
def test_whole_objects_with_everything_selected(client: DirectClient, filled: dict[str, str], kind: str) -> None:
    from attrflow_mocks.entra.properties import PROPERTIES  # noqa: PLC0415 - beside its one use

    names = PROPERTIES.get(kind.removesuffix("s"), {})
    key = filled["directoryObjects"] if kind == "users" else filled[kind]
    path = f"{kind}/{key}?$select={','.join(names)}" if names else f"{kind}/{key}"
    assert client.graph("GET", path).status == 200


def test_held_back_values_have_their_shape(client: DirectClient, filled: dict[str, str]) -> None:
    answer = client.add("twin", userPrincipalName="s@contoso.com", mail="s@contoso.com")
    found = client.tenant.user(object_id(answer["cloudAnchor"]))
    assert found is not None
    assert isinstance(found.errors[0], ProvisioningError)
    path = f"users/{found.id}?$select=onPremisesProvisioningErrors,serviceProvisioningErrors"
    assert len(client.graph("GET", path).json["onPremisesProvisioningErrors"]) == 2


def test_the_check_itself_sees_a_misspelt_property() -> None:
    request = Request("GET", "/v1.0/users/x")
    assert shape_of(request) == "user"
    with pytest.raises(jsonschema.ValidationError, match="shoeSize"):
        check_answer(request, Response(200, b'{"id": "x", "shoeSize": 43}'))
    with pytest.raises(jsonschema.ValidationError, match="is not valid under any"):
        check_answer(Request("GET", "/v1.0/users/delta"), Response(200, b'{"@odata.context": "c", "value": []}'))
