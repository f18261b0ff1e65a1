"""The same server seen by bonsai, which stands on OpenLDAP's own client library.

It keeps Python's lock while it waits for the server, so it runs in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from attrflow_mocks.ad.hosting import Hosted

pytest.importorskip("bonsai", reason="bonsai is built by scripts/test, with a compiler, libldap2-dev and libsasl2-dev")

PREAMBLE = """
import bonsai, sys
PEOPLE = "OU=People,DC=contoso,DC=test"
def connect(port, password="Hemmelig-1"):
    client = bonsai.LDAPClient(f"ldap://127.0.0.1:{port}")
    client.set_credentials("SIMPLE", user="svc-sync@contoso.test", password=password)
    client.set_server_chase_referrals(False)
    return client.connect(timeout=10)
"""
EVERYTHING = """
with connect(sys.argv[1]) as connection:
    found = connection.search(PEOPLE, 2, "(objectClass=user)", ["cn"])
    assert {entry["cn"][0] for entry in found} == {"Kari Nordmann", "Ola Hansen", "Åse Ødegård"}, found
    pages = connection.paged_search(PEOPLE, 2, "(objectClass=*)", ["cn"], page_size=2)
    assert len(list(pages)) == 7
    entry = bonsai.LDAPEntry(f"CN=Ny,{PEOPLE}")
    entry["objectClass"], entry["mail"] = ["contact"], ["ny@contoso.test"]
    connection.add(entry)
    entry["title"] = ["Gjest"]
    entry.modify()
    entry.rename(f"CN=Nyere,{PEOPLE}")
    assert connection.search(f"CN=Nyere,{PEOPLE}", 0, "(title=gjest)", ["title"])[0]["title"] == ["Gjest"]
    connection.delete(f"CN=Nyere,{PEOPLE}")
    assert "svc-sync" in connection.whoami()
"""
ERRORS = """
with connect(sys.argv[1]) as connection:
    for action, kind in (
        (lambda: connection.delete(f"CN=Nobody,{PEOPLE}"), bonsai.NoSuchObjectError),
        (lambda: connection.delete(PEOPLE), bonsai.NotAllowedOnNonleaf),
    ):
        try:
            action()
        except kind:
            continue
        raise SystemExit(f"no {kind}")
try:
    connect(sys.argv[1], "wrong")
except bonsai.AuthenticationError:
    raise SystemExit(0)
raise SystemExit("signed in with a wrong password")
"""
CATALOG = """
with connect(sys.argv[2]) as connection:
    (found,) = connection.search("", 2, "(sAMAccountName=kari)", ["mail", "department"])
    assert set(found.keys()) == {"dn", "mail"}, found
"""


@pytest.mark.parametrize("script", [EVERYTHING, ERRORS, CATALOG], ids=["everything", "errors", "catalog"])
def test_bonsai(hosted: Hosted, script: str) -> None:
    command = [sys.executable, "-c", PREAMBLE + script, str(hosted.port), str(hosted.catalog_port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
