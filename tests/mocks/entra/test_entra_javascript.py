"""The strict face against Microsoft's JavaScript Graph client, which nobody here wrote."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from attrflow_mocks.entra.server import Running
from attrflow_mocks.faults import Fault

FOLDER = Path(__file__).with_name("javascript")
# Beside the virtual environment: what others wrote has no place among the tests.
INSTALLED = Path(sys.prefix) / "javascript"


def test_the_javascript_client(served: Running) -> None:
    node = shutil.which("node")
    if node is None or not (INSTALLED / "node_modules").is_dir():
        sentence = f"Microsoft's JavaScript Graph client is not installed: npm ci in {INSTALLED}"
        if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1":
            pytest.fail(f"{sentence} (ATTRFLOW_FORBID_SKIP is 1)", pytrace=False)
        pytest.skip(sentence)
    for number in range(5):
        served.tenant.add_user({"userPrincipalName": f"u{number}@contoso.com", "displayName": f"U {number}"})
    served.faults.add(Fault("graph", "GET */organization", "status", status=429, retry_after=1))
    served.faults.add(Fault("graph", "GET */users/delta", "expire", skip=2))
    client, secret = next(iter(served.tenant.seed.applications.items()))
    done = subprocess.run(
        [node, str(FOLDER / "client.mjs"), served.url, served.tenant.tenant_id, client, secret, str(INSTALLED)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "token": 200,
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
