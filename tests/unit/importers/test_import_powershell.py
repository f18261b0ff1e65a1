"""Scripts that make rules, as the editor writes them and as people do: what is read, and what is told with its line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attrflow.importers.findings import Findings
from attrflow.importers.powershell import read_powershell
from attrflow.rules.document import write_rule

from .exports import BOOKS, RULE, finished, told
from .scripts import ADD, FLOW, OPEN, TYPE, check, flows


def test_the_editors_own_export_is_read_whole() -> None:
    script = f"""\
New-ADSyncRule  `
-Name 'In from AD - Reader''s Card' `
-Identifier '{RULE.format(1)}' `
-Description '' `
-Direction 'Inbound' `
-Precedence 41 `
-PrecedenceAfter '00000000-0000-0000-0000-000000000000' `
-PrecedenceBefore '00000000-0000-0000-0000-000000000000' `
-SourceObjectType 'user' `
-TargetObjectType 'person' `
-Connector '{BOOKS}' `
-LinkType 'StickyJoin' `
-SoftDeleteExpiryInterval 0 `
-ImmutableTag '' `
-EnablePasswordSync  `
-Disabled  `
-OutVariable syncRule


#Add-ADSyncAttributeFlowMapping  `
#-Destination 'never' `
Add-ADSyncAttributeFlowMapping  `
-SynchronizationRule $syncRule[0] `
-Source @('cardNumber') `
-Destination 'extensionAttribute1' `
-FlowType 'Direct' `
-ValueMergeType 'Update' `
-ExecuteOnce  `
-OutVariable syncRule


Add-ADSyncAttributeFlowMapping  `
-SynchronizationRule $syncRule[0] `
-Source @('True') `
-Destination 'cloudFiltered' `
-FlowType 'Constant' `
-ValueMergeType 'Update' `
-OutVariable syncRule


Add-ADSyncAttributeFlowMapping  `
-SynchronizationRule $syncRule[0] `
-Source @('givenName','sn') `
-Destination 'displayName' `
-FlowType 'Expression' `
-ValueMergeType 'MergeCaseInsensitive' `
-Expression 'IIF(IsPresent([sn]),
  Trim([sn]) & "''s",
  NULL)' `
-OutVariable syncRule


New-Object  `
-TypeName '{TYPE}ScopeCondition' `
-ArgumentList 'cardNumber','','ISNOTNULL' `
-OutVariable condition0


Add-ADSyncScopeConditionGroup  `
-SynchronizationRule $syncRule[0] `
-ScopeConditions @($condition0[0]) `
-OutVariable syncRule


New-Object  `
-TypeName '{TYPE}JoinCondition' `
-ArgumentList 'employeeID','employeeNumber',$true `
-OutVariable condition0


New-Object  `
-TypeName '{TYPE}JoinCondition' `
-ArgumentList 'sn','sn',$false `
-OutVariable condition1


Add-ADSyncJoinConditionGroup  `
-SynchronizationRule $syncRule[0] `
-JoinConditions @($condition0[0],$condition1[0]) `
-OutVariable syncRule


Add-ADSyncRule  `
-SynchronizationRule $syncRule[0]


