"""Graph's delta queries: first rounds, changes, deletions, members, tokens."""

from __future__ import annotations

from typing import Any

import pytest

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.direct import DirectClient

CLOUD = "users/cloud@contoso.com"


def check(client: DirectClient, link: str, expected: list[dict[str, Any]]) -> str:
    values, following = client.drain(link)
    assert values == expected
    return following


def key_of(client: DirectClient, name: str = "cloud@contoso.com") -> str:
    return str(client.user(name, "id")["id"])


@pytest.mark.parametrize("spelling", ["delta", "delta()", "microsoft.graph.delta()"])
def test_the_first_round_gives_values_that_are_set(client: DirectClient, spelling: str) -> None:
    values, link = client.drain(f"/v1.0/users/{spelling}?%24select=displayName,department,jobTitle")
    assert [set(v) for v in values] == [{"id", "displayName"}, {"id", "displayName", "department"}]
    check(client, link, [])


def test_a_change_gives_all_selected_values_ever_set(client: DirectClient) -> None:
    key = key_of(client)
    _, link = client.drain("/v1.0/users/delta?$select=displayName,department,jobTitle")
    client.graph("PATCH", CLOUD, {"department": None})
    after = check(client, link, [{"id": key, "displayName": "Cloud Only", "department": None}])
    client.graph("PATCH", CLOUD, {"city": "Oslo"})
    check(client, after, [])


def test_minimal_gives_only_what_changed(client: DirectClient) -> None:
    _, link = client.drain("/v1.0/users/delta?$select=displayName,department")
    client.graph("PATCH", CLOUD, {"department": "IT"})
    values, _ = client.drain(link, {"Prefer": "return=minimal"})
    assert values == [{"id": key_of(client), "department": "IT"}]


def test_deleted_restored_and_purged(client: DirectClient) -> None:
    key = key_of(client)
    _, link = client.drain("/v1.0/users/delta?$select=displayName")
    client.graph("DELETE", CLOUD)
    link = check(client, link, [{"id": key, "@removed": {"reason": "changed"}}])
    client.graph("POST", f"directory/deletedItems/{key}/restore")
    link = check(client, link, [{"id": key, "displayName": "Cloud Only"}])
    client.graph("DELETE", CLOUD)
    client.graph("DELETE", f"directory/deletedItems/{key}")
    check(client, link, [{"id": key, "@removed": {"reason": "deleted"}}])


def test_an_object_that_came_and_went_in_between_is_not_told(client: DirectClient) -> None:
    _, link = client.drain("/v1.0/groups/delta")
    added = client.add("g", "group", displayName="G")
    client.export({"operation": "delete", "type": "group", "cloudAnchor": added["cloudAnchor"]})
    check(client, link, [])


def test_members_come_as_additions_and_removals(client: DirectClient) -> None:
    body = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    group, user = client.graph("POST", "groups", body).json["id"], key_of(client)
    values, link = client.drain("/v1.0/groups/delta?$select=displayName,members")
    assert values == [{"id": group, "displayName": "G"}]
    reference = {"@odata.id": f"https://x/v1.0/directoryObjects/{user}"}
    client.graph("POST", f"groups/{group}/members/$ref", reference)
    member: dict[str, Any] = {"@odata.type": "#microsoft.graph.user", "id": user}
    link = check(client, link, [{"id": group, "displayName": "G", "members@delta": [member]}])
    client.graph("DELETE", f"groups/{group}/members/{user}/$ref")
    gone = {**member, "@removed": {"reason": "deleted"}}
    check(client, link, [{"id": group, "displayName": "G", "members@delta": [gone]}])
    only_names, link = client.drain("/v1.0/groups/delta?$select=displayName")
    client.graph("POST", f"groups/{group}/members/$ref", reference)
    check(client, link, [])
    assert only_names == values


def test_a_large_group_comes_in_parts_over_pages(client: DirectClient) -> None:
    added = [
        {
            "operation": "add",
            "type": "user",
            "sourceAnchor": f"u{n}",
            "attributes": {"userPrincipalName": f"u{n}@contoso.com"},
        }
        for n in range(2500)
    ]
    anchors = [answer["cloudAnchor"] for at in range(0, 2500, 100) for answer in client.export(*added[at : at + 100])]
    group = client.add("g", "group", displayName="Big")["cloudAnchor"]
    edit = {"operation": "update", "type": "group", "cloudAnchor": group}
    assert client.export({**edit, "references": {"member": {"add": anchors}}})[0]["status"] == 200
    values, _ = client.drain("/v1.0/groups/delta?$select=displayName,members", {"Prefer": "odata.maxpagesize=1"})
    assert [len(v["members@delta"]) for v in values] == [1000, 1000, 500]
    assert {v["displayName"] for v in values} == {"Big"}
    members = {m["id"] for v in values for m in v["members@delta"]}
    assert members == {anchor.removeprefix("User_") for anchor in anchors}


def test_manager_is_told_when_selected(client: DirectClient) -> None:
    root = key_of(client, "root@contoso.onmicrosoft.com")
    _, link = client.drain("/v1.0/users/delta?$select=displayName,manager")
    client.graph("PUT", f"{CLOUD}/manager/$ref", {"@odata.id": f"https://x/v1.0/users/{root}"})
    values, _ = client.drain(link)
    assert values[0]["manager@delta"] == [{"@odata.type": "#microsoft.graph.user", "id": root}]


def test_changes_during_a_round_come_in_the_next(client: DirectClient) -> None:
    first = client.send("GET", "/v1.0/users/delta?$select=displayName", headers={"Prefer": "odata.maxpagesize=1"})
    client.graph("PATCH", "users/root@contoso.onmicrosoft.com", {"displayName": "Renamed"})
    rest, link = client.drain(first.json["@odata.nextLink"])
    assert [v["displayName"] for v in rest] == ["Cloud Only"]
    values, _ = client.drain(link)
    assert [v["displayName"] for v in values] == ["Renamed"]


def test_filter_by_id_and_latest(client: DirectClient) -> None:
    key = key_of(client)
    values, _ = client.drain(f"/v1.0/users/delta?$select=displayName&$filter=id eq '{key}'")
    assert [v["id"] for v in values] == [key]
    assert client.drain("/v1.0/users/delta?$deltatoken=latest&$select=displayName")[0] == []
    assert client.graph("GET", "users/delta?$filter=displayName eq 'x'").status == 400


def test_stale_and_foreign_tokens(client: DirectClient, clock: Clock) -> None:
    _, link = client.drain("/v1.0/users/delta")
    assert client.send("GET", link.replace("/users/", "/groups/")).status == 400
    clock.advance(7 * 86400 + 1)
    answer = client.send("GET", link)
    assert (answer.status, answer.error["code"]) == (410, "syncStateNotFound")
    values, _ = client.drain(answer.headers["location"])
    assert len(values) == 2, "the location starts a first round"
    _, link = client.drain("/v1.0/users/delta")
    client.tenant.reset()
    assert client.send("GET", link).error["code"] == "resyncRequired", "young, but of a tenant that is no more"
    assert client.graph("GET", "users/delta?$top=5").status == 400
