"""Values and tables without a wire: coding of entries, capabilities, identifiers, batches from memory."""

from __future__ import annotations

import pytest

from attrflow.connectors.entra.capabilities import CAPABILITIES, capability, graph_schema
from attrflow.connectors.entra.coding import MalformedEntry, Selection, encoded, imported_object, schema_of
from attrflow.connectors.entra.graph_content import content_of
from attrflow.connectors.entra.graph_values import attribute_values, sid_bytes, sid_text
from attrflow.connectors.entra.names import object_dn, split_anchor
from attrflow.connectors.entra.vocabulary import VOCABULARY
from attrflow.model.delta import AttributeDelta
from attrflow.model.entry import ExportChange
from attrflow.model.names import dn_key
from attrflow.model.schema import AttributeType, Schema, Syntax
from attrflow_mocks.entra.attributes import schema_document

ALL = Selection(frozenset({"user", "group", "contact"}), {})
SCHEMA = Schema.of(
    {
        "user": [
            AttributeType("displayName"),
            AttributeType("otherMails", multi=True),
            AttributeType("level", Syntax.INTEGER),
            AttributeType("accountEnabled", Syntax.BOOLEAN),
            AttributeType("photo", Syntax.BINARY),
            AttributeType("manager", Syntax.REFERENCE),
        ]
    }
)


def entry(**attributes: object) -> dict[str, object]:
    return {"id": "User_1", "type": "user", "attributes": attributes}


# -- entries --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"level": "7"}, "invalid-numeric-value"),
        ({"level": True}, "invalid-numeric-value"),
        ({"level": 2**63}, "invalid-numeric-value"),
        ({"level": 1.5}, "invalid-numeric-value"),
        ({"accountEnabled": 1}, "invalid-boolean-value"),
        ({"photo": "text"}, "invalid-attribute-value"),
        ({"photo": {"b64": "%%%"}}, "invalid-attribute-value"),
        ({"displayName": {"x": 1}}, "invalid-attribute-value"),
        ({"displayName": {"ref": "User_2"}}, "invalid-attribute-value"),
        ({"displayName": ["a", "b"]}, "multi-single-mismatch"),
        ({"manager": "User_2"}, "invalid-reference-value"),
        ({"manager": {"ref": "nobody"}}, "invalid-reference-value"),
    ],
)
def test_a_wrong_value_is_a_finding_of_its_object(data: dict[str, object], code: str) -> None:
    found = imported_object(entry(**data), SCHEMA, ALL)
    assert found is not None
    assert [(finding.code, finding.attribute) for finding in found.findings] == [(code, next(iter(data)))]
    assert (found.attributes, found.references) == ({}, {})


def test_right_values_come_as_they_are() -> None:
    data = entry(
        DISPLAYNAME="",
        otherMails=[],
        level=-(2**63),
        accountEnabled=False,
        photo={"b64": "AP8="},
        extension_1_x=["a", "b"],
        mail=None,
    )
    found = imported_object(data, SCHEMA, ALL)
    assert found is not None
    assert found.attributes == {
        "displayName": ("",),
        "level": (-(2**63),),
        "accountEnabled": (False,),
        "photo": (b"\x00\xff",),
        "extension_1_x": ("a", "b"),
    }
    assert found.findings == ()


@pytest.mark.parametrize("wrong", [None, {}, {"id": 7, "type": "user"}, {"id": "x", "type": "user"}, {"id": "User_1"}])
def test_an_entry_without_identity_is_malformed(wrong: object) -> None:
    with pytest.raises(MalformedEntry):
        imported_object(wrong, SCHEMA, ALL)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"objectTypes": {"user": {}}},
        {"objectTypes": {"user": {"attributes": {"a": {"type": "float"}}}}},
        {"objectTypes": {"user": {"attributes": {"a": "string"}}}},
    ],
)
def test_a_schema_that_is_none(wrong: dict[str, object]) -> None:
    with pytest.raises(MalformedEntry):
        schema_of(wrong, ALL)


def test_values_are_sent_in_the_attributes_own_form() -> None:
    many, one = AttributeType("x", multi=True), AttributeType("x")
    assert encoded(("a",), many) == ["a"]
    assert encoded(("a",), one) == "a"
    assert encoded(("a",), None) == "a"
    assert encoded(("a", "b"), None) == ["a", "b"]
    assert encoded((b"\x00",), one) == {"b64": "AA=="}


def test_names() -> None:
    assert object_dn("", "User_1") == "CN={User_1}"
    assert object_dn("Ü", "User_1") == "CN={C39C}"
    assert dn_key(object_dn("Ü", "User_1")) != dn_key(object_dn(None, "User_1"))
    assert [split_anchor(text) for text in ("User_", "user_1", "", "Contact_9")] == [None, None, None, ("contact", "9")]


