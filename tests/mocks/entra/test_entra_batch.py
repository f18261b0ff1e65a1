"""JSON batches: limits, order, failed dependencies, and errors and throttling per item."""

from __future__ import annotations

from typing import Any

import pytest

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.answers import GraphError
from attrflow_mocks.entra.direct import DirectClient
from attrflow_mocks.entra.throttle import Limits, Throttle, cost_of
from attrflow_mocks.faults import Fault

JSON = {"Content-Type": "application/json"}


def patch(name: str, title: str, *depends: str, user: str = "cloud@contoso.com") -> dict[str, Any]:
    body = {"jobTitle": title}
    item = {"id": name, "method": "PATCH", "url": f"/users/{user}", "body": body, "headers": JSON}
    return {**item, "dependsOn": list(depends)} if depends else item


def run(client: DirectClient, *items: dict[str, Any]) -> dict[str, Any]:
    answer = client.graph("POST", "$batch", {"requests": list(items)})
    assert answer.status == 200, answer.body
    return {item["id"]: item for item in answer.json["responses"]}


def check(client: DirectClient, items: list[dict[str, Any]], text: str) -> None:
    answer = client.graph("POST", "$batch", {"requests": items})
    assert answer.status == 400
    assert text in answer.error["message"]


def test_items_are_carried_out_and_204_has_no_body(client: DirectClient) -> None:
    read = {"id": "2", "method": "get", "url": "users/cloud@contoso.com?$select=jobTitle", "dependsOn": ["1"]}
    answers = run(client, read, patch("1", "Chief"))
    assert answers["1"]["status"] == 204
    assert "body" not in answers["1"]
    assert answers["2"]["body"]["jobTitle"] == "Chief"


def test_what_depends_on_a_failure_fails(client: DirectClient) -> None:
    answers = run(client, patch("a", "x", user="nobody@contoso.com"), patch("b", "y", "A"), patch("c", "z"))
    assert [answers[name]["status"] for name in "abc"] == [404, 424, 204]
    assert answers["b"]["body"]["error"]["code"] == "FailedDependency"


def test_an_item_can_be_throttled_alone(client: DirectClient) -> None:
    client.responder.faults.add(Fault("graph", "PATCH /v1.0/users/*", "status", status=429, retry_after=7))
    answers = run(client, patch("a", "x"), patch("b", "y"))
    assert [answers[name]["status"] for name in "ab"] == [429, 204]
    assert answers["a"]["headers"]["Retry-After"] == "7"
    assert answers["a"]["body"]["error"]["code"] == "TooManyRequests"


@pytest.mark.parametrize("kind", ["drop-done", "drop-after"])
def test_a_drop_inside_cuts_the_whole_batch(client: DirectClient, kind: str) -> None:
    client.responder.faults.add(Fault("graph", "PATCH /v1.0/users/*", kind, skip=1))
    with pytest.raises(ConnectionError):
        run(client, patch("a", "x"), patch("b", "done"), patch("c", "never"))
    assert client.user("cloud@contoso.com", "jobTitle")["jobTitle"] == "done"


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([patch(str(n), "x") for n in range(21)], "maximum value of 20"),
        ([patch("a", "x"), patch("A", "y")], "unique"),
        ([patch("a", "x", "b")], "not in the batch"),
        ([patch("a", "x", "b"), patch("b", "x", "a")], "depend on each other"),
        ([{"id": "a", "method": "PATCH", "url": "/users/x", "body": {}}], "Content-Type"),
        ([{"id": "a", "method": "POST", "url": "/$batch"}], "no batch within a batch"),
        ([{"id": "a", "method": "GET", "url": "https://graph.microsoft.com/v1.0/users"}], "relative"),
        ([{"id": 1, "method": "GET", "url": "/users"}], "'id'"),
    ],
)
def test_wrong_batches(client: DirectClient, items: list[dict[str, Any]], text: str) -> None:
    check(client, items, text)


@pytest.mark.parametrize(
    ("method", "path", "query", "cost"),
    [
        ("GET", "/v1.0/users", "", 2),
        ("GET", "/v1.0/users", "$select=id&$top=5", 1),
        ("GET", "/v1.0/groups/x/members", "%24select=id", 2),
        ("POST", "/v1.0/directoryObjects/getByIds", "", 3),
        ("PATCH", "/v1.0/users/x", "", 1),
    ],
)
def test_costs(method: str, path: str, query: str, cost: int) -> None:
    assert cost_of(method, path, query) == cost


def test_the_bucket_empties_and_refills(clock: Clock) -> None:
    throttle = Throttle(Limits(units=10, unit_seconds=10))
    for _ in range(5):
        throttle.spend(clock.now(), "app", "GET", 2)
    with pytest.raises(GraphError) as refused:
        throttle.spend(clock.now(), "app", "GET", 2)
    assert refused.value.status == 429
    clock.advance(float(refused.value.headers["retry-after"]))
    throttle.spend(clock.now(), "app", "GET", 2)
