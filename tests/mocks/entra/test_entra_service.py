"""Licences, domains, synchronization settings, source of authority, permissions, throttling, search."""

from __future__ import annotations

from typing import Any

import pytest

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.clients import Client
from attrflow_mocks.entra.direct import DirectClient, object_id
from attrflow_mocks.entra.licensing import PRODUCTS
from attrflow_mocks.entra.throttle import Limits

EVENTUAL = {"ConsistencyLevel": "eventual"}
USER = "users/cloud@contoso.com"
E3 = PRODUCTS["ENTERPRISEPACK"]
TENANT = "7d0a4f0e-2c1b-4e57-9a36-0d9e9f0a1b2c"
SETTINGS = f"directory/onPremisesSynchronization/{TENANT}"


def check(client: DirectClient, request: tuple[str, str, object], status: int, text: str = "") -> Any:
    answer = client.graph(*request)
    assert answer.status == status, answer.body
    if text:
        assert text in answer.error["message"]
    return answer.json if answer.body and answer.status < 400 else None


def license_(*add: object, remove: tuple[str, ...] = ()) -> tuple[str, str, object]:
    return ("POST", f"{USER}/assignLicense", {"addLicenses": list(add), "removeLicenses": list(remove)})


def test_licences_are_given_and_taken(client: DirectClient) -> None:
    check(client, license_({"skuId": E3.id}), 400, "invalid usage location")
    client.graph("PATCH", USER, {"usageLocation": "NO"})
    check(client, license_({"skuId": "00000000-0000-0000-0000-000000000000"}), 400, "valid company License")
    check(client, license_(remove=(E3.id,)), 400, "does not have a corresponding license")
    check(client, license_({"skuId": E3.id}), 200)
    found = client.user("cloud@contoso.com", "assignedLicenses", "assignedPlans", "proxyAddresses")
    assert found["assignedLicenses"] == [{"disabledPlans": [], "skuId": E3.id}]
    assert len(found["assignedPlans"]) == len(E3.plans)
    assert "smtp:cloud@contoso.onmicrosoft.com" in found["proxyAddresses"]
    sku = next(one for one in client.graph("GET", "subscribedSkus").json["value"] if one["skuId"] == E3.id)
    assert (sku["consumedUnits"], sku["prepaidUnits"]["enabled"]) == (1, 25)
    assert client.graph("GET", f"subscribedSkus/{sku['id']}").json["skuPartNumber"] == "ENTERPRISEPACK"
    (detail,) = client.graph("GET", f"{USER}/licenseDetails").json["value"]
    assert {plan["provisioningStatus"] for plan in detail["servicePlans"]} == {"Success"}
    check(client, license_(remove=(E3.id,)), 200)
    assert client.user("cloud@contoso.com", "assignedLicenses")["assignedLicenses"] == []


def test_a_disabled_exchange_plan_brings_no_mailbox(client: DirectClient) -> None:
    client.graph("PATCH", USER, {"usageLocation": "NO"})
    check(client, license_({"skuId": E3.id, "disabledPlans": [E3.plans[0].id]}), 200)
    proxies = client.user("cloud@contoso.com", "proxyAddresses")["proxyAddresses"]
    assert proxies == ["SMTP:cloud@contoso.com"]


def test_seats_run_out(client: DirectClient) -> None:
    for number in range(26):
        user = client.tenant.add_user(
            {"userPrincipalName": f"u{number}@contoso.com", "displayName": "U", "usageLocation": "NO"}
        )
        body = {"addLicenses": [{"skuId": E3.id}], "removeLicenses": []}
        answer = client.graph("POST", f"users/{user.id}/assignLicense", body)
        assert (answer.status == 200) is (number < 25)


def test_domains_are_added_verified_used_and_removed(client: DirectClient) -> None:
    assert check(client, ("POST", "domains", {"id": "corp.example"}), 201)["isVerified"] is False
    check(client, ("POST", "domains", {"id": "corp.example"}), 400, "already exists")
    check(client, ("POST", "domains", {"id": "no domain"}), 400)
    check(client, ("PATCH", "domains/corp.example", {"isDefault": True}), 400, "not verified")
    added = client.add("late", userPrincipalName="late@corp.example")
    assert check(client, ("POST", "domains/corp.example/verify", None), 200)["isVerified"] is True
    key = object_id(added["cloudAnchor"])
    assert client.user(key, "userPrincipalName")["userPrincipalName"] == "late@corp.example"
    used = client.graph("GET", "domains/corp.example/domainNameReferences").json["value"]
    assert [one["id"] for one in used] == [key]
    check(client, ("DELETE", "domains/corp.example", None), 400, "references")
    check(client, ("DELETE", "domains/contoso.onmicrosoft.com", None), 400, "initial")
    check(client, ("PATCH", "domains/contoso.test", {"isDefault": True, "supportedServices": ["Email"]}), 204)
    assert client.graph("GET", "domains/contoso.com").json["isDefault"] is False
    client.graph("DELETE", f"users/{key}")
    check(client, ("DELETE", "domains/corp.example", None), 204)
    check(client, ("GET", "domains/corp.example", None), 404)


