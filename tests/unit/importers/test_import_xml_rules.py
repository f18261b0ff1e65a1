"""Rule files of the configuration folder: what they state, and what is said of faulty ones."""

from __future__ import annotations

from typing import Any

import pytest

from attrflow.rules.document import write_rule

from .exports import BOOKS, RULE, ad_connector, finished, mapping, told, xml_rule


def test_a_rule_comes_with_everything_that_its_file_states() -> None:
    text = xml_rule(
        mappings=mapping("department", "<attr>department</attr>")
        + mapping("cloudFiltered", "True", once=' execute-once="true"')
        + mapping("title", "<attr>sn</attr>", 'IIF([title]="x" &amp;&amp; True,\n"y",NULL)')
        + mapping("info", "")
        + mapping("proxyAddresses", "<attr>proxyAddresses</attr>", merge="MergeCaseInsensitive"),
        scope="<conditions><scope><csAttribute>mail</csAttribute><csOperator>ISNOTNULL</csOperator><csValue /></scope>"
        "<scope><csAttribute>ou</csAttribute><csOperator>EQUAL</csOperator><csValue> West </csValue></scope>"
        "</conditions><conditions><scope><csAttribute>l</csAttribute><csOperator>IsNotBitSet</csOperator><csValue>2</csValue></scope>"
        "</conditions>",
        join="<conditions><condition><csAttribute>employeeID</csAttribute><ilmAttribute>employeeNumber</ilmAttribute>"
        "<caseSensitive>True</caseSensitive></condition></conditions>",
        immutable_tag="Microsoft.InfromADReader.004",
        EnablePasswordSync="true",
        description="two &lt;words&gt;",
    )
    (imported,), findings, _ = finished(text)
    assert not findings
    assert (
        write_rule(imported.rule)
        == f"""\
name = "In from AD - Reader 1"
id = "{RULE.format(1)}"
direction = "inbound"
connector = "books"
source-type = "user"
target-type = "person"
link = "join"
precedence = 41
password-sync = true
tag = "Microsoft.InfromADReader.004"
description = "two <words>"

[[scope]]
all = [
  "mail ISNOTNULL",
  'ou EQUAL " West "',
]

[[scope]]
all = ["l ISBITNOTSET 2"]

[[join]]
all = ["employeeID = employeeNumber (case-sensitive)"]

[flows]
cloudFiltered = {{ constant = "True", once = true }}
department = "department"
info = {{ constant = "" }}
proxyAddresses = {{ direct = "proxyAddresses", merge = "merge-case-insensitive" }}
title = {{ expression = '''
IIF([title]="x" && True,
"y",NULL)''' }}
"""
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings_of_windows_tools_are_read(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\r\n' + xml_rule(name="Båtlån").replace("\n", "\r\n")
    (imported,), findings, _ = finished(text.encode(encoding))
    assert imported.rule.name == "Båtlån"
    assert all(finding.severity != "error" for finding in findings)


FAULTS = [
    pytest.param({"direction": "Sideways"}, ["unknown-word file1:5"], 0, id="a direction that is none"),
    pytest.param({"linkType": None}, ["missing-field file1:1"], 0, id="no link type"),
    pytest.param({"precedence": "many"}, ["wrong-precedence file1:11", "precedence-made file1:1"], 1, id="no number"),
    pytest.param({"name": ""}, ["missing-name file1:1"], 1, id="no name"),
    pytest.param({"id": "{nothing}"}, ["wrong-id file1:2"], 1, id="no GUID"),
    pytest.param({"id": None}, ["id-made file1:1"], 1, id="no id"),
    pytest.param({"disabled": "perhaps"}, ["unknown-word file1:6"], 1, id="neither true nor false"),
    pytest.param({"shoeSize": "44"}, ["unknown-element file1:13"], 1, id="an element that nobody knows"),
    pytest.param({"softDeleteExpiryInterval": "1.00:00:00"}, ["not-kept file1:13"], 1, id="a soft-delete interval"),
    pytest.param({"connector": f"{{{RULE.format(9)}}}"}, ["unknown-connector file1:7"], 0, id="an unknown connector"),
    pytest.param({"mappings": mapping("title", "", "Trim([title]")}, ["syntax file1:13"], 1, id="an expression"),
    pytest.param({"mappings": mapping("", "<attr>sn</attr>")}, ["missing-field file1:13"], 1, id="no destination"),
    pytest.param({"mappings": mapping("a b", "c")}, ["wrong-name file1:13"], 1, id="a destination that is no name"),
    pytest.param(
        {"mappings": mapping("sn", "<attr>a</attr><attr>b</attr>")}, ["wrong-sources file1:13"], 1, id="two sources"
    ),
    pytest.param({"mappings": mapping("sn", "x", merge="Blend")}, ["unknown-word file1:13"], 1, id="a merge type"),
]


@pytest.mark.parametrize(("given", "expected", "rules"), FAULTS)
def test_a_faulty_part_is_told_with_its_line(given: dict[str, Any], expected: list[str], rules: int) -> None:
    imported, findings, _ = finished(xml_rule(**given))
    assert told(findings) == expected
    assert len(imported) == rules


def test_a_mapping_that_cannot_be_read_is_noted_on_its_rule() -> None:
    (imported,), _, _ = finished(xml_rule(mappings=mapping("a b", "c") + mapping("sn", "<attr>sn</attr>")))
    assert [m.destination for m in imported.rule.mappings] == ["sn"]
    assert imported.left_out == ("flow to an attribute that could not be read, line 13: c",)


def test_a_scope_that_cannot_be_read_whole_disables_its_rule() -> None:
    scope = "<conditions><scope><csAttribute>mail</csAttribute><csOperator>LOOKSLIKE</csOperator></scope></conditions>"
    (imported,), findings, _ = finished(xml_rule(scope=scope))
    assert imported.rule.disabled
    assert told(findings) == ["unknown-operator file1:15", "incomplete-rule file1:1"]


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    text = xml_rule(mappings=mapping("sn", "<attr>sn</attr>"))
    (imported,), findings, _ = finished(text[: text.index("<relationshipCriteria>")])
    assert told(findings) == ["xml-syntax file1:14", "incomplete-rule file1:1"]
    assert [m.destination for m in imported.rule.mappings] == ["sn"]
    assert imported.rule.disabled, "its scope stood behind"


@pytest.mark.parametrize(
    "given",
    [
        {"scope": "<conditions><perhaps/></conditions>"},
        {
            "scope": "<conditions><scope><csAttribute>l</csAttribute><csOperator>ISNULL</csOperator><not/></scope>"
            "</conditions>"
        },
        {"join": "<conditions/><anything/>"},
    ],
)
def test_an_unknown_part_of_scope_or_join_disables_its_rule(given: dict[str, Any]) -> None:
    (imported,), findings, _ = finished(xml_rule(**given))
    assert {"unknown-element", "incomplete-rule"} <= {finding.code for finding in findings}
    assert imported.rule.disabled


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1/never.dtd">',
    ],
)
def test_a_document_type_is_refused_and_the_other_files_are_read(doctype: str) -> None:
    imported, findings, _ = finished(doctype + xml_rule(1), xml_rule(2))
    assert [one.rule.name for one in imported] == ["In from AD - Reader 2"]
    assert [finding.code for finding in findings] == ["xml-refused"]


