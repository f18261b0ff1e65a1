"""Names, identifiers and values: edges of their text forms."""

from __future__ import annotations

import pytest

from attrflow_mocks.ad.names import InvalidName, format_dn, parse_dn
from attrflow_mocks.ad.values import (
    Key,
    Syntax,
    equality_key,
    guid_from_text,
    sid_from_text,
    sid_text,
)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("CN=a,DC=b", ["a", "b"]),
        (" cn = a b , dc= c ", ["a b", "c"]),
        (r"CN=Nordmann\, Kari,DC=b", ["Nordmann, Kari", "b"]),
        (r"CN=a\2Cb,DC=c", ["a,b", "c"]),
        (r"CN=\C3\85se,DC=c", ["Åse", "c"]),
        (r"CN=a\0ADEL:1234,DC=c", ["a\nDEL:1234", "c"]),
        (r"CN=\ a\ ,DC=c", [" a ", "c"]),
        (r"CN=a\\,DC=c", ["a\\", "c"]),
        ('CN="a, b",DC=c', ["a, b", "c"]),
        ("CN=a;DC=c", ["a", "c"]),
        ("CN=a=b,DC=c", ["a=b", "c"]),
        ("CN=#0C0161,DC=c", ["a", "c"]),
        ("2.5.4.3=a,OID.2.5.4.11=b", ["a", "b"]),
        (r"CN=a\+b\"c\<d\>e\;f\#g,DC=c", ['a+b"c<d>e;f#g', "c"]),
    ],
)
def test_a_dn_is_parsed_and_written_back_to_the_same_name(text: str, values: list[str]) -> None:
    dn = parse_dn(text)
    assert [rdn.value for rdn in dn] == values
    assert parse_dn(format_dn(dn)) == dn


@pytest.mark.parametrize(
    "text",
    ["a", "CN=", "CN=a,", ",CN=a", "=a", "CN=a+SN=b", r"CN=a\z", "CN=a\\", 'CN="a', 'CN="a"b', "CN=a<b",
     r"CN=\FF\FE", "CN=#zz", "C\u00e5=a", "CN=#0C01", "CN=a,,DC=b"],
)  # fmt: skip
def test_what_is_no_dn_is_refused(text: str) -> None:
    with pytest.raises(InvalidName):
        parse_dn(text)


def test_two_spellings_of_one_dn_have_one_key() -> None:
    one, other = parse_dn("cn=KARI   Nordmann,dc=Contoso"), parse_dn("CN= Kari Nordmann , DC=contoso")
    assert [rdn.key for rdn in one] == [rdn.key for rdn in other]


@pytest.mark.parametrize("text", ["S-1-5-21-1-2-3-513", "S-1-0", "S-1-5-32-544", "S-1-281474976710655-4294967295"])
def test_sids_survive_the_round_trip(text: str) -> None:
    sid = sid_from_text(text)
    assert sid is not None and sid_text(sid) == text


@pytest.mark.parametrize("text", ["", "S-1", "S-1-5-4294967296", "S-999-5-1", "S-1-281474976710656-1", "x"])
def test_what_is_no_sid_is_none(text: str) -> None:
    assert sid_from_text(text) is None


def test_guids_are_read_dashed_as_text_and_undashed_as_stored_bytes() -> None:
    guid = guid_from_text("{00112233-4455-6677-8899-aabbccddeeff}")
    assert guid is not None
    assert guid_from_text(guid.bytes_le.hex()) == guid
    assert guid_from_text("0011") is None


@pytest.mark.parametrize(
    ("syntax", "value", "key"),
    [
        (Syntax.UNICODE, b"  A   b ", "a b"),
        (Syntax.UNICODE, b"\xff", None),
        (Syntax.IA5, b"Ab", "Ab"),
        (Syntax.IA5, "å".encode(), None),
        (Syntax.BOOLEAN, b"true", b"TRUE"),
        (Syntax.BOOLEAN, b"1", None),
        (Syntax.INTEGER, b"2147483650", -2147483646),
        (Syntax.INTEGER, b"-2147483649", None),
        (Syntax.INTEGER, b"1.5", None),
        (Syntax.INTEGER, b"", None),
        (Syntax.INT64, b"9223372036854775807", 9223372036854775807),
        (Syntax.TIME, b"20300102030405.0Z", "2030-01-02T03:04:05+00:00"),
        (Syntax.TIME, b"20300102050405+0200", "2030-01-02T03:04:05+00:00"),
        (Syntax.TIME, b"20301302030405Z", None),
        (Syntax.DN, b"CN=A,DC=B", ("cn=a", "dc=b")),
        (Syntax.DN_BINARY, b"B:2:AB:CN=A", ("B:2:AB:", "cn=a")),
        (Syntax.DN_BINARY, b"B:3:AB:CN=A", None),
        (Syntax.GUID, b"0" * 15, None),
        (Syntax.SID, b"\x01\x05\x00", None),
    ],
)
def test_the_key_of_a_value_follows_its_syntax(syntax: Syntax, value: bytes, key: Key | None) -> None:
    assert equality_key(syntax)(value) == key
