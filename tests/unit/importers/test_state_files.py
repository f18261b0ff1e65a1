"""A customer's state: what each kind of file gives, and what is told of files that are wrong."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from attrflow.importers.customer_state import CustomerState, attribute_of
from attrflow.importers.findings import Findings
from attrflow.importers.state_files import StateKind, read_state_file

HERE = Path(__file__).parent / "customer"
CS = (
    "<cs-objects><cs-object cs-dn='CN={AA}' id='{0C5B0001-0000-4000-8000-000000000001}' object-type='user'>%s"
    "</cs-object></cs-objects>"
)


def read(kind: StateKind, content: bytes | str) -> tuple[CustomerState, Findings]:
    """What a file's content gives."""
    octets = content.encode("utf-8") if isinstance(content, str) else content
    state, findings = CustomerState(), Findings()
    read_state_file(kind, io.BytesIO(octets), "F", findings, state)
    return state, findings


def check(kind: StateKind, content: bytes | str, count: int, *told: tuple[str, int]) -> CustomerState:
    """The file gives so many objects, and exactly these findings (code, line) are made."""
    state, findings = read(kind, content)
    assert sum(number for _, number in state.counts()) == count, [str(d) for d in findings.all]
    assert [(d.code, d.span.line if d.span else 0) for d in findings.all] == list(told), [str(d) for d in findings.all]
    assert all(d.file == "F" for d in findings.all)
    return state


ENTRY = "dn: CN=a,DC=x\nobjectClass: top\nobjectClass: user\n"


# -- LDIF -----------------------------------------------------------------------------------------


def test_ldifde_writes_utf_16_folds_and_adds() -> None:
    text = (HERE / "users.ldif").read_text(encoding="utf-8")
    state = check("ldif", text.replace("\n", "\r\n").encode("utf-16"), 2)
    kari = state.directory[0]
    assert (kari.dn, kari.type, kari.place.line) == ("CN=Kari Nordmann,OU=Gallery,DC=museum,DC=test", "user", 2)
    assert kari.attributes["title"] == ("Guide for the collection of seascapes",)
    assert kari.attributes["description"] == ("Tålmodig guide",)
    assert kari.attributes["objectGUID"] == (base64.b64decode("bn8NWwwvUUqaDmHBt/GwAQ=="),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_ldif_in_every_encoding(encoding: str, end: str) -> None:
    text = f"version: 1\n\n{ENTRY}sn: Åse\n".replace("\n", end)
    (found,) = check("ldif", text.encode(encoding), 1).directory
    assert found.attributes["sn"] == ("Åse",)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("userPassword: s3cret\n", [("secret-left-out", 4)]),
        ("jpegPhoto:< file:///etc/passwd\n", [("url-refused", 4)]),
        ("mail:: !!\n", [("not-base64", 4)]),
        ("mail\n", [("ldif-syntax", 4)]),
        ("member;range=0-1499: CN=b\n", [("incomplete", 4)]),
        ("cn;lang-de: Ah\n", [("attribute-option", 4)]),
        ("userCertificate;binary:: AQID\n", []),
        ("# a comment that\n  goes on\nmail: a@x\n", []),
        ("control: 1.2.3 true\n", [("control", 4)]),
    ],
)
def test_lines_of_an_entry(lines: str, told: list[tuple[str, int]]) -> None:
    check("ldif", ENTRY + lines, 1, *told)


@pytest.mark.parametrize(
    ("text", "count", "told"),
    [
        ("dn: CN=a,DC=x\nchangetype: modify\nreplace: mail\nmail: a\n-\n\n" + ENTRY, 1, [("change-record", 2)]),
        ("dn: CN=a,DC=x\nchangetype: delete\n\n" + ENTRY, 1, [("change-record", 2)]),
        (ENTRY + "\n" + ENTRY.replace("CN=a", "cn=A"), 1, [("duplicate-object", 5)]),
        ("dn: no name\nobjectClass: user\n\n" + ENTRY, 1, [("invalid-dn", 1)]),
        ("objectClass: user\n\n" + ENTRY, 1, [("ldif-syntax", 1)]),
        ("dn: CN=a,DC=x\nmail: a\n", 1, [("no-object-type", 1)]),
        (ENTRY + "\nsearch: 2\nresult: 0 Success\n", 1, []),
        (ENTRY + "\nsearch: 2\nresult: 4 Size limit exceeded\n", 1, [("incomplete", 5)]),
        (ENTRY + "\nref: ldap://there/DC=y\n", 1, [("referral", 5)]),
        (" lost\n" + ENTRY, 1, [("ldif-syntax", 1)]),
        ("# nothing\n", 0, [("no-objects", 1)]),
        ("", 0, [("no-objects", 1)]),
    ],
)
def test_records_that_are_no_entries_and_the_ones_around_them(
    text: str, count: int, told: list[tuple[str, int]]
) -> None:
    check("ldif", text, count, *told)


