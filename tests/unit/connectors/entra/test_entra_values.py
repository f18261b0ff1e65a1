"""Values and tables without a wire: coding of entries, capabilities, identifiers, batches from memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx
import orjson
import pytest

from attrflow.connectors.entra.capabilities import CAPABILITIES, capability, graph_schema
from attrflow.connectors.entra.coding import MalformedEntry, Selection, encoded, imported_object, schema_of
from attrflow.connectors.entra.graph_content import content_of
from attrflow.connectors.entra.graph_values import attribute_values, sid_bytes, sid_text
from attrflow.connectors.entra.ingest import IngestReader
from attrflow.connectors.entra.ingest_export import IngestWriter
from attrflow.connectors.entra.names import object_dn, split_anchor
from attrflow.connectors.entra.vocabulary import VOCABULARY
from attrflow.connectors.entra.wire import HttpSender, Wire
from attrflow.connectors.retry import Retrying, RetryPolicy
from attrflow.model.delta import AttributeDelta
from attrflow.model.entry import ExportChange, ExportOutcome, WireAttempt
from attrflow.model.errors import ConnectionLost, ConnectorError
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


# -- batches, with a service in memory ------------------------------------------------------------


class Token:
    """A token source without a login host."""

    def bearer(self) -> str:
        return "t"

    def forget(self) -> None: ...

    def close(self) -> None: ...


class Service:
    """Answers batches from a script; keeps what it was sent."""

    def __init__(
        self,
        *script: Callable[[list[dict[str, object]]], httpx.Response],
        handler: Callable[[httpx.Request], httpx.Response] | None = None,
    ) -> None:
        self.handler = handler
        self.script = list(script)
        self.batches: list[list[dict[str, object]]] = []
        self.holders: dict[str, Mapping[str, object]] = {}
        self.look_ups = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/schema"):
            return httpx.Response(200, json=schema_document())
        if self.handler is not None:
            return self.handler(request)
        if request.method == "GET":
            self.look_ups += 1
            found = self.holders.get(request.url.params["sourceAnchor"])
            return httpx.Response(200, json=found) if found else httpx.Response(404, json={})
        requests = orjson.loads(request.content)["requests"]
        self.batches.append(requests)
        return self.script.pop(0)(requests)

    def wire(self, tries: int = 3) -> Wire:
        self.attempts: list[WireAttempt] = []
        retrying = Retrying(RetryPolicy(tries), on_attempt=self.attempts.append, sleep=lambda _: None)
        client = httpx.Client(transport=httpx.MockTransport(self))
        return Wire("the ingest face", "http://127.0.0.1:4/ingest/v1", HttpSender(client), Token(), retrying)

    def reader(self) -> IngestReader:
        return IngestReader(self.wire(), ALL, 500)

    def writer(self) -> IngestWriter:
        wire = self.wire()
        return IngestWriter(wire, IngestReader(wire, ALL, 500))


def answered(**statuses: int) -> Callable[[list[dict[str, object]]], httpx.Response]:
    """Answers with a status for each id (`_1=429`), 200 for the others."""

    def answer(requests: list[dict[str, object]]) -> httpx.Response:
        responses = [
            {"id": r["id"], "status": statuses.get(f"_{r['id']}", 200), "cloudAnchor": f"User_{r['id']}"}
            for r in requests
            if statuses.get(f"_{r['id']}") != 0
        ]
        return httpx.Response(200, json={"responses": responses})

    return answer


def lost(requests: list[dict[str, object]]) -> httpx.Response:
    raise httpx.ReadError("hung up")


def add(cs_id: int) -> ExportChange:
    values = {"displayName": AttributeDelta("add", (f"n{cs_id}",))}
    return ExportChange(cs_id, "add", "user", "x", None, values, source_anchor=f"anchor{cs_id}")


def ids(batch: list[dict[str, object]]) -> list[object]:
    return [request["id"] for request in batch]


def errors(outcomes: list[ExportOutcome]) -> dict[int, str | None]:
    return {outcome.cs_id: outcome.error for outcome in outcomes}


def test_only_items_that_were_put_off_are_sent_again() -> None:
    service = Service(answered(_2=429), answered())
    outcomes = list(service.writer().export([add(1), add(2), add(3)]))
    assert errors(outcomes) == {1: None, 2: None, 3: None}
    assert [ids(batch) for batch in service.batches] == [["1", "2", "3"], ["2"]]
    assert service.look_ups == 0


def test_an_item_that_is_put_off_for_ever_fails_alone() -> None:
    service = Service(*[answered(_2=503)] * 3)
    outcomes = list(service.writer().export([add(1), add(2)]))
    assert errors(outcomes) == {1: None, 2: "cd-error"}
    assert outcomes[1].cd_error_code == "503"


def test_what_the_service_is_silent_about_is_unknown() -> None:
    outcomes = list(Service(answered(_2=0)).writer().export([add(1), add(2)]))
    assert errors(outcomes) == {1: None, 2: "unexpected-error"}


def test_after_a_lost_answer_adds_that_arrived_become_updates() -> None:
    service = Service(lost, answered())
    service.holders = {
        "anchor1": {"id": "User_c1", "attributes": {"cloudMastered": False}},
        "anchor2": {"id": "User_c2", "attributes": {"cloudMastered": True}},
    }
    outcomes = list(service.writer().export([add(1), add(2), add(3)]))
    assert service.look_ups == 3
    again = {r["id"]: (r["operation"], r.get("cloudAnchor")) for r in service.batches[1]}
    assert again == {"1": ("update", "User_c1"), "2": ("add", None), "3": ("add", None)}, (
        "a cloud user with the same anchor was there before: its add has not been carried out"
    )
    assert errors(outcomes) == {1: None, 2: None, 3: None}
    assert [a.operation for a in service.attempts].count("GET ingest object (look-up)") == 3


def test_a_lost_run_tells_what_is_known_first() -> None:
    service = Service(answered(_2=429), lost, lost)
    outcomes = []
    with pytest.raises(ConnectionLost):
        for outcome in service.writer().export([add(1), add(2)]):
            outcomes.append(outcome)
    assert errors(outcomes) == {1: None}


def test_a_refused_batch_is_an_error_of_each_of_its_objects() -> None:
    def refuse(requests: list[dict[str, object]]) -> httpx.Response:
        return httpx.Response(413, json={"error": {"code": "RequestTooLarge", "message": "Too big."}})

    outcomes = list(Service(refuse).writer().export([add(1), add(2)]))
    assert errors(outcomes) == {1: "RequestTooLarge", 2: "RequestTooLarge"}
    assert "whole batch" in str(outcomes[0].detail)


def test_a_delete_add_whose_delete_is_refused_adds_nothing() -> None:
    service = Service(answered(_1=409))
    change = ExportChange(1, "delete-add", "user", "x", "User_c1", add(1).attributes, source_anchor="anchor1")
    assert errors(list(service.writer().export([change]))) == {1: "cd-existing-object"}
    assert len(service.batches) == 1


def test_a_delete_add_that_could_not_be_added_deletes_nothing() -> None:
    service = Service()
    change = ExportChange(1, "delete-add", "user", "x", "User_c1", add(1).attributes)
    assert errors(list(service.writer().export([change]))) == {1: "missing-anchor-component"}
    assert service.batches == []


def test_a_rename_alone_is_nothing_to_send() -> None:
    service = Service()
    change = ExportChange(1, "update", "user", "CN={User_1}", "User_1", new_dn="CN={4B}")
    assert errors(list(service.writer().export([change]))) == {1: None}
    assert service.batches == []


def test_entries_that_are_none_are_findings_of_the_page() -> None:
    def listing(_: httpx.Request) -> httpx.Response:
        value = [{"id": "User_1", "type": "user", "attributes": {}}, {"id": "device-7"}]
        return httpx.Response(
            200, json={"value": value, "deltaLink": "http://127.0.0.1:4/ingest/v1/delta?deltaToken=7"}
        )

    [page] = Service(handler=listing).reader().import_pages(None)
    assert [found.anchor for found in page.objects] == ["User_1"]
    assert [finding.code for finding in page.findings] == ["parse-error"]
    assert (page.complete, page.watermark_after) == (True, "delta?deltaToken=7")


def test_a_listing_that_goes_in_a_circle_is_an_error() -> None:
    def circle(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"value": [], "nextLink": "http://127.0.0.1:4/ingest/v1/delta?a=1"})

    reader = Service(handler=circle).reader()
    with pytest.raises(ConnectorError, match="circle"):
        list(reader.import_pages(None))
