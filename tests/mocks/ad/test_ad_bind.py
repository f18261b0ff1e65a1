"""Who gets in, by which name, with which words otherwise; TLS; passwords; the root DSE and the schema."""

from __future__ import annotations

import ssl
from collections.abc import Callable

import ldap3
import pytest
from ldap3.core.exceptions import LDAPSocketOpenError, LDAPStartTLSError

from attrflow_mocks.ad.hosting import Hosted
from attrflow_mocks.adding import add_entries
from attrflow_mocks.scenarios.seed import EntrySeed

ROOT = "DC=contoso,DC=test"
PEOPLE = f"OU=People,{ROOT}"
KARI, OLA = f"CN=Kari Nordmann,{PEOPLE}", f"CN=Ola Hansen,{PEOPLE}"
REASON = "AcceptSecurityContext error, data {}, v3839"


def bind(hosted: Hosted, name: str, password: str) -> tuple[int, str]:
    """Result code and text of a bind, and who the server says it is."""
    client = ldap3.Connection(ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE), name, password)
    client.bind()
    result = dict(client.result)
    who = client.extend.standard.who_am_i() if result["result"] == 0 else ""
    client.unbind()
    return result["result"], who or result["message"]


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("svc-sync@contoso.test", "u:CONTOSO\\svc-sync"),
        ("SVC-Sync@Contoso.Test", "u:CONTOSO\\SVC-Sync"),
        ("CONTOSO\\svc-sync", "u:CONTOSO\\svc-sync"),
    ],
)
def test_a_seeded_account_needs_no_entry(hosted: Hosted, name: str, who: str) -> None:
    assert bind(hosted, name, "Hemmelig-1") == (0, who)


@pytest.mark.parametrize(
    "name",
    [
        KARI,
        "cn=kari nordmann, " + PEOPLE.lower(),
        "kari@contoso.test",
        "contoso\\KARI",
        "kari@CONTOSO",
        "<GUID>",
        "<SID>",
    ],
)
def test_a_user_signs_in_by_any_of_its_names(hosted: Hosted, name: str) -> None:
    entry = hosted.directory.require(KARI)
    name = {"<GUID>": f"<GUID={entry.guid}>", "<SID>": f"<SID={hosted.directory.domain_sid}-1104>"}.get(name, name)
    assert bind(hosted, name, "Sommer-2030") == (0, "u:CONTOSO\\kari")


@pytest.mark.parametrize(
    ("name", "password", "data"),
    [
        ("kari@contoso.test", "wrong", "52e"),
        ("nobody@contoso.test", "x", "525"),
        ("OTHER\\kari", "Sommer-2030", "525"),
        (f"CN=Nobody,{PEOPLE}", "x", "525"),
        ("no name at all=,", "x", "525"),
        ("ola@contoso.test", "Vinter-2030", "533"),
        ("ola@contoso.test", "wrong", "52e"),
    ],
)
def test_a_refused_bind_says_why_to_who_knows_the_password(hosted: Hosted, name: str, password: str, data: str) -> None:
    code, text = bind(hosted, name, password)
    assert code == 49
    assert text.startswith("80090308: LdapErr:") and text.endswith(REASON.format(data))


@pytest.mark.parametrize(
    ("attribute", "value", "data"),
    [
        ("lockoutTime", b"1", "775"),
        ("pwdLastSet", b"0", "773"),
        ("accountExpires", b"132000000000000000", "701"),
        ("logonHours", bytes(21), "530"),
        ("userWorkstations", b"desk-17,desk-18", "531"),
    ],
)
def test_states_of_an_account(hosted: Hosted, attribute: str, value: bytes, data: str) -> None:
    hosted.directory.require(KARI).values[attribute] = [value]
    assert bind(hosted, "kari@contoso.test", "Sommer-2030")[1].endswith(REASON.format(data))


def test_an_old_password_has_expired_unless_it_never_does(hosted: Hosted) -> None:
    hosted.directory.root.values["maxPwdAge"] = [str(-42 * 86400 * 10**7).encode()]
    assert bind(hosted, "kari@contoso.test", "Sommer-2030")[0] == 0
    hosted.directory.clock.advance(43 * 86400)
    assert bind(hosted, "kari@contoso.test", "Sommer-2030")[1].endswith(REASON.format("532"))
    hosted.directory.require(KARI).values["userAccountControl"] = [str(0x10200).encode()]
    assert bind(hosted, "kari@contoso.test", "Sommer-2030")[0] == 0


