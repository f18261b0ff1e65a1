"""A rule file is read, written, and faulty ones are told where and why."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from attrflow.model.provenance import MappingId
from attrflow.rules.document import read_rule, read_rules, write_rule, write_rules
from attrflow.rules.rule import (
    OPERATORS,
    VALUELESS_OPERATORS,
    AttributeMapping,
    JoinClause,
    Rule,
    ScopeClause,
    numbered,
)

GOOD = """\
name = "In from AD - User Badge"
id = "0F6B2A9E-5F1C-4D7E-9A53-2F4D1C8B7A60"
direction = "inbound"
connector = "contoso"
source-type = "user"
target-type = "person"
link = "join"
precedence = 50

[[scope]]
all = ["department EQUAL Human Resources", "userAccountControl isnotbitset 2"]

[[scope]]
all = ['info EQUAL " padded "']

[[join]]
all = ["objectSid = objectSid", "mail=mail (Case-Sensitive)"]

[flows]
title = "title"
accountEnabled = { constant = true }
countryCode = { constant = 47 }
cn = { expression = 'Trim([cn])', merge = "merge", once = true }
url = ["url", { expression = '''
IIF(True,
  [wWWHomePage], NULL)''' }, { direct = "wWWHomePage" }]

[flows.employeeID]
direct = "employeeNumber"
"""


def check(text: str, *expected: str) -> None:
    """The text gives exactly these diagnostics, each as 'line:column code'."""
    rule, diagnostics = read_rule(text, "rules/a.toml")
    places = []
    for found in diagnostics:
        assert found.file == "rules/a.toml"
        assert found.span is not None
        places.append(f"{found.span.line}:{found.span.column} {found.code}")
    assert places == list(expected)
    assert (rule is None) == any(d.severity == "error" for d in diagnostics)


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_a_rule_file_says_what_it_seems_to_say() -> None:
    rule, diagnostics = read_rule(GOOD, "rules/a.toml")
    assert not diagnostics
    assert rule is not None
    assert rule.id == "0f6b2a9e-5f1c-4d7e-9a53-2f4d1c8b7a60"
    assert rule.file == "rules/a.toml"
    assert rule.scope == (
        (
            ScopeClause("department", "EQUAL", "Human Resources"),
            ScopeClause("userAccountControl", "ISBITNOTSET", "2"),
        ),
        (ScopeClause("info", "EQUAL", " padded "),),
    )
    assert rule.join == ((JoinClause("objectSid", "objectSid"), JoinClause("mail", "mail", True)),)
    assert rule.mappings == (
        AttributeMapping(MappingId("accountEnabled"), "constant", "True"),
        AttributeMapping(MappingId("cn"), "expression", "Trim([cn])", "merge", True),
        AttributeMapping(MappingId("countryCode"), "constant", "47"),
        AttributeMapping(MappingId("employeeID"), "direct", "employeeNumber"),
        AttributeMapping(MappingId("title"), "direct", "title"),
        AttributeMapping(MappingId("url", 0), "direct", "url"),
        AttributeMapping(MappingId("url", 1), "expression", "IIF(True,\n  [wWWHomePage], NULL)"),
        AttributeMapping(MappingId("url", 2), "direct", "wWWHomePage"),
    )


def test_faults_are_placed_where_they_stand() -> None:
    check(changed('direction = "inbound"', 'direction = "inbond"'), "3:13 wrong-value")
    check(changed("connector", "conector"), "4:1 unknown-key", "1:1 missing-key")
    check(changed("precedence = 50", 'precedence = "50"'), "8:14 wrong-type")
    check(changed("precedence = 50", "precedence = true"), "8:14 wrong-type")
    check(changed("precedence = 50", "precedence = -1"), "8:14 wrong-type")
    check(changed("EQUAL Human", "EQAL Human"), "11:8 unknown-operator")
    check(changed('"department EQUAL Human Resources"', '"department"'), "11:8 bad-clause")
    check(changed("objectSid = objectSid", "objectSid objectSid"), "17:8 bad-clause")
    check(changed("objectSid = objectSid", "= objectSid"), "17:8 bad-clause")
    check(changed("0F6B2A9E-", ""), "2:6 wrong-value")
    check(changed("{ constant = true }", "true"), "21:18 wrong-type")
    check(changed("{ constant = true }", "{ constant = 1.5 }"), "21:31 wrong-type")
    check(changed("{ constant = true }", '{ constant = "", direct = "a" }'), "21:18 wrong-value")
    check(changed("expression =", "expresion ="), "23:8 unknown-key", "23:6 wrong-value")
    check(changed('merge = "merge"', 'merge = "merg"'), "23:43 wrong-value")
    check(changed("once = true", "once = 1"), "23:59 wrong-type")
    check(changed('{ direct = "wWWHomePage" }', "7"), "26:30 wrong-type")
    check(changed("countryCode", "TITLE"), "22:1 duplicate-destination")
    check(changed("[[join]]", "[join]"), "16:2 wrong-type")


def test_a_text_that_is_no_toml_says_on_which_line() -> None:
    check(changed('connector = "contoso"', "connector = contoso"), "4:13 toml-syntax")
    check(changed('all = ["department', "all = [department").replace("\n", "\r\n"), "11:8 toml-syntax")
    check('name = "x', "1:10 toml-syntax")


def test_an_empty_group_and_a_value_without_use_are_only_warnings() -> None:
    check(changed("['info EQUAL \" padded \"']", "[]"), "13:3 empty-group")
    check(changed("department EQUAL Human Resources", "department ISNULL Sales"), "11:8 value-ignored")


def test_a_missing_id_comes_with_one_to_paste() -> None:
    _, diagnostics = read_rule(changed('id = "0F6B2A9E-5F1C-4D7E-9A53-2F4D1C8B7A60"\n', ""), None)
    (missing,) = diagnostics
    assert missing.help is not None
    rule, again = read_rule(missing.help.removeprefix("add: ") + "\n" + GOOD.replace("id = ", "tag = ", 1), None)
    assert not again
    assert rule is not None


def test_misspelt_words_are_guessed() -> None:
    _, diagnostics = read_rule(changed("source-type", "sourceType"), None)
    assert "did you mean source-type" in str(diagnostics[0])
    _, diagnostics = read_rule(changed("EQUAL", "EQUALS"), None)
    assert "did you mean EQUAL" in str(diagnostics[0])


def test_a_document_of_several_rules_keeps_the_good_ones() -> None:
    rule, _ = read_rule(GOOD, None)
    assert rule is not None
    text = write_rules([rule, rule]).replace('link = "join"', 'link = "joint"', 1) + "\n[other]\n"
    rules, diagnostics = read_rules(text)
    assert rules == (rule,)
    assert [(d.code, d.span.line if d.span else 0) for d in diagnostics] == [
        ("unknown-key", text.count("\n")),
        ("wrong-value", 8),
    ]


attribute_names = st.from_regex(r"[A-Za-z][A-Za-z0-9;._-]{0,12}", fullmatch=True)
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
filled = any_text.filter(lambda text: bool(text.strip()))
operators_with_value = st.sampled_from([o for o in OPERATORS if o not in VALUELESS_OPERATORS])
clauses = st.builds(ScopeClause, attribute_names, operators_with_value, any_text) | st.builds(
    ScopeClause, attribute_names, st.sampled_from(sorted(VALUELESS_OPERATORS))
)
merges = st.sampled_from(["update", "replace", "merge", "merge-case-insensitive"])
names = attribute_names | filled
mappings = st.builds(
    AttributeMapping,
    st.builds(MappingId, names),
    st.sampled_from(["direct", "expression"]),
    filled,
    merges,
    st.booleans(),
) | st.builds(AttributeMapping, st.builds(MappingId, names), st.just("constant"), any_text, merges, st.booleans())
rules = st.builds(
    Rule,
    id=st.uuids().map(str),
    name=filled,
    description=any_text,
    direction=st.sampled_from(["inbound", "outbound"]),
    connector=filled,
    source_type=filled,
    target_type=filled,
    link=st.sampled_from(["provision", "join", "sticky-join", "join-no-flow"]),
    precedence=st.integers(0, 2**31),
    scope=st.lists(st.lists(clauses, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple),
    join=st.lists(
        st.lists(st.builds(JoinClause, attribute_names, attribute_names, st.booleans()), min_size=1, max_size=3).map(
            tuple
        ),
        max_size=3,
    ).map(tuple),
    mappings=st.lists(mappings, max_size=6).map(numbered),
    disabled=st.booleans(),
    tag=st.none() | filled,
    library=st.none() | filled,
    password_sync=st.booleans(),
    file=st.none() | st.just("rules/a.toml"),
)


@given(rules)
def test_what_is_written_reads_back_the_same(rule: Rule) -> None:
    text = write_rule(rule)
    assert read_rule(text, rule.file) == (rule, ())
    assert write_rule(rule) == text


@given(st.lists(rules, max_size=3))
def test_a_set_of_rules_reads_back_the_same(several: list[Rule]) -> None:
    read, diagnostics = read_rules(write_rules(several), "rules/a.toml")
    assert not diagnostics
    assert write_rules(read) == write_rules(several)
