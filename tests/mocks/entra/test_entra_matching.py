"""Which object an incoming new one is, which conflicts are quarantined, and which are errors."""

from __future__ import annotations

from typing import Any

import pytest

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.direct import DirectClient, object_id, source_anchor

CLOUD = "cloud@contoso.com"


def check(answer: dict[str, Any], status: int, code: str | None = None, attribute: str | None = None) -> None:
    error = answer.get("error", {})
    assert (answer["status"], error.get("code"), error.get("attribute")) == (status, code, attribute), answer


def provisioning_errors(client: DirectClient, key: str) -> list[tuple[str, str]]:
    found = client.user(key, "onPremisesProvisioningErrors")["onPremisesProvisioningErrors"]
    return [(item["propertyCausingError"], item["value"]) for item in found]


def create(client: DirectClient, name: str, **more: object) -> str:
    body = {
        "accountEnabled": True,
        "displayName": name,
        "mailNickname": name,
        "userPrincipalName": f"{name}@contoso.com",
        "passwordProfile": {"password": "Correct horse 1"},
        **more,
    }
    answer = client.graph("POST", "users", body)
    assert answer.status == 201, answer.body
    return str(answer.json["id"])


def test_hard_match_takes_the_cloud_user_over(client: DirectClient) -> None:
    key = create(client, "hard", onPremisesImmutableId=source_anchor("hard"), department="Cloud")
    answer = client.add("hard", userPrincipalName="other@contoso.com", displayName="New", department="AD")
    check(answer, 200)
    assert object_id(answer["cloudAnchor"]) == key
    found = client.user(key, "displayName", "department", "onPremisesSyncEnabled", "userPrincipalName")
    assert (found["displayName"], found["department"], found["onPremisesSyncEnabled"]) == ("New", "AD", True)
    assert found["userPrincipalName"] == "other@contoso.com"


def test_hard_match_can_be_blocked(client: DirectClient) -> None:
    create(client, "hard", onPremisesImmutableId=source_anchor("hard"))
    client.tenant.features["blockCloudObjectTakeoverThroughHardMatchEnabled"] = True
    check(client.add("hard", userPrincipalName="hard@contoso.com"), 409, "InvalidHardMatch", "sourceAnchor")


def test_a_repeated_add_is_the_same_object(client: DirectClient) -> None:
    first = client.add("twice", userPrincipalName="twice@contoso.com", department="A", city="Oslo")
    again = client.add("twice", userPrincipalName="twice@contoso.com", department="B")
    check(first, 201)
    check(again, 200)
    assert first["cloudAnchor"] == again["cloudAnchor"]
    found = client.user("twice@contoso.com", "department", "city")
    assert (found["department"], found["city"]) == ("B", None)


@pytest.mark.parametrize(
    "attributes",
    [
        {"userPrincipalName": "x@contoso.com", "proxyAddresses": ["SMTP:Cloud@contoso.com"]},
        {"userPrincipalName": "CLOUD@contoso.com"},
    ],
    ids=["by primary SMTP address", "by user name"],
)
def test_soft_match_writes_the_anchor(client: DirectClient, attributes: dict[str, object]) -> None:
    answer = client.add("soft", displayName="Soft", **attributes)
    check(answer, 200)
    found = client.user(object_id(answer["cloudAnchor"]), "onPremisesImmutableId", "department", "displayName")
    assert found["onPremisesImmutableId"] == source_anchor("soft")
    assert (found["displayName"], found["department"]) == ("Soft", "Sales")


def test_a_secondary_address_does_not_match(client: DirectClient) -> None:
    answer = client.add(
        "second",
        userPrincipalName="second@contoso.com",
        proxyAddresses=["SMTP:second@contoso.com", f"smtp:{CLOUD}"],
    )
    check(answer, 201)
    assert provisioning_errors(client, "second@contoso.com") == [("ProxyAddresses", f"smtp:{CLOUD}")]


def test_soft_match_blocked_means_quarantine(client: DirectClient) -> None:
    client.tenant.features["blockSoftMatchEnabled"] = True
    answer = client.add("soft", userPrincipalName=CLOUD)
    check(answer, 201)
    found = client.user(object_id(answer["cloudAnchor"]), "userPrincipalName", "onPremisesUserPrincipalName")
    assert found["userPrincipalName"].startswith("cloud+")
    assert found["userPrincipalName"].endswith("@contoso.onmicrosoft.com")
    assert found["onPremisesUserPrincipalName"] == CLOUD
    assert provisioning_errors(client, object_id(answer["cloudAnchor"])) == [("UserPrincipalName", CLOUD)]


def test_an_administrator_is_never_soft_matched(client: DirectClient) -> None:
    answer = client.add("root", userPrincipalName="root@contoso.onmicrosoft.com")
    check(answer, 201)
    client.tenant.features["quarantineUponUpnConflictEnabled"] = False
    again = client.add("root2", userPrincipalName="root@contoso.onmicrosoft.com")
    check(again, 409, "ExistingAdminRoleConflict", "userPrincipalName")


