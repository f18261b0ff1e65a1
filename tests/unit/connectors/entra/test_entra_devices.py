"""Devices on the graph channel: read beside users, never written, and the refusal says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from attrflow.connectors.entra.connector import EntraConnector
from attrflow.model.delta import AttributeDelta
from attrflow.model.entry import ExportChange
from attrflow_mocks.entra.server import Running

from .conftest import APPLICATION, SECRET, TENANT
from .test_entra_graph import ANCHOR, HEX_DN, created, imported, outcome, person, sent

pytest.importorskip("msgraph")
pytestmark = pytest.mark.entra

Connect = Callable[..., EntraConnector]
Graph = Callable[[str, str, Any], dict[str, Any]]


@pytest.fixture
def graph(tenant: Running) -> Iterator[Graph]:
    """Requests to the strict face, as a person with another client sends them."""
    with httpx.Client(trust_env=False) as client:
        form = {
            "grant_type": "client_credentials",
            "client_id": APPLICATION,
            "client_secret": SECRET,
            "scope": "https://graph.microsoft.com/.default",
        }
        token = client.post(f"{tenant.url}/{TENANT}/oauth2/v2.0/token", data=form).json()["access_token"]

        def ask(method: str, path: str, body: Any) -> dict[str, Any]:
            headers = {"Authorization": f"Bearer {token}"}
            answer = client.request(method, f"{tenant.graph_url}/{path}", json=body, headers=headers)
            assert answer.status_code < 300, answer.text
            found: dict[str, Any] = answer.json() if answer.content else {}
            return found

        yield ask


def device(name: str, id_: str) -> dict[str, Any]:
    """What Graph needs to register a device."""
    return {
        "accountEnabled": True,
        "alternativeSecurityIds": [{"type": 2, "key": "a2V5"}],
        "deviceId": id_,
        "displayName": name,
        "operatingSystem": "Windows",
        "operatingSystemVersion": "10.0",
        "trustType": "ServerAd",
    }


PC = "4c299165-6e8f-4b45-a5ba-c5d250a707ff"


def test_devices_are_read_beside_users_with_one_watermark(connect: Connect, graph: Graph) -> None:
    id_ = graph("POST", "devices", device("pc-01", PC))["id"]
    connector = connect("graph", object_types=("user", "device"))
    kari = created(connector, person())
    found, watermark = imported(connector)
    assert {kari, f"Device_{id_}"} <= set(found)
    entry = found[f"Device_{id_}"]
    assert (entry.object_type, entry.dn, entry.findings) == ("device", f"CN={{Device_{id_}}}", ())
    assert entry.attributes["deviceId"] == (UUID(PC).bytes_le,)
    assert entry.attributes["deviceTrustType"] == ("ServerAd",)
    assert entry.attributes["cloudMastered"] == (True,)

    graph("PATCH", f"devices/{id_}", {"displayName": "PC-02"})
    changed, later = imported(connector, watermark)
    assert set(changed) == {f"Device_{id_}"}
    assert changed[f"Device_{id_}"].attributes["displayName"] == ("PC-02",)
    whole = connector.read_object("default", f"Device_{id_}")
    assert whole is not None and whole.attributes["displayName"] == ("PC-02",)

    graph("DELETE", f"devices/{id_}", None)
    gone, _ = imported(connector, later)
    assert gone[f"Device_{id_}"].change == "delete"
    assert connector.read_object("default", f"Device_{id_}") is None


def test_a_watermark_of_other_object_types_makes_a_full_import_of_all(connect: Connect) -> None:
    users_only = connect("graph", object_types=("user",))
    kari = created(users_only, person())
    _, watermark = imported(users_only)
    pages = list(connect("graph", object_types=("user", "device")).import_pages("default", watermark))
    assert [one.code for one in pages[0].findings] == ["full-import-instead"]
    assert pages[-1].complete and kari in {one.anchor for page in pages for one in page.objects}


def test_one_collection_that_is_listed_anew_has_all_listed_anew(connect: Connect, graph: Graph) -> None:
    id_ = graph("POST", "devices", device("pc-01", PC))["id"]
    connector = connect("graph", object_types=("user", "device"))
    kari = created(connector, person())
    _, watermark = imported(connector)
    users, devices = watermark.split("\n")
    broken = f"{users}\n{devices.replace('select=', 'select=other')}"
    pages = list(connector.import_pages("default", broken))
    codes = [one.code for page in pages for one in page.findings]
    assert codes.count("full-import-instead") == 1 and pages[-1].complete
    after = [n for n, page in enumerate(pages) if page.findings][-1]
    assert {kari, f"Device_{id_}"} <= {one.anchor for page in pages[after:] for one in page.objects}


def test_a_device_is_not_written_over_graph_and_the_refusal_says_why(connect: Connect, tenant: Running) -> None:
    connector = connect("graph", object_types=("user", "device"))
    content = {"displayName": AttributeDelta("replace", ("pc",))}
    for change in (
        ExportChange(1, "add", "device", HEX_DN, None, content, source_anchor=ANCHOR),
        ExportChange(1, "update", "device", HEX_DN, "Device_1", content),
        ExportChange(1, "delete", "device", HEX_DN, "Device_1"),
    ):
        result = outcome(connector, change)
        assert result.error == "permission-issue"
        assert result.detail is not None
        assert "Graph lets no application make or delete a device" in result.detail
        assert 'channel = "ingest"' in result.detail
    assert sent(tenant, "POST /v1.0/devices") == 0
