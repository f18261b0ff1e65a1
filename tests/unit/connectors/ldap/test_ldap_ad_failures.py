"""A directory that hangs up, is busy, is not there, or does not know us: what the connector says."""

from __future__ import annotations

import socket
import traceback
from pathlib import Path

import pytest

from attrflow.connectors.ldap import LdapConnector
from attrflow.model.entry import Page
from attrflow.model.errors import (
    AuthenticationFailed,
    CertificateRejected,
    ConnectionFailed,
    ConnectionLost,
    ConnectorError,
    SettingsError,
)
from attrflow_mocks.faults import Fault

from .ldap_lab import NC, PASSWORD, Lab, domain, lab_on, person, whole_import


def check_refused(
    lab: Lab,
    error: type[ConnectorError],
    *words: str,
    password: str = PASSWORD,
    status: str = "no-start-connection",
    **settings: object,
) -> ConnectorError:
    """Connecting fails with this error, its sentence has these words, and nobody prints the password."""
    with pytest.raises(error) as caught:
        lab.connect(lab.configuration(**settings), password=password)  # type: ignore[arg-type]  # settings only
    said = f"{caught.value} {caught.value.help} {caught.value.cd_error}"
    assert [word for word in words if word not in said] == []
    assert caught.value.status == status
    assert password not in said + "".join(traceback.format_exception(caught.value))
    return caught.value


def test_a_wrong_password_is_tried_once(lab: Lab) -> None:
    check_refused(
        lab,
        AuthenticationFailed,
        "svc@corp.test",
        "the name or the password is wrong",
        "data 52e",
        password="Wrong-Password-7",
        status="no-start-credentials",
    )
    assert [row.operation for row in lab.rows] == ["bind"]
    assert lab.rows[0].result.startswith("49 invalidCredentials")


def test_an_account_that_is_disabled_is_said_to_be_disabled() -> None:
    seed = domain(
        person(
            "Old",
            sAMAccountName="old",
            userPrincipalName="old@corp.test",
            unicodePwd="Old-Password-1",
            userAccountControl="514",
        )
    )
    with lab_on(seed) as lab:
        check_refused(
            lab,
            AuthenticationFailed,
            "the account is disabled",
            password="Old-Password-1",
            status="no-start-credentials",
            account="old@corp.test",
        )


def test_no_password_is_never_sent_as_an_anonymous_bind(lab: Lab) -> None:
    with pytest.raises(AuthenticationFailed, match="there is no password"):
        lab.connect(password="")
    assert len(lab.mock.journal) == 0


def test_nobody_at_the_address(lab: Lab) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        url = f"ldap://127.0.0.1:{taken.getsockname()[1]}"
        check_refused(lab, ConnectionFailed, f"nobody answers at {url}", url=url)
    assert [row.result for row in lab.rows] == ["failed-connection"]


def test_a_server_that_says_nothing(lab: Lab) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        url = f"ldap://127.0.0.1:{mute.getsockname()[1]}"
        check_refused(
            lab,
            ConnectionLost,
            "did not answer the bind within 1 s",
            url=url,
            timeout_seconds=1,
            status="stopped-connectivity",
        )


@pytest.mark.parametrize("tls", ["ldaps", "starttls"])
def test_tls_with_the_authority_works_and_without_it_does_not(lab: Lab, tls: str, tmp_path: Path) -> None:
    port = lab.mock.tls_port if tls == "ldaps" else lab.mock.port
    url = f"{'ldaps' if tls == 'ldaps' else 'ldap'}://127.0.0.1:{port}"
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(lab.mock.authority)
    objects, _ = whole_import(lab.connect(lab.configuration(url=url, tls=tls, ca_file=str(ca_file))))
    assert "Ann" in objects
    check_refused(lab, CertificateRejected, f"the certificate of {url} does not verify", "ca-file", url=url, tls=tls)