def test_hours_and_workstations_let_in_whom_they_name(hosted: Hosted) -> None:
    values = hosted.directory.require(KARI).values
    hours = bytearray(21)
    hours[(3 * 24 + 3) // 8] = 1 << ((3 * 24 + 3) % 8)  # the clock stands at Wednesday, 03:04 UTC
    values["logonHours"], values["userWorkstations"] = [bytes(hours)], [b"desk-17, DC1"]
    assert bind(hosted, "kari@contoso.test", "Sommer-2030")[0] == 0
    hosted.directory.clock.advance(3600)
    assert bind(hosted, "kari@contoso.test", "Sommer-2030")[1].endswith(REASON.format("530"))


def test_more_groups_than_a_token_holds(hosted: Hosted) -> None:
    directory = hosted.directory

    def crowd() -> None:
        for number in range(1015):
            values: dict[str, list[str | bytes]] = {"sAMAccountName": [f"g{number}"], "member": [KARI]}
            add_entries(directory, [EntrySeed(f"CN=g{number},{PEOPLE}", "group", values)])

    hosted.call(crowd)
    assert bind(hosted, "kari@contoso.test", "Sommer-2030")[1].endswith(REASON.format("568"))


def test_before_a_bind_only_the_root_dse_is_there(hosted: Hosted) -> None:
    with ldap3.Connection(ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE)) as client:
        operations: tuple[Callable[[], object], ...] = (
            lambda: client.search(ROOT, "(objectClass=*)"),
            lambda: client.delete(KARI),
            lambda: client.add(f"CN=x,{PEOPLE}", "contact"),
            lambda: client.modify(KARI, {"mail": [(ldap3.MODIFY_DELETE, [])]}),
            lambda: client.modify_dn(KARI, "CN=x"),
        )
        for operation in operations:
            operation()
            assert client.result["result"] == 1
            assert "a successful bind must be completed" in client.result["message"]
        assert client.search("", "(objectClass=nonsense)", ldap3.BASE, attributes=["highestCommittedUSN"])
        found = client.response[0]["raw_attributes"]
        assert found == {"highestCommittedUSN": [str(hosted.directory.usn).encode()]}
        assert not client.extend.standard.who_am_i()


def test_a_failed_bind_ends_the_one_before(hosted: Hosted, connection: ldap3.Connection) -> None:
    connection.rebind("kari@contoso.test", "wrong")
    connection.search(ROOT, "(objectClass=*)")
    assert connection.result["result"] == 1


@pytest.mark.parametrize(
    ("mechanism", "credentials"), [(ldap3.PLAIN, (None, "kari", "Sommer-2030")), (ldap3.EXTERNAL, ())]
)
def test_sasl_is_not_spoken_and_refused_by_name(hosted: Hosted, mechanism: str, credentials: tuple[str, ...]) -> None:
    server = ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE)
    client = ldap3.Connection(server, authentication=ldap3.SASL, sasl_mechanism=mechanism, sasl_credentials=credentials)
    client.bind()
    assert (client.result["result"], client.result["message"][:8]) == (7, "00002027")
    assert f"SASL mechanism {mechanism} is not spoken" in client.result["message"]
    client.unbind()
    assert [request.detail["mechanism"] for request in hosted.journal if request.operation == "bind"] == [mechanism]


def test_the_root_dse_lists_no_mechanism_as_none_is_spoken(hosted: Hosted) -> None:
    with ldap3.Connection(ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE)) as client:
        for asked in (["*", "+"], ["supportedSASLMechanisms"]):
            client.search("", "(objectClass=*)", ldap3.BASE, attributes=asked)
            assert not client.response[0]["raw_attributes"].get("supportedSASLMechanisms")


def test_the_root_dse_says_who_asks_and_in_which_groups_he_is(hosted: Hosted) -> None:
    server = ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE)
    asked = ["tokenGroups", "msDS-PrincipalName"]
    with ldap3.Connection(server, "kari@contoso.test", "Sommer-2030", return_empty_attributes=False) as client:
        client.search("", "(objectClass=*)", ldap3.BASE, attributes=asked)
        found = client.response[0]["raw_attributes"]
        client.search(KARI, "(objectClass=*)", ldap3.BASE, attributes=["tokenGroups"])
        assert found["tokenGroups"] == client.response[0]["raw_attributes"]["tokenGroups"] != []
        assert found["msDS-PrincipalName"] == [b"CONTOSO\\kari"]
    with ldap3.Connection(server, return_empty_attributes=False) as client:
        client.search("", "(objectClass=*)", ldap3.BASE, attributes=asked)
        found = client.response[0]["raw_attributes"]
        assert found == {"msDS-PrincipalName": [b"NT AUTHORITY\\ANONYMOUS LOGON"]}


def trusting(hosted: Hosted, name: str = "127.0.0.1") -> ldap3.Tls:
    return ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_data=hosted.authority, valid_names=[name])


