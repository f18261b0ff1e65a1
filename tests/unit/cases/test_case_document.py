"""Reading case files: what they say, and what is told of those that are wrong."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from attrflow.cases.document import read_case
from attrflow.cases.format import Case
from attrflow.cases.keys import TABLES
from attrflow.model.diagnostics import Diagnostic
from attrflow.rules.rule import named_guid

HEAD = 'title = "t"\nbasis = "assumed"\nsource = "s"\n'
STEP = '[[step]]\ncycle = "initial"\nexpect.count = { mv = 0 }\n'
RULE = 'name = "R"\ndirection = "inbound"\nconnector = "contoso"\nsource-type = "user"\ntarget-type = "person"\n'


def no_files(name: str) -> Sequence[tuple[str, str]]:
    raise FileNotFoundError(name)


def read(text: str) -> tuple[Case | None, tuple[Diagnostic, ...]]:
    return read_case(text, "case.toml", no_files)


def good(text: str) -> Case:
    case, diagnostics = read(text)
    assert case is not None, [str(d) for d in diagnostics]
    return case


def check(text: str, code: str, line: int, *words: str) -> None:
    """One thing is wrong, and it is told with this code, on this line, in these words."""
    case, diagnostics = read(text)
    assert case is None
    (found,) = diagnostics
    assert (found.code, found.span.line if found.span else None) == (code, line), str(found)
    for word in words:
        assert word in str(found), str(found)


def test_the_shortest_case_has_a_forest_and_a_tenant() -> None:
    case = good(HEAD + STEP)
    assert [(c.name, c.schema) for c in case.connectors.values()] == [("contoso", "ad"), ("entra", "entra")]
    assert case.default_rules
    assert case.steps[0].runs == ("cycle initial",)
    assert case.tenant == "entra"


def test_an_ad_user_is_completed_as_ad_would() -> None:
    case = good(HEAD + '[objects.kari]\nattributes = { mail = "k" }\n' + STEP)
    kari = case.objects["kari"]
    assert kari.dn == "CN=kari,OU=People,DC=contoso,DC=test"
    assert kari.attributes["objectGUID"] == (uuid.UUID(named_guid("case", "contoso", "kari")).bytes_le,)
    assert kari.attributes["userPrincipalName"] == ("kari@contoso.test",)
    assert kari.attributes["userAccountControl"] == (512,)


def test_what_is_given_or_unwanted_is_not_completed() -> None:
    text = '[objects.kari]\nattributes = { USERACCOUNTCONTROL = 514 }\nwithout = ["userPrincipalName"]\n'
    attributes = good(HEAD + text + STEP).objects["kari"].attributes
    assert attributes["USERACCOUNTCONTROL"] == (514,)
    assert {"userAccountControl", "userPrincipalName"}.isdisjoint(attributes)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"a"', "a"),
        ("7", 7),
        ("true", True),
        ('{ b64 = "AQ==" }', b"\x01"),
        ('{ hex = "01ff" }', b"\x01\xff"),
        ('{ guid = "00010203-0405-0607-0809-0a0b0c0d0e0f" }', bytes.fromhex("030201000504070608090a0b0c0d0e0f")),
        ('{ sid = "S-1-5-32" }', bytes.fromhex("010100000000000520000000")),
        ('{ text = "ab", times = 3 }', "ababab"),
    ],
)
def test_values(written: str, value: object) -> None:
    case = good(f"{HEAD}[objects.kari]\nattributes.x = {written}\n{STEP}")
    assert case.objects["kari"].attributes["x"] == (value,)


def test_numbered_values_are_many() -> None:
    case = good(HEAD + '[objects.kari]\nattributes.x = ["a", { numbered = "u#@x", times = 2 }]\n' + STEP)
    assert case.objects["kari"].attributes["x"] == ("a", "u1@x", "u2@x")


def test_an_empty_list_is_no_value() -> None:
    case = good(HEAD + "[objects.kari]\nattributes = { cn = [] }\n" + STEP)
    assert "cn" not in case.objects["kari"].attributes


def test_the_clock_is_utc() -> None:
    assert good(HEAD + "clock = 2026-01-05T09:00:00+01:00\n" + STEP).clock == datetime(2026, 1, 5, 8, tzinfo=UTC)


def test_rules_of_the_case_need_no_id_and_are_numbered_in_order() -> None:
    text = f'[[rule]]\n{RULE}link = "join"\n[[rule]]\n{RULE.replace("R", "S", 1)}link = "join"\n'
    rules = good(HEAD + text + STEP).rules
    assert [rule.precedence for rule in rules] == [10, 11]
    assert len({rule.id for rule in rules}) == 2


def test_edits_come_in_their_fixed_order() -> None:
    step = '[[step]]\ndelete = "b"\nset.a = { mail = "x" }\nadd = "c"\nclear.a = "cn"\nexpect.count = { mv = 0 }\n'
    case = good(HEAD + "[objects.a]\n[objects.b]\n[objects.c]\nat-start = false\n" + step)
    assert [edit.verb for edit in case.steps[0].edits] == ["add", "set", "set", "delete"]


def test_ldif_inline() -> None:
    ldif = 'ldif.contoso = """\ndn: CN=Kari,OU=People\nobjectClass: top\nobjectClass: user\nmail: k@x\n"""\n'
    case = good(HEAD + ldif + STEP)
    assert case.objects["Kari"].type == "user"
    assert case.objects["Kari"].attributes["mail"] == ("k@x",)


def test_everything_wrong_is_told_at_once() -> None:
    _, diagnostics = read('titel = "t"\nbasis = "seen"\n[[step]]\ncycel = "x"\n')
    assert len(diagnostics) == 6


def test_no_toml_at_all() -> None:
    check("title = ", "toml-syntax", 1)


@pytest.mark.parametrize(
    ("text", "code", "line", "word"),
    [
        ("[objects.kari]\nconnecter = 'x'\n" + STEP, "unknown-key", 5, "did you mean connector?"),
        ("[objects.kari]\nconnector = 'entre'\n" + STEP, "unknown-connector", 5, "did you mean entra?"),
        ("[objects.'a@b']\n" + STEP, "wrong-value", 4, "short name"),
        ("[objects.a]\ndn = 'nothing'\n" + STEP, "invalid-dn", 5, "not a distinguished name"),
        ("[objects.a]\nattributes = { x = 1.5 }\n" + STEP, "wrong-type", 5, "b64"),
        ("[objects.a]\nattributes = { x = { b64 = '!' } }\n" + STEP, "wrong-value", 5, "no b64 value"),
        ("connectors = { contoso = 'add' }\n" + STEP, "wrong-value", 4, "did you mean ad?"),
        ("connectors = { a = 'entra', b = 'entra' }\n" + STEP, "wrong-value", 4, "one tenant"),
        ("rules = 'nowhere.toml'\n" + STEP, "unreadable-file", 4, "nowhere.toml"),
        ("options = { loop-limitt = 3 }\n" + STEP, "unknown-key", 4, "did you mean loop-limit"),
        ("options = { loop-limit = true }\n" + STEP, "wrong-type", 4, "whole number"),
        ("needs = ['wires']\n" + STEP, "wrong-value", 4, "wire"),
        ('ldif.contoso = "dn: CN=x\\n\\n"\n' + STEP, "invalid-ldif", 4, "no objectClass"),
        (f"[[rule]]\n{RULE}" + STEP, "missing-key", 4, "link"),
        ("metaverse.person.strin = ['badge']\n" + STEP, "unknown-key", 4, "did you mean string"),
        (STEP + "run = 'contoso full-inport'\n", "wrong-value", 7, "did you mean full-import"),
        (STEP + "run = 'conto full-import'\n", "unknown-connector", 7, "did you mean contoso?"),
        (STEP + "run = 'contoso'\n", "wrong-value", 7, "names no profile"),
        (STEP + "expect.mv.kari = true\n", "unknown-object", 7, "'kari'"),
        (STEP + "set.kari = { a = 'b' }\n", "unknown-object", 7, "'kari'"),
        (STEP + "advance = -1\n", "wrong-type", 7, "seconds"),
        (STEP + "rules.disabel = 'x'\n", "unknown-key", 7, "did you mean disable?"),
        ("[[step]]\ncycle = 'initial'\n", "missing-key", 1, "no step expects anything"),
        ("", "missing-key", 1, "no step"),
    ],
)
def test_faults(text: str, code: str, line: int, word: str) -> None:
    check(HEAD + text, code, line, word)


def test_a_status_must_be_one_of_the_words() -> None:
    text = HEAD + "[objects.a]\n" + STEP + "expect.status.a = { mail = 'appplied-changed' }\n"
    check(text, "wrong-value", 8, "did you mean applied-changed")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("cn: a", "begins with 'dn:'"),
        ("dn: cn=a\\nchangetype: delete\\nobjectClass: x", "only entries are read"),
        (" continuation", "nothing stands before it"),
        ("dn: cn=a\\nobjectClass: x\\nmail:: !!", "not base64"),
        ("dn: cn=a\\nobjectClass: x\\njpegPhoto:< file:///x", "URLs are not followed"),
    ],
)
def test_ldif_faults(text: str, word: str) -> None:
    check(HEAD + f'ldif.contoso = "{text}\\n\\n"\n' + STEP, "invalid-ldif", 4, word)


def test_ldif_folds_comments_and_base64() -> None:
    text = "version: 1\n# a\n comment\ndn: cn=a,\n dc=x\r\nobjectClass: top\nobjectClass: user\nCN:: YQ==\ncn: b\n"
    case = good(HEAD + f"ldif.contoso = {json.dumps(text)}\n" + STEP)
    (found,) = case.objects.values()
    assert (found.dn, found.type) == ("cn=a,dc=x,DC=contoso,DC=test", "user")
    assert found.attributes["CN"] == ("a", "b")


def test_every_key_has_a_sentence() -> None:
    assert all(text.endswith(".") for table in TABLES.values() for text in table.values())
