"""Members, owners, managers and memberships; devices; $expand; what tokens with few roles see."""

from __future__ import annotations

from typing import Any

import pytest

from attrflow_mocks.entra import graph_relations
from attrflow_mocks.entra.clients import Client
from attrflow_mocks.entra.direct import DirectClient

EVENTUAL = {"ConsistencyLevel": "eventual"}
DEVICE = {
    "accountEnabled": True,
    "alternativeSecurityIds": [{"type": 2, "key": "Y3=="}],
    "deviceId": "4c299165-6e8f-4b45-a5ba-c5d250a707ff",
    "displayName": "PC-17",
    "operatingSystem": "Windows",
    "operatingSystemVersion": "11",
}


def group(client: DirectClient, name: str, **more: object) -> str:
    body = {"displayName": name, "mailEnabled": False, "mailNickname": name, "securityEnabled": True, **more}
    answer = client.graph("POST", "groups", body)
    assert answer.status == 201, answer.body
    return str(answer.json["id"])


def join(client: DirectClient, owner: str, target: str, path: str = "members") -> None:
    body = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{target}"}
    answer = client.graph("POST", f"{owner}/{path}/$ref", body)
    assert answer.status == 204, answer.body


def ids(client: DirectClient, path: str, **headers: str) -> list[str]:
    answer = client.graph("GET", path, headers=headers)
    assert answer.status == 200, answer.body
    return [one["id"] for one in answer.json["value"]]


@pytest.fixture
def nested(client: DirectClient) -> dict[str, str]:
    """`cloud` in `inner` in `outer`, and `outer` in `inner` again: a circle."""
    names = {name: group(client, name) for name in ("inner", "outer")}
    names["user"] = client.user("cloud@contoso.com")["id"]
    join(client, f"groups/{names['inner']}", names["user"])
    join(client, f"groups/{names['outer']}", names["inner"])
    join(client, f"groups/{names['inner']}", names["outer"])
    return names


def test_nested_members_and_memberships_survive_a_circle(client: DirectClient, nested: dict[str, str]) -> None:
    inner, outer, user = nested["inner"], nested["outer"], nested["user"]
    assert ids(client, f"groups/{outer}/transitiveMembers") == [inner, user]
    assert ids(client, f"groups/{outer}/transitiveMembers/microsoft.graph.user") == [user]
    assert ids(client, f"users/{user}/memberOf") == [inner]
    assert sorted(ids(client, f"users/{user}/transitiveMemberOf/graph.group")) == sorted([inner, outer])
    count = client.graph("GET", f"groups/{outer}/transitiveMembers/$count", headers=EVENTUAL)
    assert (count.body, count.headers["content-type"]) == (b"2", "text/plain")


@pytest.mark.parametrize("collection", ["users", "directoryObjects"])
def test_questions_about_memberships(client: DirectClient, nested: dict[str, str], collection: str) -> None:
    path = f"{collection}/{nested['user']}"
    asked = client.graph("POST", f"{path}/getMemberGroups", {"securityEnabledOnly": True}).json
    assert asked["@odata.context"].endswith("#Collection(Edm.String)")
    assert sorted(asked["value"]) == sorted([nested["inner"], nested["outer"]])
    body = {"groupIds": [nested["outer"], "00000000-0000-0000-0000-000000000000"]}
    assert client.graph("POST", f"{path}/checkMemberGroups", body).json["value"] == [nested["outer"]]
    assert client.graph("POST", f"{path}/checkMemberObjects", {"ids": []}).status == 400


def test_too_many_memberships_for_one_answer(client: DirectClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_relations, "_MOST_IDS", 1)
    user = client.user("cloud@contoso.com")["id"]
    for status in (200, 400):
        body = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True,
                "members@odata.bind": [f"x/users/{user}"]}  # fmt: skip
        assert client.graph("POST", "groups", body).status == 201
        answer = client.graph("POST", f"users/{user}/getMemberGroups", {"securityEnabledOnly": False})
        assert answer.status == status
    assert answer.error["code"] == "Directory_ResultSizeLimitExceeded"


