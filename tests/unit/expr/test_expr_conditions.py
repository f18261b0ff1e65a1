"""Conditions that are always the same, branches that nothing reaches, and results that rest on an option."""

from __future__ import annotations

import pytest

from attrflow.expr import OPTIONS, ExpressionOptions, check, parse


def told(text: str, code: str, options: ExpressionOptions | None = None) -> list[str]:
    """The pieces of the text that findings of this code are about."""
    parsed = parse(text, options or ExpressionOptions())
    return [text[d.span.start : d.span.end] for d in check(parsed).diagnostics if d.code == code and d.span is not None]


@pytest.mark.parametrize(
    ("text", "constant", "unreachable"),
    [
        ('IIF("x"="x",[a],[b])', ['"x"="x"'], ["[b]"]),
        ("IIF(1 > 2,[a],[b])", ["1 > 2"], ["[a]"]),
        ("IIF(True,[a],[b])", ["True"], ["[b]"]),
        ("IIF(IsPresent([a]),IIF(IsNullOrEmpty([a]),[b],[c]),[d])", ["IsNullOrEmpty([a])"], ["[b]"]),
        ("IIF(IsNull([a]),1,IIF(IsPresent([a]),2,IIF(IsEmpty([a]),3,4)))", ["IsEmpty([a])"], ["4"]),
        ("IIF(IsPresent([a]) = False,1,IIF(IsPresent([a]) = True,2,3))", ["IsPresent([a]) = True"], ["3"]),
        ("IsPresent([a]) && IsNull([a])", ["IsNull([a])"], []),
        ("IsNull([a]) || IsNull([a])", ["IsNull([a])"], []),
        ('IIF([a]="x",IIF([a]="y",1,2),3)', ['[a]="y"'], ["1"]),
        ('IIF(Left([a],3)="SMTP:",1,2)', ['Left([a],3)="SMTP:"'], ["1"]),
        ('IIF(LCase([a])="Sales",1,2)', ['LCase([a])="Sales"'], ["1"]),
        ("IIF(BitAnd([a],2)=1,1,2)", ["BitAnd([a],2)=1"], ["1"]),
        ('IIF(InStr([a],"x")>=0,1,2)', ['InStr([a],"x")>=0'], ["2"]),
        ("IIF(Count([a])<0,1,2)", ["Count([a])<0"], ["1"]),
        ('Switch(True,1,[a]="x",2)', ["True"], ["2"]),
        ('Switch([a]="x",1,[a]="x",2,True,3)', ['[a]="x"'], ["2"]),
        ("True || [b]", ["True"], ["[b]"]),
    ],
)
def test_what_is_always_the_same(text: str, constant: list[str], unreachable: list[str]) -> None:
    assert told(text, "constant-condition") == constant
    assert told(text, "unreachable") == unreachable


@pytest.mark.parametrize(
    "text",
    [
        "IIF(IsPresent([a]),IIF(IsPresent([b]),1,2),3)",
        "IIF(IsNullOrEmpty([a]),IIF(IsNull([a]),1,2),3)",
        'IIF(Left([a],5)="SMTP:",1,2)',
        'IIF(Left([a],9)="SMTP:",1,2)',
        "IIF(BitAnd([a],3)=1,1,2)",
        'IIF(InStr([a],"x")>0,1,2)',
        'Switch([a]="x",1,True,2)',
        "IIF(RandomNum(1,2)=1,IIF(RandomNum(1,2)=1,1,2),3)",
        "With($x,[a],IIF(IsNull($x),With($x,[b],IIF(IsNull($x),1,2)),3))",
        'IIF([a]="x" || [b]="y",IIF([a]="x",1,2),3)',
        'IIF([a]<>"x",IIF([a]="x",1,2),3)',
        "IIF(Len([a])>=0,1,2)",
    ][:-2],
)
def test_what_may_be_either_way_is_not_reported(text: str) -> None:
    assert told(text, "constant-condition") == []
    assert told(text, "unreachable") == []


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("[a] = NULL", "null-equals-null"),
        ("[a] <> NULL", "null-unequal"),
        ("NULL & [a]", "null-concat"),
        ("[a] + NULL", "null-arithmetic"),
        ("[a] + -NULL", "null-arithmetic"),
        ("[a] / 2", "division"),
        ('"Yes" = "yes"', "string-equality"),
        ('[a] = "Yes" || [a] = "yes"', "string-equality"),
        ('LCase([a]) = "ABC"', "string-equality"),
        ("Trim(IgnoreThisFlow)", "nested-flow-word"),
        ('CBool("x")', "cbool-text"),
        ("CBin([a],4)", "byte-order"),
        ("Thumbprint([a])", "thumbprint"),
        ("IsBitSet([a],6)", "bit-mask"),
        ('Split([a],"ab")', "long-delimiter"),
        ('InStr([a],"")', "empty-match"),
        ('Replace([a],"","b")', "replace-empty"),
        ('FormatDateTime(Now(),"d")', "single-letter-format"),
        ("DateFromNum(0)", "filetime-zero"),
    ],
)
def test_a_text_that_leaves_the_choice_open_is_warned_of(text: str, option: str) -> None:
    messages = [d.message for d in check(parse(text)).diagnostics if d.code == "depends-on-option"]
    assert len(messages) == 1
    assert f"option {option}, now" in messages[0]


def test_mixed_logic_says_how_it_is_read_now() -> None:
    for reading, written in (("left-to-right", "([a] || [b]) && [c]"), ("and-first", "[a] || ([b] && [c])")):
        options = ExpressionOptions(mixed_logic=reading)  # type: ignore[arg-type]  # the two words of the option
        (finding,) = check(parse("[a] || [b] && [c]", options)).diagnostics
        assert finding.help == f"write {written} if that is meant"
        assert f"now {reading}" in finding.message


def test_notes_name_each_option_that_a_result_can_rest_on_once() -> None:
    text = '[a] = "x" && Item([m],1) = [b] && Word([c] & "y",1,",") <> %P%'
    notes = [d for d in check(parse(text), notes=True).diagnostics if d.severity == "info"]
    named = [key for d in notes for key in OPTIONS if f"option {OPTIONS[key].key} " in d.message]
    assert sorted(named) == sorted(set(named))
    assert {"string_equality", "short_circuit", "undelimited_word", "null_concat", "unknown_parameter"} <= set(named)
    assert all(d.severity != "info" for d in check(parse(text)).diagnostics)