Get-ADSyncRule  `
-Identifier '{RULE.format(1)}'
"""
    assert (
        write_rule(check(script).rule)
        == f"""\
name = "In from AD - Reader's Card"
id = "{RULE.format(1)}"
direction = "inbound"
connector = "books"
source-type = "user"
target-type = "person"
link = "sticky-join"
precedence = 41
disabled = true
password-sync = true

[[scope]]
all = ["cardNumber ISNOTNULL"]

[[join]]
all = [
  "employeeID = employeeNumber (case-sensitive)",
  "sn = sn",
]

[flows]
cloudFiltered = {{ constant = "True" }}
displayName = {{ expression = '''
IIF(IsPresent([sn]),
  Trim([sn]) & "'s",
  NULL)''', merge = "merge-case-insensitive" }}
extensionAttribute1 = {{ direct = "cardNumber", once = true }}
"""
    )


STYLES: list[Any] = [
    pytest.param("-Destination title -FlowType Direct -Source personalTitle", "personalTitle", id="bare words"),
    pytest.param("-Dest title -Flow Direct -Sou 'personalTitle'", "personalTitle", id="names cut short"),
    pytest.param("-Destination:title -FlowType:Direct -Source:@('personalTitle')", "personalTitle", id="colons"),
    pytest.param("–Destination ‘title’ —FlowType “Direct” –Source ‘personalTitle’", "personalTitle", id="typographic"),
    pytest.param("-Destination title -FlowType Direct -Source $a", "carLicense", id="a variable"),
    pytest.param('-Destination title -FlowType Direct -Source "car$b"', "carLicense", id="a variable in a string"),
    pytest.param("-Destination title -FlowType Direct -Source ('car' + $b)", "carLicense", id="a sum"),
    pytest.param("-Destination title -FlowType Direct -Source ('{0}{1}' -f 'car', $b)", "carLicense", id="a format"),
    pytest.param("-Destination title -FlowType Direct -Source $h.title.source", "carLicense", id="a table's member"),
    pytest.param("-Destination title -FlowType Direct -Source $h['title']['source']", "carLicense", id="its element"),
    pytest.param("-Destination title -FlowType Direct -Source $list[-1]", "carLicense", id="a list's element"),
    pytest.param(
        "-Destination title -FlowType Direct -Source $a.Trim().Replace('car','my')", "myLicense", id="methods"
    ),
    pytest.param("-Destination title -FlowType Direct -Source ($list -join '')", "mycarLicense", id="a join"),
    pytest.param(
        "-Destination title -FlowType Direct -Source $(if ($n -gt 3) { $a } else { 'x' })", "carLicense", id="if"
    ),
    pytest.param("-Destination ($h.Keys -join '').Substring(0, 5) -Source $a", "carLicense", id="a table's keys"),
    pytest.param("@p -Source carLicense", "carLicense", id="splatting"),
    pytest.param('-Destination title -Source "car$((1..3)[-1])"', "car3", id="a range"),
    pytest.param("-Destination title -FlowType Expression -Source 'False' -Expression '[sn]'", "[sn]", id="a leftover"),
    pytest.param(
        '-Destination title -FlowType Expression -Expression "[$a] & `"x`""', '[carLicense] & "x"', id="escapes"
    ),
    pytest.param("-Destination title -FlowType Expression -Expression $here", "[sn] & \"$a 'x'\"", id="a here-string"),
    pytest.param(
        "-Destination title -FlowType Expression -Expression $filled", '[carLicense] & "y"', id="a filled one"
    ),
    pytest.param("-Destination title -FlowType Constant -Source 12 # its number", "12", id="a number and a comment"),
    pytest.param("-Destination title `\n  -FlowType Direct <# how #> `\n\t-Source a | Out-Null", "a", id="lines"),
]
SETTING = """\
$a, $n = 'carLicense', (2 + 3)
[string] $b = "License"
$h = @{ title = @{ source = $a }; 'other' = 1 }
$list = @('my', $a)
$p = @{
    Destination = 'title'   # where to
    FlowType    = "Direct"
}
$here = @'
[sn] & "$a 'x'"
'@
$filled = @"
[$a] & "y"
"@
"""


@pytest.mark.parametrize(("parameters", "source"), STYLES)
def test_values_are_read_in_every_style(parameters: str, source: str) -> None:
    imported = check(f"{SETTING}{OPEN}{FLOW}{parameters}\n{ADD}")
    assert flows(imported) == {"title": source}


UNRESOLVED: list[Any] = [
    pytest.param("-Destination title -FlowType Direct -Source $unknown", id="a variable that is never set"),
    pytest.param("-Destination title -FlowType Direct -Source (Read-Host 'which')", id="a question"),
    pytest.param('-Destination title -FlowType Expression -Expression "[sn] & $($x.Name)"', id="a server's object"),
    pytest.param("-Destination $x[1].Name -FlowType Direct -Source sn", id="a destination"),
    pytest.param("-Destination title -FlowType Direct -Source ('a{0:D2}' -f 7)", id="a format that is not read"),
    pytest.param("-Destination title -FlowType Direct -Source ('abc' -replace '(b)', 'x$1')", id="a pattern"),
    pytest.param("-Destination title -FlowType Direct -Source $(if ('A' -ceq 'a') { 'x' })", id="a case"),
    pytest.param("-Destination title -FlowType $env:KIND -Source sn", id="a flow type"),
    pytest.param("-Destination title -Source $(if ($x) { 'mail' } else { 'cn' })", id="a choice"),
]


