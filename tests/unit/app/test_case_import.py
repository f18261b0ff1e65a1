"""A customer's files become a case: what belongs to the object, what the store begins with, what is still missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.importers.exports import BOOKS, ad_connector

from attrflow.app.operations import case_import
from attrflow.app.operations.case_import import import_case
from attrflow.model.errors import Ambiguous, NotFound, SettingsError

from .customer import ANCHOR, CLOUD_DN, CUSTOMER, HQ, KARI, OLA, OLA_ANCHOR, Customer, missing, rule_folder


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Few rules: what most of these tests are about is not theirs."""
    return rule_folder(tmp_path_factory.mktemp("museum") / "rules", "Exchange")


@pytest.fixture
def customer(rules: Path, tmp_path: Path) -> Customer:
    """A customer who has given nothing yet."""
    return Customer(rules, tmp_path)


# -- the whole of it ------------------------------------------------------------------------------


def test_the_server_s_stale_value_pending_export_error_and_quarantine_are_the_starting_state(
    customer: Customer,
) -> None:
    customer.rules = rule_folder(customer.folder / "all")
    document, case = customer.has("ldif", "csexport", "graph", "mvobject").case()
    assert document.objects == ["kari-nordmann", "ola-hansen", "kari-nordmann-cloud", "ola-hansen-cloud"]
    assert [(d.where, d.attribute, d.server, d.rules) for d in document.differences] == [
        ("metaverse", "department", ["Drawings"], ["Paintings"]),
        ("pending-export", "department", ["Drawings"], ["Paintings"]),
    ]
    assert missing(document) == ["its connector-space object"]
    given = case.given
    assert given.mv["kari-nordmann"].attributes["department"] == ("Drawings",)
    assert given.mv["kari-nordmann"].links == ("kari-nordmann", "kari-nordmann-cloud")
    cloud = given.cs["kari-nordmann-cloud"]
    assert cloud.layers["pending-export"].attributes["department"] == ("Drawings",)
    assert cloud.export_error is not None and cloud.export_error.retry_count == 1204
    tenant = case.objects["kari-nordmann-cloud"]
    assert tenant.attributes["userPrincipalName"] == ("kari4711@museum.onmicrosoft.test",)
    assert tenant.quarantined == {"userPrincipalName": ("kari@museum.test",)}
    assert case.connectors["museum"].id == HQ
    assert [step.title for step in case.steps] == [
        "as the server's files show it",
        "a full synchronization with these rules",
        "the tenant refuses the next export again",
    ]


def test_a_full_set_of_files_leaves_nothing_missing(customer: Customer) -> None:
    own = {"DistinguishedName": KARI, "ConnectorName": "museum.test", "SerializedXml": _xml("")}
    document, _ = customer.has("ldif", "csexport", "graph", "mvobject").gives("csobject", own).case()
    assert missing(document) == []


def test_a_directory_alone_is_a_case_whose_outcome_is_recorded(customer: Customer) -> None:
    document, case = customer.has("ldif").case("kari@museum.test")
    assert document.object == KARI and not case.given and case.basis == "assumed"
    assert missing(document) == [
        "its connector-space object",
        "its metaverse object",
        "its object in the Entra connector space",
        "what the tenant shows",
    ]
    (step,) = case.steps
    wanted = next(e.wanted for e in step.expectations if e.kind == "mv")
    assert isinstance(wanted, dict) and wanted["title"] == ("Guide for the collection of seascapes",)
    commands = "\n".join(lack.command for lack in document.missing)
    assert f"-DistinguishedName '{CLOUD_DN}'" in commands
    assert "onPremisesImmutableId eq 'bn8NWwwvUUqaDmHBt%2FGwAQ=='" in commands


