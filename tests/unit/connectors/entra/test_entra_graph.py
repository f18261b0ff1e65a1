"""The graph channel and the read-back against the mock's strict face, through the real SDK."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from attrflow.connectors.entra.capabilities import CAPABILITIES
from attrflow.connectors.entra.connector import EntraConnector
from attrflow.model.delta import AttributeDelta
from attrflow.model.entry import (
    ExportChange,
    ExportOutcome,
    ImportedObject,
    ImportedReferences,
    OutgoingReferences,
    ReferenceTarget,
)
from attrflow.model.errors import AuthenticationFailed, NotFound, PermissionDenied
from attrflow_mocks.entra.server import Running
from attrflow_mocks.faults import Fault

pytest.importorskip("msgraph")
pytestmark = pytest.mark.entra

Connect = Callable[..., EntraConnector]
ANCHOR = "q1w2e3r4t5y6u7i8o9p0aa=="
HEX_DN = "CN={" + ANCHOR.encode().hex().upper() + "}"
POST = "POST /v1.0/users"


def values(**attributes: Any) -> dict[str, AttributeDelta]:
    return {
        name: AttributeDelta("delete")
        if value is None
        else AttributeDelta("replace", value if isinstance(value, tuple) else (value,))
        for name, value in attributes.items()
    }


def person(name: str = "kari", anchor: str | None = ANCHOR, **more: Any) -> ExportChange:
    attributes = {
        "displayName": name.title(),
        "userPrincipalName": f"{name}@contoso.test",
        "accountEnabled": True,
        **more,
    }
    given = values(**{key: value for key, value in attributes.items() if value is not None})
    return ExportChange(1, "add", "user", HEX_DN, None, given, source_anchor=anchor)


def update(anchor: str, **attributes: Any) -> ExportChange:
    return ExportChange(1, "update", "user", HEX_DN, anchor, values(**attributes))


def outcome(connector: EntraConnector, change: ExportChange) -> ExportOutcome:
    [only] = connector.export([change])
    return only


def created(connector: EntraConnector, change: ExportChange) -> str:
    result = outcome(connector, change)
    assert result.error is None, result.detail
    assert result.anchor is not None
    return result.anchor


def imported(connector: EntraConnector, watermark: str | None = None) -> tuple[dict[str, ImportedObject], str]:
    pages = list(connector.import_pages("default", watermark))
    assert pages[-1].watermark_after is not None
    return {e.anchor or "": e for page in pages for e in page.objects}, pages[-1].watermark_after


def sent(tenant: Running, operation: str) -> int:
    return sum(1 for request in tenant.journal if request.operation == operation)


def test_created_users_are_imported_under_the_products_names(connect: Connect) -> None:
    connector = connect("graph", object_types=("user",))
    change = person(
        title="Boss",
        telephoneNumber="+47 22 00 00 00",
        company="Contoso",
        extensionAttribute7="seven",
        otherMails=("a@x.test", "b@x.test"),
        usageLocation="NO",
    )
    anchor = created(connector, change)
    found, _ = imported(connector)
    entry = found[anchor]
    assert (entry.change, entry.dn, entry.findings) == ("whole", HEX_DN, ())
    for name, delta in change.attributes.items():
        assert entry.attributes[name] == delta.added, name
    assert entry.attributes["sourceAnchor"] == (ANCHOR,)
    assert entry.attributes["cloudAnchor"] == (anchor,)
    assert entry.attributes["cloudMastered"] == (True,)
    assert entry.attributes["alias"] == ("kari",), "the mailNickname that Graph asks for"
    assert "extensionAttribute8" not in entry.attributes


def test_what_graph_cannot_write_is_said_with_the_reason(connect: Connect) -> None:
    connector = connect("graph")
    result = outcome(
        connector,
        person(proxyAddresses=("SMTP:k@contoso.test",), msExchMailboxGuid=b"\x01", onPremisesSamAccountName="kari"),
    )
    assert result.error is None
    assert result.not_written == ("msExchMailboxGuid", "onPremisesSamAccountName", "proxyAddresses")
    assert "msExchMailboxGuid: Graph has no property for it" in str(result.detail)
    assert "read-only" in str(result.detail)
    assert result.anchor is not None
    again = outcome(connector, update(result.anchor, sourceAnchor="other==", city="Oslo"))
    assert (again.error, again.not_written) == (None, ("sourceAnchor",))


def test_the_password_is_made_up_and_kept_nowhere(connect: Connect, tenant: Running) -> None:
    connector = connect("graph")
    result = outcome(connector, person())
    assert "assword" not in repr(result)
    # The journal masks it, so what it shows is that one was sent, and nothing of it.
    (made,) = (request.detail["body"] for request in tenant.journal if request.operation == "POST /v1.0/users")
    assert '"password":"(not kept)"' in str(made)


def _without(name: str) -> ExportChange:
    change = person()
    return replace(change, attributes={key: v for key, v in change.attributes.items() if key != name})


@pytest.mark.parametrize("missing", ["displayName", "userPrincipalName", "accountEnabled"])
def test_a_create_says_what_graph_needs(connect: Connect, tenant: Running, missing: str) -> None:
    result = outcome(connect("graph"), _without(missing))
    assert result.error == "schema-violation"
    assert missing in str(result.detail)
    assert sent(tenant, POST) == 0


def test_a_create_needs_a_source_anchor(connect: Connect) -> None:
    assert outcome(connect("graph"), person(anchor=None)).error == "missing-anchor-component"


def test_a_lost_create_is_looked_up_before_it_is_sent_again(connect: Connect, tenant: Running) -> None:
    connector = connect("graph")
    tenant.faults.add(Fault("graph", POST, "drop-done"))
    result = outcome(connector, person())
    assert (result.error, sent(tenant, POST), sent(tenant, "GET /v1.0/users")) == (None, 1, 1)
    assert set(imported(connector)[0]) == {result.anchor}


def test_a_create_that_never_arrived_is_sent_again(connect: Connect, tenant: Running) -> None:
    connector = connect("graph")
    tenant.faults.add(Fault("graph", POST, "status", status=503, retry_after=2))
    created(connector, person())
    assert (sent(tenant, POST), sent(tenant, "GET /v1.0/users")) == (2, 1)


def test_a_create_of_unknown_outcome_is_looked_up_first(connect: Connect, tenant: Running) -> None:
    connector = connect("graph", object_types=("user",))
    first = created(connector, replace(person(), uncertain=True))
    again = created(connector, replace(person(city="Oslo"), uncertain=True))
    assert (again, sent(tenant, POST), sent(tenant, "GET /v1.0/users")) == (first, 1, 2)
    assert imported(connector)[0][first].attributes["city"] == ("Oslo",)


def test_delta_rounds_bring_what_changed(connect: Connect) -> None:
    connector = connect("graph", object_types=("user",), page_size=1)
    kari = created(connector, person(title="Boss", city="Oslo"))
    ola = created(connector, person("ola", "olaAnchor=="))
    everything, watermark = imported(connector)
    assert set(everything) == {kari, ola}
    assert "://" not in watermark
    assert imported(connector, watermark)[0] == {}
    assert outcome(connector, update(kari, title=None, telephoneNumber="+47 1")).error is None
    assert outcome(connector, ExportChange(2, "delete", "user", "x", ola)).error is None
    found, _ = imported(connector, watermark)
    assert found[kari].change == "partial"
    assert found[kari].attributes["title"] == ()
    assert found[kari].attributes["telephoneNumber"] == ("+47 1",)
    assert found[kari].dn == HEX_DN
    assert found[ola].change == "delete"


def test_another_selection_makes_a_delta_import_a_full_one(connect: Connect) -> None:
    created(connect("graph"), person(city="Oslo"))
    _, watermark = imported(connect("graph", attributes={"user": ("title",)}))
    other = connect("graph", attributes={"user": ("city",)}, object_types=("user",))
    pages = list(other.import_pages("default", watermark))
    assert [finding.code for finding in pages[0].findings] == ["full-import-instead"]
    assert [dict(entry.attributes) for entry in pages[0].objects] == [{"city": ("Oslo",)}]
    assert pages[-1].complete


def test_an_expired_delta_token_makes_the_import_a_full_one(connect: Connect, tenant: Running) -> None:
    connector = connect("graph", object_types=("user",))
    created(connector, person())
    _, watermark = imported(connector)
    tenant.faults.add(Fault("graph", "GET /v1.0/users/delta*", "expire"))
    pages = list(connector.import_pages("default", watermark))
    assert [finding.code for finding in pages[0].findings] == ["full-import-instead"]
    assert len(pages[0].objects) == 1
    assert pages[-1].complete


def test_groups_and_contacts_are_declined_with_a_reason(connect: Connect) -> None:
    connector = connect("graph")
    first = next(iter(connector.import_pages("default", None)))
    assert [(f.code, "contact and group" in f.detail) for f in first.findings] == [("object-type-not-read", True)]
    result = outcome(connector, ExportChange(1, "add", "group", "x", None, values(displayName="Staff")))
    assert result.error == "cd-error"
    assert "users only" in str(result.detail)


def test_the_manager_is_written_and_read(connect: Connect) -> None:
    connector = connect("graph", object_types=("user",))
    boss = created(connector, person("ola", "olaAnchor=="))
    target = ReferenceTarget(f"CN={{{boss}}}", boss)
    kari = created(connector, person())
    link = {"manager": OutgoingReferences(added=(target,))}
    _, watermark = imported(connector)
    assert outcome(connector, ExportChange(1, "update", "user", "x", kari, {}, link)).error is None
    assert imported(connector, watermark)[0][kari].references == {"manager": ImportedReferences((target,))}
    whole = connector.read_object("default", kari)
    assert whole is not None
    assert whole.references == {"manager": ImportedReferences((target,))}
    gone = {"manager": OutgoingReferences(removed=(target,))}
    assert outcome(connector, ExportChange(1, "update", "user", "x", kari, {}, gone)).error is None
    assert imported(connector, watermark)[0][kari].references == {"manager": ImportedReferences()}
    unknown = {"manager": OutgoingReferences(added=(ReferenceTarget("CN={x}"),))}
    refused = outcome(connector, ExportChange(1, "update", "user", "x", kari, {}, unknown))
    assert refused.error == "dn-attributes-failure"


def test_a_synchronized_user_takes_only_what_graph_lets_it(connect: Connect) -> None:
    [made] = connect("ingest").export([person(title="Boss")])
    assert made.anchor is not None
    connector = connect("graph", object_types=("user",))
    result = outcome(connector, update(made.anchor, title="Chief", usageLocation="SE"))
    assert (result.error, result.not_written) == (None, ("title",))
    assert "directory synchronization masters" in str(result.detail)
    entry = imported(connector)[0][made.anchor]
    assert (entry.attributes["title"], entry.attributes["usageLocation"]) == (("Boss",), ("SE",))
    assert entry.attributes["cloudMastered"] == (False,)


def test_refusals_come_in_the_products_words(connect: Connect, tenant: Running) -> None:
    connector = connect("graph")
    anchor = created(connector, person())
    taken = outcome(connector, person("kari", "other=="))
    assert (taken.error, taken.cd_error_code) == ("AttributeValueMustBeUnique", "Request_BadRequest")
    gone = "User_00000000-0000-0000-0000-000000000000"
    assert outcome(connector, update(gone, city="Oslo")).error == "cd-missing-object"
    assert outcome(connector, ExportChange(1, "delete", "user", "x", gone)).error == "cd-missing-object"
    tenant.faults.add(Fault("graph", "PATCH /v1.0/users/*", "status", status=403))
    assert outcome(connector, update(anchor, city="Oslo")).error == "permission-issue"
    tenant.faults.add(Fault("graph", "GET /v1.0/users/delta*", "status", status=403))
    with pytest.raises(PermissionDenied):
        imported(connector)


def test_delete_add_makes_a_new_user(connect: Connect) -> None:
    connector = connect("graph", object_types=("user",))
    old = created(connector, person("old", "oldAnchor=="))
    again = ExportChange(1, "delete-add", "user", HEX_DN, old, person().attributes, source_anchor=ANCHOR)
    new = created(connector, again)
    assert new != old
    assert set(imported(connector)[0]) == {new}


def test_a_lost_delete_has_succeeded(connect: Connect, tenant: Running) -> None:
    connector = connect("graph")
    anchor = created(connector, person())
    tenant.faults.add(Fault("graph", "DELETE /v1.0/users/*", "drop-done"))
    assert outcome(connector, ExportChange(1, "delete", "user", "x", anchor)).error is None


# -- the final cloud value ------------------------------------------------------------------------


def test_the_final_value_is_read_over_graph_on_the_ingest_channel(connect: Connect) -> None:
    connector = connect("ingest")
    exported = person(
        title="Boss",
        userPrincipalName="kari@unverified.example",
        proxyAddresses=("SMTP:kari@contoso.test", "smtp:kari@contoso.onmicrosoft.com"),
        msExchMailboxGuid=b"\x01",
        onPremiseSecurityIdentifier=bytes.fromhex("01050000000000051500000001000000020000000300000050040000"),
    )
    [made] = connector.export([exported])
    anchor = str(made.anchor)
    found = connector.cloud_values(
        anchor,
        ("title", "userPrincipalName", "proxyAddresses", "msExchMailboxGuid", "manager", "onPremiseSecurityIdentifier"),
    )
    assert (found["title"].property, found["title"].values, found["title"].note) == ("jobTitle", ("Boss",), None)
    name = found["userPrincipalName"]
    assert str(name.values[0]).endswith("onmicrosoft.test")
    assert "exported as kari@unverified.example" in str(name.note)
    assert found["proxyAddresses"].values == ("SMTP:kari@contoso.test",)
    assert "calculated" in str(found["proxyAddresses"].note)
    assert found["msExchMailboxGuid"].property is None
    assert found["msExchMailboxGuid"].state == "not-readable"
    assert (found["title"].state, found["manager"].state) == ("value", "absent")
    assert connector.verified_domains() is not None
    assert "unverified.example" not in (connector.verified_domains() or ())
    assert found["manager"].values == ()
    assert found["onPremiseSecurityIdentifier"].values == (exported.attributes["onPremiseSecurityIdentifier"].added)


def test_everything_declared_readable_can_be_read(connect: Connect) -> None:
    connector = connect("ingest")
    contact = ExportChange(
        2,
        "add",
        "contact",
        "x",
        None,
        values(displayName="Per", city="Oslo", telephoneNumber="+47 1", mobile="+47 2", company="Fabrikam"),
        source_anchor="c==",
    )
    security = values(displayName="Staff", securityEnabled=True, mailEnabled=False, description="All")
    group = ExportChange(3, "add", "group", "x", None, security, source_anchor="g==")
    for change in (person(title="Boss"), contact, group):
        [made] = connector.export([change])
        rows = CAPABILITIES[change.object_type]
        found = connector.cloud_values(str(made.anchor), tuple(rows))
        assert set(found) == set(rows)
        for name, delta in change.attributes.items():
            assert found[name].values == delta.added, name


def test_members_are_read_as_ids_and_a_quarantine_is_named(connect: Connect) -> None:
    connector = connect("ingest")
    first, second = (
        next(iter(connector.export([person(name, f"{name}==", proxyAddresses=("SMTP:shared@contoso.test",))])))
        for name in ("kari", "ola")
    )
    staff = ExportChange(
        3,
        "add",
        "group",
        "x",
        None,
        values(displayName="Staff", securityEnabled=True, mailEnabled=False),
        {"member": OutgoingReferences(added=(ReferenceTarget("CN={k}", first.anchor),))},
        source_anchor="g==",
    )
    [made] = connector.export([staff])
    members = connector.cloud_value(str(made.anchor), "member")
    assert members.values == (str(first.anchor).removeprefix("User_"),)
    quarantined = connector.cloud_value(str(second.anchor), "proxyAddresses")
    assert "shared@contoso.test is quarantined" in str(quarantined.note)
    assert [one.value.casefold().removeprefix("smtp:") for one in quarantined.quarantined] == ["shared@contoso.test"]
    gone = connector.cloud_value("Group_00000000-0000-0000-0000-000000000000", "displayName")
    assert (gone.values, gone.state) == ((), "no-object")
    with pytest.raises(NotFound):
        connector.cloud_value("nonsense", "mail")


def test_refused_credentials_stop_the_graph_channel(connect: Connect) -> None:
    with pytest.raises(AuthenticationFailed, match="AADSTS7000215"):
        connect("graph", secret="wrong-guess")
