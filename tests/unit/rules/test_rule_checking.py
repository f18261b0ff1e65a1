"""Findings about rules against schemas, parameters and one another."""

from __future__ import annotations

from typing import Any

from attrflow.model.schema import AttributeType, Schema, Syntax
from attrflow.rules.checking import checked_ruleset
from attrflow.rules.document import read_rule
from attrflow.rules.ruleset import RuleSet
from attrflow.rules.sides import Schemas

AD = Schema.of(
    {
        "user": [
            AttributeType("displayName"),
            AttributeType("mail"),
            AttributeType("description", multi=True),
            AttributeType("objectSid", Syntax.BINARY),
            AttributeType("directReports", Syntax.REFERENCE, multi=True),
        ]
    }
)
METAVERSE = Schema.of(
    {
        "person": [
            AttributeType("displayName"),
            AttributeType("mail"),
            AttributeType("description"),
            AttributeType("badge"),
            AttributeType("proxyAddresses", multi=True),
        ]
    }
)
ENTRA = Schema.of({"user": [AttributeType("displayName"), AttributeType("alias", read_only=True)]})
SCHEMAS = Schemas(METAVERSE, {"ad": AD, "entra": ENTRA})
HEAD = {
    "in": 'name = "in"\nid = "00000000-0000-0000-0000-000000000001"\ndirection = "inbound"\nconnector = "ad"\n'
    'source-type = "user"\ntarget-type = "person"\nlink = "join"\nprecedence = 10\n',
    "out": 'name = "out"\nid = "00000000-0000-0000-0000-000000000002"\ndirection = "outbound"\n'
    'connector = "entra"\nsource-type = "person"\ntarget-type = "user"\nlink = "join"\nprecedence = 11\n',
}
READ_ALL = (
    HEAD["out"]
    + 'tag = "Microsoft.All"\n'
    + '[flows]\ndisplayName = { expression = "[displayName] & [mail] & [description] & [badge]" }\n'
)


def check(texts: dict[str, str], *expected: str, **more: Any) -> RuleSet:
    """The rules of these files give exactly these findings, as 'file:line:column severity code'."""
    rules = []
    for file, text in texts.items():
        rule, diagnostics = read_rule(text, file)
        assert rule is not None, diagnostics
        rules.append(rule)
    ruleset, found = checked_ruleset(rules, schemas=SCHEMAS, texts=texts, **more)
    told = [f"{d.file}:{d.span.line}:{d.span.column} {d.severity} {d.code}" for d in found if d.span is not None]
    assert len(told) == len(found)
    assert told == list(expected)
    return ruleset


def one(body: str, *expected: str, tag: str = "", **more: Any) -> RuleSet:
    """One inbound rule with this body, and an outbound one that reads whatever it fills."""
    return check({"in": HEAD["in"] + tag + body, "out": READ_ALL}, *expected, **more)


def test_names_are_read_as_the_schema_spells_them() -> None:
    ruleset = one(
        '[[scope]]\nall = ["MAIL ISNOTNULL"]\n[[join]]\nall = ["Mail = MAIL"]\n[flows]\nDISPLAYNAME = "displayname"\n',
        "in:10:8 info spelling",
        "in:12:8 info spelling",
        "in:12:8 info spelling",
        "in:14:15 info spelling",
        "in:14:15 info spelling",
    )
    rule = ruleset.rules[0]
    assert rule.scope[0][0].attribute == "mail"
    assert (rule.join[0][0].cs, rule.join[0][0].mv) == ("mail", "mail")
    assert (rule.mappings[0].destination, rule.mappings[0].source) == ("displayName", "displayName")


def test_unknown_attributes_are_errors_in_the_metaverse_and_warnings_in_a_directory() -> None:
    one(
        '[[scope]]\nall = ["nope ISNULL"]\n[flows]\ndisplayName = "displayNam"\nnone = "mail"\n',
        "in:10:8 warning unknown-attribute",
        "in:12:15 warning unknown-attribute",
        "in:13:8 error unknown-attribute",
        "in:13:8 info inbound-only",
    )