def test_synchronization_settings_are_an_administrators(client: DirectClient) -> None:
    patch: dict[str, Any] = {
        "features": {"blockSoftMatchEnabled": True},
        "configuration": {"accidentalDeletionPrevention": {"alertThreshold": 10}},
    }
    check(client, ("PATCH", SETTINGS, patch), 403, "Insufficient privileges")
    admin = client.tenant.user("root@contoso.onmicrosoft.com")
    assert admin is not None
    application = next(iter(client.tenant.clients))
    client.headers["authorization"] = f"Bearer {client.responder.tokens.issue(application, user=admin.id)}"
    check(client, ("PATCH", SETTINGS, patch), 204)
    found = client.graph("GET", SETTINGS).json
    assert found["features"]["blockSoftMatchEnabled"] is True
    prevention = found["configuration"]["accidentalDeletionPrevention"]
    assert prevention == {"alertThreshold": 10, "synchronizationPreventionType": "enabledForCount"}
    for wrong in (
        {"features": {"shoes": True}},
        {"features": {"blockSoftMatchEnabled": 1}},
        {"features": {"passwordWritebackEnabled": True}},
        {"configuration": {"accidentalDeletionPrevention": {"synchronizationPreventionType": "maybe"}}},
        {"configuration": {"accidentalDeletionPrevention": {"alertThreshold": 0}}},
    ):
        check(client, ("PATCH", SETTINGS, wrong), 400)


def test_source_of_authority_in_the_cloud_is_passed_by(client: DirectClient) -> None:
    anchor = client.add("s", userPrincipalName="s@contoso.com", title="Old")["cloudAnchor"]
    path = "users/s@contoso.com/onPremisesSyncBehavior"
    assert client.graph("GET", path).json["isCloudManaged"] is False
    check(client, ("PATCH", path, {"isCloudManaged": True}), 204)
    check(client, ("PATCH", "users/s@contoso.com", {"jobTitle": "Cloud"}), 204)
    answer = client.update(anchor, title="New")
    assert (answer["status"], answer["skipped"]) == (200, "source-of-authority-is-cloud")
    again = client.add("s", userPrincipalName="s@contoso.com", title="New")
    assert (again["cloudAnchor"], "skipped" in again) == (anchor, True)
    client.export({"operation": "delete", "type": "user", "cloudAnchor": anchor})
    assert client.user("s@contoso.com", "jobTitle")["jobTitle"] == "Cloud"
    entry = client.send("GET", f"/ingest/v1/objects?type=user&cloudAnchor={anchor}").json["attributes"]
    assert (entry["cloudMastered"], entry["blockOnPremisesSync"], entry["title"]) == (True, True, "Old")
    check(client, ("PATCH", path, {"isCloudManaged": False}), 204)
    assert "skipped" not in client.update(anchor, title="New")
    assert client.user("s@contoso.com", "jobTitle")["jobTitle"] == "New"
    check(client, ("PATCH", f"{USER}/onPremisesSyncBehavior", {"isCloudManaged": True}), 400, "the cloud already")


def test_bypassing_overrides_brings_the_exported_number_back(client: DirectClient) -> None:
    anchor = client.add("m", userPrincipalName="m@contoso.com", mobile="1")["cloudAnchor"]
    client.graph("PATCH", "users/m@contoso.com", {"mobilePhone": "2"})
    client.update(anchor, mobile="3")
    assert client.user("m@contoso.com", "mobilePhone")["mobilePhone"] == "2"
    client.tenant.features["bypassDirSyncOverridesEnabled"] = True
    client.update(anchor, title="anything")
    assert client.user("m@contoso.com", "mobilePhone")["mobilePhone"] == "3"


