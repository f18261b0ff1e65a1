"""The mock Active Directory under load: a paged search by ldapsearch next to slapd's, and how fast it is filled."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from tests.bench.rows import Row, timed

from attrflow_mocks.ad.hosting import running
from attrflow_mocks.ad.masses import ACCOUNT, PASSWORD, ROOT, directory_of, slapd_ldif
from attrflow_mocks.openldap import running_slapd

__all__ = ["rows"]

ENTRIES = 100_000
LARGE_GROUP = 50_000
BUILD_SECONDS = 60.0
"""What the generator may take for 100,000 users and a group of 50,000."""
ATTRIBUTES = (
    "sn",
    "givenName",
    "displayName",
    "mail",
    "title",
    "telephoneNumber",
    "employeeNumber",
    "l",
    "postalCode",
    "street",
)
ROUNDS = 2
"""By turns; the quicker of each counts."""


def rows(objects: int) -> Sequence[Row]:
    """The section's figures; `objects` of 5,000, the default of all sections, stands for the full size.

    Raises:
        SystemExit: ldapsearch or slapd is not installed.
    """
    if shutil.which("ldapsearch") is None:
        raise SystemExit("ldapsearch is not installed: sudo apt-get install ldap-utils slapd")
    count = ENTRIES if objects == 5000 else objects
    built, directory = timed(lambda: directory_of(count, large_group=min(LARGE_GROUP, count)))
    mock, real = [], []
    with running(directory) as host, running_slapd(slapd_ldif(count), "dc=contoso,dc=test") as slapd:
        url = f"ldap://127.0.0.1:{host.port}"
        for _ in range(ROUNDS):
            mock.append(_search(url, ACCOUNT, PASSWORD, f"OU=People,{ROOT}", "(objectClass=user)", count))
            base = f"ou=People,{slapd.suffix}"
            real.append(_search(slapd.url, slapd.admin_dn, slapd.password, base, "(objectClass=inetOrgPerson)", count))
    best, reference = min(mock), min(real)
    name = f"{count:,} entries, a group of {min(LARGE_GROUP, count):,}"
    return [
        Row(f"mock AD: filled with {name}", built, "s", f"{BUILD_SECONDS:.0f} s", built / BUILD_SECONDS, 1.0),
        Row(f"mock AD: paged search of {count:,} by ldapsearch", best, "s", "slapd", best / reference),
        Row("slapd: the same", reference, "s"),
        Row("mock AD: entries", count / best, "/s"),
        Row("slapd: entries", count / reference, "/s"),
    ]


def _search(url: str, account: str, password: str, base: str, search_filter: str, expected: int) -> float:
    command = ["ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", url, "-D", account, "-w", password]
    command += ["-b", base, "-E", "pr=1000/noprompt", search_filter, *ATTRIBUTES]
    environment = {**os.environ, "LC_ALL": "C"}
    seconds, done = timed(lambda: subprocess.run(command, capture_output=True, check=True, env=environment))
    found = done.stdout.count(b"\ndn:") + done.stdout.startswith(b"dn:")
    assert found == expected, f"{found} entries of {expected} from {url}"
    return seconds
