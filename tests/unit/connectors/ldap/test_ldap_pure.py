"""The parts of the LDAP connector that need no server: schema text, values, scope, ranges, settings, errors."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from attrflow.connectors.ldap.decode import SearchEntry
from attrflow.connectors.ldap.entries import EntryReader
from attrflow.connectors.ldap.modifications import modification_batches
from attrflow.connectors.ldap.ranges import complete
from attrflow.connectors.ldap.schema import ServerSchema
from attrflow.connectors.ldap.schema_text import AttributeDefinition, attribute_definitions, class_definitions
from attrflow.connectors.ldap.scope import Scope
from attrflow.connectors.ldap.values import read_name, read_references, read_values
from attrflow.model.configuration import ConnectorConfiguration, ConnectorKind, Partition
from attrflow.model.entry import ImportedReferences, ImportFinding, OutgoingReferences, ReferenceTarget
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.schema import AttributeType, Syntax
from attrflow.model.values import Values

GUID = "0a0b0c0d-1122-3344-5566-778899aabbcc"


def configuration(
    kind: ConnectorKind = "ad",
    partitions: tuple[Partition, ...] = (Partition("DC=a"),),
    object_types: tuple[str, ...] = ("user",),
    **settings: object,
) -> ConnectorConfiguration:
    return ConnectorConfiguration("c", "id", kind, partitions, object_types, (), settings=settings)


# -- schema text -------------------------------------------------------------------------------------


def definition(text: str) -> AttributeDefinition:
    (found,) = attribute_definitions([text])
    return found


def test_attribute_types_of_openldap_and_of_ad() -> None:
    mail = definition(
        "( 0.9.2342.19200300.100.1.3 NAME ( 'mail' 'rfc822Mailbox' ) DESC 'RFC1274: it''s (mail) $ SUP name' "
        "EQUALITY caseIgnoreIA5Match SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{256} X-ORDERED 'VALUES' )"
    )
    assert (mail.names, mail.syntax, mail.single) == (
        ("mail", "rfc822Mailbox"),
        "1.3.6.1.4.1.1466.115.121.1.26",
        False,
    )
    guid = definition(
        "( 1.2.840.113556.1.4.2 NAME 'objectGUID' SYNTAX '1.3.6.1.4.1.1466.115.121.1.40' SINGLE-VALUE "
        "NO-USER-MODIFICATION )"
    )
    assert (guid.syntax, guid.single, guid.read_only) == ("1.3.6.1.4.1.1466.115.121.1.40", True, True)
    inherited = definition("( 2.5.4.3 NAME 'cn' SUP name USAGE directoryOperation )")
    assert (inherited.syntax, inherited.superior, inherited.operational) == (None, "name", True)
    assert list(attribute_definitions(["", "no definition", "("])) == []


def test_classes_and_content_rules() -> None:
    (person,) = class_definitions(
        ["( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST (cn $ sn ) MAY ( description$telephoneNumber ) )"]
    )
    assert (person.superiors, person.kind, person.must, person.may) == (
        ("top",),
        "STRUCTURAL",
        ("cn", "sn"),
        ("description", "telephoneNumber"),
    )
    (rule,) = class_definitions(["( 1.2 NAME 'user' AUX (mailRecipient $ posixAccount ) MAY (mail ) )"])
    assert (rule.auxiliary, rule.may) == (("mailRecipient", "posixAccount"), ("mail",))


# -- values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("syntax", "octets", "expected"),
    [
        (Syntax.STRING, (b" a ", b"", "Å".encode()), (" a ", "", "Å")),
        (Syntax.INTEGER, (b"-9223372036854775808", b"007"), (-(2**63), 7)),
        (Syntax.BOOLEAN, (b"TRUE", b"false"), (True, False)),
        (Syntax.BINARY, (b"\xff", b""), (b"\xff", b"")),
        (Syntax.STRING, (b"a\xff",), "invalid-attribute-value"),
        (Syntax.STRING, (b"\xed\xa0\x80",), "invalid-attribute-value"),
        (Syntax.INTEGER, (b"9223372036854775808",), "invalid-numeric-value"),
        (Syntax.INTEGER, (b"1 ",), "invalid-numeric-value"),
        (Syntax.INTEGER, ("１".encode(),), "invalid-numeric-value"),
        (Syntax.INTEGER, (b"",), "invalid-numeric-value"),
        (Syntax.BOOLEAN, (b"1",), "invalid-boolean-value"),
    ],
)
def test_values(syntax: Syntax, octets: tuple[bytes, ...], expected: Values | str) -> None:
    read = read_values(AttributeType("x", syntax, multi=True), octets)
    if isinstance(expected, str):
        assert isinstance(read, ImportFinding)
        assert (read.code, read.attribute) == (expected, "x")
    else:
        assert read == expected
        assert [type(value) for value in read] == [type(value) for value in expected]


def test_two_values_where_the_schema_allows_one() -> None:
    read = read_values(AttributeType("x", Syntax.STRING), (b"a", b"b"))
    assert isinstance(read, ImportFinding)
    assert read.code == "multi-single-mismatch"


@pytest.mark.parametrize(
    ("text", "name", "guid"),
    [
        ("CN=Kari,DC=a", "CN=Kari,DC=a", None),
        (f"<GUID={GUID.upper()}>;<SID=S-1-5-21-1>;CN=Kari,DC=a", "CN=Kari,DC=a", GUID),
        (f"<GUID={GUID}>;CN=a\\<GUID\\=b\\>,DC=a", "CN=a\\<GUID\\=b\\>,DC=a", GUID),
        ("<GUID=0d0c0b0a22114433" + "5566778899aabbcc>;<SID=0102>;CN=Kari,DC=a", "CN=Kari,DC=a", GUID),
        ("CN=Kari,DC=a#'0101'B", "CN=Kari,DC=a", None),
        ("CN=Kari,DC=B", "CN=Kari,DC=B", None),
    ],
)
def test_plain_and_extended_names(text: str, name: str, guid: str | None) -> None:
    assert read_name(text.encode()) == (name, guid)


@pytest.mark.parametrize("text", ["Kari", "<GUID=12>;CN=a", "<GUID=zz-zz>;CN=a", "<CN=a", f"<GUID={GUID}>"])
def test_names_that_are_none(text: str) -> None:
    with pytest.raises(InvalidName):
        read_name(text.encode())
    read = read_references(AttributeType("member", Syntax.REFERENCE, multi=True), (text.encode(),))
    assert isinstance(read, ImportFinding)
    assert read.code == "invalid-reference-value"


# -- scope -------------------------------------------------------------------------------------------

SCHEMA = ServerSchema(
    attributes={
        type_.name.casefold(): type_
        for type_ in (
            AttributeType("cn", Syntax.STRING),
            AttributeType("member", Syntax.REFERENCE, multi=True),
            AttributeType("manager", Syntax.REFERENCE),
            AttributeType("objectGUID", Syntax.BINARY),
        )
    },
    classes={
        found.names[0].casefold(): found
        for found in class_definitions(
            [
                "( 1 NAME 'top' ABSTRACT )",
                "( 2 NAME 'person' SUP top )",
                "( 3 NAME 'organizationalPerson' SUP person )",
                "( 4 NAME 'user' SUP organizationalPerson )",
                "( 5 NAME 'computer' SUP user )",
                "( 6 NAME 'contosoUser' SUP user )",
                "( 7 NAME 'inetOrgPerson' SUP user )",
                "( 8 NAME 'group' SUP top )",
                "( 9 NAME 'contact' SUP organizationalPerson )",
                "( 10 NAME 'msDS-Device' SUP top )",
            ]
        )
    },
    content_rules={},
    operational=frozenset(),
    textual_names=frozenset(),
)
PERSON = b"CN=Person,CN=Schema,CN=Configuration,DC=a"
COMPUTER = b"<GUID=0>;CN=Computer,CN=Schema,CN=Configuration,DC=a"


@pytest.mark.parametrize(
    ("included", "classes", "category", "expected"),
    [
        ("user", "top person organizationalPerson user", PERSON, "user"),
        ("user", "user", None, "user"),
        ("USER", "top user", PERSON, "user"),
        ("user", "top user computer", COMPUTER, None),
        ("user computer", "top user computer", COMPUTER, "computer"),
        ("user", "top user contosoUser", PERSON, "user"),
        ("user contosoUser", "contosoUser user top", PERSON, "contosoUser"),
        ("user inetOrgPerson", "top user inetOrgPerson", PERSON, "inetOrgPerson"),
        ("user", "top person organizationalPerson contact", PERSON, None),
        ("contact user", "top contact", PERSON, "contact"),
        ("msDS-Device", "top msDS-Device", b"CN=ms-DS-Device,CN=Schema", "msDS-Device"),
        ("user", "unheardOf", PERSON, None),
    ],
)
def test_the_most_specific_included_class(
    included: str, classes: str, category: bytes | None, expected: str | None
) -> None:
    scope = Scope(configuration(object_types=tuple(included.split())), SCHEMA, None)
    assert scope.object_type([name.encode() for name in classes.split()], category) == expected


def test_openldap_knows_no_category() -> None:
    scope = Scope(configuration("openldap", object_types=("person",)), SCHEMA, None)
    assert scope.object_type([b"contosoUser"], COMPUTER) == "person"


@pytest.mark.parametrize(
    ("types", "extra", "expected"),
    [
        ("user", None, "(&(objectClass=user)(!(objectClass=computer)))"),
        ("user computer", None, "(|(objectClass=computer)(objectClass=user))"),
        ("group", "(cn=a*)", "(&(objectClass=group)(cn=a*))"),
    ],
)
def test_filters(types: str, extra: str | None, expected: str) -> None:
    assert Scope(configuration(object_types=tuple(types.split())), SCHEMA, extra).search_filter() == expected


def test_bases_are_the_outermost_containers_of_their_partition() -> None:
    inner, outer, other = "OU=b,OU=a,DC=a", "ou=A, dc=a", "OU=x,DC=other"
    parts = (Partition("DC=a", (inner, outer, outer, other)), Partition("DC=child,DC=a"))
    scope = Scope(configuration(partitions=parts), SCHEMA, None)
    assert scope.bases(parts[0]) == (outer,)
    assert scope.bases(parts[1]) == ("DC=child,DC=a",)
    assert scope.holds(parts[1], dn_key("CN=x,DC=child,DC=a"))
    assert not scope.holds(Partition("DC=a"), dn_key("CN=x,DC=child,DC=a"))


# -- ranges and entries ------------------------------------------------------------------------------


def served(values: list[bytes], asked: list[str], size: int = 3) -> Mapping[str, list[bytes]]:
    """An AD that holds `values` and sends at most `size` of them; completes its own first answer."""

    def fetch(name: str) -> SearchEntry | None:
        asked.append(name)
        low = int(name.partition("=")[2].partition("-")[0])
        if low >= len(values):
            return None
        high = "*" if low + size >= len(values) else str(low + size - 1)
        return SearchEntry(1, b"", {f"Member;range={low}-{high}": values[low : low + size]}, {})

    first = {"cn": [b"x"], "member": [], f"member;range=0-{size - 1}": values[:size]}
    return {name: list(found) for name, found in complete(first, fetch).items()}


@pytest.mark.parametrize("count", [3, 4, 6, 7])
def test_ranges_are_asked_for_until_the_open_end(count: int) -> None:
    values, asked = [bytes([n]) for n in range(count)], list[str]()
    assert served(values, asked) == {"cn": [b"x"], "member": values}
    assert asked == [f"member;range={low}-*" for low in range(3, max(count, 4), 3)]


def test_an_answer_that_was_not_asked_for_ends_the_list() -> None:
    again = SearchEntry(1, b"", {"member;range=0-1": [b"a", b"b"]}, {})
    assert complete({"member;range=0-1": [b"a", b"b"]}, lambda _: again) == {"member": [b"a", b"b"]}
    assert complete({"member;range=0-1": [b"a"]}, lambda _: SearchEntry(1, b"", {}, {})) == {"member": [b"a"]}


def test_the_value_changes_of_dirsync() -> None:
    reader = EntryReader("ad", SCHEMA, {"group": ("member", "cn", "manager")})
    ann, bob = b"CN=Ann,DC=a", b"CN=Bob,DC=a"
    change = reader.partial(
        "CN=g",
        GUID,
        None,
        {
            "member": [],  # the empty shell beside the ranges
            "member;range=1-1": [ann],
            "member;range=0-0": [bob],
            "manager": [],
            "cn": [],
            "cn;lang-nb": [b"x"],
            "description": [b"not selected"],
        },
    )
    assert change.attributes == {"cn": ()}
    assert change.references == {
        "member": ImportedReferences((ReferenceTarget("CN=Ann,DC=a"),), (ReferenceTarget("CN=Bob,DC=a"),), False),
        "manager": ImportedReferences(whole=True),
    }
    shell_last = reader.partial("CN=g", GUID, "group", {"member;range=1-1": [ann], "member": []})
    assert shell_last.references["member"].added == (ReferenceTarget("CN=Ann,DC=a"),)


# -- modifications -----------------------------------------------------------------------------------


def test_many_references_are_parted_and_few_go_together() -> None:
    names = tuple(ReferenceTarget(f"CN={n},DC=a") for n in range(1500))
    batches = modification_batches(SCHEMA, {}, {"member": OutgoingReferences(names, names[:10])})
    sizes = [[(op, len(values)) for op, values in batch["member"]] for batch in batches]
    assert sizes == [[("MODIFY_DELETE", 10), ("MODIFY_ADD", 990)], [("MODIFY_ADD", 510)]]
    assert modification_batches(SCHEMA, {}, {}) == []
