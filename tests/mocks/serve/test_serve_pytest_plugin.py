"""The fixtures, used as another project would use them: in a pytest run of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

PATHS = os.pathsep.join(path for path in sys.path if path)

USES = """
import socket
import urllib.error
import urllib.request

import pytest

KARI = "CN=Kari Nordmann,OU=Sales,OU=People,DC=contoso,DC=test"


def values(mock_ad, dn, attribute):
    dump = mock_ad.mocks.call(mock_ad.world.dump)["directories"][mock_ad.name]
    return next(one["attributes"].get(attribute) for one in dump if one["dn"] == dn)


@pytest.mark.parametrize("again", [1, 2])
def test_a_directory_fresh_for_each_test(mock_ad, again):
    assert (mock_ad.name, mock_ad.netbios) == ("contoso", "CONTOSO")
    assert mock_ad.account == "svc-attrflow@contoso.test"
    with socket.create_connection((mock_ad.host, mock_ad.port)):
        pass
    assert values(mock_ad, KARI, "title") == ["Account Manager"]
    mock_ad.modify(KARI, {"title": ["Director"], "mobile": None})
    assert values(mock_ad, KARI, "title") == ["Director"]
    assert mock_ad.add("dn: CN=New,OU=People,DC=contoso,DC=test\\nobjectClass: user\\n") == 1
    mock_ad.move("CN=New,OU=People,DC=contoso,DC=test", "CN=Old,OU=Leavers,DC=contoso,DC=test")
    mock_ad.delete("OU=Leavers,DC=contoso,DC=test", tree=True)
    with pytest.raises(LookupError, match="NO_OBJECT"):
        mock_ad.delete("CN=Old,OU=Leavers,DC=contoso,DC=test")
    mock_ad.reset()
    assert values(mock_ad, KARI, "title") == ["Account Manager"]


@pytest.mark.mocks(seed=4, directory="fabrikam")
def test_another_directory(mock_ad):
    assert (mock_ad.name, mock_ad.world.seed) == ("fabrikam", 4)
    assert mock_ad.directory.root_dn == "DC=fabrikam,DC=test"


def test_an_openldap_that_needs_no_slapd(mock_openldap):
    assert mock_openldap.admin_dn == "cn=admin,dc=nordlys,dc=test"
    with socket.create_connection((mock_openldap.host, mock_openldap.port)):
        pass
    turid = "uid=turid.moe,ou=Office,ou=people,dc=nordlys,dc=test"
    mock_openldap.modify(turid, {"title": ["Chief"]})
    assert mock_openldap.database.require(turid).values["title"] == [b"Chief"]


def test_a_tenant(mock_tenant):
    from attrflow_mocks.faults import Fault

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{mock_tenant.graph_url}/users")
    refused.value.close()
    assert refused.value.code == 401
    headers = {"Authorization": f"Bearer {mock_tenant.token}"}
    with urllib.request.urlopen(urllib.request.Request(f"{mock_tenant.graph_url}/users", headers=headers)) as answer:
        assert answer.status == 200
    assert [one.result for one in mock_tenant.journal("graph")] == [401, 200]
    mock_tenant.fault(Fault("graph", "GET *", "status", status=503))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{mock_tenant.graph_url}/users")
    refused.value.close()
    assert refused.value.code == 503
    assert mock_tenant.tenant.counts()
    assert (mock_tenant.tenant_id, bool(mock_tenant.client_secret)) == (mock_tenant.tenant.tenant_id, True)


def test_both_at_once(mock_ad, mock_tenant):
    assert mock_ad.mocks is not mock_tenant.mocks
"""

LDAP = """
import socket


def test_one(openldap):
    with socket.create_connection((openldap.host, openldap.port)):
        pass
    assert openldap.suffix == "dc=example,dc=test"
"""

WRONG = """
import pytest


@pytest.mark.mocks(directry="fabrikam")
def test_misspelt(mock_ad): ...
"""


def run(folder: Path, text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_inner.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\naddopts = --strict-markers\n")
    registered = any(found.name == "attrflow-mocks" for found in entry_points(group="pytest11"))
    plugin = [] if registered else ["-p", "attrflow_mocks.pytest_plugin"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *plugin, str(folder)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": PATHS, **environment},
    )


def test_the_mocks_serve_a_test_each(tmp_path: Path) -> None:
    done = run(tmp_path, USES)
    assert "6 passed" in done.stdout, done.stdout + done.stderr


def test_a_misspelt_marker_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, WRONG)
    assert "the marker is mocks(scenario, seed, directory)" in done.stdout


@pytest.mark.openldap
def test_openldap_is_one_for_the_session_and_says_what_is_missing(tmp_path: Path) -> None:
    found = run(tmp_path, LDAP)
    assert "1 passed" in found.stdout or "apt-get install" in found.stdout, found.stdout
    nowhere = "import attrflow_mocks.openldap as module\nmodule._PLACES = ()\n" + LDAP
    skipped = run(tmp_path, nowhere, PATH="", ATTRFLOW_FORBID_SKIP="")
    assert "1 skipped" in skipped.stdout, skipped.stdout
    assert "apt-get install" in skipped.stdout
    failed = run(tmp_path, nowhere, PATH="", ATTRFLOW_FORBID_SKIP="1")
    assert "1 error" in failed.stdout, failed.stdout
    assert "apt-get install" in failed.stdout


def test_the_plugin_alone_imports_nothing_but_pytest() -> None:
    code = (
        "import sys, pytest\nbefore = set(sys.modules)\nimport attrflow_mocks.pytest_plugin\n"
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('attrflow_mocks')))\n"
        "print(sorted(name for name in set(sys.modules) - before if name.startswith('attrflow_mocks')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": PATHS},
    )
    assert done.stdout.splitlines() == ["[]", "['attrflow_mocks', 'attrflow_mocks.pytest_plugin']"]
