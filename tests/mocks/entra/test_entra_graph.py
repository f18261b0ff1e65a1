"""The strict face: default sets, errors, what may be written, and what only synchronization may."""

from __future__ import annotations

from typing import Any

import pytest

from attrflow_mocks.entra.direct import DirectClient, object_id

DEFAULT = (
    "businessPhones displayName givenName id jobTitle mail mobilePhone officeLocation preferredLanguage"
    " surname userPrincipalName"
)
TENANT = "7d0a4f0e-2c1b-4e57-9a36-0d9e9f0a1b2c"
MASTERED = "Unable to update the specified properties for on-premises mastered"
NEW: dict[str, Any] = {
    "accountEnabled": True,
    "displayName": "New",
    "mailNickname": "new",
    "userPrincipalName": "new@contoso.com",
    "passwordProfile": {"password": "Correct horse 1"},
}
GROUP: dict[str, Any] = {
    "displayName": "Group",
    "mailEnabled": False,
    "mailNickname": "group",
    "securityEnabled": True,
}


def check(client: DirectClient, request: tuple[str, str, object], status: int, code: str, text: str) -> None:
    answer = client.graph(*request)
    assert answer.status == status, answer.body
    assert answer.error["code"] == code
    assert text in answer.error["message"]
    assert set(answer.error["innerError"]) == {"date", "request-id", "client-request-id"}


def group(client: DirectClient, **more: object) -> str:
    answer = client.graph("POST", "groups", {**GROUP, **more})
    assert answer.status == 201, answer.body
    return str(answer.json["id"])


def test_a_user_without_select_has_exactly_the_eleven(client: DirectClient) -> None:
    answer = client.graph("GET", "users/cloud@contoso.com")
    assert set(answer.json) == {*DEFAULT.split(), "@odata.context"}
    assert answer.json["@odata.context"].endswith("/v1.0/$metadata#users/$entity")
    assert answer.headers["odata-version"] == "4.0"


@pytest.mark.parametrize(
    "address",
    [
        "users/cloud@contoso.com",
        "users/CLOUD%40contoso.com",
        "users('cloud@contoso.com')",
        "users(userPrincipalName='cloud@contoso.com')",
    ],
)
def test_a_user_has_several_addresses(client: DirectClient, address: str) -> None:
    assert client.graph("GET", address).json["displayName"] == "Cloud Only"


def test_create_gives_201_with_location_and_is_there(client: DirectClient) -> None:
    answer = client.graph("POST", "users", NEW)
    assert answer.status == 201
    assert answer.headers["location"].endswith(f"/v1.0/users/{answer.json['id']}")
    found = client.user("new@contoso.com", "accountEnabled", "passwordProfile", "createdDateTime", "userType")
    assert (found["accountEnabled"], found["passwordProfile"]) == (True, None)
    assert found["createdDateTime"] == "2026-11-22T07:00:00Z"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"displayName": None}, "A value is required for property 'displayName'"),
        ({"passwordProfile": {}}, "passwordProfile.password"),
        ({"userPrincipalName": "new@corp.example"}, "Property userPrincipalName is invalid."),
        ({"userPrincipalName": "n ew@contoso.com"}, "Property userPrincipalName is invalid."),
        ({"userPrincipalName": "cloud@contoso.com"}, "Another object with the same value"),
        ({"mail": "cloud@contoso.com"}, "property proxyAddresses already exists"),
        ({"mailNickname": "a b"}, "mailNickname"),
        ({"jobTitle": "x" * 129}, "jobTitle"),
        ({"businessPhones": ["1", "2"]}, "businessPhones"),
        ({"accountEnabled": "yes"}, "accountEnabled"),
        ({"usageLocation": "Norway"}, "usageLocation"),
        ({"usageLocation": "XX"}, "usageLocation"),
        ({"otherMails": [f"{n}@home.example" for n in range(251)]}, "otherMails"),
        ({"passwordPolicies": "Lax"}, "passwordPolicies"),
        ({"passwordPolicies": "None, DisableStrongPassword"}, "passwordPolicies"),
        ({"ageGroup": "Teen"}, "ageGroup"),
        ({"userType": "Robot"}, "userType"),
        ({"consentProvidedForMinor": "Perhaps"}, "consentProvidedForMinor"),
        ({"employeeHireDate": "yesterday"}, "employeeHireDate"),
        ({"employeeHireDate": "2026-02-30T00:00:00Z"}, "employeeHireDate"),
        ({"employeeHireDate": "2026-02-03T00:00:00"}, "employeeHireDate"),
        ({"proxyAddresses": ["SMTP:x@contoso.com"]}, "Property 'proxyAddresses' is read-only"),
        ({"onPremisesSyncEnabled": True}, "Property 'onPremisesSyncEnabled' is read-only"),
        ({"onPremisesSamAccountName": "x"}, "is read-only and cannot be set."),
        ({"shoeSize": 43}, "Invalid property 'shoeSize'."),
    ],
)
def test_create_is_validated(client: DirectClient, change: dict[str, object], text: str) -> None:
    check(client, ("POST", "users", {**NEW, **change}), 400, "Request_BadRequest", text)


