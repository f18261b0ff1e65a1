"""The decoder of search answers, against messages that ldap3's own ASN.1 encodes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ldap3.protocol.controls import build_control
from ldap3.protocol.microsoft import DirSyncControlResponseValue
from ldap3.protocol.rfc2696 import RealSearchControlValue
from ldap3.protocol.rfc4511 import (
    LDAPDN,
    URI,
    AttributeDescription,
    Controls,
    LDAPMessage,
    LDAPString,
    MessageID,
    PartialAttribute,
    PartialAttributeList,
    ProtocolOp,
    Referral,
    ResultCode,
    SearchResultDone,
    SearchResultEntry,
    SearchResultReference,
    Vals,
)
from ldap3.utils.asn1 import encode

from attrflow.connectors.ldap.decode import (
    Intermediate,
    Malformed,
    Message,
    Notice,
    SearchDecoder,
    SearchDone,
    SearchEntry,
    SearchReference,
    decode_message,
    dirsync_answer,
    paging_answer,
)

Attributes = dict[str, list[bytes]]


def wire(kind: str, operation: object, message_id: int = 7, controls: object = None) -> bytes:
    message = LDAPMessage()
    message["messageID"] = MessageID(message_id)
    message["protocolOp"] = ProtocolOp().setComponentByName(kind, operation)
    if controls is not None:
        message["controls"] = controls
    data: bytes = encode(message)
    return data


def entry(dn: bytes, attributes: Attributes, message_id: int = 7) -> bytes:
    listed = PartialAttributeList()
    for position, (name, values) in enumerate(attributes.items()):
        attribute, vals = PartialAttribute(), Vals()
        for number, value in enumerate(values):
            vals.setComponentByPosition(number, value)
        attribute["type"] = AttributeDescription(name)
        attribute["vals"] = vals
        listed.setComponentByPosition(position, attribute)
    operation = SearchResultEntry()
    operation["object"] = LDAPDN(dn)
    operation["attributes"] = listed
    return wire("searchResEntry", operation, message_id)


def done(code: int = 0, matched: str = "", text: str = "", *, controls: object = None) -> bytes:
    operation = SearchResultDone()
    operation["resultCode"] = ResultCode(code)
    operation["matchedDN"] = LDAPDN(matched)
    operation["diagnosticMessage"] = LDAPString(text)
    return wire("searchResDone", operation, controls=controls)


def check(data: bytes, *expected: Message) -> None:
    """Whole, octet by octet, and in random pieces: always the same messages."""
    pieces = [[data], [bytes((octet,)) for octet in data]]
    cuts = sorted(random.Random(1).choices(range(len(data) + 1), k=5))  # noqa: S311 - where to cut a test
    pieces.append([data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)])
    for way in pieces:
        decoder = SearchDecoder()
        got = [message for piece in way for message in decoder.feed(piece)]
        assert got == list(expected)
        assert decoder.pending == 0


def test_entries_and_the_end_of_a_search() -> None:
    attributes = {"cn": [b"Kari"], "jpegPhoto": [b"\x00\xff" * 70_000], "description": []}
    check(
        entry(b"cn=Kari,dc=test", attributes) + done(),
        SearchEntry(7, b"cn=Kari,dc=test", attributes, {}),
        SearchDone(7, 0, "", "", (), {}),
    )


@pytest.mark.parametrize("size", [0, 1, 126, 127, 128, 129, 255, 256, 65_535, 65_536])
def test_lengths_at_their_borders(size: int) -> None:
    value = b"x" * size
    check(entry(b"", {"a": [value, b"", value]}), SearchEntry(7, b"", {"a": [value, b"", value]}, {}))


def test_a_dn_that_is_no_text_is_kept_as_it_is() -> None:
    data = entry(b"cn=\xff\xfe", {})
    check(data, SearchEntry(7, b"cn=\xff\xfe", {}, {}))


def test_an_attribute_that_comes_twice_keeps_all_values() -> None:
    (one,) = SearchDecoder().feed(entry(b"", {"cn": [b"a"]}))
    assert isinstance(one, SearchEntry)
    twice = bytes.fromhex("3019 020107 6414 0400 3010 3006 0402 636e 3100 3006 0402 636e 3100")
    assert decode_message(twice) == SearchEntry(7, b"", {"cn": []}, {})


def test_an_error_has_its_text_and_the_nearest_dn() -> None:
    check(
        done(32, "DC=test", "0000208D: NameErr\n\x00"),
        SearchDone(7, 32, "DC=test", "0000208D: NameErr", (), {}),
    )


def test_controls_of_the_answer() -> None:
    value = RealSearchControlValue()
    value["size"], value["cookie"] = 0, b"next\x00page"
    listed = Controls()
    listed.setComponentByPosition(0, build_control("1.2.840.113556.1.4.319", True, value))
    (message,) = SearchDecoder().feed(done(controls=listed))
    assert isinstance(message, SearchDone)
    assert paging_answer(message.controls["1.2.840.113556.1.4.319"]) == b"next\x00page"


@pytest.mark.parametrize(("more", "expected"), [(0, False), (1, True), (256, True)])
def test_the_answer_of_dirsync(more: int, expected: bool) -> None:
    value = DirSyncControlResponseValue()
    value["MoreResults"], value["unused"], value["CookieServer"] = more, 0, b"MSDS"
    assert dirsync_answer(encode(value)) == (expected, b"MSDS")


def test_references_referrals_and_messages_that_are_none_of_ours() -> None:
    reference = SearchResultReference()
    reference.setComponentByPosition(0, URI("ldap://b.test/DC=b"))
    check(wire("searchResRef", reference), SearchReference(7, ("ldap://b.test/DC=b",)))

    referral, operation = Referral(), SearchResultDone()
    referral.setComponentByPosition(0, URI("ldap://c.test"))
    operation["resultCode"], operation["matchedDN"] = ResultCode(10), LDAPDN("")
    operation["diagnosticMessage"], operation["referral"] = LDAPString(""), referral
    check(wire("searchResDone", operation), SearchDone(7, 10, "", "", ("ldap://c.test",), {}))

    check(bytes.fromhex("3005 020107 7900"), Intermediate(7))
    check(bytes.fromhex("300c 020100 7807 0a0134 0400 0400"), Notice(0, 52, ""))


@pytest.mark.parametrize(
    "octets",
    [
        "00",  # no sequence
        "3080",  # indefinite length
        "3085ffffffffff",  # a length of five octets
        "3003 020107",  # a message without an operation
        "3005 020107 6100",  # a bind's answer
        "3007 020107 6402 0405",  # an element longer than what holds it
        "300b 020107 6406 0400 3002 3105",  # a wrong tag within
        "3014 020107 640f 0400 300b 3009 0402 636e 3103 0402 61",  # a value cut off
    ],
)
def test_what_is_no_answer_is_said_to_be_none(octets: str) -> None:
    data = bytes.fromhex(octets)
    with pytest.raises(Malformed):
        SearchDecoder().feed(data + b"\x00" * 16)


VALUES = st.lists(st.binary(max_size=300), max_size=4)
ENTRIES = st.tuples(
    st.binary(max_size=40),
    st.dictionaries(st.from_regex(r"[a-z][a-z;-]{0,9}", fullmatch=True), VALUES, max_size=4),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ENTRIES, min_size=1, max_size=4), st.integers(1, 50))
def test_what_was_encoded_comes_out_whatever_the_pieces(entries: list[tuple[bytes, Attributes]], size: int) -> None:
    data = b"".join(entry(dn, attributes) for dn, attributes in entries)
    decoder = SearchDecoder()
    got = [m for start in range(0, len(data), size) for m in decoder.feed(data[start : start + size])]
    assert got == [SearchEntry(7, dn, attributes, {}) for dn, attributes in entries]


@settings(max_examples=200, deadline=None)
@given(ENTRIES, st.data())
def test_damage_is_malformed_or_another_message_and_never_another_error(
    sent: tuple[bytes, Attributes], data: st.DataObject
) -> None:
    octets = bytearray(entry(*sent))
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        SearchDecoder().feed(bytes(octets))
    except Malformed:
        return
