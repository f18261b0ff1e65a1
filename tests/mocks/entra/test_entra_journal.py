"""What the journal and a recording keep of the tenant's traffic: what a client sent, and never a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from attrflow_mocks.entra.direct import DirectClient
from attrflow_mocks.entra.recording import ENVIRONMENT, Recording
from attrflow_mocks.entra.responder import Responder
from attrflow_mocks.faults import Fault

USER = "users/cloud@contoso.com"


def last(client: DirectClient) -> dict[str, Any]:
    return dict(list(client.responder.journal)[-1].detail)


def test_a_write_is_kept_with_query_headers_and_body(client: DirectClient) -> None:
    client.graph("PATCH", f"{USER}?x=1", {"jobTitle": "Ærlig"}, {"Prefer": "return=minimal", "X-Other": "1"})
    detail = last(client)
    assert (detail["query"], detail["body"]) == ("x=1", '{"jobTitle":"Ærlig"}')
    assert detail["headers"] == {"content-type": "application/json", "prefer": "return=minimal"}
    assert not {"bodyCut", "fault"} & set(detail)


def test_passwords_secrets_and_tokens_are_not_kept(client: DirectClient) -> None:
    item = {"id": "1", "method": "PATCH", "url": f"/{USER}", "headers": {"Content-Type": "application/json"},
            "body": {"passwordProfile": {"password": "Hush hush 1"}}}  # fmt: skip
    client.graph("POST", "$batch", {"requests": [item]})
    assert "(not kept)" in last(client)["body"]
    form = b"grant_type=client_credentials&client_id=a+b&client_secret=hush&client_assertion=hush"
    for kind in ("application/x-www-form-urlencoded", "application/json", "text/plain"):
        client.send("POST", "/contoso.com/oauth2/v2.0/token", form, {"content-type": kind})
    assert last(client)["body"].startswith("grant_type=client_credentials&client_id=a")
    kept = orjson.dumps([one.detail for one in client.responder.journal]).decode()
    assert "ush" not in kept
    assert "Bearer" not in kept


@pytest.mark.parametrize("body", [b"[" * 500, b"\xff\xfe", b'"' + b"x" * 5000 + b'"', b"{" + b" " * 300_000 + b"}"])
def test_bodies_that_are_odd_or_long_are_cut_and_said_so(client: DirectClient, body: bytes) -> None:
    client.send("PATCH", f"/v1.0/{USER}", body)
    detail = last(client)
    assert detail["bodySize"] == len(body)
    assert len(detail.get("body", "")) <= 4096
    assert detail.get("bodyCut", False) is (len(body) > 4096)
    assert orjson.dumps(detail)


def test_the_fault_that_struck_is_named(client: DirectClient) -> None:
    client.responder.faults.add(Fault("graph", f"GET */{USER}", "status", status=429, retry_after=5))
    refused = client.graph("GET", USER)
    assert last(client)["fault"] == "status"
    application = next(iter(client.tenant.seed.applications))
    scope = f"Tenant_Application/ReadWrite/{application}/{client.tenant.tenant_id}"
    assert refused.headers["x-ms-throttle-scope"] == scope


def test_a_recording_has_each_exchange_and_no_token(client: DirectClient, tmp_path: Path) -> None:
    recorded = DirectClient(Responder(client.tenant, recording=Recording(tmp_path / "here")))
    recorded.graph("GET", f"{USER}?$select=id")
    recorded.graph("POST", "$batch", {"requests": [{"id": "1", "method": "GET", "url": "/organization"}]})
    recorded.send("GET", "/ingest/v1/schema")
    recorded.send("POST", "/contoso.com/oauth2/v2.0/token", b"client_secret=hush")
    (file,) = (tmp_path / "here").iterdir()
    told = [orjson.loads(line) for line in file.read_bytes().splitlines()]
    assert [(one["target"], one["method"], one["path"], one["status"]) for one in told] == [
        ("graph", "GET", f"/v1.0/{USER}", 200),
        ("graph", "GET", "/v1.0/organization", 200),
        ("graph", "POST", "/v1.0/$batch", 200),
        ("ingest", "GET", "/ingest/v1/schema", 200),
    ]
    assert set(orjson.loads(told[0]["body"])) == {"@odata.context", "id"}


def test_a_recording_is_made_where_the_environment_names_a_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(ENVIRONMENT)
    assert Recording.asked_for() is None
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "new"))
    assert Recording.asked_for() is not None
    assert (tmp_path / "new").is_dir()