# -- tables ---------------------------------------------------------------------------------------


def test_the_vocabulary_is_what_the_ingest_face_declares() -> None:
    """One product, two channels: rules must find the same names and syntaxes on both."""
    declared = schema_of(schema_document(), ALL)
    for object_type, attributes in VOCABULARY.items():
        own = {a.name: (a.syntax, a.multi) for a in attributes}
        theirs = {a.name: (a.syntax, a.multi) for a in declared.object_types[object_type].attributes.values()}
        assert {name: own.get(name) for name in theirs} == theirs, object_type
        assert set(own) == set(theirs), object_type


def test_capabilities_speak_of_known_attributes_only() -> None:
    for object_type, rows in CAPABILITIES.items():
        assert set(rows) <= {attribute.name for attribute in VOCABULARY[object_type]}
        for row in rows.values():
            assert (row.write == "no") == bool(row.reason), row
            assert object_type == "user" or row.write == "no", row


def test_what_graph_does_not_know_is_none_and_says_why() -> None:
    for name in ("commonName", "userCertificate", "msExchMailboxGuid", "publicDelegates", "inventedName"):
        row = capability("user", name)
        assert (row.read, row.write, row.property, bool(row.reason)) == ("none", "no", None, True)
    assert capability("user", "EXTENSION_0a_x").write == "yes"
    assert capability("contact", "extension_0a_x").read == "none"
    assert graph_schema(Selection(frozenset(), {"user": ["extension_0a_x"]})).attribute("user", "extension_0A_X")


@pytest.mark.parametrize(
    ("attribute", "item", "expected"),
    [
        ("userPrincipalName", {"userPrincipalName": "c@x"}, ("c@x",)),
        (
            "userPrincipalName",
            {"userPrincipalName": "c@x", "onPremisesUserPrincipalName": "o@x", "onPremisesSyncEnabled": True},
            ("o@x",),
        ),
        (
            "userPrincipalName",
            {"userPrincipalName": "c@x", "onPremisesUserPrincipalName": "o@x", "onPremisesSyncEnabled": False},
            ("c@x",),
        ),
        ("userPrincipalName", {"userPrincipalName": "c@x", "onPremisesSyncEnabled": True}, ("c@x",)),
        ("cloudMastered", {"onPremisesSyncEnabled": None}, (True,)),
        ("cloudMastered", {"onPremisesSyncEnabled": False}, (True,)),
        ("cloudMastered", {"onPremisesSyncEnabled": True}, (False,)),
        ("telephoneNumber", {"businessPhones": []}, ()),
        ("telephoneNumber", {"businessPhones": ["1"]}, ("1",)),
        ("extensionAttribute3", {"onPremisesExtensionAttributes": None}, ()),
        ("extensionAttribute3", {"onPremisesExtensionAttributes": {"extensionAttribute3": "c"}}, ("c",)),
        ("onPremiseSecurityIdentifier", {"onPremisesSecurityIdentifier": None}, ()),
        ("accountEnabled", {"accountEnabled": False}, (False,)),
    ],
)
def test_graph_values(attribute: str, item: dict[str, object], expected: tuple[object, ...]) -> None:
    assert attribute_values(capability("user", attribute), item) == expected


@pytest.mark.parametrize("wrong", ["", "S-1", "S-1-x", "S-1-5-4294967296", "S-256-5-1", "S-1-5" + "-1" * 16])
def test_text_that_is_no_security_identifier(wrong: str) -> None:
    with pytest.raises(ValueError, match="security identifier"):
        sid_bytes(wrong)


@pytest.mark.parametrize("wrong", [b"", b"\x01\x01\x00\x00\x00\x00\x00\x05", b"\x01" * 9])
def test_bytes_that_are_no_security_identifier(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="security identifier"):
        sid_text(wrong)


def test_what_graph_is_sent() -> None:
    change = ExportChange(
        1,
        "update",
        "user",
        "x",
        "User_1",
        {
            "telephoneNumber": AttributeDelta("delete"),
            "otherMails": AttributeDelta("replace", ("a@x",)),
            "extensionAttribute1": AttributeDelta("add", ("one",)),
            "extensionAttribute2": AttributeDelta("delete"),
            "title": AttributeDelta("replace", ("Boss", "Chief")),
            "extension_0a_photo": AttributeDelta("add", (b"\x00",)),
            "city": AttributeDelta("delete"),
        },
    )
    content = content_of(change, graph_schema(ALL), creating=False)
    assert content.body == {
        "businessPhones": [],
        "otherMails": ["a@x"],
        "onPremisesExtensionAttributes": {"extensionAttribute1": "one", "extensionAttribute2": None},
        "city": None,
    }
    assert content.outcome(change, anchor=None).not_written == ("extension_0a_photo", "title")
