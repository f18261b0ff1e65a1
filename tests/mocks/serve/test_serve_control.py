"""The control plane: who may in, what each route does, and that every error is one sentence of JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from attrflow_mocks.control import ROUTES, control_application
from attrflow_mocks.entra.direct import DirectClient
from attrflow_mocks.entra.responder import Responder
from attrflow_mocks.world import World

START = datetime(2026, 1, 31, 8, tzinfo=UTC)
KARI = "CN=Kari Nordmann,OU=Sales,OU=People,DC=contoso,DC=test"


@pytest.fixture
def world() -> World:
    return World.of("contoso-small", start=START)


class Client:
    """Calls the application without a socket."""

    def __init__(self, world: World, headers: Mapping[str, str]) -> None:
        self._transport = httpx.ASGITransport(control_application(world, "token"))
        self._headers = headers

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url="http://mocks", headers=self._headers
            ) as client:
                return await client.request(method, path, **options)

        return asyncio.run(run())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)


@pytest.fixture(scope="module")
def untouched() -> Client:
    """One plane for all requests that change nothing."""
    return Client(World.of("contoso-small", start=START), {"Authorization": "Bearer token"})


@pytest.fixture
def client(world: World) -> Client:
    return Client(world, {"Authorization": "Bearer token"})


def check(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    document = response.json()
    if status >= 400:
        assert list(document) == ["error"]
        return document["error"]
    return document


@pytest.mark.parametrize("header", [None, "", "token", "Bearer", "Bearer tokem", "Bearer token2", "bearer token"])
def test_without_the_token_nothing_is_told(world: World, header: str | None) -> None:
    client = Client(world, {} if header is None else {"Authorization": header})
    for method, path in (("GET", "/"), ("GET", "/dump"), ("POST", "/reset"), ("GET", "/nowhere")):
        assert "Authorization: Bearer" in check(client.request(method, path), 401)


def test_the_index_lists_every_route(client: Client) -> None:
    index = check(client.get("/"))
    assert index["scenario"] == "contoso-small"
    assert index["directories"] == ["contoso", "fabrikam"]
    assert len(index["routes"]) == len(ROUTES)
    assert [fault["id"] for fault in index["planted"]][:2] == [
        "hidden-without-mailnickname",
        "manager-in-unselected-ou",
    ]
    assert len(index["planted"]) == 8


def test_the_dump_is_json_with_binary_values_packed(client: Client, world: World) -> None:
    world.modify("contoso", KARI, {"thumbnailPhoto": [b"\xff\x00"]})
    dump = check(client.get("/dump"))
    kari = next(one for one in dump["directories"]["contoso"] if one["dn"] == KARI)["attributes"]
    assert kari["telephoneNumber"] == ["  +47 22 00 00 00 "]
    assert kari["thumbnailPhoto"] == [{"b64": "/wA="}]
    assert len(dump["tenant"]) == 3


def test_the_clock_goes_on_and_reset_brings_it_back(client: Client) -> None:
    assert check(client.post("/clock/advance", json={"seconds": 90})) == {"now": "2026-01-31T08:01:30+00:00"}
    assert check(client.get("/clock")) == {"now": "2026-01-31T08:01:30+00:00"}
    check(client.post("/reset"))
    assert check(client.get("/clock")) == {"now": "2026-01-31T08:00:00+00:00"}


def test_faults_come_one_or_many_and_go(client: Client, world: World) -> None:
    one = {"target": "ldap", "operation": "search", "kind": "result", "status": 51}
    two = {
        "target": "graph",
        "operation": "GET *",
        "kind": "status",
        "status": 429,
        "retry_after": 0.5,
        "times": 3,
    }
    assert len(check(client.post("/faults", json=one))["faults"]) == 1
    listed = check(client.post("/faults", json=[two, one]))["faults"]
    assert [(fault["kind"], fault["times"], fault["retry_after"]) for fault in listed] == [
        ("result", 1, None),
        ("status", 3, 0.5),
        ("result", 1, None),
    ]
    assert world.faults.strike("graph", "GET /v1.0/users") is not None
    assert check(client.delete("/faults")) == {"seed": 1, "faults": []}
    assert world.faults.pending() == ()


def test_a_script_of_faults_has_a_seed_that_says_whom_they_strike(client: Client, world: World) -> None:
    def struck(seed: int) -> list[str]:
        faults = [
            {"target": "ldap", "operation": "*", "kind": kind, "times": 1000, "chance": 0.2}
            for kind in ("drop", "delay", "wrong-cookie")
        ]
        listed = check(client.post("/faults", json={"seed": seed, "faults": faults}))
        assert (listed["seed"], len(listed["faults"])) == (seed, 3)
        found = [fault.kind if fault else "" for fault in (world.faults.strike("ldap", "search") for _ in range(60))]
        check(client.delete("/faults"))
        return found

    assert struck(7) == struck(7) != struck(8)
    assert set(struck(7)) == {"drop", "delay", "wrong-cookie", ""}, "a miss leaves the turn to the next"
    check(client.post("/reset"))
    assert world.faults.seed == world.seed


def test_a_script_with_a_seed_strikes_the_tenant_alike_each_time(client: Client, world: World) -> None:
    tenant = DirectClient(Responder(world.required_tenant(), world.faults))
    faults = [
        {"target": "graph", "operation": "GET *", "kind": "status", "status": status, "times": 1000, "chance": 0.3}
        for status in (429, 503)
    ]

    def answers(seed: int) -> list[int]:
        check(client.post("/faults", json={"seed": seed, "faults": faults}))
        found = [tenant.graph("GET", "users").status for _ in range(40)]
        check(client.delete("/faults"))
        return found

    assert answers(7) == answers(7) != answers(8)
    assert set(answers(7)) == {200, 429, 503}
    assert tenant.graph("GET", "users").status == 200, "what was taken back strikes no more"


def test_the_journal_is_filtered_and_cleared(client: Client, world: World) -> None:
    world.journal.record("t", "ldap", "search", {"base": "DC=x", "cookie": b"\xff"}, 0)
    world.journal.record("t", "graph", "GET /v1.0/users", {}, 200)
    both = check(client.get("/journal"))
    assert (both["total"], both["kept"], len(both["requests"])) == (2, 2, 2)
    only = check(client.get("/journal", params={"target": "ldap"}))["requests"]
    assert [one["detail"] for one in only] == [{"base": "DC=x", "cookie": {"b64": "/w=="}}]
    assert check(client.delete("/journal")) == {"total": 0}
    assert check(client.get("/journal"))["requests"] == []


def test_seeding_takes_entries_users_and_ldif_in_two_ways(client: Client) -> None:
    def dn(name: str) -> str:
        return f"CN={name},OU=People,DC=contoso,DC=test"

    body = {
        "directory": "contoso",
        "ldif": f"dn: {dn('One')}\nobjectClass: user\n",
        "entries": [
            {
                "dn": dn("Two"),
                "object_class": "user",
                "attributes": {"title": ["Å"], "thumbnailPhoto": [{"b64": "/w=="}], "manager": [dn("One")]},
            }
        ],
        "users": [{"userPrincipalName": "three@contoso.test", "displayName": "Three"}],
    }
    assert check(client.post("/seed", json=body)) == {"entries": 2, "users": 1}
    text = f"dn: {dn('Fünf')}\nobjectClass: user\n"
    sent = client.post(
        "/seed?directory=contoso", content=text.encode(), headers={"Content-Type": "text/ldif; charset=utf-8"}
    )
    assert check(sent) == {"entries": 1, "users": 0}
    names = {one["dn"] for one in check(client.get("/dump"))["directories"]["contoso"]}
    assert {dn("One"), dn("Two"), dn("Fünf")} <= names


def test_edits_of_a_directory(client: Client) -> None:
    changes = {"title": ["Director"], "mobile": None}
    check(client.post("/directories/contoso/modify", json={"dn": KARI, "changes": changes}))
    there = "CN=Kari Nordmann,OU=Leavers,DC=contoso,DC=test"
    check(client.post("/directories/contoso/move", json={"dn": KARI, "new_dn": there}))
    entries = {one["dn"]: one for one in check(client.get("/dump"))["directories"]["contoso"]}
    assert KARI not in entries
    assert entries[there]["attributes"]["title"] == ["Director"]
    check(client.post("/directories/contoso/delete", json={"dn": there}))
    assert "NO_OBJECT" in check(client.post("/directories/contoso/delete", json={"dn": there}), 404)


def test_the_tenant_is_administered(client: Client, world: World) -> None:
    check(client.post("/tenant", json={"verify_domains": ["nordlys.example"]}))
    tenant = world.required_tenant()
    assert tenant.is_verified("nordlys.example")
    name = next(str(user.text("userPrincipalName")) for user in tenant.store.all("user"))
    check(
        client.post("/tenant", json={"override_other_mobile": {name: ["+47 1"]}, "object_quota": 9, "object_size": 8})
    )
    assert tenant.user(name).properties["alternateMobilePhones"] == ["+47 1"]  # type: ignore[union-attr]  # is there
    assert (tenant.object_quota, tenant.object_size) == (9, 8)
    check(client.post("/tenant", json={"object_quota": 0, "object_size": 0, "override_other_mobile": {name: []}}))
    assert (tenant.object_quota, tenant.object_size) == (None, None)
    assert "object_quota" in check(client.post("/tenant", json={"object_quota": -1}), 400)
    assert "nobody" in check(client.post("/tenant", json={"override_other_mobile": {"nobody": ["1"]}}), 404)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("GET", "/nowhere", b"", 404, "GET / lists the routes"),
        ("GET", "/reset", b"", 405, "GET / lists the routes"),
        ("POST", "/clock/advance", b'{"seconds": -1}', 400, "a clock does not go back"),
        ("POST", "/clock/advance", b'{"second": 1}', 400, "second"),
        ("POST", "/clock/advance", b"{", 400, "not what this route takes"),
        ("POST", "/faults", b"{}", 400, "target"),
        (
            "POST",
            "/faults",
            b'{"target": "ldap", "operation": "*", "kind": "flood"}',
            400,
            "unknown fault kind 'flood'",
        ),
        (
            "POST",
            "/faults",
            b'{"target": "ldap", "operation": "*", "kind": "status", "status": 503}',
            400,
            "'ldap' has no fault of kind 'status': one of drop, drop-after, drop-done, result, delay",
        ),
        (
            "POST",
            "/faults",
            b'[{"target": "graph", "operation": "*", "kind": "truncate"}]',
            400,
            "'graph' has no fault of kind 'truncate': one of drop, drop-after, drop-done, status, delay",
        ),
        (
            "POST",
            "/faults",
            b'{"seed": 7, "faults": [{"target": "ingest", "operation": "*", "kind": "result"}]}',
            400,
            "'ingest' has no fault of kind 'result'",
        ),
        ("POST", "/faults", b'{"target": "token", "operation": "*", "kind": "duplicate"}', 400, "delay, expire"),
        ("POST", "/faults", b'{"target": "ldpa", "operation": "*", "kind": "drop"}', 400, "unknown target 'ldpa'"),
        ("POST", "/faults", b'{"seed": "x", "faults": []}', 400, "seed"),
        (
            "POST",
            "/faults",
            b'[{"target": "ldap", "operation": "*", "kind": "drop", "time": 1}]',
            400,
            "time",
        ),
        ("POST", "/seed", b'{"ldif": "dn: CN=a\\nobjectClass: user\\n"}', 400, "one of contoso, fabrikam"),
        ("POST", "/seed", b'{"directory": "contoso", "ldif": "nonsense"}', 400, "not LDIF"),
        (
            "POST",
            "/seed",
            b'{"directory": "x", "ldif": "dn: CN=a\\nobjectClass: user"}',
            404,
            "no directory is named 'x'",
        ),
        ("POST", "/seed", b'{"users": [{"shoeSize": 43}]}', 409, "shoeSize"),
        ("POST", "/directories/x/modify", b'{"dn": "CN=a", "changes": {}}', 404, "no directory is named 'x'"),
        ("POST", "/directories/contoso/modify", b'{"dn": "CN=a"}', 400, "changes"),
        (
            "POST",
            "/directories/contoso/modify",
            orjson.dumps({"dn": KARI, "changes": {"thumbnailPhoto": [{"b64": "!"}]}}),
            400,
            "not base64",
        ),
        (
            "POST",
            "/directories/contoso/modify",
            orjson.dumps({"dn": KARI, "changes": {"userPrincipalName": ["ola.hansen@contoso.test"]}}),
            409,
            "21C7",
        ),
        ("POST", "/directories/contoso/move", orjson.dumps({"dn": KARI, "new_dn": "x"}), 400, "'x'"),
        ("POST", "/tenant", b'{"features": {"magic": true}}', 404, "no feature is named magic"),
    ],
)
def test_errors_are_sentences(untouched: Client, method: str, path: str, body: bytes, status: int, text: str) -> None:
    assert text in check(untouched.request(method, path, content=body), status)


def test_ldif_that_is_not_utf8_is_an_error_of_the_request(client: Client) -> None:
    sent = client.post("/seed?directory=contoso", content=b"\xff", headers={"Content-Type": "text/ldif"})
    assert "utf-8" in check(sent, 400)
