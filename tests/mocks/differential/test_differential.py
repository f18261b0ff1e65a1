"""The mock beside real servers: one list of operations, and only the differences that are listed.

slapd is asked always. Samba is asked with ATTRFLOW_SAMBA=1, which `scripts/test` sets where Samba can run: it
needs root, and its packages are large.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from tests.mocks.differential.outcomes import OPERATIONS, Target, run_operations

from attrflow_mocks.ad.hosting import running
from attrflow_mocks.lightweight.hosting import running_database
from attrflow_mocks.openldap import SlapdMissingError, find_slapd, running_slapd
from attrflow_mocks.samba import running_samba
from attrflow_mocks.scenarios.seed import DirectorySeed

AD_BASE, LDAP_BASE = "DC=contoso,DC=test", "dc=example,dc=test"
PASSWORD = "Passw0rd!2345"

DIFFERENCES = tomllib.loads(Path(__file__).with_name("differences.toml").read_text(encoding="utf-8"))["difference"]
LONGEST = 19
"""How many differences there are at most; lower it with every one that is gone."""


def check(against: str, mock: dict[str, dict[str, object]], real: dict[str, dict[str, object]]) -> None:
    listed = {entry["operation"] for entry in DIFFERENCES if entry["against"] == against}
    found = {name for name in real if mock[name] != real[name]}
    new = [f"{name}: mock {mock[name]}, {against} {real[name]}" for name in real if name in found - listed]
    assert not new, "\n".join(["the mock differs where it did not:", *new])
    assert not listed - found, f"take out of differences.toml, as they are gone: {sorted(listed - found)}"


def test_the_list_of_differences_is_whole_and_no_longer_than_it_was() -> None:
    names = [operation["name"] for operation in OPERATIONS]
    assert len(names) == len(set(names))
    assert all(entry["reason"] and entry["operation"] in names for entry in DIFFERENCES)
    assert len(DIFFERENCES) <= LONGEST


@pytest.mark.openldap
def test_the_openldap_profile_answers_as_slapd_does() -> None:
    try:
        find_slapd()
    except SlapdMissingError as error:
        if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1":
            raise
        pytest.skip(str(error))
    with running_slapd(suffix=LDAP_BASE) as slapd:
        real = run_operations(Target(slapd.host, slapd.port, "openldap", LDAP_BASE, slapd.admin_dn, slapd.password))
    seed = DirectorySeed("lab", LDAP_BASE, "LAB", {f"cn=admin,{LDAP_BASE}": "admin"}, [], "openldap")
    with running_database(seed) as mock:
        target = Target("127.0.0.1", mock.port, "openldap", LDAP_BASE, f"cn=admin,{LDAP_BASE}", "admin")
        check("slapd", run_operations(target), real)


@pytest.mark.samba
@pytest.mark.skipif(os.environ.get("ATTRFLOW_SAMBA") != "1", reason="scripts/test asks for it where Samba can run")
def test_the_mock_domain_answers_as_samba_does() -> None:
    with running_samba(naming_context=AD_BASE) as samba:
        real = run_operations(Target(samba.host, 389, "ad", AD_BASE, samba.account, samba.password))
    with running(DirectorySeed("contoso", AD_BASE, "CONTOSO", {"Administrator@contoso.test": PASSWORD}, [])) as mock:
        target = Target("127.0.0.1", mock.port, "ad", AD_BASE, "Administrator@contoso.test", PASSWORD)
        check("samba", run_operations(target), real)