def test_octets_of_no_encoding_are_read_as_windows_1252_and_told_once() -> None:
    text = (ENTRY + "sn: Åse\ngivenName: Ødegård\n").encode("cp1252")
    (found,) = check("ldif", text, 1, ("encoding", 4)).directory
    assert found.attributes["givenName"] == ("Ødegård",)


def test_octets_that_happen_to_be_text_stay_octets() -> None:
    text = ENTRY + f"objectSid:: {base64.b64encode(b'0123456789abcdef').decode()}\nobjectGUID: 0123456789abcdef\n"
    (found,) = check("ldif", text, 1).directory
    assert found.attributes["objectSid"] == found.attributes["objectGUID"] == (b"0123456789abcdef",)


# -- CSV ------------------------------------------------------------------------------------------


def test_csvde_writes_octets_as_hexadecimal_and_several_values_with_semicolons() -> None:
    text = (
        "DN,objectClass,objectGUID,proxyAddresses,title\n"
        '"CN=a,DC=x",top;person;user,X\'0102ff\',SMTP:a@x;smtp:b\\;c@x,"one; two"\n'
    )
    (found,) = check("ldif", text, 1, ("one-value", 2)).directory
    assert found.type == "user"
    assert found.attributes["objectGUID"] == (b"\x01\x02\xff",)
    assert found.attributes["proxyAddresses"] == ("SMTP:a@x", "smtp:b;c@x")
    assert found.attributes["title"] == ("one; two",)


@pytest.mark.parametrize(
    ("text", "count", "told"),
    [
        (
            'DN,sn\n"CN=a,DC=x",b\n"CN=a,DC=x",c\n',
            1,
            [("no-object-type", 2), ("no-object-type", 3), ("duplicate-object", 3)],
        ),
        ('DN,objectClass\n"CN=a,DC=x",user,more\n', 1, [("csv-fields", 2)]),
        ("DN,objectClass\nnothing,user\n,user\n", 0, [("invalid-dn", 2), ("invalid-dn", 3)]),
        ('DN,objectClass\n"CN=a,DC=x",user\n"CN=b"x,user\n', 1, [("csv-syntax", 3)]),
        ('DN,objectClass,unicodePwd\n"CN=a,DC=x",user,q\n"CN=b,DC=x",user,q\n', 2, [("secret-left-out", 2)]),
    ],
)
def test_csv_rows_that_are_wrong(text: str, count: int, told: list[tuple[str, int]]) -> None:
    check("ldif", text, count, *told)


WRONG = "<attr name='a' type='integer'><value>x</value></attr>"


# -- csexport -------------------------------------------------------------------------------------


def test_csexport_has_images_changes_links_and_errors() -> None:
    (kari,) = check("csexport", (HERE / "entra.xml").read_bytes(), 1, ("unknown-element", 74)).spaces
    assert (kari.type, kari.id, kari.link, kari.state, kari.linked) == (
        *("user", "0c5b0001-0000-4000-8000-000000000001", "join-rules", "normal", True),
    )
    assert kari.image("synchronized").attributes["accountEnabled"] == (True,)
    assert kari.image("pending-export").attributes["department"] == ("Drawings",)
    assert kari.image("pending-export").attributes["proxyAddresses"][0] == "SMTP:kari@museum.test"
    assert [s.connector_name for s in kari.siblings] == ["museum.onmicrosoft.test - AAD", "museum.test"]
    error = kari.export_error
    assert error is not None and kari.import_error is None
    assert (error.type, error.retry_count, error.cd_error) == ("AttributeValueMustBeUnique", 1204, "0x8023134a")
    assert (error.first, error.last) == ("2026-11-03T06:00:11.120", "2026-11-28T21:30:12.007")
    assert kari.unknown == {"restore-hint": "kept"}


