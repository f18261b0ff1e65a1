"""Rules that stand together: order, look-up, hash, and what is wrong between them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from attrflow.model.provenance import MappingId
from attrflow.rules.reading import attributes_needed, expression_reads
from attrflow.rules.rule import AttributeMapping, JoinClause, Rule, ScopeClause, named_guid, numbered
from attrflow.rules.ruleset import RuleSet, build, join_attributes, read_ruleset


def rule(name: str, precedence: int = 100, **more: Any) -> Rule:
    plain = Rule(
        id=named_guid(name),
        name=name,
        description="",
        direction="inbound",
        connector="ad",
        source_type="user",
        target_type="person",
        link="join",
        precedence=precedence,
    )
    return replace(plain, **more)


def flow(destination: str, kind: Any, source: str) -> AttributeMapping:
    return AttributeMapping(MappingId(destination), kind, source)


def check(rules: list[Rule], *expected: tuple[str, str], **more: Any) -> RuleSet:
    """Building gives exactly these findings, as (code, severity)."""
    ruleset, diagnostics = build(rules, **more)
    assert [(d.code, d.severity) for d in diagnostics] == list(expected)
    return ruleset


def test_rules_come_in_order_of_precedence_and_then_of_id() -> None:
    a, b, c = rule("a", 101), rule("b", 100), rule("c", 101)
    ruleset = check([a, b, c], ("precedence-tie", "warning"))
    assert ruleset.rules == (b, *sorted([a, c], key=lambda r: r.id))


def test_of_two_rules_with_one_id_the_first_is_kept() -> None:
    first = rule("a", 100, file="rules/1.toml")
    second = replace(first, precedence=101, name="b", file="rules/2.toml")
    ruleset, (found,) = build([first, second], texts={"rules/2.toml": 'name = "b"\nid = "x"\n'})
    assert ruleset.rules == (first,)
    assert str(found).startswith("rules/2.toml:2:6: error: rule 'b' has the id of 'a' (rules/1.toml)")


def test_a_rule_of_an_unknown_connector_is_told() -> None:
    check([rule("a")], connectors=["ad"])
    check([rule("a")], ("unknown-connector", "error"), connectors=["add"])
    check([rule("a")], ("unknown-connector", "error"), connectors=[])
    check([rule("a")])


def test_look_up_passes_over_disabled_rules_but_ids_find_them() -> None:
    on, off = rule("on", 100), rule("off", 101, disabled=True)
    out = rule("out", 102, direction="outbound", connector="entra")
    any_type = rule("any", 103, source_type="*")
    ruleset = check([on, off, out, any_type])
    assert ruleset.inbound("ad", "USER") == (on, any_type)
    assert ruleset.inbound("ad", "group") == (any_type,)
    assert ruleset.inbound("entra", "person") == ()
    assert ruleset.outbound("entra") == (out,)
    assert ruleset.rule(off.id) is off
    assert ruleset.rule("none") is None
    assert ruleset.connectors() == ("ad", "entra")


def test_the_hash_follows_what_rules_say_and_not_where_they_stand() -> None:
    a, b = rule("a", 100), rule("b", 101)
    assert RuleSet.of([a, b]).hash == RuleSet.of([b, replace(a, file="elsewhere.toml")]).hash
    assert RuleSet.of([a, b]).hash != RuleSet.of([a, replace(b, precedence=102)]).hash
    assert RuleSet.of([a]).hash != RuleSet.of([replace(a, disabled=True)]).hash


def test_a_stored_set_reads_back_with_its_hash() -> None:
    ruleset = RuleSet.of([rule("a", 100, mappings=(flow("cn", "expression", 'Trim("\\\n")'),)), rule("b", 101)])
    assert read_ruleset(ruleset.text) == ruleset
    assert read_ruleset(RuleSet.of([]).text).rules == ()
    with pytest.raises(ValueError, match="not a stored rule set"):
        read_ruleset(ruleset.text.replace("join", "joint"))


def test_the_order_of_mappings_has_no_meaning_but_numbers_sort_as_numbers() -> None:
    names = ["extensionAttribute10", "cn", "extensionAttribute2", "CN2"]
    one = rule("a", mappings=tuple(flow(name, "direct", "x") for name in names))
    other = rule("a", mappings=tuple(flow(name, "direct", "x") for name in reversed(names)))
    assert one == other
    assert [m.destination for m in one.mappings] == ["cn", "CN2", "extensionAttribute2", "extensionAttribute10"]


def test_numbering_makes_one_destination_of_two_spellings() -> None:
    found = numbered([flow("Mail", "direct", "a"), flow("cn", "direct", "b"), flow("mail", "direct", "c")])
    assert [(m.id, m.source) for m in found] == [
        (MappingId("Mail", 0), "a"),
        (MappingId("cn", 0), "b"),
        (MappingId("Mail", 1), "c"),
    ]


def test_attributes_needed_are_those_read_and_written_anywhere() -> None:
    inbound = rule(
        "in",
        scope=((ScopeClause("adminDescription", "ISNULL"),),),
        join=((JoinClause("objectSid", "sid"),),),
        mappings=(
            flow("sn", "direct", "surname"),
            flow("c", "constant", "notRead"),
            flow("d", "expression", 'IIF(IsPresent([info]), ImportedValue("mail"), [dn] & %Domain.FQDN%)'),
            flow("broken", "expression", "IIF(["),
        ),
    )
    outbound = rule(
        "out",
        101,
        direction="outbound",
        source_type="person",
        target_type="contact",
        scope=((ScopeClause("cloudFiltered", "ISNULL"),),),
        join=((JoinClause("sourceAnchor", "anchor"),),),
        mappings=(flow("dn", "constant", "CN=x"), flow("alias", "direct", "mailNickname")),
    )
    off = rule("off", 102, disabled=True, mappings=(flow("a", "direct", "secret"),))
    ruleset = check([inbound, outbound, off])
    assert attributes_needed(ruleset, "ad") == {
        "user": {"adminDescription", "objectSid", "surname", "info", "mail"},
        "contact": {"sourceAnchor", "alias"},
    }
    assert attributes_needed(ruleset, "other") == {}
    cs, mv = join_attributes(ruleset)
    assert cs == {"ad": {"sourceAnchor"}}
    assert mv == {"sid"}


def test_a_count_is_told_apart_from_a_reading() -> None:
    reads = expression_reads('ValueCount("member") & [cn]')
    assert reads.attributes == {"member", "cn"}
    assert reads.counted == {"member"}