def test_elements_without_end_are_refused() -> None:
    imported, findings, _ = finished("<a>" * 100_000)
    assert not imported
    assert [finding.code for finding in findings] == ["xml-refused"]


def test_two_rules_of_one_id_are_both_read_and_told() -> None:
    imported, findings, _ = finished(xml_rule(1), xml_rule(1, name="Another", precedence="77"), xml_rule(1))
    assert [one.rule.name for one in imported] == ["In from AD - Reader 1", "Another"]
    assert imported[0].rule.id == RULE.format(1) != imported[1].rule.id
    assert told(findings) == ["duplicate-id file2:1", "duplicate-rule file3:1"]


def test_a_precedence_that_two_rules_have_is_told() -> None:
    imported, findings, _ = finished(xml_rule(1, precedence="9"), xml_rule(2, precedence="9"))
    assert [one.rule.precedence for one in imported] == [9, 9]
    assert told(findings) == ["precedence-tie file2:1"]


def test_a_rule_without_a_number_stands_behind_the_one_that_it_names() -> None:
    after = xml_rule(2, precedence=None, precedence_after=f"{{{RULE.format(1)}}}")
    imported, findings, _ = finished(after, xml_rule(1, precedence="50"), xml_rule(3, precedence="51"))
    assert [(one.rule.name[-1], one.rule.precedence) for one in imported] == [("1", 50), ("3", 51), ("2", 52)]
    assert told(findings) == ["precedence-made file1:1"]


def test_map_decides_which_connector_is_meant() -> None:
    (imported,), findings, _ = finished(xml_rule(connector="{0}"), names={"0": "entra", "9": "books"})
    assert imported.rule.connector == "entra"
    assert [finding.code for finding in findings] == ["map-not-used"]
    (imported,), findings, _ = finished(xml_rule(connector="whatever"), names={"*": "books"})
    assert (imported.rule.connector, findings) == ("books", [])


def test_without_a_project_a_connector_keeps_a_name_from_the_export() -> None:
    (imported,), findings, _ = finished(xml_rule(), project=None)
    assert (imported.rule.connector, findings) == (BOOKS, [])


def test_other_files_are_named_in_findings() -> None:
    large = b"<a>" + b" " * (17 * 1024 * 1024)
    _, findings, _ = finished("", "<html/>", "Items:\n  - Name: x\n    ConnectorName: y\n", large)
    assert told(findings) == [
        "empty-file file1:0",
        "not-a-rule-export file2:1",
        "format-not-read file3:1",
        "too-large file4:0",
    ]


def test_a_connector_that_was_exported_by_hand_is_read() -> None:
    _, _, reading = finished(f"<saved-ma-configuration>{ad_connector()}</saved-ma-configuration>")
    assert [one.name for one in reading.connectors] == ["books.test"]


def test_a_file_of_nothing_but_line_ends_is_read_at_once() -> None:
    _, findings, _ = finished("x" + "\n" * 500_000, "\n" * 500_000 + "<a/>")
    assert told(findings) == ["not-a-rule-export file1:1", "not-a-rule-export file2:500001"]