@pytest.mark.parametrize(
    ("inside", "attribute", "values"),
    [
        ("<attr name='a' operation='add'><value>1</value></attr>", "a", ("1",)),
        ("<attr name='m' operation='delete'/>", "m", ()),
        ("<attr name='m' operation='replace'><value>2</value></attr>", "m", ("2",)),
        ("<attr name='m'><value operation='delete'>x</value><value operation='add'>z</value></attr>", "m", ("y", "z")),
        ("<attr name='i' type='integer' operation='add'><value>0xffffffff80000002</value></attr>", "i", (-2147483646,)),
        ("<attr name='b' operation='add'><value encoding='base64'>AQ==</value></attr>", "b", (b"\x01",)),
    ],
)  # fmt: skip
def test_changes_give_the_values_after_them(inside: str, attribute: str, values: tuple[object, ...]) -> None:
    tower = (
        "<synchronized-hologram><entry><attr name='m'><value>x</value><value>y</value></attr></entry>"
        f"</synchronized-hologram><unapplied-export><delta operation='update'>{inside}</delta></unapplied-export>"
    )
    (found,) = check("csexport", CS % tower, 1).spaces
    assert attribute_of(found.image("pending-export").attributes, attribute) == values


def test_an_import_error_has_its_step_rule_and_sentence() -> None:
    error = (
        "<import-errordetail first-occurred='2026-01-01 00:00:00.000' date-occurred='2026-01-02 00:00:00.000' "
        "retry-count='9' error-type='sync-rule-error-function-triggered'><import-status><algorithm-step>import-flow"
        "</algorithm-step><extension-error-info><call-stack>No name.&#10;at Flow()</call-stack></extension-error-info>"
        "</import-status></import-errordetail>"
    )
    (found,) = check("csexport", CS % error, 1).spaces
    assert found.import_error is not None
    assert (found.import_error.step, found.import_error.detail, found.import_error.retry_count) == (
        *("import-flow", "No name.", 9),
    )


@pytest.mark.parametrize(
    ("text", "count", "told"),
    [
        ((CS % "")[:-40], 0, [("xml-syntax", 1)]),
        (CS.replace("</cs-objects>", "\n<cs-object cs-dn='CN=b'>") % "", 1, [("xml-syntax", 2)]),
        ('<!DOCTYPE x [<!ENTITY a "b">]>\n' + CS % "&a;", 0, [("xml-refused", 1)]),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd">\n' + CS % "", 0, [("xml-refused", 1)]),
        (CS.replace("'CN={AA}'", "'none'") % "", 0, [("invalid-dn", 1)]),
        (CS.replace("cs-dn='CN={AA}' ", "") % "", 0, [("invalid-dn", 1)]),
        ("<cs-objects></cs-objects>", 0, [("no-objects", 1)]),
        ("<other><thing/></other>", 0, [("wrong-format", 1)]),
        ("<synchronizationRule/>", 0, [("wrong-format", 1)]),
        ("not XML", 0, [("xml-syntax", 1)]),
        ("", 0, [("no-objects", 1)]),
        (CS % ("<a>" * 300), 0, [("xml-refused", 1)]),
        (CS.replace("</cs-objects>", CS.partition(">")[2]) % ("", ""), 1, [("duplicate-object", 1)]),
        (CS % "<pending-import><delta operation='mend'/></pending-import>", 1, [("wrong-value", 1)]),
        (CS % f"<hologram><entry>{WRONG}</entry></hologram>", 1, [("wrong-value", 1)]),
        ("PK\x03\x04", 0, [("wrong-format", 1)]),
        ("{}", 0, [("wrong-format", 1)]),
    ],
)  # fmt: skip
def test_wrong_xml_is_told_and_what_can_be_read_is_read(text: str, count: int, told: list[tuple[str, int]]) -> None:
    check("csexport", text, count, *told)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_xml_in_every_encoding(encoding: str) -> None:
    check("csexport", (CS % "").encode(encoding), 1)


