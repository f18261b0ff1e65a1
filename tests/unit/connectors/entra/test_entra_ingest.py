"""The ingest channel against the mock tenant: import, export, lost connections, refused items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from attrflow.connectors.entra.connector import EntraConnector
from attrflow.model.delta import AttributeDelta
from attrflow.model.entry import (
    ExportChange,
    ExportOutcome,
    ImportedObject,
    OutgoingReferences,
    ReferenceTarget,
    WireAttempt,
)
from attrflow.model.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    ConnectorError,
    NotFound,
    PermissionDenied,
    SettingsError,
)
from attrflow.model.schema import Syntax
from attrflow.ports.connector import Connector
from attrflow_mocks.entra.server import Running
from attrflow_mocks.faults import Fault

Connect = Callable[..., EntraConnector]


def values(**attributes: Any) -> dict[str, AttributeDelta]:
    """Whole new values; None takes an attribute away."""
    return {
        name: AttributeDelta("delete")
        if value is None
        else AttributeDelta("replace", value if isinstance(value, tuple) else (value,))
        for name, value in attributes.items()
    }


def person(cs_id: int, name: str = "kari", **more: Any) -> ExportChange:
    """The add of a user."""
    attributes = values(displayName=name.title(), userPrincipalName=f"{name}@contoso.test", accountEnabled=True, **more)
    return ExportChange(cs_id, "add", "user", f"CN={{{name}}}", None, attributes, source_anchor=f"{name}AnchorXYZ==")


def group(cs_id: int, *members: str | None) -> ExportChange:
    """The add of a group with members by cloudAnchor; None is one that the cloud does not have."""
    targets = tuple(ReferenceTarget("CN={x}", anchor) for anchor in members)
    return ExportChange(
        cs_id,
        "add",
        "group",
        "CN={g}",
        None,
        values(displayName="Staff", mailEnabled=False, securityEnabled=True),
        {"member": OutgoingReferences(added=targets)},
        source_anchor="groupAnchor==",
    )


def outcome(connector: EntraConnector, change: ExportChange) -> ExportOutcome:
    [only] = connector.export([change])
    return only


def created(connector: EntraConnector, change: ExportChange) -> str:
    result = outcome(connector, change)
    assert (result.error, result.detail) == (None, None)
    assert result.anchor is not None
    return result.anchor


def imported(connector: EntraConnector, watermark: str | None = None) -> tuple[dict[str, ImportedObject], str]:
    """Everything one import brings, by anchor, and the next watermark."""
    pages = list(connector.import_pages("default", watermark))
    assert [page.watermark_after is not None for page in pages] == [False] * (len(pages) - 1) + [True]
    assert pages[-1].watermark_after is not None
    found = {entry.anchor or "": entry for page in pages for entry in page.objects}
    return found, pages[-1].watermark_after


def sent(tenant: Running, operation: str) -> int:
    return sum(1 for request in tenant.journal if request.operation == operation)


def content(entry: ImportedObject, *names: str) -> Mapping[str, object]:
    return {name: entry.attributes.get(name) for name in names}


BATCH = "POST /ingest/v1/objects:batch"
LOOK_UP = "GET /ingest/v1/objects"


def test_the_connector_is_what_runs_ask_for(connect: Connect) -> None:
    connector: Connector = connect()
    assert connector.delta_support is None


def test_schema_is_the_faces_own(connect: Connect) -> None:
    schema = connect(attributes={"user": ("extension_0a_hatSize", "displayName")}).schema
    manager = schema.attribute("user", "MANAGER")
    assert manager is not None
    assert (manager.name, manager.syntax, manager.multi) == ("manager", Syntax.REFERENCE, False)
    certificates = schema.attribute("user", "userCertificate")
    assert certificates is not None
    assert (certificates.syntax, certificates.multi) == (Syntax.BINARY, True)
    assert schema.attribute("user", "extension_0a_hatSize") is not None
    anchor = schema.attribute("user", "cloudAnchor")
    assert anchor is not None
    assert anchor.read_only


def test_what_is_exported_is_what_is_imported(connect: Connect) -> None:
    connector = connect()
    change = person(
        1,
        proxyAddresses=("SMTP:kari@contoso.test", "smtp:k@unverified.example"),
        msExchRecipientTypeDetails=2147483648,
        userCertificate=(b"\x00\xff", b"\x30\x82"),
        msExchHideFromAddressLists=False,
    )
    anchor = created(connector, change)
    found, _ = imported(connector)
    entry = found[anchor]
    assert (entry.change, entry.object_type, entry.findings) == ("whole", "user", ())
    assert entry.dn == "CN={" + b"kariAnchorXYZ==".hex().upper() + "}"
    assert content(entry, "sourceAnchor", "cloudAnchor", "cloudMastered") == {
        "sourceAnchor": ("kariAnchorXYZ==",),
        "cloudAnchor": (anchor,),
        "cloudMastered": (False,),
    }
    for name, delta in change.attributes.items():
        assert sorted(map(str, entry.attributes[name])) == sorted(map(str, delta.added)), name


def test_only_selected_attributes_and_types_are_imported(connect: Connect) -> None:
    everything = connect()
    anchor = created(everything, person(1, title="Boss"))
    created(everything, group(2, anchor))
    found, _ = imported(connect(attributes={"user": ("TITLE",)}, object_types=("user",)))
    assert {key: dict(entry.attributes) for key, entry in found.items()} == {anchor: {"title": ("Boss",)}}
    assert found[anchor].dn.startswith("CN={6B617269"), "the DN needs no selected sourceAnchor"


def test_full_import_is_complete_on_its_last_page_only(connect: Connect, attempts: list[WireAttempt]) -> None:
    connector = connect(page_size=2)
    for number in range(5):
        created(connector, person(number, f"user{number}"))
    attempts.clear()
    pages = list(connector.import_pages("default", None))
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    assert sum(len(page.objects) for page in pages) == 5
    assert len(attempts) == len(pages)
    assert pages[-1].watermark_after is not None
    assert "://" not in pages[-1].watermark_after, "a watermark must survive a move to another port"


def test_delta_import_brings_whole_changed_objects_and_deletions(connect: Connect) -> None:
    connector = connect()
    kari, ola = created(connector, person(1, title="Boss")), created(connector, person(2, "ola"))
    _, watermark = imported(connector)
    assert imported(connector, watermark)[0] == {}
    assert outcome(connector, ExportChange(1, "update", "user", "CN={1}", kari, values(city="Oslo"))).error is None
    assert outcome(connector, ExportChange(2, "delete", "user", "CN={2}", ola)).error is None
    found, _ = imported(connect(), watermark)
    assert content(found[kari], "city", "title") == {"city": ("Oslo",), "title": ("Boss",)}
    assert (found[ola].change, found[ola].dn) == ("delete", f"CN={{{ola}}}")
    assert not list(connector.import_pages("default", watermark))[-1].complete


def test_expired_delta_token_makes_the_import_a_full_one_and_says_so(connect: Connect, tenant: Running) -> None:
    connector = connect()
    anchor = created(connector, person(1))
    _, watermark = imported(connector)
    tenant.faults.add(Fault("ingest", "GET /ingest/v1/delta", "expire"))
    pages = list(connector.import_pages("default", watermark))
    assert [finding.code for finding in pages[0].findings] == ["full-import-instead"]
    assert [entry.anchor for page in pages for entry in page.objects] == [anchor]
    assert pages[-1].complete


def test_values_are_replaced_and_taken_away(connect: Connect) -> None:
    connector = connect()
    anchor = created(connector, person(1, title="Boss", otherMails=("a@x.test", "b@x.test")))
    change = ExportChange(
        1, "update", "user", "CN={1}", anchor, values(title=None, otherMails=("c@x.test",), employeeNumber=None)
    )
    refused = outcome(connector, change)
    assert (refused.error, refused.cd_error_code) == ("schema-violation", "UnknownAttribute")
    assert outcome(connector, ExportChange(1, "update", "user", "x", anchor, values(title=None))).error is None
    entry = imported(connector)[0][anchor]
    assert content(entry, "title", "otherMails") == {"title": None, "otherMails": ("a@x.test", "b@x.test")}


def test_value_wise_updates_are_the_callers_mistake(connect: Connect) -> None:
    change = ExportChange(1, "update", "user", "x", "User_1", {"otherMails": AttributeDelta("update", ("a",), ("b",))})
    with pytest.raises(AssertionError, match="whole value of otherMails"):
        list(connect().export([change]))


def test_references_go_as_anchors(connect: Connect) -> None:
    connector = connect()
    kari, ola = created(connector, person(1)), created(connector, person(2, "ola"))
    staff = created(connector, group(3, kari))
    change = OutgoingReferences((ReferenceTarget("CN={o}", ola),), (ReferenceTarget("CN={k}", kari),))
    assert outcome(connector, ExportChange(3, "update", "group", "x", staff, {}, {"member": change})).error is None
    boss = {"manager": OutgoingReferences(added=(ReferenceTarget("CN={k}", kari),))}
    assert outcome(connector, ExportChange(2, "update", "user", "x", ola, {}, boss)).error is None
    found, _ = imported(connector)
    assert found[staff].references["member"].added == (ReferenceTarget(f"CN={{{ola}}}", ola),)
    assert found[ola].references["manager"].added == (ReferenceTarget(f"CN={{{kari}}}", kari),)
    assert "manager" not in found[ola].attributes


def test_a_reference_to_what_the_cloud_does_not_have_is_never_sent(connect: Connect, tenant: Running) -> None:
    result = outcome(connect(), group(1, None))
    assert result.error == "dn-attributes-failure"
    assert "member" in str(result.detail)
    assert sent(tenant, BATCH) == 0


def test_an_add_needs_a_source_anchor_and_takes_it_from_its_attribute(connect: Connect) -> None:
    connector = connect()
    bare = ExportChange(1, "add", "user", "x", None, person(1).attributes)
    assert outcome(connector, bare).error == "missing-anchor-component"
    attributes = {**person(1).attributes, **values(sourceAnchor="fromAttribute==")}
    anchor = created(connector, ExportChange(1, "add", "user", "x", None, attributes))
    assert imported(connector)[0][anchor].attributes["sourceAnchor"] == ("fromAttribute==",)


def test_a_refused_object_leaves_the_others_alone(connect: Connect) -> None:
    connector = connect()
    bad = ExportChange(2, "update", "user", "x", "User_00000000-0000-0000-0000-000000000000", values(city="Oslo"))
    large = person(3, "ola", userCertificate=tuple(bytes([n]) for n in range(16)))
    results = {result.cs_id: result for result in connector.export([person(1), bad, large])}
    assert results[1].error is None
    assert results[2].error == "cd-missing-object"
    assert (results[3].error, results[3].cd_error_code) == ("LargeObject", "LargeObject")
    assert "userCertificate" in str(results[3].detail)


def test_delete_add_gives_a_new_object(connect: Connect, attempts: list[WireAttempt]) -> None:
    connector = connect()
    staff = created(connector, group(1))
    change = ExportChange(
        1, "delete-add", "group", "x", staff, values(displayName="New", mailEnabled=False), source_anchor="g2=="
    )
    attempts.clear()
    again = outcome(connector, change)
    assert again.error is None
    assert again.anchor not in (None, staff)
    assert [attempt.operation for attempt in attempts] == ["POST ingest batch"] * 2
    assert set(imported(connector)[0]) == {again.anchor}


def test_more_changes_than_a_batch_holds(connect: Connect, tenant: Running) -> None:
    results = list(connect().export([person(number, f"u{number}") for number in range(101)]))
    assert {result.cs_id for result in results if result.error is None} == set(range(101))
    assert sent(tenant, BATCH) == 2


def test_an_add_whose_answer_was_lost_is_looked_up_and_not_made_twice(connect: Connect, tenant: Running) -> None:
    connector = connect()
    tenant.faults.add(Fault("ingest", BATCH, "drop-done"))
    staff = created(connector, group(1))
    assert (sent(tenant, BATCH), sent(tenant, LOOK_UP)) == (2, 1)
    assert set(imported(connector)[0]) == {staff}


def test_an_add_that_never_arrived_is_sent_again(connect: Connect, tenant: Running) -> None:
    connector = connect()
    tenant.faults.add(Fault("ingest", BATCH, "drop"))
    created(connector, person(1))
    assert (sent(tenant, BATCH), sent(tenant, LOOK_UP)) == (2, 1)


def test_a_throttled_batch_is_repeated_without_look_ups(
    connect: Connect, tenant: Running, attempts: list[WireAttempt]
) -> None:
    connector = connect()
    tenant.faults.add(Fault("ingest", BATCH, "status", status=429, retry_after=7))
    created(connector, person(1))
    assert (sent(tenant, BATCH), sent(tenant, LOOK_UP)) == (2, 0)
    assert [(attempt.number, attempt.result, attempt.waited) for attempt in attempts[-2:]] == [
        (1, "429", 0.0),
        (2, "200", 7.0),
    ]


def test_a_delete_whose_answer_was_lost_has_succeeded(connect: Connect, tenant: Running) -> None:
    connector = connect()
    staff = created(connector, group(1))
    tenant.faults.add(Fault("ingest", BATCH, "drop-done"))
    assert outcome(connector, ExportChange(1, "delete", "group", "x", staff)).error is None
    assert outcome(connector, ExportChange(1, "delete", "group", "x", staff)).error == "cd-missing-object"


def test_a_service_that_stays_away_stops_the_run(connect: Connect, tenant: Running) -> None:
    connector = connect(tries=3)
    tenant.faults.add(Fault("ingest", BATCH, "drop", times=9))
    with pytest.raises(ConnectionLost):
        list(connector.export([person(1)]))
    assert sent(tenant, BATCH) == 3


def test_an_expired_token_is_renewed_once(connect: Connect, tenant: Running) -> None:
    connector = connect()
    tenant.faults.add(Fault("ingest", "GET /ingest/v1/delta", "status", status=401))
    imported(connector)
    tenant.faults.add(Fault("ingest", "GET /ingest/v1/delta", "status", status=401, times=2))
    with pytest.raises(AuthenticationFailed):
        imported(connector)


def test_opening_says_what_is_wrong_with_the_address_or_the_account(connect: Connect, tenant: Running) -> None:
    with pytest.raises(AuthenticationFailed, match="AADSTS7000215") as refused:
        connect(secret="wrong-guess")
    assert "wrong-guess" not in str(refused.value)
    assert refused.value.cd_error == "AADSTS7000215"
    with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1:9"):
        connect(login_url="http://127.0.0.1:9")
    with pytest.raises(ConnectorError, match=r"ingest face .* 404"):
        connect(ingest_url=f"{tenant.ingest_url}/elsewhere")
    tenant.faults.add(Fault("ingest", "GET /ingest/v1/schema", "status", status=403))
    with pytest.raises(PermissionDenied):
        connect()


def test_a_dead_address_is_not_tried_again(connect: Connect, attempts: list[WireAttempt]) -> None:
    with pytest.raises(ConnectionFailed):
        connect(login_url="http://127.0.0.1:9")
    assert [attempt.result for attempt in attempts] == ["no-connection"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "scim"},
        {"page_size": 0},
        {"page_size": True},
        {"ingest_url": "http://ingest.contoso.test/v1"},
        {"login_url": "https://user:secret@login.contoso.test"},
        {"tenant_id": ""},
    ],
)
def test_settings_that_make_no_sense_are_named(connect: Connect, wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))) as refused:
        connect(**wrong)
    assert "secret" not in str(refused.value)


def test_read_object_finds_by_cloud_anchor(connect: Connect) -> None:
    connector = connect()
    kari, _ = created(connector, person(1)), created(connector, person(2, "ola"))
    found = connector.read_object("default", kari)
    assert found is not None
    assert found.attributes["displayName"] == ("Kari",)
    assert connector.read_object("default", "User_00000000-0000-0000-0000-000000000000") is None
    assert connector.read_object("default", "nonsense") is None
    with pytest.raises(NotFound):
        connector.read_object("DC=contoso,DC=test", kari)
