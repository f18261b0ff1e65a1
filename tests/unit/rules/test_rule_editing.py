"""Edits of a rule file's text: what must change changes, and every other character stays."""

from __future__ import annotations

import pytest

from attrflow.rules.editing import removed, with_flag, with_number, with_text, with_value

TEXT = """\
# A rule of ours. [[scope]] in a comment is no scope.
name = "In from AD - User Badge"   # as the editor has it
precedence = 50   # before the defaults
tag = 'x'
description = '''
two
lines'''   # end

# Only sales.
[[scope]]
all = ["department EQUAL Sales"]

[flows]
# the badge
badge = "pager"   # keep
url = [
  "url",
  { expression = '[wWWHomePage]' },
]
zip = { expression = 'Trim([postalCode])' }
"""


def test_a_value_is_replaced_in_its_place() -> None:
    assert with_number(TEXT, "precedence", 7) == TEXT.replace("= 50 ", "= 7 ")
    assert with_text(TEXT, "name", 'a "b"') == TEXT.replace('"In from AD - User Badge"', "'a \"b\"'")


def test_a_new_key_stands_behind_the_precedence() -> None:
    line = "precedence = 50   # before the defaults\n"
    assert with_flag(TEXT, "disabled", value=True) == TEXT.replace(line, f"{line}disabled = true\n")


def test_a_flag_that_is_false_leaves_no_trace() -> None:
    on = with_flag(TEXT, "disabled", value=True)
    assert with_flag(on, "disabled", value=False) == TEXT
    assert with_flag(TEXT, "disabled", value=False) == TEXT
    assert with_flag(on, "disabled", value=True) == on


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        (("tag",), "tag = 'x'\n"),
        (("description",), "description = '''\ntwo\nlines'''   # end\n"),
        (("flows", "url"), "url = [\n  \"url\",\n  { expression = '[wWWHomePage]' },\n]\n"),
        (("flows", "zip"), "zip = { expression = 'Trim([postalCode])' }\n"),
    ],
)
def test_a_key_is_removed_with_all_its_lines(key: tuple[str, ...], lines: str) -> None:
    assert lines in TEXT
    assert removed(TEXT, key) == TEXT.replace(lines, "")
    assert removed(removed(TEXT, key), key) == TEXT.replace(lines, "")


def test_a_flow_is_put_behind_another_or_first() -> None:
    badge = 'badge = "pager"   # keep\n'
    assert with_value(TEXT, ("flows", "city"), '"l"', ("flows", "badge")) == TEXT.replace(badge, f'{badge}city = "l"\n')
    assert with_value(TEXT, ("flows", "a b"), '"l"', ("flows",)) == TEXT.replace("[flows]\n", '[flows]\n"a b" = "l"\n')


def test_line_ends_of_the_file_are_kept() -> None:
    windows = TEXT.replace("\n", "\r\n")
    assert with_flag(windows, "disabled", value=True) == with_flag(TEXT, "disabled", value=True).replace("\n", "\r\n")
    assert removed(windows, ("description",)) == removed(TEXT, ("description",)).replace("\n", "\r\n")


def test_a_text_without_a_last_line_end() -> None:
    assert with_flag("precedence = 5", "disabled", value=True) == "precedence = 5\ndisabled = true"
    assert removed("precedence = 5\ntag = 'x'", ("tag",)) == "precedence = 5\n"