def test_a_library_rule_may_name_what_a_directory_lacks() -> None:
    one(
        "[flows]\ndescription = 'msExchThing'\ndisplayName = { expression = '[msExchThing]' }\n",
        "in:12:31 info unknown-attribute",
        "in:11:15 info unknown-attribute",
        tag='library = "x@1#0"\n',
    )


def test_expressions_are_checked_and_placed() -> None:
    one("[flows]\nmail = { expression = 'trim([mail])' }\n", "in:10:24 error unknown-function")
    one("[flows]\nmail = [ 'mail', { expression = 'Trim([Mail])' } ]\n", "in:10:39 error wrong-case")
    one("[flows]\nmail = { expression = 'Trim([Mail])' }\n", "in:11:29 warning wrong-case", tag="tag = 'Microsoft.X'\n")
    one("[flows]\nmail = { expression = 'Trim([mail]' }\n", "in:10:35 error syntax")
    one("disabled = true\n[flows]\nmail = { expression = 'trim([mail])' }\n", "in:11:24 warning unknown-function")


def test_parameters_are_checked_in_expressions_and_scopes() -> None:
    known = {"ad": {"Domain.FQDN"}, "entra": set[str]()}
    one(
        "[[scope]]\nall = ['mail EQUAL %Domain.FQDN%']\n[flows]\nmail = { expression = '%Domain.FQDN%' }\n",
        parameters=known,
    )
    one(
        "[[scope]]\nall = ['mail EQUAL %Domain.FQDM%']\n[flows]\nmail = { expression = '%Nope%' }\n",
        "in:12:24 error unknown-parameter",
        "in:10:8 error unknown-parameter",
        parameters=known,
    )


def test_a_scope_clause_without_a_value_is_told() -> None:
    one("[[scope]]\nall = ['mail EQUAL', 'mail ISNULL']\n[flows]\nmail = 'mail'\n", "in:10:8 warning empty-scope-value")


def test_flows_that_cannot_work_are_told() -> None:
    one("[flows]\nmail = 'objectSid'\n", "in:10:8 warning syntax-mismatch")
    one("[flows]\ndescription = 'description'\n", "in:10:15 warning multi-to-single")
    one("[flows]\nmail = { expression = 'Item([directReports], 1)' }\n", "in:10:8 info reads-references")
    one("[flows]\nbadge = { expression = 'ValueCount(\"directReports\")' }\n")
    check({"out": HEAD["out"] + "[flows]\nalias = { constant = 'x' }\n"}, "out:10:9 warning read-only-destination")


def test_contributors_must_merge_alike() -> None:
    second = HEAD["in"].replace("0001", "0003").replace("= 10", "= 12")
    texts = {
        "in": HEAD["in"] + "[flows]\nbadge = { direct = 'mail', merge = 'replace' }\nmail = 'mail'\n",
        "two": second + "[flows]\nbadge = { direct = 'mail', merge = 'merge' }\nmail = 'mail'\n",
        "out": READ_ALL,
    }
    check(texts, "two:10:9 warning mixed-merge")


def test_a_rule_with_no_other_half_is_told() -> None:
    check({"in": HEAD["in"] + "[flows]\nbadge = 'mail'\n"}, "in:10:9 info inbound-only")
    check({"out": HEAD["out"] + "[flows]\ndisplayName = 'badge'\n"}, "out:10:15 warning outbound-only")
    joined = HEAD["in"] + "[[join]]\nall = ['mail = badge']\n[flows]\nbadge = 'mail'\n"
    check({"in": joined})


def test_unknown_types_and_connectors_are_told() -> None:
    check(
        {"in": HEAD["in"].replace('"user"', '"usr"').replace('"person"', '"persona"')},
        "in:4:13 error unknown-connector",
        "in:5:15 warning unknown-type",
        "in:6:15 warning unknown-type",
        connectors=["entra"],
    )
    # A default rule may be about a type that the directory's schema lacks: nothing is wrong with either.
    library = 'library = "ad-inetorgperson-join@1#7fc3c1886691"\n'
    check(
        {"in": HEAD["in"].replace('"user"', '"inetOrgPerson"').replace('"person"', '"persona"') + library},
        "in:5:15 info unknown-type",
        "in:6:15 warning unknown-type",
    )
    check({"in": HEAD["in"].replace('"person"', '"*"') + "[[join]]\nall = ['mail = badge']\n"})