def test_tls_from_the_start_and_by_upgrade_is_verified_and_allows_passwords(hosted: Hosted) -> None:
    for port, from_start in ((hosted.tls_port, True), (hosted.port, False)):
        server = ldap3.Server("127.0.0.1", port, use_ssl=from_start, tls=trusting(hosted), get_info=ldap3.NONE)
        mode = ldap3.AUTO_BIND_NO_TLS if from_start else ldap3.AUTO_BIND_TLS_BEFORE_BIND
        client = ldap3.Connection(server, "svc-sync@contoso.test", "Hemmelig-1", auto_bind=mode)
        assert client.extend.microsoft.modify_password(KARI, f"Ny-passord-{port}"), client.result
        photo = bytes(300_000)  # larger than what asyncio buffers, so reading is paused on the way
        assert client.modify(KARI, {"jpegPhoto": [(ldap3.MODIFY_REPLACE, [photo])]})
        client.search(KARI, "(objectClass=*)", ldap3.BASE, attributes=["jpegPhoto"])
        assert client.response[0]["raw_attributes"]["jpegPhoto"] == [photo]
        client.unbind()
        assert bind(hosted, KARI, f"Ny-passord-{port}")[0] == 0


def test_a_password_change_needs_the_old_one_and_keeps_the_policy(hosted: Hosted) -> None:
    server = ldap3.Server("127.0.0.1", hosted.tls_port, use_ssl=True, tls=trusting(hosted), get_info=ldap3.NONE)
    client = ldap3.Connection(server, "svc-sync@contoso.test", "Hemmelig-1", auto_bind=True)
    client.extend.microsoft.modify_password(KARI, "Ny-passord-1", "wrong")
    assert (client.result["result"], client.result["message"][:8]) == (19, "00000056")
    client.extend.microsoft.modify_password(KARI, "kort")
    assert (client.result["result"], client.result["message"][:8]) == (53, "0000052D")
    assert client.extend.microsoft.modify_password(KARI, "Ny-passord-1", "Sommer-2030")
    assert client.modify(OLA, {"userAccountControl": [(ldap3.MODIFY_REPLACE, ["512"])]})
    secret = '"Ny-passord-2"'.encode("utf-16-le")
    new = {"sAMAccountName": "new", "userAccountControl": "512", "unicodePwd": secret}
    assert client.add(f"CN=New,{PEOPLE}", "user", new), client.result
    client.unbind()
    assert bind(hosted, "CONTOSO\\new", "Ny-passord-2")[0] == 49, "pwdLastSet of a new user is 0: change it first"
    for request in hosted.journal:
        assert "passord" not in repr(request)


def test_an_enabled_account_needs_a_password(hosted: Hosted, connection: ldap3.Connection) -> None:
    connection.add(f"CN=New,{PEOPLE}", "user", {"sAMAccountName": "new"})
    connection.modify(f"CN=New,{PEOPLE}", {"userAccountControl": [(ldap3.MODIFY_REPLACE, ["512"])]})
    assert (connection.result["result"], connection.result["message"][:8]) == (53, "0000052D")


def test_a_client_that_does_not_trust_the_authority_stays_away(hosted: Hosted) -> None:
    distrusting = ldap3.Tls(validate=ssl.CERT_REQUIRED)
    server = ldap3.Server("127.0.0.1", hosted.tls_port, use_ssl=True, tls=distrusting, get_info=ldap3.NONE)
    with pytest.raises(LDAPSocketOpenError):
        ldap3.Connection(server, auto_bind=True)
    server = ldap3.Server("127.0.0.1", hosted.port, tls=distrusting, get_info=ldap3.NONE)
    client = ldap3.Connection(server)
    client.open()
    with pytest.raises(LDAPStartTLSError):
        client.start_tls()
    client.strategy.close()


def test_a_client_reads_the_whole_schema_and_the_root_dse(hosted: Hosted) -> None:
    server = ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.ALL)
    client = ldap3.Connection(server, "svc-sync@contoso.test", "Hemmelig-1", auto_bind=True)
    schema, info = server.schema, server.info
    assert info.other["defaultNamingContext"] == [ROOT]
    assert "1.2.840.113556.1.4.841" in [control[0] for control in info.supported_controls]
    member = schema.attribute_types["member"]
    assert (member.oid, member.syntax, member.single_value) == ("2.5.4.31", "1.3.6.1.4.1.1466.115.121.1.12", False)
    assert schema.attribute_types["objectGUID"].no_user_modification
    for name in ("msExchRecipientTypeDetails", "msRTCSIP-PrimaryUserAddress", "extensionAttribute15", "thumbnailPhoto"):
        assert schema.attribute_types[name].single_value, name
    assert schema.object_classes["inetOrgPerson"].superior == ["user"]
    assert "organizationalPerson" in schema.object_classes["contact"].superior
    client.search(KARI, "(objectClass=*)", ldap3.BASE, attributes=["userAccountControl", "objectGUID", "whenCreated"])
    found = client.response[0]["attributes"]
    assert found["userAccountControl"] == 512
    assert found["objectGUID"] == f"{{{hosted.directory.require(KARI).guid}}}"
    assert found["whenCreated"].year == 2030
    client.unbind()
