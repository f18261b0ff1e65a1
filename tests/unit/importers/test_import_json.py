"""JSON exports: the wizard's settings file and what ConvertTo-Json makes of rules."""

from __future__ import annotations

import json
from typing import Any

import pytest

from attrflow.rules.document import write_rule

from .exports import BOOKS, CLOUD, RULE, finished, told

RULE_OBJECT: dict[str, Any] = {
    "Name": "In from AD - Reader",
    "Identifier": RULE.format(1),
    "Description": None,
    "Direction": "Inbound",
    "Precedence": 41,
    "SourceObjectType": "user",
    "TargetObjectType": "person",
    "Connector": BOOKS,
    "LinkType": "Join",
    "SoftDeleteExpiryInterval": {"Ticks": 0, "Days": 0},
    "ImmutableTag": "",
    "Disabled": False,
    "EnablePasswordSync": True,
    "ScopeFilter": [
        {"ScopeConditions": [{"Attribute": "mail", "ComparisonValue": "", "ComparisonOperator": "ISNOTNULL"}]}
    ],
    "JoinFilter": {"JoinConditions": {"CSAttribute": "a", "MVAttribute": "b", "CaseSensitive": True}},
    "AttributeFlowMappings": [
        {
            "Source": ["title"],
            "Destination": "title",
            "FlowType": "Direct",
            "ValueMergeType": "Update",
            "ExecuteOnce": True,
        },
        {"Source": None, "Destination": "info", "FlowType": "Expression", "Expression": "Trim([info])"},
        {"Source": "True", "Destination": "cloudFiltered", "FlowType": "Constant", "MappingSourceAsString": "True"},
    ],
}


def changed(**fields: Any) -> str:
    """The rule as JSON with other values; None takes a key away."""
    content = {key: value for key, value in {**RULE_OBJECT, **fields}.items() if key not in fields or value is not None}
    return json.dumps(content, indent=1)


@pytest.mark.parametrize("wrap", ["{}", "[{}]", '{{"value": [{}], "Count": 1}}'])
def test_a_rule_comes_whole_however_powershell_wraps_it(wrap: str) -> None:
    (imported,), findings, _ = finished(wrap.format(changed()))
    assert not findings
    assert (
        write_rule(imported.rule)
        == f"""\
name = "In from AD - Reader"
id = "{RULE.format(1)}"
direction = "inbound"
connector = "books"
source-type = "user"
target-type = "person"
link = "join"
precedence = 41
password-sync = true

[[scope]]
all = ["mail ISNOTNULL"]

[[join]]
all = ["a = b (case-sensitive)"]

[flows]
cloudFiltered = {{ constant = "True" }}
info = {{ expression = 'Trim([info])' }}
title = {{ direct = "title", once = true }}
"""
    )


def test_enumerations_as_numbers_are_taken_in_their_order_and_told() -> None:
    mapping = {"Source": ["sn"], "Destination": "sn", "FlowType": 0, "ValueMergeType": 0}
    text = changed(Direction=1, LinkType=2, AttributeFlowMappings=[mapping])
    (imported,), findings, _ = finished(text)
    assert (imported.rule.direction, imported.rule.link) == ("inbound", "sticky-join"), "its name says: In from"
    assert told(findings) == ["enum-numbers file1:5"]


@pytest.mark.parametrize(
    "cut", ["System.Object[]", "Microsoft.IdentityManagement.PowerShell.ObjectModel.X", "@{Source=a}"]
)
def test_a_rule_that_powershell_cut_short_is_refused(cut: str) -> None:
    imported, findings, reading = finished(changed(AttributeFlowMappings=[cut]))
    assert (imported, reading.refused) == ([], 1)
    assert told(findings) == ["truncated-json file1:37"]


def test_unknown_keys_are_told_and_noted_on_the_rule() -> None:
    (imported,), findings, _ = finished(changed(shoeSize=44))
    assert told(findings) == ["unknown-key file1:59"]
    assert imported.left_out == ("shoeSize of a rule, line 59: 44",)


def test_json_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    text = f"[{changed()}, {changed(Identifier=RULE.format(2), Precedence=42)}"
    imported, findings, _ = finished(text[: text.rindex('"ScopeFilter"')])
    assert [(one.rule.precedence, one.rule.disabled) for one in imported] == [(41, False), (42, True)]
    assert {"json-syntax", "incomplete-rule"} <= {finding.code for finding in findings}


def test_an_unknown_key_that_may_limit_the_rule_disables_it() -> None:
    (imported,), findings, _ = finished(changed(GroupFilterCriteria=[{"a": 1}]))
    assert told(findings) == ["unknown-key file1:59", "incomplete-rule file1:1"]
    assert imported.rule.disabled


def test_the_settings_file_is_read_with_aliases_and_in_any_case() -> None:
    custom = {
        "NAME": "In from AD - Reader",
        "uniqueIdentifier": RULE.format(1),
        "direction": "Inbound",
        "source": "user",
        "target": "person",
        "linkType": "Join",
        "precedence": 68,
        "scopeFilters": [
            {"attribute": "a", "condition": "ISNOTNULL"},
            {"attribute": "b", "condition": "EQUAL", "value": "x"},
        ],
        "attributeMappings": {"destination": "title", "source": "personalTitle"},
    }
    policy = {
        "onpremisesDirectoryPolicy": [
            {"uniqueIdentifier": BOOKS, "friendlyName": "books.test", "customSynchronizationRules": custom, "moon": 1}
        ],
        "azureDirectoryPolicy": {
            "standardSynchronizationRules": [{"name": "Out to AAD - Nothing", "immutableTag": "Microsoft.X.1"}]
        },
        "deploymentMetadata": {"connectorIds": [BOOKS, CLOUD.id]},
    }
    (imported,), findings, reading = finished(json.dumps(policy))
    assert imported.rule.connector == "books"
    assert [[clause.attribute for clause in group] for group in imported.rule.scope] == [["a", "b"]]
    assert [(c.id, c.kind) for c in reading.connectors] == [(BOOKS, "ad"), (CLOUD.id, "entra")]
    codes = [finding.code for finding in findings]
    assert codes == ["assumed-group", "unknown-key", "precedence-made", "body-not-in-file"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"policyMetadata": {}, "deploymentMetadata": {}}', "no-rules"),
        ('{"directories": [], "synchronizationRules": []}', "format-not-read"),
        ('{"a": 1}', "not-a-rule-export"),
        ("[{}]", "not-a-rule-export"),
        ('{"a": ', "json-syntax"),
        ("[" + "[{}," * 2000, "json-syntax"),
    ],
)
def test_other_json_is_named(text: str, code: str) -> None:
    imported, findings, _ = finished(text)
    assert not imported
    assert findings[0].code == code


def test_half_a_surrogate_pair_is_no_character() -> None:
    (imported,), _, _ = finished(changed(Name="x").replace('"x"', r'"a\ud800b \ud83d\ude00"'))
    assert imported.rule.name == "a\ufffdb \U0001f600"