def test_another_type_is_a_mismatch(client: DirectClient) -> None:
    answer = client.add("list", "group", displayName="L", mailEnabled=True, proxyAddresses=[f"SMTP:{CLOUD}"])
    check(answer, 409, "ObjectTypeMismatch", "proxyAddresses")


def test_a_synchronized_object_conflicts_instead_of_matching(client: DirectClient) -> None:
    client.add("a", userPrincipalName="a@contoso.com", proxyAddresses=["SMTP:a@contoso.com"])
    quarantined = client.add("b", userPrincipalName="b@contoso.com", proxyAddresses=["SMTP:A@contoso.com"])
    check(quarantined, 201)
    assert provisioning_errors(client, "b@contoso.com") == [("ProxyAddresses", "SMTP:A@contoso.com")]
    client.tenant.features["quarantineUponProxyAddressesConflictEnabled"] = False
    refused = client.add("c", userPrincipalName="c@contoso.com", proxyAddresses=["SMTP:a@contoso.com"])
    check(refused, 409, "InvalidSoftMatch", "proxyAddresses")


def test_quarantined_values_come_back_within_the_hour(client: DirectClient, clock: Clock) -> None:
    first = client.add("a", userPrincipalName="a@contoso.com", proxyAddresses=["SMTP:shared@contoso.com"])
    second = client.add("b", userPrincipalName="b@contoso.com", proxyAddresses=["SMTP:shared@contoso.com"])
    key = object_id(second["cloudAnchor"])
    client.update(first["cloudAnchor"], proxyAddresses=["SMTP:a@contoso.com"])
    assert client.user(key, "proxyAddresses")["proxyAddresses"] == []
    clock.advance(3600)
    assert client.user(key, "proxyAddresses")["proxyAddresses"] == ["SMTP:shared@contoso.com"]
    assert provisioning_errors(client, key) == []


def test_a_later_collision_keeps_the_substitute_name(client: DirectClient) -> None:
    client.add("a", userPrincipalName="a@contoso.com")
    second = client.add("b", userPrincipalName="b@contoso.com")
    check(client.update(second["cloudAnchor"], userPrincipalName="a@contoso.com"), 200)
    key = object_id(second["cloudAnchor"])
    name = client.user(key, "userPrincipalName")["userPrincipalName"]
    client.update(second["cloudAnchor"], department="x")
    assert client.user(key, "userPrincipalName")["userPrincipalName"] == name
    assert provisioning_errors(client, key) == [("UserPrincipalName", "a@contoso.com")]


def test_two_new_groups_with_one_address_error_then_quarantine(client: DirectClient) -> None:
    group = {"displayName": "G", "mailEnabled": True, "proxyAddresses": ["SMTP:team@contoso.com"]}
    check(client.add("g1", "group", **group), 201)
    check(client.add("g2", "group", **group), 409, "AttributeValueMustBeUnique", "proxyAddresses")
    assert client.tenant.counts()["group"] == 1, "the first try leaves nothing behind"
    second = client.add("g2", "group", **group)
    check(second, 201)
    names = ("proxyAddresses", "mail", "onPremisesProvisioningErrors")
    found = client.graph("GET", f"groups/{object_id(second['cloudAnchor'])}?$select={','.join(names)}").json
    assert (found["proxyAddresses"], found["mail"]) == ([], None)
    assert [item["value"] for item in found["onPremisesProvisioningErrors"]] == ["SMTP:team@contoso.com"]
    check(client.add("g3", "group", **group), 409, "AttributeValueMustBeUnique", "proxyAddresses")


def test_a_group_that_takes_anothers_address_later_is_quarantined_at_once(client: DirectClient) -> None:
    client.add("g1", "group", displayName="G", mailEnabled=True, proxyAddresses=["SMTP:team@contoso.com"])
    second = client.add("g2", "group", displayName="G", mailEnabled=True, proxyAddresses=["SMTP:two@contoso.com"])
    check(client.update(second["cloudAnchor"], proxyAddresses=["SMTP:team@contoso.com"]), 200)
    found = client.graph("GET", f"groups/{object_id(second['cloudAnchor'])}?$select=onPremisesProvisioningErrors").json
    assert [item["value"] for item in found["onPremisesProvisioningErrors"]] == ["SMTP:team@contoso.com"]


def test_a_user_clashing_with_a_group_in_name_and_address_is_an_error(client: DirectClient) -> None:
    client.add("g", "group", displayName="G", mailEnabled=True, proxyAddresses=["SMTP:team@contoso.com"])
    both: dict[str, object] = {"userPrincipalName": "team@contoso.com", "proxyAddresses": ["SMTP:team@contoso.com"]}
    for _ in range(2):
        check(client.add("u", "user", **both), 409, "AttributeValueMustBeUnique", "proxyAddresses")
    other = client.add("v", userPrincipalName="v@contoso.com", department="old")["cloudAnchor"]
    check(client.update(other, department="new", **both), 409, "AttributeValueMustBeUnique", "proxyAddresses")
    assert client.user("v@contoso.com", "department")["department"] == "old", "the error refuses the whole object"