def test_what_is_valid_is_kept_in_graphs_form(client: DirectClient) -> None:
    values = {
        "usageLocation": "NO",
        "otherMails": [f"{n}@home.example" for n in range(250)],
        "passwordPolicies": "DisablePasswordExpiration, DisableStrongPassword",
        "ageGroup": "Adult",
        "consentProvidedForMinor": "Granted",
        "employeeHireDate": "2026-11-22T07:00:00.25+02:00",
    }
    assert client.graph("PATCH", "users/cloud@contoso.com", values).status == 204
    found = client.user("cloud@contoso.com", *values)
    assert {name: found[name] for name in values} == {**values, "employeeHireDate": "2026-11-22T05:00:00Z"}


def test_a_dynamic_group_says_whether_its_rule_runs(client: DirectClient) -> None:
    rule = {"groupTypes": ["DynamicMembership"], "membershipRule": 'user.department -eq "Sales"'}
    made = group(client, **rule, membershipRuleProcessingState="On")
    path = f"groups/{made}?$select=membershipRuleProcessingState"
    assert client.graph("GET", path).json["membershipRuleProcessingState"] == "On"
    body = {"membershipRuleProcessingState": "Running"}
    check(client, ("PATCH", f"groups/{made}", body), 400, "Request_BadRequest", "membershipRuleProcessingState")


@pytest.mark.parametrize("collection", ["groups", "contacts", "devices", "applications"])
def test_a_key_that_can_be_none_is_told_from_one_that_is_not_there(client: DirectClient, collection: str) -> None:
    invalid = "Invalid object identifier 'x y'."
    check(client, ("GET", f"{collection}/x%20y", None), 400, "Request_BadRequest", invalid)
    for kind in ("users/x%20y", f"{collection}/11111111-1111-1111-1111-111111111111"):
        check(client, ("GET", kind, None), 404, "Request_ResourceNotFound", "does not exist")


def test_a_body_that_says_it_is_something_else_is_not_read(client: DirectClient) -> None:
    for kind, status in (("text/plain", 400), ("application/json; charset=utf-8", 204), ("", 204)):
        path = "/v1.0/users/cloud@contoso.com"
        assert client.send("PATCH", path, {"jobTitle": "x"}, {"content-type": kind}).status == status


def test_a_conflict_names_property_and_object(client: DirectClient) -> None:
    answer = client.graph("POST", "users", {**NEW, "userPrincipalName": "cloud@contoso.com"})
    details = [(item["code"], item["target"]) for item in answer.error["details"]]
    other = client.user("cloud@contoso.com", "id")["id"]
    assert details == [("ObjectConflict", "userPrincipalName"), ("ConflictingObjects", f"User_{other}")]