def test_a_long_file_is_read_piece_by_piece() -> None:
    """Ten thousand objects pass through; what has ended is handed on before the next piece is read."""
    one = CS.partition(">")[2].removesuffix("</cs-objects>") % ""

    class Endless(io.RawIOBase):
        """A file that never says that it is at its end, after ten thousand objects it fails."""

        def __init__(self) -> None:
            self.number = 0

        def read(self, _size: int = -1) -> bytes:
            self.number += 1
            if self.number == 1:
                return b"<cs-objects>"
            assert self.number < 5_000, "nobody asked for so much"
            return one.replace("CN={AA}", f"CN={{{self.number}}}").replace("0C5B0001", f"{self.number:08d}").encode()

        def seek(self, _where: int, _whence: int = 0) -> int:
            self.number = 0
            return 0

    from attrflow.importers.csexport import read_csexport  # noqa: PLC0415 - only here

    found = read_csexport(Endless(), "F", Findings())  # type: ignore[arg-type]  # reads and seeks as a file does
    assert [next(found).dn for _ in range(3)] == ["CN={2}", "CN={3}", "CN={4}"]


# -- PowerShell -----------------------------------------------------------------------------------


def test_a_metaverse_object_as_json() -> None:
    (found,) = check("mvobject", (HERE / "metaverse.json").read_bytes(), 1).metaverse
    assert (found.id, found.type) == ("0c5b0001-0000-4000-8000-0000000000aa", "person")
    assert found.attributes["accountEnabled"].values == (True,)
    assert isinstance(found.attributes["objectSid"].values[0], bytes)
    assert [link.connector_name for link in found.links] == ["museum.test", "museum.onmicrosoft.test - AAD"]


CLIXML = """<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
<Obj RefId="0"><TN RefId="0"><T>Deserialized.CsObject</T></TN><ToString>x</ToString><Props>
<S N="DistinguishedName">CN=a_x002C_b,DC=x</S><S N="ObjectType">user</S>
<G N="ObjectId">0c5b0001-0000-4000-8000-000000000001</G>
<G N="ConnectedMVObjectId">00000000-0000-0000-0000-000000000000</G>%s
<Obj N="Attributes" RefId="1"><LST>
<Obj RefId="2"><Props><S N="Name">mail</S><S N="Type">String</S>
  <Obj N="Values" RefId="3"><LST><S>a@x</S></LST></Obj></Props></Obj>
<Obj RefId="4"><Props><S N="Name">objectSid</S><S N="Type">Binary</S>
  <Obj N="Values" RefId="5"><LST><BA>AQI=</BA></LST></Obj></Props></Obj>
<Obj RefId="6"><Props><S N="Name">count</S><S N="Type">Integer</S>
  <Obj N="Values" RefId="7"><LST><I64>7</I64></LST></Obj></Props></Obj>
</LST></Obj></Props></Obj></Objs>"""


def test_a_connector_space_object_as_clixml() -> None:
    (found,) = check("csobject", CLIXML.replace("_x002C_b", "") % "", 1, ("incomplete", 2)).spaces
    assert found.image("synchronized").attributes == {"mail": ("a@x",), "objectSid": (b"\x01\x02",), "count": (7,)}
    assert (found.mv_id, found.linked) == (None, False)


def test_the_serialized_xml_counts_where_it_is_there() -> None:
    xml = (CS % "<unapplied-export><delta operation='delete'/></unapplied-export>").replace("<", "&lt;")
    (found,) = check("csobject", CLIXML % f'<S N="SerializedXml">{xml}</S>', 1).spaces
    assert (found.dn, found.changes["pending-export"].operation) == ("CN={AA}", "delete")
    item = {"ConnectorId": "{AB}", "ConnectorName": "hq", "SerializedXml": CS % ""}
    (found,) = check("csobject", json.dumps([item]), 1).spaces
    assert (found.connector_name, found.connector_id) == ("hq", "ab")