def test_files_that_are_too_large_to_keep_give_the_same_case(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer.has("ldif", "csexport", "graph", "mvobject")
    whole, _ = customer.case()
    monkeypatch.setattr(case_import, "_WHOLE_MAX", 0)
    passed_through, _ = customer.case()
    assert passed_through.case == whole.case
    assert passed_through.findings == whole.findings


def test_without_a_file_to_write_the_case_is_in_the_document(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(customer.folder)
    document = import_case(customer.rules, customer.has("ldif").files, KARI)
    assert document.passed and document.file is None
    assert "title = " in document.case and not (customer.folder / "made.toml").exists()


# -- directories ----------------------------------------------------------------------------------

LDIF = f"""dn: {KARI}
objectClass: user
cn: Kari Nordmann
displayName: Kari "K" \\ Nordmann
info:: bGluZSBvbmUKbGluZSB0d28=
badge: 7
badge: 8
sAMAccountName: kari
userPrincipalName: kari@museum.test
userAccountControl: 514
manager: {OLA}
memberOf: CN=Guides,DC=museum,DC=test
objectGUID:: {ANCHOR}
objectSid:: AQUAAAAAAAUVAAAA7AMAANQHAAC8CwAAUAQAAA==
"""


def test_a_manager_who_is_in_no_file_is_missing_and_stays_a_name(customer: Customer) -> None:
    document, case = customer.gives("ldif", LDIF).case()
    lack = document.missing[0]
    assert (lack.what, lack.where, lack.option) == ("the manager's entry", "domain", "--ldif")
    assert lack.command == f'ldifde -u -f manager.ldf -d "{OLA}" -p Base'
    kari = case.objects["kari-nordmann"]
    assert kari.attributes["manager"] == (OLA,)
    assert kari.attributes["displayName"] == ('Kari "K" \\ Nordmann',)
    assert kari.attributes["info"] == ("line one\nline two",)
    assert kari.attributes["badge"] == ("7", "8")
    assert kari.attributes["userAccountControl"] == (514,)
    assert "memberOf" not in kari.attributes and "mail" not in kari.attributes


def test_members_that_no_file_has_are_counted_with_one_command_for_all(customer: Customer) -> None:
    group = (
        "dn: CN=Guides (all),OU=Gallery,DC=museum,DC=test\nobjectClass: group\ncn: Guides\n"
        "objectGUID:: AAAAAAAAAAAAAAAAAAAAAQ==\n"
        f"groupType: -2147483646\nsAMAccountName: guides\nmember: {KARI}\nmember: CN=x,DC=museum,DC=test\n"
        "member: CN=y,DC=museum,DC=test\n"
    )
    document, case = customer.has("ldif").gives("ldif", group).case("CN=Guides (all),OU=Gallery,DC=museum,DC=test")
    assert case.objects["guides-all"].attributes["member"][0] == "kari-nordmann"
    lack = document.missing[0]
    assert lack.what == "group members' entries" and "2 objects" in lack.why
    assert lack.command == (
        'ldifde -u -f member.ldf -r "(memberOf=CN=Guides \\28all\\29,OU=Gallery,DC=museum,DC=test)"'
    )
    assert "/groups?" in document.missing[-1].command


def test_an_entry_without_a_guid_gets_one_and_says_so(customer: Customer) -> None:
    text = "\n".join(line for line in LDIF.splitlines() if not line.startswith(("objectGUID", "manager")))
    document, _ = customer.gives("ldif", text).case()
    assert missing(document)[0] == "its objectGUID"
    assert any("csexport.exe" in lack.command for lack in document.missing)


# -- connector spaces -----------------------------------------------------------------------------


def _xml(inside: str, dn: str = KARI, type_: str = "user") -> str:
    """A connector-space object with the image that the directory of `LDIF` would give."""
    hologram = (
        "<synchronized-hologram><entry>"
        "<attr name='cn'><value>Kari Nordmann</value></attr><attr name='department'><value>Paintings</value></attr>"
        f"<attr name='objectGUID' type='binary'><value encoding='base64'>{ANCHOR}</value></attr>"
        "<attr name='userPrincipalName'><value>kari@museum.test</value></attr>"
        "<attr name='sAMAccountName'><value>kari</value></attr></entry></synchronized-hologram>"
    )
    identity = f"cs-dn='{dn}' id='{{0C5B0001-0000-4000-8000-000000000002}}' object-type='{type_}'"
    return f"<cs-objects><cs-object {identity}>{hologram}<connector>1</connector>{inside}</cs-object></cs-objects>"


PENDING = (
    "<pending-import><delta operation='update'><attr name='department' operation='update'>"
    "<value operation='delete'>Paintings</value><value operation='add'>Drawings</value></attr></delta></pending-import>"
)
ERROR = (
    "<import-errordetail first-occurred='2026-11-01 00:00:00.000' date-occurred='2026-11-02 00:00:00.000' "
    "retry-count='3' error-type='sync-rule-error-function-triggered'><import-status><algorithm-step>import-flow"
    "</algorithm-step></import-status></import-errordetail>"
)


def test_a_pending_import_and_a_stored_error_are_given(customer: Customer) -> None:
    _, case = customer.gives("csexport", _xml(PENDING + ERROR)).case()
    own = case.given.cs["kari-nordmann"]
    assert own.layers["pending-import"].attributes == {"department": ("Drawings",)}
    assert own.image == {"department": ("Paintings",)}
    assert own.error is not None and (own.error.step, own.error.retry_count) == ("import-flow", 3)
    assert own.error.first == "2026-11-01T00:00:00.000"


def test_an_error_that_these_rules_do_not_meet_is_a_difference(customer: Customer) -> None:
    document, _ = customer.has("ldif").gives("csexport", _xml(ERROR)).case()
    (found,) = [d for d in document.differences if d.where == "error"]
    assert (found.server, found.rules) == (["sync-rule-error-function-triggered"], None)


def test_an_object_that_fails_as_on_the_server_keeps_its_values_and_is_noted(customer: Customer) -> None:
    nameless = LDIF.replace("sAMAccountName: kari\n", "").replace("userPrincipalName: kari@museum.test\n", "")
    customer.gives("ldif", nameless).gives("csexport", _xml(ERROR)).has("mvobject")
    customer.rules = rule_folder(customer.folder / "all")
    document, case = customer.case()
    assert document.differences == []
    assert any(note.startswith("The object fails with these rules as on the server") for note in document.notes)
    last = {(e.kind, e.subject): e.wanted for e in case.steps[-1].expectations}
    assert last["result", "museum full-sync"] == "completed-sync-errors"


def test_where_the_directory_moved_on_the_image_says_what_was_synchronized(customer: Customer) -> None:
    text = LDIF + "department: Sculptures\n"
    _, case = customer.gives("ldif", text).gives("csexport", _xml("")).case()
    image = case.given.cs["kari-nordmann"].image
    assert image is not None and image["department"] == ("Paintings",)
    assert image["displayName"] == () and "badge" not in image


@pytest.mark.parametrize("operation", ["add", "delete"])
def test_what_waits_as_a_whole_object(customer: Customer, operation: str) -> None:
    attribute = "<attr name='sourceAnchor'><value>%s</value></attr><attr name='displayName'><value>K</value></attr>"
    delta = (
        f"<unapplied-export><delta operation='{operation}'>{attribute % ANCHOR if operation == 'add' else ''}</delta>"
    )
    image = f"<synchronized-hologram><entry>{attribute % ANCHOR}</entry></synchronized-hologram>"
    cloud = (
        f"<cs-objects><cs-object cs-dn='{CLOUD_DN}' object-type='user'>{image if operation == 'delete' else ''}"
        f"{delta}</unapplied-export></cs-object></cs-objects>"
    )
    _, case = customer.has("ldif").gives("csexport", cloud).case()
    assert case.objects["kari-nordmann-cloud"].at_start is (operation == "delete")
    assert case.given.cs["kari-nordmann-cloud"].layers["pending-export"].operation == operation


def test_members_that_wait_for_export_are_compared_by_whom_they_mean(customer: Customer) -> None:
    guides, anchor = "CN=Guides,OU=Gallery,DC=museum,DC=test", "bn8NWwwvUUqaDmHBt/GwAw=="
    group = (
        f"dn: {guides}\nobjectClass: group\ncn: Guides\nsAMAccountName: guides\ngroupType: -2147483646\n"
        f"objectGUID:: {anchor}\nmember: {KARI}\nmember: {OLA}\n"
    )
    dns = [f"CN={{{name.encode().hex().upper()}}}" for name in (anchor, ANCHOR, OLA_ANCHOR)]
    there = f"<dn-attr name='member'><dn-value><dn>{dns[1]}</dn></dn-value></dn-attr>"
    comes = (
        f"<dn-attr name='member' operation='update'><dn-value operation='add'><dn>{dns[2]}</dn></dn-value></dn-attr>"
    )
    cloud = (
        f"<cs-objects><cs-object cs-dn='{dns[0]}' object-type='group'><synchronized-hologram><entry>"
        f"<attr name='sourceAnchor'><value>{anchor}</value></attr>{there}</entry></synchronized-hologram>"
        f"<unapplied-export><delta operation='update'>{comes}</delta></unapplied-export></cs-object></cs-objects>"
    )
    customer.rules = rule_folder(customer.folder / "all", "Contact", "InetOrgPerson", only="")
    document, case = customer.has("ldif").gives("ldif", group).gives("csexport", cloud).case(guides)
    waits = case.given.cs["guides-cloud"].layers["pending-export"]
    assert waits.attributes == {"member": ("kari-nordmann-cloud", "ola-hansen-cloud")}
    assert "member" not in [d.attribute for d in document.differences]


def test_an_object_that_is_linked_to_nothing_stays_so(customer: Customer) -> None:
    _, case = customer.gives("csexport", _xml("").replace("<connector>1", "<connector>0")).case()
    assert not case.given.mv and "kari-nordmann" in case.given.cs


def test_a_metaverse_object_that_no_file_has_is_what_the_rules_give(customer: Customer) -> None:
    document, case = customer.has("ldif", "csexport").case()
    assert case.given.mv["kari-nordmann"].flowed
    assert "its metaverse object" in missing(document)
    assert any("its values are what the rules give" in note for note in document.notes)


# -- the tenant -----------------------------------------------------------------------------------

USER: dict[str, Any] = {
    "id": "7a1f0000-0000-4000-8000-0000000000a1",
    "userPrincipalName": "kari@museum.test",
    "displayName": "Kari Old",
    "onPremisesImmutableId": ANCHOR,
    "onPremisesSyncEnabled": True,
}


def test_a_user_of_graph_alone_is_the_tenant_s_object(customer: Customer) -> None:
    document, case = customer.has("ldif").gives("graph", USER).case()
    tenant = case.objects["kari-nordmann-cloud"]
    assert tenant.attributes["cloudAnchor"] == ("User_7a1f0000-0000-4000-8000-0000000000a1",)
    assert tenant.attributes["displayName"] == ("Kari Old",)
    assert tenant.attributes["cloudMastered"] == (False,)
    assert tenant.dn == CLOUD_DN
    lack = document.missing[-1]
    assert lack.what == "its provisioning errors"
    assert f"/users/{USER['id']}?" in lack.command and "onPremisesProvisioningErrors" in lack.command


def test_an_address_in_quarantine_is_not_shown_but_imported(customer: Customer) -> None:
    error = {"propertyCausingError": "ProxyAddresses", "value": "smtp:kari.nordmann@museum.test", "category": "x"}
    user = {**USER, "proxyAddresses": ["SMTP:kari@museum.test"], "onPremisesProvisioningErrors": [error]}
    document, case = customer.has("ldif").gives("graph", user).case()
    tenant = case.objects["kari-nordmann-cloud"]
    assert tenant.attributes["proxyAddresses"] == ("SMTP:kari@museum.test",)
    assert tenant.quarantined["proxyAddresses"] == ("SMTP:kari@museum.test", "smtp:kari.nordmann@museum.test")
    assert "its provisioning errors" not in missing(document)


def test_a_cloud_object_that_no_directory_has(customer: Customer) -> None:
    document, case = customer.gives("csexport", (CUSTOMER / "entra.xml").read_text(encoding="utf-8")).case(CLOUD_DN)
    assert document.objects[0] == "kari-nordmann"
    assert case.objects["kari-nordmann"].connector == "entra"


def test_an_object_in_two_files_counts_once_and_disagreement_is_told(customer: Customer) -> None:
    thin = {"DistinguishedName": KARI, "ObjectId": "0c5b0001-0000-4000-8000-000000000002", "ObjectType": "user"}
    customer.gives("ldif", LDIF).gives("ldif", LDIF).gives("csobject", {**thin, "Attributes": []})
    document, case = customer.gives("csexport", _xml(PENDING)).case()
    told = [f for f in document.findings if f.code == "duplicate-object"]
    assert [Path(f.file or "").name for f in told] == ["csexport-3"]
    assert case.given.cs["kari-nordmann"].layers["pending-import"].attributes == {"department": ("Drawings",)}


# -- what stops it --------------------------------------------------------------------------------


def test_nobody_of_that_name(customer: Customer) -> None:
    with pytest.raises(NotFound, match=r"No file has an object nobody\. They have CN=Kari Nordmann"):
        customer.has("ldif").case("nobody")


def test_a_name_that_several_have(customer: Customer) -> None:
    twin = LDIF.replace("OU=Gallery", "OU=Shop", 1)
    with pytest.raises(Ambiguous, match="fits 2 objects"):
        customer.has("ldif").gives("ldif", twin).case("kari@museum.test")


def test_files_that_cannot_be_read_are_named_where_nobody_is_found(customer: Customer) -> None:
    with pytest.raises(SettingsError, match="No file has an object") as stopped:
        customer.gives("graph", LDIF).case()
    assert [d.code for d in stopped.value.diagnostics] == ["wrong-format"]


def test_a_file_that_somebody_wrote_is_not_replaced(customer: Customer) -> None:
    (customer.folder / "made.toml").write_text("title = 'mine'\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="was not written by"):
        customer.has("ldif").case()


@pytest.mark.parametrize("content", ["not a rule", "name = 1\n"])
def test_rules_that_are_none(customer: Customer, content: str) -> None:
    customer.rules = customer.folder / "rules"
    customer.rules.mkdir()
    (customer.rules / ("a.toml" if "=" in content else "a.txt")).write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError):
        customer.has("ldif").case()


def test_rules_of_a_customer_s_export_are_written_beside_the_case(customer: Customer) -> None:
    rule = (
        f"<synchronizationRule><id>{{{HQ}}}</id><name>In from AD - Guides</name><direction>Inbound</direction>"
        f"<disabled>False</disabled><connector>{{{HQ}}}</connector><sourceObjectType>user</sourceObjectType>"
        "<targetObjectType>person</targetObjectType><linkType>Provision</linkType><precedence>50</precedence>"
        "<attribute-mappings><mapping><dest>displayName</dest><src><attr>displayName</attr></src>"
        "<valueMergeType>Update</valueMergeType></mapping></attribute-mappings><relationshipCriteria/>"
        "<synchronizationCriteria/></synchronizationRule>"
    )
    customer.rules = customer.folder / "export"
    customer.rules.mkdir()
    (customer.rules / "rule.xml").write_text(rule, encoding="utf-8")
    (customer.rules / "connector.xml").write_text(ad_connector().replace(BOOKS.upper(), HQ), encoding="utf-8")
    with pytest.raises(SettingsError, match="beside the case"):
        import_case(customer.rules, customer.has("ldif").files, KARI)
    _, case = customer.case()
    assert [one.name for one in case.rules] == ["In from AD - Guides"]
    assert list((customer.folder / "made.rules").rglob("*.toml"))


def test_an_object_outside_of_the_project_s_partitions_is_told(customer: Customer, tmp_path: Path) -> None:
    from attrflow.app.operations.projects import init_project  # noqa: PLC0415 - only here

    init_project(tmp_path / "project")
    customer.rules = tmp_path / "project"
    document, case = customer.has("ldif").case()
    assert [f.code for f in document.findings] == ["outside-partitions"]
    assert case.connectors["contoso"].naming_context == "DC=museum,DC=test"


def test_an_object_of_which_only_the_name_is_known_has_the_image_of_its_directory(customer: Customer) -> None:
    named = {"DistinguishedName": KARI, "ObjectType": "user", "ConnectorName": "museum.test"}
    document, case = customer.has("ldif").gives("csobject", named).case()
    assert "incomplete" in [finding.code for finding in document.findings]
    assert case.given.cs["kari-nordmann"].image == {}


def test_what_graph_shows_beside_is_named(customer: Customer) -> None:
    shown = json.loads((CUSTOMER / "user.json").read_text(encoding="utf-8"))
    document, _ = customer.has("ldif").gives("graph", {**shown, "shoeSize": 44, "department": {"a": 1}}).case()
    notes = " ".join(document.notes)
    assert "Not used of what Graph shows: " in notes
    assert "shoeSize" in notes
    assert "Graph's department cannot be read as it stands" in notes