@pytest.mark.parametrize(
    ("patch", "allowed"),
    [
        ({"displayName": "X"}, False),
        ({"accountEnabled": False}, False),
        ({"onPremisesExtensionAttributes": {"extensionAttribute1": "x"}}, False),
        ({"jobTitle": "X", "usageLocation": "NO"}, False),
        ({"usageLocation": "NO"}, True),
        ({"otherMails": ["x@y.example"]}, True),
        ({"mobilePhone": "1"}, True),
        ({"userType": "Guest"}, True),
        ({"extension_0123456789abcdef0123456789abcdef_other": "x"}, True),
        ({"extension_0123456789abcdef0123456789abcdef_synced": "x"}, False),
    ],
)
def test_a_synchronized_user_is_mastered_on_premises(
    client: DirectClient, patch: dict[str, object], allowed: bool
) -> None:
    client.add("s", userPrincipalName="s@contoso.com", extension_0123456789abcdef0123456789abcdef_synced="v")
    client.tenant.imply_extension("extension_0123456789abcdef0123456789abcdef_other")
    request = ("PATCH", "users/s@contoso.com", patch)
    if allowed:
        assert client.graph(*request).status == 204
    else:
        check(client, request, 400, "Request_BadRequest", MASTERED)


def test_strict_mobile_makes_mobile_phone_read_only(client: DirectClient) -> None:
    client.add("s", userPrincipalName="s@contoso.com")
    client.tenant.strict_mobile = True
    request = ("PATCH", "users/s@contoso.com", {"mobilePhone": "1"})
    check(client, request, 400, "Request_BadRequest", MASTERED)


def test_a_once_synchronized_user_refuses_only_extension_attributes(client: DirectClient) -> None:
    added = client.add("s", userPrincipalName="s@contoso.com")
    client.export({"operation": "delete", "type": "user", "cloudAnchor": added["cloudAnchor"]})
    client.graph("POST", f"directory/deletedItems/{object_id(added['cloudAnchor'])}/restore")
    assert client.user("s@contoso.com", "onPremisesSyncEnabled")["onPremisesSyncEnabled"] is False
    assert client.graph("PATCH", "users/s@contoso.com", {"jobTitle": "X"}).status == 204
    request = ("PATCH", "users/s@contoso.com", {"onPremisesExtensionAttributes": {"extensionAttribute1": "x"}})
    check(client, request, 400, "Request_BadRequest", "originated within an external service")


def test_patching_mail_moves_the_primary_address(client: DirectClient) -> None:
    client.graph("PATCH", "users/cloud@contoso.com", {"mail": "new.mail@contoso.com"})
    found = client.user("cloud@contoso.com", "mail", "proxyAddresses")
    assert found["proxyAddresses"] == ["SMTP:new.mail@contoso.com", "smtp:cloud@contoso.com"]


def test_extension_attributes_are_merged(client: DirectClient) -> None:
    for number in (1, 2):
        patch = {"onPremisesExtensionAttributes": {f"extensionAttribute{number}": str(number)}}
        assert client.graph("PATCH", "users/cloud@contoso.com", patch).status == 204
    found = client.user("cloud@contoso.com", "onPremisesExtensionAttributes")["onPremisesExtensionAttributes"]
    assert (found["extensionAttribute1"], found["extensionAttribute2"]) == ("1", "2")


def test_delete_restore_and_a_name_taken_meanwhile(client: DirectClient) -> None:
    key = client.user("cloud@contoso.com", "id")["id"]
    assert client.graph("DELETE", f"users/{key}").status == 204
    check(client, ("GET", f"users/{key}", None), 404, "Request_ResourceNotFound", key)
    binned = client.graph("GET", "directory/deletedItems/microsoft.graph.user").json["value"]
    assert [item["id"] for item in binned] == [key]
    taker = client.graph("POST", "users", {**NEW, "userPrincipalName": "cloud@contoso.com"}).json["id"]
    restore = ("POST", f"directory/deletedItems/{key}/restore", None)
    check(client, restore, 400, "Request_BadRequest", "property userPrincipalName already exists")
    client.graph("DELETE", f"users/{taker}")
    restored = client.graph(*restore)
    assert (restored.status, restored.json["@odata.type"]) == (200, "#microsoft.graph.user")
    assert client.user("cloud@contoso.com", "id")["id"] == key


