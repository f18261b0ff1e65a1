"""The tenant on a socket: real connections cut by faults, links that lead back, delays."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from attrflow_mocks.entra.server import Running
from attrflow_mocks.faults import Fault


@pytest.fixture
def http(served: Running) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {served.issue_token()}"}
    with httpx.Client(base_url=served.url, headers=headers) as client:
        yield client


def test_links_lead_back_over_the_same_connection(served: Running, http: httpx.Client) -> None:
    first = http.get("/v1.0/users", params={"$top": "1"}).json()
    assert first["@odata.nextLink"].startswith(served.graph_url)
    second = http.get(first["@odata.nextLink"]).json()
    assert second["value"][0]["userPrincipalName"] == "cloud@contoso.com"
    delta = http.get("/ingest/v1/delta").json()
    assert http.get(delta["deltaLink"]).json()["value"] == []


def test_a_token_by_form(served: Running) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": next(iter(served.tenant.seed.applications)),
        "client_secret": "open sesame",
        "scope": f"{served.url}/.default",
    }
    token = httpx.post(served.token_url, data=form).json()["access_token"]
    answer = httpx.get(f"{served.graph_url}/organization", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_a_user_name_with_a_hash(served: Running, http: httpx.Client) -> None:
    served.tenant.add_user({"userPrincipalName": "a_b.example#EXT#@contoso.com", "displayName": "Guest"})
    answer = http.get("/v1.0/users/a_b.example%23EXT%23@contoso.com")
    assert answer.json()["displayName"] == "Guest"


@pytest.mark.parametrize(("kind", "title"), [("drop", None), ("drop-done", "Chief")])
def test_a_dropped_connection_is_cut(served: Running, http: httpx.Client, kind: str, title: str | None) -> None:
    served.faults.add(Fault("graph", "PATCH /v1.0/users/*", kind))
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        http.patch("/v1.0/users/cloud@contoso.com", json={"jobTitle": "Chief"})
    answer = http.get("/v1.0/users/cloud@contoso.com")
    assert answer.json()["jobTitle"] == title
    assert [entry.result for entry in served.journal] == [-1, 200]


def test_an_answer_cut_in_the_middle(served: Running, http: httpx.Client) -> None:
    served.faults.add(Fault("ingest", "GET /ingest/v1/delta", "drop-after", bytes=10))
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        http.get("/ingest/v1/delta")
    assert http.get("/ingest/v1/delta").status_code == 200


def test_a_delay_runs_into_the_clients_timeout(served: Running, http: httpx.Client) -> None:
    served.faults.add(Fault("graph", "GET /v1.0/users", "delay", seconds=0.3))
    with pytest.raises(httpx.ReadTimeout):
        http.get("/v1.0/users", timeout=0.05)
    assert http.get("/v1.0/users").status_code == 200


def test_throttled_and_unavailable(served: Running, http: httpx.Client) -> None:
    served.faults.add(Fault("ingest", "POST *", "status", status=503, retry_after=2))
    answer = http.post("/ingest/v1/objects:batch", json={"requests": []})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert set(answer.json()["error"]) == {"code", "message"}
    served.faults.add(Fault("graph", "GET /v1.0/users/delta", "expire"))
    link = http.get("/v1.0/users/delta?$deltatoken=latest")
    assert link.status_code == 410