@pytest.mark.parametrize("parameters", UNRESOLVED)
def test_what_needs_a_server_is_told_and_leaves_its_mapping_out(parameters: str) -> None:
    imported = check(
        f"$x = Get-ADSyncConnector\n{OPEN}{FLOW}{parameters}\n{FLOW}-Destination sn -Source sn\n{ADD}", "unresolved 3"
    )
    assert flows(imported) == {"sn": "sn"}
    assert len(imported.left_out) == 1


ODD: list[Any] = [
    pytest.param(
        OPEN.replace(" -D", " `\n-D").replace(" -S", "\n-S") + ADD, ["missing-backtick 3"], id="backticks lost"
    ),
    pytest.param(OPEN.replace(" -P", " `  \n-P") + ADD, ["blank-after-backtick 1"], id="blanks behind a backtick"),
    pytest.param(OPEN.replace(" -P", " ` # next\n-P") + ADD, ["blank-after-backtick 1"], id="a comment behind one"),
    pytest.param(
        OPEN.replace("from AD - Reader'", "from AD's books' `\n") + ADD, ["quote-not-doubled 1"], id="a quote"
    ),
    pytest.param(OPEN, ["rule-not-added 1"], id="never added"),
    pytest.param(OPEN + ADD.replace("$syncRule[0]", "$rule"), ["assumed-rule 2"], id="another variable"),
    pytest.param(
        OPEN + FLOW + "-Destination a -ConstantValue b\n" + ADD,
        ["unknown-parameter 2", "wrong-sources 2"],
        id="no parameter",
    ),
    pytest.param(OPEN + "$a = 'x'y z(\n" + ADD, ["powershell-syntax 2"], id="no PowerShell"),
    pytest.param(f"if (Test-Path x) {{ {OPEN} }}\n" + ADD, ["unresolved-condition 1"], id="a condition"),
    pytest.param(f"foreach ($c in Get-ADSyncConnector) {{ {OPEN}{ADD} }}", ["unresolved-condition 1"], id="a loop"),
    pytest.param(OPEN + ADD + "exit\n" + OPEN, ["after-exit 3"], id="rules below exit"),
    pytest.param(f"function f {{ {OPEN}{ADD} }}", ["function-not-called 1"], id="a function that nobody calls"),
    pytest.param(OPEN + "Set-ADSyncRuleThing -Rule $syncRule[0]\n" + ADD, ["command-not-read 2"], id="a command"),
    pytest.param(OPEN + "Remove-ADSyncRule -Identifier x\n" + ADD, ["command-not-read 2"], id="a removal"),
    pytest.param("#" + OPEN + "<#\n" + OPEN + ADD + "#>\n" + OPEN + ADD, [], id="dead rules"),
    pytest.param("Some prose\n```powershell\n" + OPEN + ADD + "```\nMore of it's prose\n", [], id="Markdown"),
    pytest.param(OPEN.replace("New-", "ADSync\\New-") + ADD, [], id="a module's name"),
    pytest.param(f"$r = {OPEN.replace(' -OutVariable syncRule', '')}$r | Add-ADSyncRule\n", [], id="a variable"),
    pytest.param(f"try {{\n{OPEN}{ADD}}} catch [System.Exception] {{ throw }} finally {{ }}", [], id="try"),
    pytest.param(
        OPEN + "if ($false) { " + FLOW + "-Destination a -Source b }\n" + ADD, ["not-reached 2"], id="a dead branch"
    ),
    pytest.param(
        OPEN + "foreach ($x in @()) {\n" + FLOW + "-Destination $x -Source b }\n" + ADD, ["not-reached 3"], id="no turn"
    ),
    pytest.param("Invoke-Command {\n" + OPEN + ADD + "}", ["unresolved-condition 1"], id="a block for a command"),
    pytest.param("class A { [string] $B = '}' }\n" + OPEN + ADD, ["definition-not-read 1"], id="a class"),
    pytest.param("param([int]$x = 3, [string[]]$y)\n" + OPEN + ADD, [], id="parameters of the script"),
    pytest.param(
        "[CmdletBinding(DefaultParameterSetName = 'a)]')]\n[OutputType([int])]\nparam($x)\n" + OPEN + ADD,
        [],
        id="attributes",
    ),
    pytest.param("$i = 40; ++$i\n" + OPEN.replace("41", "($i++)") + "$i++\n" + ADD, [], id="a counter"),
]


