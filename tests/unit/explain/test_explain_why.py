"""Why: each known cause is found, with its evidence, its fix and the command; what is well is said to be well."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn, user
from tests.unit.engine.lab_rules import expression, flow, rule
from tests.unit.explain.office import HIDDEN, LEAVERS, asked, office, rules, settled, with_unit

from attrflow.explain.containers import keeps_out
from attrflow.explain.diagnoses import DETECTORS
from attrflow.explain.text import plain
from attrflow.explain.text_why import why_lines
from attrflow.explain.why import Why
from attrflow.model.changes import ChangeSet
from attrflow.model.configuration import ConnectorConfiguration, Partition
from attrflow.model.connector_space import StoredError
from attrflow.model.errors import NotFound


def check(
    found: Why, *ids: str, says: str = "", fix: str = "", command: str = "", verdict: str = "cause-found"
) -> None:
    """The verdict and the causes, primary first; the answer, its fixes and its commands say certain things."""
    assert (found.verdict, *(d.id for d in found.diagnoses)) == (verdict, *ids), found.headline
    assert says in found.headline
    if ids:
        first = found.diagnoses[0]
        assert first.cause
        assert first.evidence or first.id == "DIAG-36", first.id
        assert fix in " | ".join(first.fix)
        assert command in " | ".join(first.commands)
        assert first.commands[-1].startswith("attrflow why ")


# -- the four planted faults ----------------------------------------------------------------------


def test_hidden_without_mailnickname_is_a_rule_out_of_scope() -> None:
    found = asked(settled(), "ola.hansen@contoso.test", HIDDEN)
    check(
        found, "DIAG-22",
        says='User Exchange" (116) is out of scope for Ola Hansen: mailNickname ISNOTNULL (has: no value)',
        fix="give the object a mailNickname in contoso (for example ola.hansen)", command="attrflow cycle",
    )  # fmt: skip
    assert "contoso has the value: msExchHideFromAddressLists is True." in found.diagnoses[0].evidence
    assert found.diagnoses[0].commands[-1] == f"attrflow why ola.hansen@contoso.test {HIDDEN}"


def test_the_same_attribute_of_somebody_with_mailnickname_is_well() -> None:
    check(asked(settled(), "Harald", HIDDEN), verdict="in-the-cloud", says="True in the cloud")


def test_a_manager_in_an_unselected_container_is_a_held_reference() -> None:
    check(
        asked(settled(), "Ingrid Berg", "manager"), "DIAG-35",
        says="refers to Tor Vik, and that object is not in the metaverse: OU=Leavers is not among",
        fix="refer to an object that is synchronized",
    )  # fmt: skip


def test_an_inbound_rule_alone_ends_in_the_metaverse() -> None:
    check(
        asked(settled(), "per.lund", "EMPLOYEETYPE"), "DIAG-43",
        says="is in the metaverse, contributed by In from AD - employeeType of contoso, and no outbound rule",
        fix='extensionAttribute1 = "employeeType"', command="attrflow run entra export",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["nina.dahl@contoso.test", "Nina Dahl", f"cn=nina dahl,{LEAVERS}"])
def test_an_object_in_an_unselected_container_is_not_imported(name: str) -> None:
    found = asked(settled(), name)
    check(found, "DIAG-03", says=f"because {LEAVERS} is excluded", command="attrflow run contoso full-import")
    assert found.subject.kind == "directory"


def test_an_attribute_of_an_object_outside_has_the_same_cause() -> None:
    check(asked(settled(), "Nina Dahl", "title"), "DIAG-03")


def test_a_reference_target_that_was_never_imported_says_who_refers_to_it() -> None:
    found = asked(settled(), "Tor Vik", live=False)
    check(found, "DIAG-03", says="OU=Leavers is not among the selected containers (OU=People)")
    assert dn("Ingrid Berg") in found.diagnoses[0].evidence[0]
    assert found.subject.kind == "placeholder"


# -- the object as a whole ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "id_", "attribute"),
    [("Ola Hansen", "DIAG-22", HIDDEN), ("Ingrid Berg", "DIAG-35", "manager"), ("Per Lund", "DIAG-43", "employeeType")],
)
def test_asked_for_an_object_its_attributes_that_do_not_arrive_are_listed(name: str, id_: str, attribute: str) -> None:
    found = asked(settled(), name)
    check(found, says="is in the cloud, confirmed by an import.")
    assert [(d.id, d.attribute) for d in found.attributes] == [(id_, attribute)]


def test_an_object_without_faults_is_well() -> None:
    check(asked(settled(), "Kari Nordmann"), verdict="in-the-cloud", says="Kari Nordmann is in the cloud")


def test_nobody_of_that_name_is_not_found() -> None:
    with pytest.raises(NotFound):
        asked(settled(), "Nobody At All")


# -- between the steps ----------------------------------------------------------------------------


def test_an_import_that_was_not_synchronized() -> None:
    lab = office()
    lab.directories["contoso"].set(dn("Kari Nordmann"), "title", ("Chief",))
    lab.run("contoso", "delta-import")
    found = asked(lab, "Kari Nordmann", "title")
    assert [d.id for d in found.diagnoses] == ["DIAG-15"]
    assert found.headline.startswith("It does synchronize")
    assert found.diagnoses[0].commands[0] == "attrflow run contoso delta-sync"
    assert any("next synchronization makes it" in f.text for f in found.findings)
    check(asked(lab, "Kari Nordmann", "telephoneNumber"), verdict="in-the-cloud")


def test_a_new_object_that_was_not_synchronized() -> None:
    lab = office()
    lab.directories["contoso"].add(user("Nils Ny", 9))
    lab.run("contoso", "delta-import")
    check(asked(lab, "Nils Ny"), "DIAG-15", says="no synchronization has run since")


def test_an_export_that_has_not_run() -> None:
    lab = office()
    lab.directories["contoso"].set(dn("Kari Nordmann"), "title", ("Chief",))
    lab.cycle("delta", export=False)
    found = asked(lab, "Kari Nordmann", "title")
    check(found, "DIAG-48", says="title waits for export to entra", command="attrflow run entra export")


def test_an_object_that_was_provisioned_and_never_exported() -> None:
    lab = office(settle=False)
    lab.cycle(export=False)
    found = asked(lab, "Kari Nordmann")
    check(found, "DIAG-48", says="waits for export")


def test_an_export_that_no_import_has_confirmed_is_on_its_way() -> None:
    lab = office(settle=False)
    lab.cycle()
    check(asked(lab, "Kari Nordmann", "title", live=False), verdict="on-its-way", says="no import has confirmed it yet")
    check(asked(lab, "Kari Nordmann", "title"), verdict="in-the-cloud")


def test_an_export_error_blocks_the_object() -> None:
    lab = office()
    cso = lab.linked("entra", dn("Kari Nordmann"))
    assert cso is not None
    error = StoredError(
        "AttributeValueMustBeUnique", "export", "proxyAddresses", "2026-01-05T08:00", "2026-01-05T09:00"
    )
    lab.directories["contoso"].set(dn("Kari Nordmann"), "title", ("Chief",))
    lab.cycle("delta", export=False)
    pending = lab.store.cs(cso.id)
    assert pending is not None
    lab.store.commit(ChangeSet({cso.id: replace(pending, export_error=error)}))
    found = asked(lab, "Kari Nordmann", "title")
    check(
        found, "DIAG-50", says="An export error blocks every attribute", fix="find the other object that has the value"
    )


# -- the metaverse side ---------------------------------------------------------------------------


def test_a_stored_synchronization_error_and_its_expression() -> None:
    broken = rule("In from AD - broken", 51, expression("description", 'Error("no " & [cn])'))
    lab = office(settle=False)
    lab.use(rules(broken))
    lab.settle()
    found = asked(lab, "Kari Nordmann", "title")
    check(found, "DIAG-16", "DIAG-30", says="applied whole or not at all")
    assert "In from AD - broken" in found.diagnoses[0].evidence[0]
    lab.use(rules())
    again = asked(lab, "Kari Nordmann", "title")
    assert "DIAG-30" not in [d.id for d in again.diagnoses]


def test_cloud_filtered_names_the_condition() -> None:
    lab = office(settle=False)
    lab.directories["contoso"].add(user("Svc Sync", 20, sAMAccountName=("MSOL_1234",)))
    lab.settle()
    found = asked(lab, "Svc Sync")
    check(found, "DIAG-38", says='because Left([sAMAccountName], 5) = "MSOL_"')
    check(asked(lab, "Svc Sync", "displayName"), "DIAG-38")


def test_a_provision_rule_out_of_scope_leaves_a_disconnector() -> None:
    lab = office(settle=False)
    lab.directories["contoso"].add(user("Crit Ical", 21, isCriticalSystemObject=(True,)))
    lab.settle()
    check(
        asked(lab, "Crit Ical"), "DIAG-17",
        says="no inbound Provision rule is in scope",
        fix="change isCriticalSystemObject in contoso: it must not be True",
    )  # fmt: skip


def test_a_container_is_there_for_what_is_below_it() -> None:
    unit = "OU=Sales,OU=People,DC=contoso,DC=test"
    found = asked(with_unit("Sales"), unit)
    check(
        found, "DIAG-17",
        says=f"{unit} is in the connector space",
        fix=f"ask about an object below it: {unit} is a container | or write an inbound rule for organizationalUnit",
    )  # fmt: skip
    assert "none needs a rule" in " ".join(found.diagnoses[0].evidence)


def test_no_join_value_at_all() -> None:
    lab = office(settle=False)
    lab.directories["contoso"].add(user("No Sid", 22, objectSid=None))
    lab.settle()
    check(asked(lab, "No Sid"), "DIAG-18", says="none of them has a value", fix="objectSid")


def test_an_attribute_that_no_rule_reads() -> None:
    check(
        asked(settled(), "Kari Nordmann", "carLicense"), "DIAG-20", says="reads carLicense", fix="extensionAttribute1"
    )


def test_a_disabled_rule() -> None:
    lab = office(settle=False)
    exchange = [replace(r, disabled=True) if r.name == "In from AD - User Exchange" else r for r in rules()]
    lab.use(exchange)
    lab.settle()
    check(asked(lab, "Harald", HIDDEN), "DIAG-21", says="is disabled", fix="enable the rule")


def test_another_forest_has_precedence() -> None:
    lab = Lab(rules())
    sid = (b"\x01" * 12,)
    lab.directories["contoso"].add(user("Two Homes", 1, title=("Here",), objectSid=sid))
    lab.directories["fabrikam"].add(user("Two Homes", 2, forest="fabrikam", title=("There",), objectSid=sid))
    lab.settle()
    found = asked(lab, "Two Homes", "title")
    assert [d.id for d in found.diagnoses] == ["DIAG-24"]
    assert '"There"' in found.diagnoses[0].cause


def test_authoritative_null() -> None:
    emptying = rule("In from AD - no titles", 52, expression("title", "AuthoritativeNull"))
    lab = office(emptying)
    found = asked(lab, "Kari Nordmann", "title")
    check(found, "DIAG-25", says="gives AuthoritativeNull")
    assert '"Boss"' in found.diagnoses[0].evidence[0]


def test_rules_that_changed_since_the_last_full_synchronization() -> None:
    lab = office()
    lab.use(rules(rule("In from AD - titles", 53, expression("title", '[title] & "!"'))))
    found = asked(lab, "Kari Nordmann", "title")
    assert [d.id for d in found.diagnoses] == ["DIAG-36"]
    assert "full synchronization is needed" in found.diagnoses[0].cause
    lab.run("contoso", "full-sync")
    assert [d.id for d in asked(lab, "Kari Nordmann", "title").diagnoses] == ["DIAG-48"]


def test_a_source_without_value_is_no_fault() -> None:
    check(
        asked(settled(), "Ola Hansen", "title"),
        verdict="no-value",
        says="Nothing is wrong: there is no value at the source",
    )


def test_what_no_detector_knows_is_said_honestly_with_the_trace() -> None:
    cut_off = rule("In from AD - gives nothing", 54, expression("info", 'IIF([title]="x",[title],NULL)'))
    out = rule("Out to AAD - info", 55, flow("info", "info"), direction="outbound", connector="entra")
    lab = office(cut_off, out)
    lab.directories["entra"].set(_cloud_dn(lab), "title", ("Changed by hand",))
    found = asked(lab, "Kari Nordmann", "title")
    check(found, verdict="no-known-cause", says="No known cause explains it.")
    assert "import attribute flow" in plain(why_lines(found))


def _cloud_dn(lab: Lab) -> str:
    entry = lab.cloud(dn("Kari Nordmann"))
    assert entry is not None
    return entry.dn


# -- the table and the containers -----------------------------------------------------------------


def test_the_table_is_in_order() -> None:
    ids = [detector.id for detector in DETECTORS]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    ("include", "exclude", "name", "says"),
    [
        ((), (), "CN=a,OU=x,DC=c,DC=t", None),
        ((), ("OU=x,DC=c,DC=t",), "CN=a,OU=y,OU=x,DC=c,DC=t", "OU=x,DC=c,DC=t is excluded"),
        (("OU=z,DC=c,DC=t",), (), "CN=a\\,b,OU=x,DC=c,DC=t", "OU=x is not among the selected containers (OU=z)"),
        (("OU=x,DC=c,DC=t",), ("OU=x,DC=c,DC=t",), "not a name", None),
        ((), (), "CN=a,DC=other", "no selected partition of ad holds it (selected: DC=c,DC=t)"),
    ],
)
def test_which_container_rule_keeps_a_name_out(
    include: tuple[str, ...], exclude: tuple[str, ...], name: str, says: str | None
) -> None:
    configuration = ConnectorConfiguration("ad", "", "ad", (Partition("DC=c,DC=t", include, exclude),), ("user",), ())
    assert keeps_out(configuration, name) == says
