"""A slapd of one's own starts, holds what it was given, and leaves nothing behind."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ldap3
import pytest

from attrflow_mocks import openldap as module
from attrflow_mocks.openldap import (
    RunningSlapd,
    SlapdError,
    SlapdMissingError,
    available_overlays,
    example_ldif,
    find_slapd,
    running_slapd,
)
from attrflow_mocks.openldap_example import base_ldif

pytestmark = pytest.mark.openldap


@pytest.fixture(autouse=True)
def _needs_slapd() -> None:
    try:
        find_slapd()
    except SlapdMissingError as error:
        if os.environ.get("ATTRFLOW_FORBID_SKIP") == "1":
            raise
        pytest.skip(str(error))


@contextmanager
def session(slapd: RunningSlapd, server: ldap3.Server, *, start_tls: bool = False) -> Iterator[ldap3.Connection]:
    """A bound connection, closed for certain: ldap3 leaves its socket open when slapd was first to close."""
    connection = ldap3.Connection(server, slapd.admin_dn, slapd.password)
    connection.open()
    if start_tls:
        assert connection.start_tls()
    wire = connection.socket
    try:
        assert connection.bind()
        yield connection
    finally:
        connection.unbind()
        wire.close()


def search(slapd: RunningSlapd, search_filter: str, *attributes: str) -> list[dict[str, list[bytes]]]:
    with session(slapd, ldap3.Server(slapd.host, port=slapd.port, get_info=ldap3.NONE)) as connection:
        connection.search(slapd.suffix, search_filter, attributes=list(attributes))
        return [dict(entry["raw_attributes"]) for entry in connection.response]


def test_the_example_is_served_and_the_process_ends_with_the_block() -> None:
    with running_slapd(example_ldif(30, 4)) as slapd:
        people = search(slapd, "(objectClass=inetOrgPerson)", "telephoneNumber", "manager")
        groups = search(slapd, "(objectClass=groupOfNames)", "member")
        pid = slapd.pid
    assert len(people) == 30
    assert people[0]["telephoneNumber"][0].startswith(b"  +47")
    assert sum(bool(person["manager"]) for person in people) == 29
    assert [len(group["member"]) for group in groups] == [6, 7, 6, 6]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_identifiers_repeat_from_run_to_run() -> None:
    seen = []
    for _ in range(2):
        with running_slapd(example_ldif(3, 1)) as slapd:
            seen.append([entry["entryUUID"] for entry in search(slapd, "(ou=*)", "entryUUID")])
    assert seen[0] == seen[1]


def test_member_of_is_seen_where_it_was_written() -> None:
    if "memberof" not in available_overlays():
        pytest.skip("this slapd has no memberof module")
    with running_slapd(example_ldif(10, 2, member_of=True)) as slapd:
        found = search(slapd, "(memberOf=cn=group-1,ou=groups,dc=example,dc=test)", "uid")
    assert len(found) == 2


def test_without_ldif_there_is_the_suffix_and_it_may_be_any() -> None:
    with running_slapd(suffix="o=Nordlys") as slapd:
        assert search(slapd, "(objectClass=*)", "o") == [{"o": [b"Nordlys"]}]


def test_tls_is_verified_by_its_own_certificate() -> None:
    with running_slapd(tls=True) as slapd:
        assert slapd.ldaps_url is not None
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(slapd.ca_file))
        with session(slapd, ldap3.Server(slapd.ldaps_url, tls=tls)) as connection:
            assert connection.bound
        with session(slapd, ldap3.Server(slapd.url, tls=tls), start_tls=True) as connection:
            assert connection.tls_started


def test_the_size_limit_holds_for_everyone_but_the_administrator() -> None:
    with running_slapd(example_ldif(20, 0), size_limit=5) as slapd:
        with ldap3.Connection(ldap3.Server(slapd.url, get_info=ldap3.NONE)) as connection:
            wire = connection.socket
            connection.search(slapd.suffix, "(objectClass=*)")
            assert connection.result["result"] == 4
        wire.close()
        assert len(search(slapd, "(objectClass=*)")) == 23


def test_a_taken_port_is_given_up_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    free = module._free_ports
    with running_slapd() as first:
        offered = iter([(first.port, 1)])
        monkeypatch.setattr(module, "_free_ports", lambda: next(offered, None) or free())
        with running_slapd(suffix="dc=second") as second:
            assert second.port != first.port
            assert search(second, "(objectClass=*)", "dc") == [{"dc": [b"second"]}]


def test_when_every_port_is_taken_slapds_own_words_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_slapd() as first:
        monkeypatch.setattr(module, "_free_ports", lambda: (first.port, 1))
        with pytest.raises(SlapdError, match="ended 5 times"), running_slapd():
            pass


def test_a_refused_ldif_tells_slapadds_words() -> None:
    broken = base_ldif("dc=example,dc=test") + "dn: cn=x,dc=example,dc=test\nobjectClass: person\ncn: x\n"
    with pytest.raises(SlapdError, match="slapadd failed"), running_slapd(broken):
        pass


def test_a_refused_line_of_configuration_is_told() -> None:
    with pytest.raises(SlapdError, match="slaptest failed"), running_slapd(extra_config="nonsense here"):
        pass


def test_a_machine_without_slapd_gets_the_apt_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(module, "_PLACES", ())
    with pytest.raises(SlapdMissingError, match="apt-get install"), running_slapd():
        pass


def test_a_group_needs_somebody() -> None:
    with pytest.raises(ValueError, match="at least one user"):
        example_ldif(0, 1)