def test_references_are_listed_added_and_removed(client: DirectClient) -> None:
    key, user = group(client, "g"), client.user("cloud@contoso.com")["id"]
    join(client, f"groups/{key}", user, "owners")
    answer = client.graph("GET", f"groups/{key}/owners/$ref").json
    assert [one["@odata.id"].rpartition("/")[2] for one in answer["value"]] == [user]
    assert ids(client, f"users/{user}/ownedObjects") == [key]
    assert client.graph("POST", f"groups/{key}/owners/$ref", {"@odata.id": f"x/users/{user}"}).status == 400
    assert client.graph("DELETE", f"groups/{key}/owners/{user}/$ref").status == 204
    assert client.graph("DELETE", f"groups/{key}/owners/{user}/$ref").status == 404


def test_a_member_is_not_deleted_by_a_forgotten_ref(client: DirectClient, nested: dict[str, str]) -> None:
    answer = client.graph("DELETE", f"groups/{nested['inner']}/members/{nested['user']}")
    assert answer.status in (400, 405)
    assert client.user("cloud@contoso.com")["id"] == nested["user"]


def test_what_a_group_cannot_hold(client: DirectClient) -> None:
    unified = group(client, "team", groupTypes=["Unified"], mailEnabled=True)
    plain = group(client, "plain")
    body: dict[str, Any] = {"@odata.id": f"x/directoryObjects/{plain}"}
    assert client.graph("POST", f"groups/{unified}/members/$ref", body).status == 400
    listing = group(client, "insecure", securityEnabled=False, groupTypes=["Unified"], mailEnabled=True)
    body["@odata.id"] = f"x/directoryObjects/{listing}"
    assert client.graph("POST", f"groups/{plain}/members/$ref", body).status == 400


def test_a_microsoft_365_group_goes_to_the_bin_and_comes_back_with_its_members(client: DirectClient) -> None:
    unified, plain = group(client, "team", groupTypes=["Unified"], mailEnabled=True), group(client, "plain")
    join(client, f"groups/{unified}", client.user("cloud@contoso.com")["id"])
    for key in (unified, plain):
        assert client.graph("DELETE", f"groups/{key}").status == 204
    assert ids(client, "directory/deletedItems/microsoft.graph.group") == [unified]
    assert ids(client, "directory/deletedItems/microsoft.graph.device") == []
    restored = client.graph("POST", f"directory/deletedItems/{unified}/restore")
    assert restored.json["@odata.type"] == "#microsoft.graph.group"
    assert len(ids(client, f"groups/{unified}/members")) == 1
    assert client.graph("DELETE", f"directoryObjects/{unified}").status == 204
    assert client.graph("DELETE", f"directory/deletedItems/{unified}").status == 204
    assert client.graph("GET", f"directory/deletedItems/{unified}").status == 404


def test_devices(client: DirectClient) -> None:
    made = client.graph("POST", "devices", DEVICE)
    assert made.status == 201, made.body
    assert made.headers["location"].endswith(made.json["id"])
    assert client.graph("POST", "devices", DEVICE).status == 400, "deviceId is unique"
    assert client.graph("POST", "devices", {**DEVICE, "trustType": "Sofa"}).status == 400
    key, user = made.json["id"], client.user("cloud@contoso.com")["id"]
    assert client.graph("GET", f"devices(deviceId='{DEVICE['deviceId']}')").json["id"] == key
    assert client.graph("PATCH", f"devices/{key}", {"accountEnabled": False}).status == 204
    assert client.graph("PATCH", f"devices/{key}", {"onPremisesSyncEnabled": True}).status == 400
    for path in ("registeredOwners", "registeredUsers"):
        join(client, f"devices/{key}", user, path)
        assert ids(client, f"devices/{key}/{path}") == [user]
    assert ids(client, f"users/{user}/ownedDevices") == [key]
    _, link = client.drain("/v1.0/devices/delta")
    assert client.graph("DELETE", f"devices/{key}").status == 204
    gone, _ = client.drain(link)
    assert gone == [{"id": key, "@removed": {"reason": "deleted"}}]