def test_groups_are_found_by_unique_name(client: DirectClient) -> None:
    key = group(client, uniqueName="7b41")
    assert client.graph("GET", "groups(uniqueName='7b41')").json["id"] == key
    found = client.graph("GET", "groups?$filter=uniqueName eq '7b41'").json["value"]
    assert [item["id"] for item in found] == [key]
    check(client, ("POST", "groups", {**GROUP, "uniqueName": "7B41"}), 400, "Request_BadRequest", "uniqueName")
    request = ("PATCH", f"groups/{key}", {"uniqueName": "other"})
    check(client, request, 400, "Request_BadRequest", "read-only")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"mailEnabled": True}, "mail-enabled"),
        ({"mail": "g@contoso.com"}, "Property 'mail' is read-only"),
        ({"mailNickname": None}, "mailNickname"),
        ({"groupTypes": ["DynamicMembership"]}, "membershipRule"),
        ({"members@odata.bind": ["x"] * 21}, "up to 20"),
    ],
)
def test_group_create_is_validated(client: DirectClient, change: dict[str, object], text: str) -> None:
    check(client, ("POST", "groups", {**GROUP, **change}), 400, "Request_BadRequest", text)


def test_members_are_added_once_and_removed_once(client: DirectClient) -> None:
    key, user = group(client), client.user("cloud@contoso.com", "id")["id"]
    body = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user}"}
    add, remove = ("POST", f"groups/{key}/members/$ref", body), f"groups/{key}/members/{user}/$ref"
    assert client.graph(*add).status == 204
    check(client, add, 400, "Request_BadRequest", "already exist")
    members = client.graph("GET", f"groups/{key}/members?$select=id").json["value"]
    assert members == [{"@odata.type": "#microsoft.graph.user", "id": user}]
    assert client.graph("DELETE", remove).status == 204
    check(client, ("DELETE", remove, None), 404, "Request_ResourceNotFound", user)
    check(client, ("DELETE", f"groups/{key}/members/{user}", None), 400, "BadRequest", "segment")
    assert client.user("cloud@contoso.com", "id")["id"] == user, "a delete without $ref deletes nobody"
    unknown = {"@odata.id": "https://x/v1.0/users/00000000-0000-0000-0000-000000000000"}
    request = ("POST", f"groups/{key}/members/$ref", unknown)
    check(client, request, 404, "Request_ResourceNotFound", "0000")


def test_synchronized_and_classic_groups_are_read_only(client: DirectClient) -> None:
    anchor = client.add("g", "group", displayName="G", mailEnabled=True, proxyAddresses=["SMTP:g@contoso.com"])
    key, user = object_id(anchor["cloudAnchor"]), client.user("cloud@contoso.com", "id")["id"]
    body = {"@odata.id": f"https://x/v1.0/users/{user}"}
    check(client, ("POST", f"groups/{key}/members/$ref", body), 400, "Request_BadRequest", MASTERED)
    check(client, ("PATCH", f"groups/{key}", {"displayName": "X"}), 400, "Request_BadRequest", MASTERED)
    check(client, ("DELETE", f"groups/{key}", None), 400, "Request_BadRequest", "on-premises mastered")