def test_the_metaverse_s_own_xml() -> None:
    text = (
        "<mv-objects><mv-object mv-guid='{AB}'><entry><primary-objectclass>person</primary-objectclass>"
        "<attr name='mail' type='string'><value ma-guid='{CD-1}' lineage-id='{EF-1}'>a@x</value></attr>"
        "<dn-attr name='manager'><dn-value><dn>GH</dn></dn-value></dn-attr></entry></mv-object></mv-objects>"
    )
    (found,) = check("mvobject", text, 1).metaverse
    mail = found.attributes["mail"]
    assert (mail.values, mail.rule, mail.connector) == (("a@x",), "ef-1", "cd-1")
    assert found.attributes["manager"].reference
    (again,) = check("mvobject", json.dumps({"ObjectId": "AB", "SerializedXml": text}), 1).metaverse
    assert again.attributes == found.attributes


@pytest.mark.parametrize(
    ("item", "count", "codes"),
    [
        ({"DistinguishedName": "CN=a", "Attributes": "System.Object[]"}, 1, ["incomplete", "truncated-json"]),
        ({"DistinguishedName": "CN=a", "Attributes": ["@{Name=mail}"]}, 1, ["incomplete", "truncated-json"]),
        (
            {"DistinguishedName": "CN=a", "Attributes": [{"Name": "m", "Values": "a b"}]},
            1,
            ["incomplete", "truncated-json"],
        ),
        ({"DistinguishedName": "?"}, 0, ["invalid-dn"]),
        ({"Name": "x"}, 0, ["wrong-format"]),
        ({"SerializedXml": "<cs-objects><cs-object", "DistinguishedName": "CN=a"}, 1, ["xml-syntax"]),
    ],
)
def test_wrong_connector_space_objects(item: dict[str, object], count: int, codes: list[str]) -> None:
    state, findings = read("csobject", json.dumps(item))
    assert (len(state.spaces), [d.code for d in findings.all]) == (count, codes), [str(d) for d in findings.all]


# -- Graph ----------------------------------------------------------------------------------------


def test_a_user_with_a_value_in_quarantine() -> None:
    (kari,) = check("graph", (HERE / "user.json").read_bytes(), 1).cloud
    assert kari.type == "user" and kari.errors is not None
    assert [(e.property, e.category) for e in kari.errors] == [("UserPrincipalName", "PropertyConflict")]


USER = {"id": "1", "userPrincipalName": "a@x"}
GROUP = {"id": "2", "securityEnabled": True}


@pytest.mark.parametrize(
    ("make", "types", "codes"),
    [
        (lambda: json.dumps({"value": [USER, GROUP]}), ["user", "group"], []),
        (lambda: json.dumps([USER, USER]), ["user"], ["duplicate-object"]),
        (lambda: json.dumps({"value": [USER], "@odata.nextLink": "u"}), ["user"], ["incomplete"]),
        (lambda: json.dumps({"error": {"code": "Request_ResourceNotFound", "message": "no"}}), [], ["request-failed"]),
        (lambda: json.dumps({"value": [USER, GROUP]})[:-12], ["user"], ["json-syntax"]),
        (lambda: f"{json.dumps(USER)}\n{json.dumps(GROUP)}", ["user", "group"], []),
        (lambda: json.dumps({"Id": "1", "UserPrincipalName": "a", "AdditionalProperties": {"x": 1}}), ["user"], []),
        (lambda: json.dumps({**USER, "passwordProfile": {"password": "p"}}), ["user"], ["secret-left-out"]),
        (lambda: json.dumps({**USER, "onPremisesProvisioningErrors": "System.Object[]"}), ["user"], ["wrong-value"]),
        (lambda: json.dumps({"@odata.type": "#microsoft.graph.device", "id": "3"}), [], ["unknown-object-type"]),
        (lambda: json.dumps({"displayName": "x"}), [], ["wrong-format"]),
        (lambda: "[1, 2]", [], ["wrong-format", "wrong-format"]),
        (lambda: "[" * 100_000, [], ["json-refused"]),
        (lambda: "{", [], ["json-syntax"]),
        (lambda: "<a/>", [], ["json-syntax"]),
    ],
)
def test_graph_files(make: Callable[[], str], types: list[str], codes: list[str]) -> None:
    state, findings = read("graph", make())
    assert [one.type for one in state.cloud] == types
    assert [d.code for d in findings.all] == codes, [str(d) for d in findings.all]


def test_json_in_utf_16_as_powershell_redirects_it() -> None:
    assert len(read("graph", json.dumps(USER).encode("utf-16"))[0].cloud) == 1