@pytest.mark.parametrize(("script", "expected"), ODD)
def test_scripts_as_people_write_them(script: str, expected: list[str]) -> None:
    assert check(script, *expected).rule.source_type == "user"


def test_a_function_is_called_with_what_it_is_given() -> None:
    script = f"""
function Add-Reader([string]$Kind, $Number = 41, [switch]$Off) {{
    $rule = New-ADSyncRule -Name "In from AD - $Kind" -Direction Inbound -Precedence $Number -SourceObjectType user `
        -TargetObjectType person -Connector $books -LinkType Join -Disabled:$Off -Identifier $ids[$Number - 41]
    $rule | Add-ADSyncAttributeFlowMapping -Destination info -FlowType Constant -Source $Kind.ToUpper() | Out-Null
    Add-ADSyncRule $rule
}}
$books = '{BOOKS}'
$ids = '{RULE.format(1)}', '{RULE.format(2)}', '{RULE.format(3)}'
Add-Reader 'Child'
Add-Reader -Number 42 -Kind Guest -Off
foreach ($one in 'Staff') {{ Add-Reader $one (40 + 3) }}
"""
    imported, findings, _ = finished(script)
    assert not findings
    found = [(i.rule.name, i.rule.precedence, i.rule.disabled, flows(i)) for i in imported]
    assert found == [
        ("In from AD - Child", 41, False, {"info": "CHILD"}),
        ("In from AD - Guest", 42, True, {"info": "GUEST"}),
        ("In from AD - Staff", 43, False, {"info": "STAFF"}),
    ]


def test_what_a_server_would_have_to_give_is_told_with_its_text() -> None:
    script = "$r = Get-ADSyncRule -Identifier x\n" + FLOW.replace("$syncRule[0]", "$r") + "-Destination a -Source b\n"
    imported, findings, _ = finished(script)
    assert not imported
    assert [finding.message for finding in findings[:-1]] == [
        "the flow to a, on a rule that only the server has (Get-ADSyncRule -Identifier x); not imported"
    ]


def test_a_condition_that_was_never_made_disables_the_rule() -> None:
    group = "Add-ADSyncScopeConditionGroup -SynchronizationRule $syncRule[0] -ScopeConditions @($condition7[0])\n"
    assert check(OPEN + group + ADD, "unknown-condition 2", "incomplete-rule 1").rule.disabled


def test_a_text_without_a_rule_is_told() -> None:
    _, findings, _ = finished("Get-Process | Stop-Process\n", "Get-ADSyncRule | Format-Table\n")
    assert told(findings) == ["not-a-rule-export file1:1", "not-a-rule-export file2:1"]


@pytest.mark.parametrize(
    "script",
    [
        "while ($true) { $x += 'a' }",
        "$x = 'a'; for ($i = 0; $i -lt 9000; $i++) { $x = $x + $x }",
        "function f { f }\nf",
        "$x = " + "(" * 5000 + "1" + ")" * 5000,
        "$x = @'\nnever ends",
        "1..9999999 | % { $_ }",
        "f <# never ends\n",
        "$x = (1 <# never ends\n",
        "f" + "\n" * 200_000,
    ],
)
def test_a_script_that_would_not_end_is_given_up(script: str) -> None:
    imported, findings, _ = finished(OPEN + ADD + script + "\n")
    assert len(imported) == 1
    assert {f.code for f in findings} <= {"script-too-long", "powershell-syntax"}


WHOLE = (
    SETTING + OPEN + FLOW + "-Destination title `\n-Source @('a','b') -Expression \"$($a) 'x'\"\nif ($a) { f }\n" + ADD
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_text_stops_the_reader(data: st.DataObject) -> None:
    """Whatever is cut out of a script or put into it, reading it ends, and without an error."""
    start = data.draw(st.integers(0, len(WHOLE)))
    end = data.draw(st.integers(start, min(len(WHOLE), start + 40)))
    put = data.draw(st.text("$@(){}[]'\"`|,;:=-.#<>&% \nab1", max_size=6))
    read_powershell(WHOLE[:start] + put + WHOLE[end:], "file", Findings())