def test_manager(client: DirectClient) -> None:
    root = client.user("root@contoso.onmicrosoft.com", "id")["id"]
    path = "users/cloud@contoso.com/manager"
    check(client, ("GET", path, None), 404, "Request_ResourceNotFound", "manager")
    assert client.graph("PUT", f"{path}/$ref", {"@odata.id": f"https://x/users/{root}"}).status == 204
    assert client.graph("GET", path).json["displayName"] == "Root"
    assert client.graph("DELETE", f"{path}/$ref").status == 204
    check(client, ("DELETE", f"{path}/$ref", None), 404, "Request_ResourceNotFound", "manager")


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (("POST", "contacts", {}), 405, "Request_BadRequest"),
        (("PUT", "users", {}), 405, "Request_BadRequest"),
        (("GET", "nothing", None), 400, "BadRequest"),
        (("GET", "users/00000000-0000-0000-0000-000000000000", None), 404, "Request_ResourceNotFound"),
        (("GET", "users?$select=shoeSize", None), 400, "BadRequest"),
        (("GET", "users?$select=skills", None), 501, "NotImplemented"),
        (("GET", "users?$skip=10", None), 400, "Request_BadRequest"),
        (("POST", "users", b"not json"), 400, "BadRequest"),
        (("GET", "users/cloud@contoso.com/shoes", None), 400, "BadRequest"),
        (("PATCH", f"organization/{TENANT}", {"onPremisesSyncEnabled": True}), 400, "Request_BadRequest"),
        (("PATCH", "organization/x", {"onPremisesSyncEnabled": True}), 404, "Request_ResourceNotFound"),
    ],
)
def test_wrong_requests(client: DirectClient, request_: tuple[str, str, object], status: int, code: str) -> None:
    check(client, request_, status, code, "")


def test_the_tenant_itself(client: DirectClient) -> None:
    found = client.graph("GET", "organization").json["value"][0]
    assert found["onPremisesSyncEnabled"] is None
    assert {d["name"] for d in found["verifiedDomains"] if d["isInitial"]} == {"contoso.onmicrosoft.com"}
    client.add("x", userPrincipalName="x@contoso.com")
    assert client.graph("GET", "organization").json["value"][0]["onPremisesSyncEnabled"] is True
    assert client.graph("GET", "domains/contoso.com").json["isVerified"] is True
    settings = client.graph("GET", "directory/onPremisesSynchronization").json["value"][0]
    assert settings["features"]["softMatchOnUpnEnabled"] is True
    assert settings["configuration"]["accidentalDeletionPrevention"]["alertThreshold"] == 500


def test_any_object_by_id(client: DirectClient) -> None:
    user, key = client.user("cloud@contoso.com", "id")["id"], group(client)
    assert client.graph("GET", f"directoryObjects/{key}").json["@odata.type"] == "#microsoft.graph.group"
    body = {"ids": [user, key, "00000000-0000-0000-0000-000000000000"], "types": ["user"]}
    found = client.graph("POST", "directoryObjects/getByIds", body).json["value"]
    assert [item["id"] for item in found] == [user]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "users",
            {
                "accountEnabled": True,
                "displayName": "X",
                "mailNickname": "x",
                "userPrincipalName": "x@contoso.com",
                "passwordProfile": {"password": "Correct horse 1"},
            },
        ),
        ("groups", {"displayName": "X", "mailEnabled": False, "mailNickname": "x", "securityEnabled": True}),
        (
            "devices",
            {
                "accountEnabled": True,
                "alternativeSecurityIds": [{"type": 2, "key": "eA=="}],
                "deviceId": "0b9a7b8e-6c3f-4d5e-8f90-1a2b3c4d5e6f",
                "displayName": "X",
                "operatingSystem": "Linux",
                "operatingSystemVersion": "1",
            },
        ),
        ("applications", {"displayName": "X"}),
    ],
)
def test_a_used_up_quota_refuses_every_create(client: DirectClient, path: str, body: dict[str, object]) -> None:
    client.tenant.object_quota = 2
    answer = client.graph("POST", path, body)
    assert (answer.status, answer.error["code"]) == (403, "Directory_QuotaExceeded")
    client.tenant.object_quota = 3
    assert client.graph("POST", path, body).status == 201
