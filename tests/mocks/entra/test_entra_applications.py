"""Applications and directory extensions: registered, then usable in $select, $filter, deltas and PATCH."""

from __future__ import annotations

import pytest

from attrflow_mocks.entra.direct import DirectClient

USER = "users/cloud@contoso.com"


def extend(client: DirectClient, /, **more: object) -> str:
    """Register an application with one extension; the extension's full name."""
    application = client.graph("POST", "applications", {"displayName": "Badges"})
    assert application.status == 201, application.body
    path = f"applications/{application.json['id']}/extensionProperties"
    body = {"name": "badge", "dataType": "String", "targetObjects": ["User"], **more}
    answer = client.graph("POST", path, body)
    assert answer.status == 201, answer.body
    full = str(answer.json["name"])
    assert full == f"extension_{application.json['appId'].replace('-', '')}_badge"
    return full


def check(client: DirectClient, path: str, status: int, text: str, body: object = None, method: str = "PATCH") -> None:
    answer = client.graph(method, path, body)
    assert answer.status == status, answer.body
    if text:
        assert text in answer.error["message"]


def test_an_extension_is_selected_filtered_and_written(client: DirectClient) -> None:
    name = extend(client)
    assert name not in client.graph("GET", f"{USER}?$select=id,{name}").json, "without a value it is left out"
    check(client, USER, 204, "", {name: "B-17"})
    assert client.user("cloud@contoso.com", name.upper())[name] == "B-17"
    found = client.graph("GET", f"users?$filter={name} eq 'b-17'&$select=userPrincipalName").json["value"]
    assert [one["userPrincipalName"] for one in found] == ["cloud@contoso.com"]


def test_an_extension_comes_in_deltas_when_selected(client: DirectClient) -> None:
    name = extend(client)
    _, link = client.drain(f"/v1.0/users/delta?$select={name}")
    check(client, USER, 204, "", {name: "B-17"})
    changed, link = client.drain(link)
    assert [one[name] for one in changed] == ["B-17"]
    check(client, USER, 204, "", {name: None})
    cleared, _ = client.drain(link)
    assert [one[name] for one in cleared] == [None]


@pytest.mark.parametrize(
    ("more", "good", "bad"),
    [
        ({}, "text", 5),
        ({}, "x" * 256, "x" * 257),
        ({"dataType": "Boolean"}, True, "true"),
        ({"dataType": "Integer"}, -5, 1 << 31),
        ({"dataType": "LargeInteger"}, 1 << 40, 1.5),
        ({"dataType": "DateTime"}, "2026-01-31T08:00:00Z", "yesterday"),
        ({"dataType": "String", "isMultiValued": True}, ["a", "b"], "a"),
    ],
)
def test_values_have_the_extensions_type(
    client: DirectClient, more: dict[str, object], good: object, bad: object
) -> None:
    name = extend(client, **more)
    check(client, USER, 400, "Invalid value", {name: bad})
    check(client, USER, 204, "", {name: good})


def test_unknown_extensions_and_other_kinds_are_refused(client: DirectClient) -> None:
    name = extend(client, targetObjects=["Group"])
    check(client, USER, 400, f"not available: {name}", {name: "x"})
    check(client, f"users?$select={name}", 400, "Could not find a property", method="GET")
    check(client, USER, 400, "not available", {"extension_0_unknown": "x"})


@pytest.mark.parametrize(
    "change",
    [{"name": "has space"}, {"dataType": "Float"}, {"targetObjects": ["Shoe"]}, {"targetObjects": []}, {"size": 1},
     {"dataType": "Boolean", "isMultiValued": True}],
)  # fmt: skip
def test_a_registration_is_validated(client: DirectClient, change: dict[str, object]) -> None:
    application = client.graph("POST", "applications", {"displayName": "A"}).json["id"]
    body = {"name": "n", "dataType": "String", "targetObjects": ["User"], **change}
    check(client, f"applications/{application}/extensionProperties", 400, "", body, "POST")


def test_a_removed_extension_can_not_be_reached(client: DirectClient) -> None:
    name = extend(client)
    owner = client.graph("GET", "applications?$filter=displayName eq 'Badges'").json["value"][0]
    path = f"applications/{owner['id']}/extensionProperties"
    (one,) = client.graph("GET", path).json["value"]
    assert client.graph("GET", f"{path}/{one['id']}").json["dataType"] == "String"
    check(client, path, 400, "exists with the name", {"name": "badge", "dataType": "String", "targetObjects": ["User"]},
          "POST")  # fmt: skip
    check(client, f"{path}/{one['id']}", 204, "", method="DELETE")
    check(client, f"{path}/{one['id']}", 404, "", method="GET")
    check(client, USER, 400, "not available", {name: "x"})


def test_what_synchronization_brought_is_available_and_shown(client: DirectClient) -> None:
    client.add("s", userPrincipalName="s@contoso.com", extension_0123456789abcdef0123456789abcdef_room="4")
    assert (
        client.user("s@contoso.com", "extension_0123456789abcdef0123456789abcdef_room")[
            "extension_0123456789abcdef0123456789abcdef_room"
        ]
        == "4"
    )
    path = "directoryObjects/getAvailableExtensionProperties"
    synced = client.graph("POST", path, {"isSyncedFromOnPremises": True}).json["value"]
    assert [one["name"] for one in synced] == ["extension_0123456789abcdef0123456789abcdef_room"]
    extend(client)
    assert len(client.graph("POST", path, {}).json["value"]) == 2


def test_an_application_is_found_changed_binned_and_restored(client: DirectClient) -> None:
    made = client.graph("POST", "applications", {"displayName": "App", "uniqueName": "app-1"}).json
    check(client, "applications", 400, "uniqueName", {"displayName": "App", "uniqueName": "APP-1"}, "POST")
    for key in (made["id"], f"(appId='{made['appId']}')", "(uniqueName='app-1')"):
        path = f"applications{key}" if key.startswith("(") else f"applications/{key}"
        assert client.graph("GET", path).json["id"] == made["id"]
    check(client, f"applications/{made['id']}", 204, "", {"notes": "n"})
    check(client, f"applications/{made['id']}", 400, "read-only", {"appId": "x"})
    check(client, f"applications/{made['id']}", 204, "", method="DELETE")
    binned = client.graph("GET", "directory/deletedItems/microsoft.graph.application").json["value"]
    assert [one["id"] for one in binned] == [made["id"]]
    assert client.graph("POST", f"directory/deletedItems/{made['id']}/restore").status == 200
    assert client.graph("GET", f"applications/{made['id']}").json["notes"] == "n"
