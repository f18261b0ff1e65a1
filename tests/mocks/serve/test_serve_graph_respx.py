"""`graph_respx`, the marker `scenario` and the per-test reset, used as another project would: by pytester."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

PATHS = os.pathsep.join(path for path in sys.path if path)

TWO_LINES = """
def test_users(graph_respx):
    assert my_client(graph_respx.base_url, graph_respx.token).status_code == 200


def my_client(url, token):
    return __import__("httpx").get(f"{url}/users", headers={"authorization": f"Bearer {token}"})
"""

MORE = """
import time

import httpx
import pytest


def headers(graph):
    return {"authorization": f"Bearer {graph.token}"}


def test_a_token_is_had_and_used_without_a_socket(graph_respx, monkeypatch):
    def refuse(*_args, **_options):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    form = {"grant_type": "client_credentials", "client_id": graph_respx.client_id,
            "client_secret": graph_respx.client_secret, "scope": "https://graph.microsoft.com/.default"}
    url = f"https://login.microsoftonline.com/{graph_respx.tenant_id}/oauth2/v2.0/token"
    token = httpx.post(url, data=form).json()["access_token"]
    page = httpx.get(f"{graph_respx.base_url}/users?$top=1", headers={"authorization": f"Bearer {token}"}).json()
    assert page["@odata.nextLink"].startswith("https://graph.microsoft.com/v1.0/users?")
    following = httpx.get(page["@odata.nextLink"], headers=headers(graph_respx))
    assert following.json()["value"][0]["id"] != page["value"][0]["id"]


def test_no_real_host_is_asked(graph_respx):
    with pytest.raises(Exception, match="not mocked"):
        httpx.get("https://graph.example.com/v1.0/users")


def test_faults_strike_here_too(graph_respx):
    from attrflow_mocks.faults import Fault

    graph_respx.fault(Fault("graph", "GET */users", "status", status=429, retry_after=3))
    graph_respx.fault(Fault("graph", "GET */users", "drop"))
    url = f"{graph_respx.base_url}/users"
    assert httpx.get(url, headers=headers(graph_respx)).headers["retry-after"] == "3"
    with pytest.raises(httpx.ReadError, match="cut the connection"):
        httpx.get(url, headers=headers(graph_respx))


@pytest.mark.scenario("two-forests")
def test_another_scenario(graph_respx):
    assert graph_respx.tenant.initial_domain == "tailspin.onmicrosoft.com"


@pytest.mark.scenario("leavers-and-movers", seed=3)
def test_another_directory_and_its_acts(mock_ad):
    assert (mock_ad.name, mock_ad.world.seed) == ("adatum", 3)
    assert "Owen leaves" in mock_ad.perform("leaver")


@pytest.mark.parametrize("again", range(5))
def test_each_test_finds_the_tenant_as_new_in_milliseconds(mock_tenant, again):
    began = time.perf_counter()
    mock_tenant.reset()
    assert time.perf_counter() - began < 0.25
    assert mock_tenant.tenant.counts()["user"] == 3
    mock_tenant.tenant.add_user({"userPrincipalName": "n@contoso.test", "displayName": "N"})
    mock_tenant.snapshot()
    mock_tenant.tenant.add_user({"userPrincipalName": "m@contoso.test", "displayName": "M"})
    mock_tenant.restore()
    assert mock_tenant.tenant.counts()["user"] == 4


def test_the_tenant_of_the_next_test_is_as_new_as_the_first(mock_tenant):
    assert mock_tenant.tenant.counts()["user"] == 3
    assert mock_tenant.journal() == []
"""


def run(folder: Path, source: str, passed: int) -> None:
    (folder / "test_other_project.py").write_text(source, encoding="utf-8")
    plugin = [one for one in entry_points(group="pytest11") if one.name == "attrflow-mocks"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers", str(folder)]
    if not plugin:
        command[3:3] = ["-p", "attrflow_mocks.pytest_plugin"]
    environment = {**os.environ, "PYTHONPATH": PATHS}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert f"{passed} passed" in done.stdout, done.stdout + done.stderr


def test_another_project_needs_two_lines(tmp_path: Path) -> None:
    run(tmp_path, TWO_LINES, 1)


def test_what_the_fixtures_do(tmp_path: Path) -> None:
    run(tmp_path, MORE, 11)
