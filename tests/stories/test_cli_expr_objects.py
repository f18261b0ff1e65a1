"""Expressions on stored objects: what an engineer asks before a rule is written."""

from __future__ import annotations

from tests.unit.cli.cli_calls import call, document, lines

from .project import Story, dn_of


def test_an_expression_reads_the_object_of_the_directory(settled: Story) -> None:
    at = ("-C", settled.folder, "--object", "kari@corp.test")
    told = lines(call("expr", "eval", '[sAMAccountName] & "@" & DNComponent(CRef([dn]),1)', *at).stdout)
    assert told[0] == f"for corp: {dn_of('Kari')}"
    assert told[1].endswith('@Kari" (text)')
    found = document("expr", "eval", "%Connector.ID%", *at, name="expression-value")
    assert found["value"] == settled.project.settings.connectors["corp"].id


def test_given_attributes_stand_over_the_stored_ones(settled: Story) -> None:
    at = ("-C", settled.folder, "--object", "kari@corp.test")
    given = document("expr", "eval", "[cn] & [extra]", *at, "-a", "extra=!", "-a", "cn=New", name="expression-value")
    assert given["value"] == "New!"


def test_the_metaverse_and_another_connector_can_be_asked(settled: Story) -> None:
    at = ("-C", settled.folder, "--object", "kari@corp.test")
    mv = document("expr", "eval", "[accountName]", *at, "--mv", name="expression-value")
    assert mv["subject"].startswith("metaverse: ")
    assert mv["value"] is not None
    cloud = document("expr", "eval", "IsPresent([sourceAnchor])", *at, "--connector", "entra", name="expression-value")
    assert cloud["subject"].startswith("entra: ")
    assert "no object in the connector" in call("expr", "eval", "1", *at, "--connector", "nowhere", code=3).stderr


def test_the_members_of_a_group_are_names(settled: Story) -> None:
    cso = next(o for o in settled.objects("corp") if o.object_type == "group")
    at = ("-C", settled.folder, "--object", cso.dn)
    found = document("expr", "eval", "Select($m,[member],DNComponent($m,1))", *at, name="expression-value")
    assert found["type"] in ("several texts", "NULL")


def test_check_knows_the_schema_of_the_connector(settled: Story) -> None:
    at = ("-C", settled.folder, "--connector", "corp", "--type", "user")
    found = document("expr", "check", "[Mail] & [mial] & %Domain.FQDM%", *at, code=2, name="expression-check")
    assert [row["code"] for row in found["diagnostics"] if row["severity"] == "error"] == [
        "wrong-case",
        "unknown-attribute",
        "unknown-parameter",
    ]
