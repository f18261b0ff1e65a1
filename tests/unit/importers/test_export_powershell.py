"""Rules -> PowerShell -> rules: nothing is lost, and nothing of a rule becomes a command."""

from __future__ import annotations

from dataclasses import replace

import tree_sitter
import tree_sitter_powershell
from hypothesis import given, settings
from hypothesis import strategies as st

from attrflow.app.library import default_rules
from attrflow.importers.findings import Findings
from attrflow.importers.powershell_export import write_powershell
from attrflow.model.provenance import MappingId
from attrflow.rules.features import COMPLETE
from attrflow.rules.rule import (
    OPERATORS,
    AttributeMapping,
    JoinClause,
    Rule,
    ScopeClause,
    numbered,
)

from .exports import BOOKS, CLOUD, HUB, RULE, finished

IDS = {"books": BOOKS, "entra": CLOUD.id}
TEXT = st.text(
    st.one_of(st.sampled_from("'‘’\"“`$@(){};#|\n\t -a"), st.characters(codec="utf-8", exclude_categories=["C", "Z"]))
)
WORD = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,6}", fullmatch=True)
FILLED = TEXT.filter(lambda text: text.strip() != "")
FLOW = st.one_of(
    st.tuples(st.just("direct"), WORD),
    st.tuples(st.just("constant"), TEXT),
    st.tuples(st.just("expression"), st.one_of(FILLED, st.sampled_from(['IIF([a]="x",Trim([b]),NULL)', "[a] & 'x'"]))),
)
MAPPING = st.builds(
    lambda destination, flow, merge, once: AttributeMapping(MappingId(destination, 0), flow[0], flow[1], merge, once),
    WORD,
    FLOW,
    st.sampled_from(["update", "replace", "merge", "merge-case-insensitive"]),
    st.booleans(),
)
GROUPS = st.lists(
    st.lists(st.builds(ScopeClause, WORD, st.sampled_from(OPERATORS), TEXT), min_size=1, max_size=3).map(tuple),
    max_size=3,
)
JOINS = st.lists(
    st.lists(st.builds(JoinClause, WORD, WORD, st.booleans()), min_size=1, max_size=2).map(tuple), max_size=2
)


@st.composite
def rules(draw: st.DrawFn, number: int) -> Rule:
    """Any rule that a project may hold."""
    return Rule(
        id=RULE.format(number),
        name=draw(FILLED),
        description=draw(TEXT),
        direction=draw(st.sampled_from(["inbound", "outbound"])),
        connector=draw(st.sampled_from(list(IDS))),
        source_type=draw(WORD),
        target_type=draw(st.one_of(WORD, st.just("*"))),
        link=draw(st.sampled_from(["provision", "join", "sticky-join", "join-no-flow"])),
        precedence=number,
        scope=tuple(draw(GROUPS)),
        join=tuple(draw(JOINS)),
        mappings=numbered(draw(st.lists(MAPPING, max_size=4))),
        disabled=draw(st.booleans()),
        tag=draw(st.one_of(st.none(), WORD)),
        library=draw(st.one_of(st.none(), st.just("user-join@3#0123456789ab"))),
        password_sync=draw(st.booleans()),
    )


def again(given_rules: list[Rule]) -> list[Rule]:
    """The rules that the exported script makes when it is imported."""
    findings = Findings()
    script = write_powershell(given_rules, IDS, findings)
    assert not findings.all
    assert commands_of(script).count("New-ADSyncRule") == len(given_rules)
    imported, _, _ = finished(script, project=(HUB, CLOUD))
    assert not [left for one in imported for left in one.left_out]
    return [one.rule for one in imported]


def commands_of(script: str) -> list[str]:
    """The commands of a script, in order, by a grammar that nobody here wrote; it must understand all of it."""
    tree = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language())).parse(script.encode())
    assert not tree.root_node.has_error, script
    waiting, found = [tree.root_node], []
    while waiting:
        node = waiting.pop()
        waiting += reversed(node.children)
        if node.type == "command_name":
            assert node.text is not None
            found.append(node.text.decode())
    return found


@settings(max_examples=25, deadline=None)
@given(st.tuples(rules(1), rules(2)))
def test_importing_what_was_exported_gives_the_same_rules(pair: tuple[Rule, Rule]) -> None:
    assert again(list(pair)) == list(pair)


def test_every_default_rule_comes_back() -> None:
    given_rules = list(default_rules([("books", BOOKS, "ad"), ("entra", CLOUD.id, "entra")], COMPLETE))
    assert len(given_rules) > 50
    assert again(given_rules) == given_rules


RULE_1 = Rule(RULE.format(1), "A", "", "inbound", "books", "user", "person", "join", 7)


def test_a_name_cannot_leave_its_quotes_or_its_comment() -> None:
    (rule,) = again([replace(RULE_1, name="x'; Remove-Item C:\\ #\n’; Stop-Computer")])
    assert rule.name == "x'; Remove-Item C:\\ #\n’; Stop-Computer"
    script = write_powershell([rule], IDS, Findings())
    assert commands_of(script) == ["Import-Module", "New-ADSyncRule", "Add-ADSyncRule"]


def test_what_cannot_be_exported_is_told() -> None:
    findings = Findings()
    given_rules = [
        replace(RULE_1, connector="moon"),
        replace(RULE_1, description="a\x07b"),
        replace(RULE_1, scope=((), (ScopeClause("a", "ISNULL"),)), join=((),)),
    ]
    script = write_powershell(given_rules, IDS, findings)
    assert [f.code for f in findings.all] == ["unknown-connector", "control-character", "empty-group", "empty-group"]
    assert script.count("New-ADSyncRule") == 1
    assert "Condition" not in script
