"""Reads that are behind: lists, counts, deltas and relationships under a lag, stale reads, entries that come twice."""

from __future__ import annotations

from typing import Any

import pytest

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.direct import DirectClient, object_id
from attrflow_mocks.faults import Fault

EVENTUAL = {"ConsistencyLevel": "eventual"}
USER = "users/cloud@contoso.com"
GROUP = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
ROOT = "root@contoso.onmicrosoft.com"


def test_lists_counts_and_deltas_lag_and_single_reads_do_not(client: DirectClient, clock: Clock) -> None:
    clock.advance(60)
    client.tenant.lag = 30
    _, link = client.drain("/v1.0/users/delta?$select=jobTitle")
    client.graph("PATCH", USER, {"jobTitle": "New"})
    late = client.tenant.add_user({"userPrincipalName": "late@contoso.com", "displayName": "Late"})

    def look() -> tuple[bytes, list[Any], int]:
        count = client.graph("GET", "users/$count", headers=EVENTUAL).body
        titles = client.graph("GET", "users?$filter=userPrincipalName eq 'cloud@contoso.com'&$select=jobTitle").json
        return count, [one["jobTitle"] for one in titles["value"]], len(client.drain(link)[0])

    assert client.user("late@contoso.com", "id")["id"] == late.id
    assert look() == (b"2", [None], 0)
    group = client.graph(
        "POST", "groups", {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    ).json["id"]
    body = {"@odata.id": f"x/users/{late.id}"}
    assert client.graph("POST", f"groups/{group}/members/$ref", body).status == 404
    clock.advance(31)
    assert look() == (b"3", ["New"], 2)
    assert client.graph("POST", f"groups/{group}/members/$ref", body).status == 204


def test_stale_reads_and_entries_that_come_twice(client: DirectClient) -> None:
    client.graph("PATCH", USER, {"jobTitle": "New"})
    client.responder.faults.add(Fault("graph", "GET */users/*", "stale"))
    assert client.user("cloud@contoso.com", "jobTitle")["jobTitle"] is None
    assert client.user("cloud@contoso.com", "jobTitle")["jobTitle"] == "New"
    client.responder.faults.add(Fault("graph", "GET */users/delta", "duplicate"))
    values = client.graph("GET", "users/delta").json["value"]
    assert len(values) == 2 * len({one["id"] for one in values})
    client.responder.faults.add(Fault("ingest", "GET */delta", "duplicate"))
    values = client.send("GET", "/ingest/v1/delta").json["value"]
    assert len(values) == 2 * len({one["id"] for one in values})


@pytest.fixture
def related(client: DirectClient, clock: Clock) -> tuple[str, str, str]:
    """A group with a member and an owner, the member with a manager; ids of group, member and the other."""
    group = client.graph("POST", "groups", GROUP).json["id"]
    member, other = client.user("cloud@contoso.com")["id"], client.user(ROOT)["id"]
    clock.advance(60)
    client.tenant.lag = 30
    return group, member, other


def ids(client: DirectClient, path: str, headers: dict[str, str] | None = None) -> list[str]:
    answer = client.graph("GET", path, headers=headers)
    assert answer.status == 200, answer.body
    return [one["id"] for one in answer.json["value"]]


@pytest.mark.parametrize("navigation", ["members", "owners"])
def test_members_and_owners_lag(
    client: DirectClient, clock: Clock, related: tuple[str, str, str], navigation: str
) -> None:
    group, member, _ = related
    path = f"groups/{group}/{navigation}"
    back = "memberOf" if navigation == "members" else "ownedObjects"
    asks = (path, f"users/{member}/{back}")

    def look() -> list[int]:
        return [len(ids(client, ask)) for ask in asks]

    assert client.graph("POST", f"{path}/$ref", {"@odata.id": f"x/users/{member}"}).status == 204
    assert look() == [0, 0]
    assert client.graph("POST", f"{path}/$ref", {"@odata.id": f"x/users/{member}"}).status == 400, "writes know it"
    clock.advance(31)
    assert look() == [1, 1]
    assert client.graph("DELETE", f"{path}/{member}/$ref").status == 204
    assert look() == [1, 1]
    clock.advance(31)
    assert look() == [0, 0]


def test_nested_memberships_counts_and_questions_lag(
    client: DirectClient, clock: Clock, related: tuple[str, str, str]
) -> None:
    group, member, _ = related
    outer = client.graph("POST", "groups", {**GROUP, "mailNickname": "outer"}).json["id"]
    clock.advance(31)
    client.graph("POST", f"groups/{outer}/members/$ref", {"@odata.id": f"x/groups/{group}"})
    client.graph("POST", f"groups/{group}/members/$ref", {"@odata.id": f"x/users/{member}"})

    def look() -> tuple[int, int, bytes, int, int]:
        asked = client.graph("POST", f"users/{member}/getMemberGroups", {"securityEnabledOnly": False}).json["value"]
        expanded = client.graph("GET", "groups?$expand=members").json["value"]
        return (
            len(ids(client, f"groups/{outer}/transitiveMembers")),
            len(ids(client, f"users/{member}/transitiveMemberOf")),
            client.graph("GET", f"groups/{group}/members/$count", headers=EVENTUAL).body,
            len(asked),
            sum(len(one["members"]) for one in expanded),
        )

    assert look() == (0, 0, b"0", 0, 0)
    clock.advance(31)
    assert look() == (2, 2, b"1", 2, 2)


def test_managers_and_reports_lag(client: DirectClient, clock: Clock, related: tuple[str, str, str]) -> None:
    _, member, other = related

    def look() -> tuple[int, int]:
        return client.graph("GET", f"{USER}/manager").status, len(ids(client, f"users/{other}/directReports"))

    assert client.graph("PUT", f"{USER}/manager/$ref", {"@odata.id": f"x/users/{other}"}).status == 204
    assert look() == (404, 0)
    clock.advance(31)
    assert look() == (200, 1)
    assert client.graph("PUT", f"{USER}/manager/$ref", {"@odata.id": f"x/users/{member}"}).status == 204
    assert client.graph("GET", f"{USER}/manager").json["id"] == other
    clock.advance(31)
    assert client.graph("GET", f"{USER}/manager").json["id"] == member


def test_what_is_deleted_for_good_stays_in_lists_as_long_as_the_lag(
    client: DirectClient, clock: Clock, related: tuple[str, str, str]
) -> None:
    group, member, _ = related
    client.graph("POST", f"groups/{group}/members/$ref", {"@odata.id": f"x/users/{member}"})
    clock.advance(31)
    assert client.graph("DELETE", f"groups/{group}").status == 204
    assert ids(client, f"users/{member}/memberOf") == [group]
    assert ids(client, f"groups/{group}/members") == [member]
    clock.advance(31)
    assert ids(client, f"users/{member}/memberOf") == []
    assert client.graph("GET", f"groups/{group}/members").status == 404


def test_a_first_delta_shows_the_links_that_its_round_knows(
    client: DirectClient, clock: Clock, related: tuple[str, str, str]
) -> None:
    group, member, _ = related
    client.graph("POST", f"groups/{group}/members/$ref", {"@odata.id": f"x/users/{member}"})
    (first,), link = client.drain("/v1.0/groups/delta")
    assert "members@delta" not in first
    clock.advance(31)
    (second,), _ = client.drain(link)
    assert [one["id"] for one in second["members@delta"]] == [member]


def test_what_the_tenant_began_with_is_never_behind(client: DirectClient) -> None:
    client.responder.faults.add(Fault("graph", "GET */users", "stale"))
    assert len(ids(client, "users")) == 2
    client.tenant.lag = 3600
    assert len(ids(client, "users")) == 2


def test_a_stale_read_shows_links_as_before_the_last_change(client: DirectClient) -> None:
    first, second = client.user("cloud@contoso.com")["id"], client.user(ROOT)["id"]
    group = client.graph("POST", "groups", GROUP).json["id"]
    for identifier in (first, second):
        client.graph("POST", f"groups/{group}/members/$ref", {"@odata.id": f"x/users/{identifier}"})
    for operation in (f"GET */groups/{group}/members", f"GET */users/{second}/memberOf"):
        client.responder.faults.add(Fault("graph", operation, "stale"))
    assert ids(client, f"groups/{group}/members") == [first]
    assert ids(client, f"users/{second}/memberOf") == []
    assert ids(client, f"groups/{group}/members") == [first, second]
    answer = client.add("s", userPrincipalName="s@contoso.com", manager={"ref": f"User_{first}"})
    client.update(answer["cloudAnchor"], manager={"ref": f"User_{second}"})
    client.responder.faults.add(Fault("ingest", "GET */objects", "stale"))
    where = f"/ingest/v1/objects?cloudAnchor={answer['cloudAnchor']}"
    seen = [client.send("GET", where).json["attributes"]["manager"] for _ in range(2)]
    assert seen == [{"ref": f"User_{first}"}, {"ref": f"User_{second}"}]
    assert object_id(answer["cloudAnchor"]) in ids(client, f"users/{second}/directReports")
