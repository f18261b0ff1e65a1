"""The token endpoint and the strict face against Microsoft's JavaScript clients, MSAL and the Graph client."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.mocks.entra.certificates import Signer, signer
from tests.mocks.entra.conftest import SEED

from attrflow_mocks.clock import Clock
from attrflow_mocks.entra.clients import Client
from attrflow_mocks.entra.server import Running, running
from attrflow_mocks.faults import Fault

pytestmark = [pytest.mark.entra]

FOLDER = Path(__file__).with_name("javascript")
# Beside the virtual environment: what others wrote has no place among the tests.
INSTALLED = Path(sys.prefix) / "javascript"
PACKAGES = ("@azure/msal-node", "@microsoft/microsoft-graph-client")
SIGNER = "5b5e2f6e-9a8f-4b51-a6a4-3c7e2f1d0b9a"


@pytest.fixture
def served() -> Iterator[Running]:
    """MSAL keeps tokens by the machine's time, so the tenant follows it."""
    with running(SEED, clock=Clock()) as tenant:
        yield tenant


@pytest.fixture
def node() -> str:
    """Node.js, with what the scripts import."""
    found = shutil.which("node")
    if found is None or not all((INSTALLED / "node_modules" / name).is_dir() for name in PACKAGES):
        sentence = f"Microsoft's JavaScript clients are not installed: scripts/test does it (npm ci in {INSTALLED})"
        if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1":
            pytest.fail(f"{sentence} (ATTRFLOW_FORBID_SKIP is 1)", pytrace=False)
        pytest.skip(sentence)
    return found


def ran(node: str, script: str, *arguments: str, given: object = None) -> Any:
    """What a script prints."""
    done = subprocess.run(
        [node, str(FOLDER / script), *arguments],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_graph_client_with_a_token_of_msal(served: Running, node: str) -> None:
    for number in range(5):
        served.tenant.add_user({"userPrincipalName": f"u{number}@contoso.com", "displayName": f"U {number}"})
    served.faults.add(Fault("graph", "GET */organization", "status", status=429, retry_after=1))
    served.faults.add(Fault("graph", "GET */users/delta", "expire", skip=2))
    client, secret = next(iter(served.tenant.seed.applications.items()))
    seen = ran(node, "client.mjs", served.url, served.tenant.tenant_id, client, secret, str(INSTALLED))
    assert seen == {
        "token": "Bearer",
        "paged": 7,
        "delta": ["Made in JavaScript"],
        "batch": [200, 404],
        "error": [404, "Request_ResourceNotFound"],
        "throttled": 1,
        "resync": [410, "resyncRequired"],
        "deleted": [True],
        "restored": ["#microsoft.graph.user", True],
    }
    statuses = [one.result for one in served.journal if one.operation == "GET /v1.0/organization"]
    assert statuses == [429, 200]


def test_msal_with_secret_certificate_cache_and_refusals(served: Running, node: str) -> None:
    client, secret = next(iter(served.tenant.seed.applications.items()))
    given: Signer = signer()
    served.tenant.register_client(Client(SIGNER, None, certificates=(given.certificate,)))
    seen = ran(
        node,
        "tokens.mjs",
        str(INSTALLED),
        given={
            "origin": served.url,
            "tenant": served.tenant.tenant_id,
            "client": client,
            "secret": secret,
            "signer": SIGNER,
            "certificate": given.certificate,
            "key": given.key,
            "thumbprint": given.sha256,
        },
    )
    assert seen == {
        "secret": ["Bearer", 200],
        "cached": [True, True],
        "fresh": [False, False],
        "certificate": ["Bearer", 200],
        "wrongSecret": ["invalid_client", 7000215],
        "unknownClient": ["unauthorized_client", 700016],
        "unknownTenant": ["invalid_request", 90002],
        "foreignCertificate": ["invalid_client", 700027],
    }
