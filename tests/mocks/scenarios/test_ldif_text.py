"""LDIF: what goes out comes back, and what is not understood is refused with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attrflow_mocks.ldif import format_entries, format_record, parse_ldif
from attrflow_mocks.scenarios.seed import EntrySeed


def check(text: str, *entries: EntrySeed) -> None:
    assert list(parse_ldif(text)) == list(entries)


def test_folding_comments_versions_and_line_ends() -> None:
    text = (
        "version: 1\r\n\r\n# a comment\r\n  that goes on\r\ndn: CN=a,\r\n DC=x\r\n"
        "objectClass: top\r\nobjectClass: user\r\n"
        "cn:a\r\nTITLE: one\r\ntitle: two\r\n\r\n\r\n"
    )
    check(text, EntrySeed("CN=a,DC=x", "user", {"cn": ("a",), "TITLE": ("one", "two")}))


def test_the_last_record_needs_no_blank_line() -> None:
    check("dn: DC=x\nobjectClass: domain", EntrySeed("DC=x", "domain", {}))


@pytest.mark.parametrize(
    "classes",
    [
        ("top", "person", "organizationalPerson", "user"),
        ("user", "organizationalPerson", "person", "top"),
    ],
)
def test_the_class_is_the_most_specific_in_either_order(classes: tuple[str, ...]) -> None:
    text = format_record("CN=a", {"objectClass": classes})
    check(text, EntrySeed("CN=a", "user", {}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cn: a\n", "line 1: a record begins with `dn:`"),
        ("\n\ndn: DC=x\ncn: a\n", "line 3: DC=x: no objectClass"),
        ("dn: DC=x\nchangetype: delete\n", "change records are not supported"),
        ("dn: DC=x\nobjectClass: top\nphoto:< file:///etc/passwd\n", "values by URL are not supported"),
        ("dn: DC=x\nobjectClass top\n", "not LDIF: 'objectClass top'"),
        ("dn: DC=x\ncn:: !!!\n", "cn: not base64"),
        (" a\n", "line 1: a continuation of nothing"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        list(parse_ldif(text))


VALUES = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.binary().filter(lambda raw: not _is_text(raw)))


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(st.lists(VALUES, min_size=1, max_size=5))
def test_every_value_survives(values: list[str | bytes]) -> None:
    entry = EntrySeed("CN=Å,DC=x", "user", {"description": tuple(values)})
    check(format_entries([entry]), entry)