def test_expand(client: DirectClient) -> None:
    root, user = client.user("root@contoso.onmicrosoft.com")["id"], client.user("cloud@contoso.com")["id"]
    client.graph("PUT", f"users/{user}/manager/$ref", {"@odata.id": f"x/users/{root}"})
    shown = client.graph("GET", f"users/{user}?$expand=manager($select=displayName)").json
    assert shown["manager"] == {"@odata.type": "#microsoft.graph.user", "id": root, "displayName": "Root"}
    assert "manager" not in client.graph("GET", f"users/{root}?$expand=manager").json
    assert client.graph("GET", f"users/{root}?$expand=directReports").json["directReports"][0]["id"] == user
    assert client.graph("GET", f"users/{user}/manager/$ref").json["@odata.id"].endswith(root)
    listed = client.graph("GET", "users?$expand=manager").json["value"]
    assert sorted("manager" in one for one in listed) == [False, True]


def test_expand_has_limits(client: DirectClient) -> None:
    key = group(client, "many")
    for number in range(25):
        user = client.tenant.add_user({"userPrincipalName": f"u{number}@contoso.com", "displayName": "U"})
        join(client, f"groups/{key}", user.id)
    shown = client.graph("GET", f"groups/{key}?$expand=members").json
    assert len(shown["members"]) == 20
    assert "members@odata.nextLink" not in shown
    for wrong in ("users?$expand=shoes", "users?$expand=manager,memberOf", "users?$expand=manager($levels=max)"):
        assert client.graph("GET", wrong).status == 400, wrong
    assert client.graph("GET", "users?$expand=manager&$count=true", headers=EVENTUAL).status == 400
    deep = client.graph("GET", "users?$expand=manager($levels=max;$select=id)&$count=true", headers=EVENTUAL)
    assert deep.status == 200


def test_members_can_be_filtered_and_searched_in_advanced_queries(client: DirectClient, nested: dict[str, str]) -> None:
    path = f"groups/{nested['inner']}/members"
    wanted = f"{path}?$filter=startswith(displayName,'cl')&$count=true"
    assert ids(client, wanted, **EVENTUAL) == [nested["user"]]
    assert client.graph("GET", f"{path}?$filter=startswith(displayName,'cl')").status == 400
    assert client.graph("GET", f"{path}?$filter=shoeSize eq 4&$count=true", headers=EVENTUAL).status == 400


def test_with_few_roles_members_are_shown_by_id_alone(client: DirectClient, nested: dict[str, str]) -> None:
    client.tenant.register_client(Client("few", "s", ("GroupMember.Read.All",)))
    few = DirectClient(client.responder, "few")
    members = few.graph("GET", f"groups/{nested['inner']}/members").json["value"]
    user = next(one for one in members if one["@odata.type"] == "#microsoft.graph.user")
    assert user["id"] == nested["user"]
    assert user["displayName"] is None
    assert few.graph("GET", "users").status == 403


def test_directory_objects_delta_by_kind(client: DirectClient) -> None:
    kinds = "isof('microsoft.graph.user') or isof('microsoft.graph.group')"
    first, link = client.drain(f"/v1.0/directoryObjects/delta?$filter={kinds}")
    assert {one["@odata.type"] for one in first} == {"#microsoft.graph.user"}
    key = group(client, "g")
    later, _ = client.drain(link)
    assert [(one["@odata.type"], one["id"]) for one in later] == [("#microsoft.graph.group", key)]
    assert client.graph("GET", "directoryObjects/delta?$filter=displayName eq 'x'").status == 400
