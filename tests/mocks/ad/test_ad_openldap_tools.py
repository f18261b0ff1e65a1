"""The same server seen by ldapsearch and its family, whose codec nobody here wrote either."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from attrflow_mocks.ad.hosting import Hosted

pytestmark = [
    pytest.mark.openldap,
    pytest.mark.skipif(shutil.which("ldapsearch") is None, reason="ldap-utils are not installed"),
]

ROOT = "DC=contoso,DC=test"
PEOPLE = f"OU=People,{ROOT}"


def run(hosted: Hosted, tool: str, *arguments: str, text: str = "", tls: bool = False, ca: Path | None = None) -> str:
    url = f"ldaps://127.0.0.1:{hosted.tls_port}" if tls else f"ldap://127.0.0.1:{hosted.port}"
    environment = {"LDAPTLS_CACERT": str(ca), "LDAPTLS_REQCERT": "demand"} if ca is not None else {}
    command = [tool, "-x", "-H", url, "-D", "svc-sync@contoso.test", "-w", "Hemmelig-1", *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, env=environment, check=False)
    return f"{done.stdout}{done.stderr}[{done.returncode}]"


def test_ldapsearch_pages_through(hosted: Hosted) -> None:
    output = run(hosted, "ldapsearch", "-LLL", "-b", PEOPLE, "-E", "pr=2/noprompt", "(objectClass=user)", "cn")
    assert output.count("\ndn:") + output.startswith("dn:") == 3
    assert "dn:: " in output, "a DN with letters beyond ASCII"


def test_ldapsearch_over_tls_and_starttls(hosted: Hosted, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text(hosted.authority)
    for options, tls in ((("-ZZ",), False), ((), True)):
        output = run(hosted, "ldapsearch", *options, "-LLL", "-b", PEOPLE, "(cn=Sales)", "cn", tls=tls, ca=ca)
        assert "cn: Sales" in output, output


def test_ldapmodify_and_ldapwhoami(hosted: Hosted) -> None:
    text = f"dn: CN=Sales,{PEOPLE}\nchangetype: modify\nreplace: description\ndescription: ny\n-\n"
    assert run(hosted, "ldapmodify", text=text).endswith("[0]")
    assert hosted.directory.require(f"CN=Sales,{PEOPLE}").values["description"] == [b"ny"]
    assert "u:CONTOSO\\svc-sync" in run(hosted, "ldapwhoami")


def test_version_two_of_the_protocol_and_compare(hosted: Hosted) -> None:
    assert "cn: Sales" in run(hosted, "ldapsearch", "-P", "2", "-LLL", "-b", PEOPLE, "(cn=Sales)", "cn")
    for value, code in (("KARI@contoso.test", 6), ("ola@contoso.test", 5)):
        output = run(hosted, "ldapcompare", f"CN=Kari Nordmann,{PEOPLE}", f"mail:{value}")
        assert output.endswith(f"[{code}]"), output


def test_without_a_mechanism_the_tools_say_so(hosted: Hosted) -> None:
    command = ["ldapwhoami", "-H", f"ldap://127.0.0.1:{hosted.port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 16, "no mechanism is listed, so the tool has none to try: no such attribute"


def test_ldapsearch_shows_the_schema(hosted: Hosted) -> None:
    base = f"CN=Aggregate,CN=Schema,CN=Configuration,{ROOT}"
    output = run(hosted, "ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-s", "base", "-b", base, "attributeTypes")
    assert "attributeTypes: ( 2.5.4.31 NAME 'member' SYNTAX '1.3.6.1.4.1.1466.115.121.1.12' )" in output