def test_a_certificate_for_another_name(lab: Lab, tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(lab.mock.authority)
    url = f"ldaps://127.1:{lab.mock.tls_port}"  # the same machine by a name that is not in the certificate
    check_refused(lab, CertificateRejected, "127.1", "host name", url=url, tls="ldaps", ca_file=str(ca_file))


def test_plain_ldap_where_tls_is_expected(lab: Lab, tmp_path: Path) -> None:
    url = f"ldaps://127.0.0.1:{lab.mock.port}"
    check_refused(lab, ConnectionFailed, f"no TLS at {url}", url=url, tls="ldaps")


def test_a_ca_file_that_is_not_there_or_no_certificate(lab: Lab, tmp_path: Path) -> None:
    for name, text in (("missing.pem", None), ("empty.pem", "nothing")):
        if text is not None:
            (tmp_path / name).write_text(text)
        configuration = lab.configuration(tls="starttls", ca_file=str(tmp_path / name))
        with pytest.raises(SettingsError, match=name):
            lab.connect(configuration)


def import_until_it_breaks(connector: LdapConnector) -> list[Page]:
    pages: list[Page] = []
    with pytest.raises(ConnectionLost) as caught:
        pages.extend(connector.import_pages(NC, None))
    assert caught.value.status == "stopped-connectivity"
    return pages


@pytest.mark.parametrize(
    "fault",
    [
        Fault("ldap", "search", "drop-after", bytes=900, skip=1),
        Fault("ldap", "search", "drop-after", entries=1, skip=1),
        Fault("ldap", "search", "drop", skip=1),
        Fault("ldap", "search", "drop-done", skip=1),
    ],
)
def test_a_search_that_breaks_off_is_never_complete(lab: Lab, fault: Fault) -> None:
    connector = lab.connect(lab.configuration(page_size=2))
    lab.mock.faults.add(fault)
    pages = import_until_it_breaks(connector)
    assert [len(page.objects) for page in pages] == [2]
    assert not any(page.complete or page.watermark_after for page in pages)
    objects, _ = whole_import(connector)  # the next run, on a new connection
    assert {"Ann", "Bob", "Staff"} <= set(objects)


def test_the_first_page_is_asked_for_again_on_a_new_connection(lab: Lab) -> None:
    connector = lab.connect()
    lab.mock.faults.add(Fault("ldap", "search", "drop-after", entries=1))
    assert {"Ann", "Bob", "Staff"} <= set(whole_import(connector)[0])
    assert "dropped-connection" in [row.result for row in lab.rows]


def test_a_busy_server_is_asked_again_in_the_middle_of_a_walk(lab: Lab) -> None:
    connector = lab.connect(lab.configuration(page_size=2))
    lab.mock.faults.add(Fault("ldap", "search", "result", status=51, skip=1, times=2))
    assert {"Ann", "Bob", "Staff"} <= set(whole_import(connector)[0])
    assert [row.number for row in lab.rows if row.result.startswith("51 busy")] == [1, 2]


def test_a_size_limit_is_no_end_of_the_import(lab: Lab) -> None:
    connector = lab.connect()
    lab.mock.faults.add(Fault("ldap", "search", "result", status=4, entries=2))
    with pytest.raises(ConnectorError, match="size limit"):
        list(connector.import_pages(NC, None))


def test_changes_go_on_after_a_broken_connection(lab: Lab) -> None:
    connector = lab.connect()
    _, last = whole_import(connector)
    lab.edit(lambda c: c.delete(f"CN=Bob,OU=People,{NC}"))
    lab.mock.faults.add(Fault("ldap", "dirsync", "drop"))
    lab.mock.faults.add(Fault("ldap", "dirsync", "drop-done"))
    pages = list(connector.import_pages(NC, last.watermark_after))
    assert [o.change for page in pages for o in page.objects] == ["delete"]


def test_patience_ends(lab: Lab) -> None:
    connector = lab.connect()
    _, last = whole_import(connector)
    lab.mock.faults.add(Fault("ldap", "dirsync", "drop", times=3))
    with pytest.raises(ConnectionLost):
        list(connector.import_pages(NC, last.watermark_after))
    assert [row.number for row in lab.rows if row.operation == "dirsync"][-3:] == [1, 2, 3]
