"""Settings of the LDAP connector, and refusals of directories in words: no socket."""

from __future__ import annotations

import pytest

from attrflow.connectors.ldap.decode import SearchDone
from attrflow.connectors.ldap.failures import bind_failure, search_failure
from attrflow.connectors.ldap.results import WriteKind, export_error
from attrflow.connectors.ldap.settings import settings_of
from attrflow.model.configuration import ConnectorConfiguration, ConnectorKind, Partition
from attrflow.model.errors import SettingsError

GUID = "0a0b0c0d-1122-3344-5566-778899aabbcc"


def configuration(
    kind: ConnectorKind = "ad",
    partitions: tuple[Partition, ...] = (Partition("DC=a"),),
    object_types: tuple[str, ...] = ("user",),
    **settings: object,
) -> ConnectorConfiguration:
    return ConnectorConfiguration("c", "id", kind, partitions, object_types, (), settings=settings)


# -- settings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"url": "ldap://dc1.a.test"}, ("dc1.a.test", 389, "starttls")),
        ({"url": "ldap://127.0.0.1:1389"}, ("127.0.0.1", 1389, "none")),
        ({"url": "ldap://[::1]:1389"}, ("::1", 1389, "none")),
        ({"url": "ldap://localhost", "tls": "starttls"}, ("localhost", 389, "starttls")),
        ({"url": "ldaps://dc1.a.test"}, ("dc1.a.test", 636, "ldaps")),
        ({"url": "ldapi://%2Frun%2Fldapi"}, ("/run/ldapi", 0, "none")),
        ({"url": "ldap://dc1.a.test", "tls": "none"}, ("dc1.a.test", 389, "none")),
    ],
)
def test_addresses(settings: dict[str, object], expected: tuple[str, int, str]) -> None:
    read = settings_of(configuration(**settings))  # type: ignore[arg-type]  # only settings are given
    assert (read.host, read.port, read.tls) == expected


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({}, "url"),
        ({"url": "dc1.a.test"}, "url"),
        ({"url": "http://dc1"}, "url"),
        ({"url": "ldap://dc1:x"}, "url"),
        ({"url": 7}, "url"),
        ({"url": "ldap://dc1", "tls": "ldaps"}, "tls"),
        ({"url": "ldaps://dc1", "tls": "none"}, "tls"),
        ({"url": "ldap://dc1", "tls": "maybe"}, "tls"),
        ({"url": "ldap://dc1", "page_size": 0}, "page_size"),
        ({"url": "ldap://dc1", "page_size": True}, "page_size"),
        ({"url": "ldap://dc1", "timeout_seconds": "long"}, "timeout_seconds"),
        ({"url": "ldap://dc1", "object_security": "yes"}, "object_security"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, object], word: str) -> None:
    with pytest.raises(SettingsError, match=f"connector 'c': setting '{word}'") as caught:
        settings_of(configuration(**settings))  # type: ignore[arg-type]  # only settings are given
    assert "attrflow.toml" in str(caught.value.help)


# -- refusals in words -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "text", "word"),
    [
        (49, "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 52e, v3839", "wrong"),
        (49, "80090308: LdapErr: … data 532, v3839", "password has expired"),
        (49, "80090308: LdapErr: … data 533, v3839", "disabled"),
        (49, "80090308: LdapErr: … data 775, v3839", "locked"),
        (49, "", "wrong"),
        (8, "00002028: LdapErr", "without TLS"),
        (34, "invalid DN", "34 invalidDNSyntax: invalid DN"),
    ],
)
def test_why_a_bind_failed(code: int, text: str, word: str) -> None:
    error = bind_failure("ldap://a", "svc", code, text)
    assert word in str(error)
    assert error.code == "failed-authentication"


@pytest.mark.parametrize(
    ("result", "text", "code"),
    [
        (4, "", "failed-permission"),
        (50, "", "failed-permission"),
        (1, "000004DC: LdapErr: …", "failed-permission"),
        (1, "", "failed-search"),
        (10, "0000202B: RefErr", "failed-search"),
        (12, "", "failed-search"),
        (32, "", "failed-search"),
        (51, "", "dropped-connection"),
    ],
)
def test_why_a_search_failed(result: int, text: str, code: str) -> None:
    error = search_failure("ldap://a", "page 1", SearchDone(1, result, "DC=a", text, ("ldap://b",), {}))
    assert error.code == code
    assert error.cd_error
    assert error.cd_error.startswith(str(result))


@pytest.mark.parametrize(
    ("kind", "result", "text", "exists", "references", "expected"),
    [
        ("modify", 50, "", None, False, "permission-issue"),
        ("modify", 53, "0000052D: SvcErr: …", None, False, "password-policy-violation"),
        ("modify", 53, "", None, False, "cd-error"),
        ("modify", 20, "", None, False, "constraint-violation"),
        ("modify", 32, "", True, True, "dn-attributes-failure"),
        ("modify", 32, "", False, True, "cd-missing-object"),
        ("add", 32, "", True, True, "dn-attributes-failure"),
        ("add", 32, "", False, True, "non-existent-parent"),
        ("add", 32, "", True, False, "non-existent-parent"),
        ("rename", 32, "", True, False, "non-existent-parent"),
        ("rename", 32, "", False, False, "cd-missing-object"),
        ("add", 19, "000021C7: AtrErr: …", None, False, "constraint-violation"),
        ("modify", 99, "what?", None, False, "cd-error"),
    ],
)
def test_export_errors(
    kind: WriteKind, result: int, text: str, exists: bool | None, references: bool, expected: str
) -> None:
    error = export_error(kind, result, text, target_exists=exists, references=references)
    assert error.type == expected
    assert error.cd_error_code.startswith(str(result))
    assert text.strip() in error.detail