@pytest.mark.parametrize(
    ("group", "user", "status"),
    [
        (["SMTP:team@contoso.com"], {"proxyAddresses": ["SMTP:other@contoso.com"]}, 201),
        (["SMTP:team@contoso.com"], {"mail": "team@contoso.com"}, 409),
        (["smtp:team@contoso.com", "SMTP:main@contoso.com"], {"proxyAddresses": ["smtp:team@contoso.com"]}, 201),
        (["smtp:old@contoso.com", "SMTP:team@contoso.com"], {"proxyAddresses": ["smtp:team@contoso.com"]}, 409),
    ],
    ids=["only the name", "name and mail", "the group's secondary address", "the group's primary address, said last"],
)
def test_only_a_groups_primary_address_in_name_and_address_is_an_error(
    client: DirectClient, group: list[str], user: dict[str, object], status: int
) -> None:
    client.add("g", "group", displayName="G", mailEnabled=True, proxyAddresses=group)
    answer = client.add("u", "user", **{"userPrincipalName": "team@contoso.com", **user})
    assert answer["status"] == status, answer


def test_the_same_sid_under_another_anchor_is_refused(client: DirectClient) -> None:
    sid = {"b64": "AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAAUAQAAA=="}
    first = client.add("a", userPrincipalName="a@contoso.com", onPremiseSecurityIdentifier=sid)
    check(first, 201)
    found = client.user("a@contoso.com", "onPremisesSecurityIdentifier")
    assert found["onPremisesSecurityIdentifier"] == "S-1-5-21-1-2-3-1104"
    second = client.add("b", userPrincipalName="b@contoso.com", onPremiseSecurityIdentifier=sid)
    check(second, 409, "AttributeValueMustBeUnique", "onPremiseSecurityIdentifier")


def test_a_deleted_user_comes_back_with_the_same_anchor(client: DirectClient) -> None:
    added = client.add("back", userPrincipalName="back@contoso.com", displayName="Back")
    delete = {"operation": "delete", "type": "user", "cloudAnchor": added["cloudAnchor"]}
    check(client.export(delete)[0], 204)
    key = object_id(added["cloudAnchor"])
    binned = client.graph("GET", f"directory/deletedItems/{key}").json
    assert binned["userPrincipalName"] == key.replace("-", "") + "back@contoso.com"
    check(client.export(delete)[0], 404, "ResourceNotFound")
    again = client.add("back", userPrincipalName="back@contoso.com", displayName="Back again")
    check(again, 200)
    assert again["cloudAnchor"] == added["cloudAnchor"]
    found = client.user("back@contoso.com", "displayName", "onPremisesSyncEnabled", "deletedDateTime")
    assert (found["displayName"], found["onPremisesSyncEnabled"]) == ("Back again", True)
    assert found["deletedDateTime"] is None


def test_a_user_deleted_in_the_cloud_comes_back_though_its_name_was_taken(client: DirectClient) -> None:
    added = client.add("gone", userPrincipalName="gone@contoso.com")
    client.graph("DELETE", "users/gone@contoso.com")
    create(client, "gone")
    again = client.add("gone", userPrincipalName="gone@contoso.com")
    check(again, 200)
    assert provisioning_errors(client, object_id(added["cloudAnchor"])) == [("UserPrincipalName", "gone@contoso.com")]


def test_cloud_objects_are_neither_updated_nor_deleted(client: DirectClient) -> None:
    anchor = f"User_{client.user(CLOUD, 'id')['id']}"
    check(client.update(anchor, department="x"), 400, "UpdateOfCloudObject")
    delete = {"operation": "delete", "type": "user", "cloudAnchor": anchor}
    check(client.export(delete)[0], 400, "DeleteOfCloudObject")


def test_a_restore_is_refused_where_the_sid_was_taken(client: DirectClient) -> None:
    sid = {"b64": "AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAAUAQAAA=="}
    first = client.add("a", userPrincipalName="a@contoso.com", onPremiseSecurityIdentifier=sid)
    client.graph("DELETE", "users/a@contoso.com")
    check(client.add("b", userPrincipalName="b@contoso.com", onPremiseSecurityIdentifier=sid), 201)
    answer = client.graph("POST", f"directory/deletedItems/{object_id(first['cloudAnchor'])}/restore")
    assert answer.status == 400
    assert "onPremisesSecurityIdentifier" in answer.error["message"]


def test_a_domain_verified_with_quarantine_off_leaves_clashing_users_alone(client: DirectClient) -> None:
    added = client.add("a", userPrincipalName="a@corp.example")
    create(client, "b", mail="a@corp.example")
    client.tenant.features["quarantineUponUpnConflictEnabled"] = False
    client.tenant.verify_domain("corp.example")
    name = client.user(object_id(added["cloudAnchor"]), "userPrincipalName")["userPrincipalName"]
    assert name == "a@contoso.onmicrosoft.com"
