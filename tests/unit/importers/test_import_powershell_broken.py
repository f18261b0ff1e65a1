"""Scripts that are broken or cut off: nothing reaches another rule, and none runs without what it may have had."""

from __future__ import annotations

from typing import Any

import pytest

from .exports import RULE, finished
from .scripts import ADD, FLOW, OPEN, TYPE, check, flows, lines_of


def test_a_statement_that_is_not_understood_reaches_no_other_rule() -> None:
    opened = OPEN.replace("Reader'", "Child'").replace(RULE.format(1), RULE.format(2)).replace("41", "(42")
    script = OPEN + FLOW + "-Destination a -Source a\n" + ADD + opened + FLOW + "-Destination b -Source b\n" + ADD
    imported = check(script, "powershell-syntax 4", "unresolved 5", "unresolved 6")
    assert flows(imported) == {"a": "a"}


def test_a_mapping_that_is_not_understood_is_noted_on_its_rule() -> None:
    imported = check(OPEN + FLOW + "-Destination b -Source @('b'\n-FlowType )x\n" + ADD, "powershell-syntax 3")
    assert imported.left_out == (f"line 2: {FLOW}-Destination b -Source @('b' -FlowType )x",)


SCOPE = (
    f"New-Object -TypeName '{TYPE}ScopeCondition' -ArgumentList 'l','Oslo','EQUAL' -OutVariable condition0\n"
    "Add-ADSyncScopeConditionGroup -SynchronizationRule $syncRule[0] -ScopeConditions @($condition0[0])\n"
)
BROKEN: list[Any] = [
    pytest.param(OPEN + SCOPE.replace("[0])", "[0]") + ADD, ["powershell-syntax 3", "incomplete-rule 1"], id="a group"),
    pytest.param(
        OPEN + SCOPE + ADD.replace("$sync", "$none") + SCOPE.replace("'l',", "'l',)") + ADD,
        ["powershell-syntax 5", "unknown-condition 6", "assumed-rule 4", "incomplete-rule 1"],
        id="a condition, of whose name there was another before",
    ),
    pytest.param(OPEN + SCOPE.replace("(", "((") + ADD, ["powershell-syntax 3", "incomplete-rule 1"], id="the rest"),
    pytest.param(
        OPEN + FLOW + "-Destination a -Sou 'a", ["powershell-syntax 2", "rule-not-added 1"], id="cut off in a mapping"
    ),
    pytest.param(OPEN + FLOW + "-Destination a -Source a\n", ["rule-not-added 1"], id="cut off behind a mapping"),
]


@pytest.mark.parametrize(("script", "expected"), BROKEN)
def test_a_rule_of_which_something_may_be_missing_is_disabled(script: str, expected: list[str]) -> None:
    (imported,), findings, _ = finished(script)
    assert sorted(lines_of(findings)) == sorted(expected), [str(finding) for finding in findings]
    assert imported.rule.disabled


def test_several_rules_may_be_added_at_once() -> None:
    other = OPEN.replace("Reader'", "Child'").replace(RULE.format(1), RULE.format(2)).replace("41", "42")
    script = OPEN.replace("syncRule", "+all") + other.replace("syncRule", "+all") + "$all | Add-ADSyncRule\n"
    imported, findings, _ = finished(script)
    assert [(one.rule.precedence, one.rule.disabled) for one in imported] == [(41, False), (42, False)]
    assert not findings