@pytest.mark.parametrize(
    ("role", "allowed", "refused"),
    [
        ("User.Read.All", ("GET", "users", None), ("PATCH", USER, {"jobTitle": "x"})),
        ("User.ReadWrite.All", ("PATCH", USER, {"jobTitle": "x"}), ("GET", "groups", None)),
        ("Group.Read.All", ("GET", "groups", None), ("POST", "groups", {})),
        ("OrgContact.Read.All", ("GET", "contacts", None), ("GET", "users", None)),
        ("Device.Read.All", ("GET", "devices", None), ("POST", "devices", {})),
        ("Domain.Read.All", ("GET", "domains", None), ("POST", "domains", {})),
        ("Organization.Read.All", ("GET", "organization", None), ("GET", "domains", None)),
        ("Application.Read.All", ("GET", "applications", None), ("POST", "applications", {})),
        ("OnPremDirectorySynchronization.Read.All", ("GET", SETTINGS, None), ("PATCH", SETTINGS, {})),
        ("User.DeleteRestore.All", ("POST", "directory/deletedItems/x/restore", None), ("GET", "users", None)),
    ],
)
def test_each_role_opens_what_it_should(
    client: DirectClient, role: str, allowed: tuple[str, str, object], refused: tuple[str, str, object]
) -> None:
    client.tenant.register_client(Client("one", "s", (role,)))
    one = DirectClient(client.responder, "one")
    assert one.graph(*allowed).status != 403
    assert one.graph(*refused).error["code"] == "Authorization_RequestDenied"
    assert one.send("GET", "/ingest/v1/schema").status == 403


def test_no_application_touches_an_administrator_by_itself(client: DirectClient) -> None:
    admin = "users/root@contoso.onmicrosoft.com"
    check(client, ("PATCH", admin, {"accountEnabled": False}), 403)
    check(client, ("DELETE", admin, None), 403)
    check(client, ("PATCH", admin, {"jobTitle": "x"}), 204)


def test_a_disabled_application_is_nobody(client: DirectClient) -> None:
    application = next(iter(client.tenant.clients))
    client.tenant.register_client(Client(application, "s", enabled=False))
    assert client.graph("GET", "users").error["code"] == "Authorization_IdentityNotFound"


def test_throttling_tells_how_full_and_then_refuses(client: DirectClient, clock: Clock) -> None:
    client.tenant.limits = Limits(units=10, unit_seconds=10)
    answers = [client.graph("GET", "users") for _ in range(6)]
    assert [one.status for one in answers] == [200] * 5 + [429]
    assert "x-ms-throttle-limit-percentage" not in answers[2].headers
    assert answers[4].headers["x-ms-throttle-limit-percentage"] == "1.0"
    refused = answers[5].headers
    assert refused["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"
    assert refused["x-ms-throttle-scope"].startswith("Tenant_Application/ReadWrite/")
    clock.advance(float(refused["retry-after"]))
    assert client.graph("GET", "users").status == 200


def test_writes_have_a_bucket_of_their_own(client: DirectClient, clock: Clock) -> None:
    client.tenant.limits = Limits(writes=2, write_seconds=150)
    answers = [client.graph("PATCH", USER, {"jobTitle": str(number)}) for number in range(3)]
    assert [one.status for one in answers] == [204, 204, 429]
    assert answers[2].headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert client.graph("GET", USER).status == 200
    clock.advance(float(answers[2].headers["retry-after"]))
    assert client.graph("PATCH", USER, {"jobTitle": "again"}).status == 204


@pytest.mark.parametrize(("users", "units"), [(49, 3500), (50, 5000), (500, 5000), (501, 8000)])
def test_limits_grow_with_the_tenant(users: int, units: int) -> None:
    assert Limits.documented(users).units == units


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ('"displayName:clo"', ["cloud@contoso.com"]),
        ('"displayName:only cl"', ["cloud@contoso.com"]),
        ('"displayName:nothing" OR "mail:cloud@"', ["cloud@contoso.com"]),
        ('"displayName:cloud" AND "mail:other"', []),
        ('"displayName:loud"', []),
        ("displayName:clo", None),
        ('"shoeSize:4"', None),
        ('"jobTitle:x"', None),
    ],
)
def test_search(client: DirectClient, search: str, expected: list[str] | None) -> None:
    answer = client.graph("GET", f"users?$search={search}&$select=userPrincipalName", headers=EVENTUAL)
    assert answer.status == (400 if expected is None else 200), answer.body
    if expected is not None:
        assert [one["userPrincipalName"] for one in answer.json["value"]] == expected


def test_search_needs_its_header_and_no_expand(client: DirectClient) -> None:
    search = 'users?$search="displayName:clo"'
    check(client, ("GET", search, None), 400, "ConsistencyLevel: eventual")
    assert client.graph("GET", f"{search}&$expand=manager", headers=EVENTUAL).status == 400
    ordered = client.graph("GET", f"{search}&$orderby=displayName", headers=EVENTUAL)
    assert ordered.status == 200


def test_count_of_a_filter(client: DirectClient) -> None:
    answer = client.graph("GET", "users/$count?$filter=userType ne 'Guest'", headers=EVENTUAL)
    assert answer.body == b"2"
    nobody = client.graph("GET", "users?$filter=assignedLicenses/$count eq 0&$count=true", headers=EVENTUAL)
    assert nobody.json["@odata.count"] == 2
