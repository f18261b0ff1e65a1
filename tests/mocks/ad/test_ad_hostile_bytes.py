"""Whatever bytes come, the codec raises its own error or nothing, and the server stays up."""

from __future__ import annotations

import contextlib
import random
import socket

import ldap3
import pytest

from attrflow_mocks.ad.ber import ProtocolError, Reader, boolean, integer, octets, sequence, tlv
from attrflow_mocks.ad.filter_nodes import MAX_DEPTH, filter_text
from attrflow_mocks.ad.hosting import Hosted
from attrflow_mocks.ad.message import Framer, SearchRequest, decode

ROOT = "DC=contoso,DC=test"


def search_message(filter_bytes: bytes) -> bytes:
    body = [octets(ROOT), integer(2, 0x0A), integer(0, 0x0A), integer(0), integer(0), boolean(value=False)]
    return sequence(integer(2), sequence(*body, filter_bytes, sequence(), tag=0x63))


def nested(depth: int) -> bytes:
    node = octets("cn", 0x87)
    for level in range(depth):
        node = tlv(0xA2 if level % 2 else 0xA0, node)
    return node


VALID = [
    search_message(sequence(octets("cn"), octets("a"), tag=0xA3)),
    search_message(sequence(octets("cn"), sequence(octets("a", 0x80), octets("b", 0x82)), tag=0xA4)),
    search_message(sequence(octets("1.2", 0x81), octets("cn", 0x82), octets("a", 0x83), tag=0xA9)),
    sequence(integer(1), sequence(integer(3), octets("me"), octets("secret", 0x80), tag=0x60)),
    sequence(integer(3), sequence(octets(ROOT), sequence(sequence(integer(2, 0x0A), sequence(octets("cn"),
             sequence(octets("x"), tag=0x31)))), tag=0x66)),
    sequence(integer(4), octets(ROOT, 0x4A), sequence(sequence(octets("1.2.3"), boolean(value=True)), tag=0xA0)),
]  # fmt: skip


def test_random_and_damaged_messages_raise_only_protocol_errors() -> None:
    chance = random.Random(1)  # noqa: S311 - repeatable, not secret
    for _ in range(6000):
        message = bytearray(chance.choice(VALID))
        for _ in range(chance.randint(0, 4)):
            message[chance.randrange(len(message))] = chance.randrange(256)
        if chance.random() < 0.3:
            del message[chance.randrange(len(message)) :]
        if chance.random() < 0.2:
            message = bytearray(chance.randbytes(chance.randint(0, 60)))
        with contextlib.suppress(ProtocolError):
            decode(bytes(message))


def test_every_prefix_of_a_message_waits_for_more() -> None:
    framer = Framer()
    for byte in VALID[0][:-1]:
        framer.feed(bytes((byte,)))
        assert framer.next() is None
    framer.feed(VALID[0][-1:])
    assert framer.next() == VALID[0]
    assert framer.pending == 0


@pytest.mark.parametrize(
    "start", [b"\x31\x00", b"\x30\x80", b"\x30\x89" + b"\x01" * 9, b"\x30\x84\x7f\xff\xff\xff", b"GET / HTTP/1.1"]
)
def test_what_is_no_message_is_refused_before_it_is_all_there(start: bytes) -> None:
    framer = Framer()
    framer.feed(start)
    with pytest.raises(ProtocolError):
        framer.next()


@pytest.mark.parametrize("number", [0, 1, -1, 127, 128, -128, -129, 255, 256, 2**31 - 1, -(2**31), 2**63 - 1])
def test_integers_survive_the_round_trip_in_fewest_bytes(number: int) -> None:
    encoded = integer(number)
    assert Reader(encoded).integer() == number
    body = encoded[2:]
    assert len(body) == 1 or (not (body[0] == 0 and body[1] < 128) and not (body[0] == 255 and body[1] >= 128))


def test_filters_are_read_to_the_limit_of_their_depth_and_not_beyond() -> None:
    request = decode(search_message(nested(MAX_DEPTH))).request
    assert isinstance(request, SearchRequest)
    assert filter_text(request.filter).count("(") == MAX_DEPTH + 1
    with pytest.raises(ProtocolError, match="nested deeper"):
        decode(search_message(nested(MAX_DEPTH + 1)))


def test_the_server_answers_garbage_with_a_notice_and_lives(hosted: Hosted) -> None:
    chance = random.Random(2)  # noqa: S311 - repeatable, not secret
    for index in range(40):
        with socket.create_connection(("127.0.0.1", hosted.port), timeout=5) as client:
            data = chance.randbytes(chance.randint(1, 80)) if index % 2 else bytes(VALID[index % 6][:9]) + b"\xff" * 99
            with contextlib.suppress(ConnectionError):
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                while client.recv(4096):
                    pass
    invalid = [request for request in hosted.journal if request.operation == "invalid"]
    assert invalid and all(request.result == 2 for request in invalid)
    with ldap3.Connection(ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE)) as client:
        assert client.search("", "(objectClass=*)", ldap3.BASE, attributes=["defaultNamingContext"])


def test_a_search_at_the_depth_limit_is_carried_out(hosted: Hosted, connection: ldap3.Connection) -> None:
    assert connection.bound
    bind = sequence(integer(1), sequence(integer(3), octets("svc-sync@contoso.test"), octets("Hemmelig-1", 0x80),
                    tag=0x60))  # fmt: skip
    with socket.create_connection(("127.0.0.1", hosted.port), timeout=5) as client:
        client.sendall(bind + search_message(nested(MAX_DEPTH)) + sequence(integer(9), tlv(0x42, b"")))
        received = b""
        while data := client.recv(65536):
            received += data
    assert b"\x0a\x01\x00" in received


def test_a_client_that_leaves_in_the_middle_of_an_answer_does_no_harm(hosted: Hosted) -> None:
    bind = sequence(
        integer(1), sequence(integer(3), octets("svc-sync@contoso.test"), octets("Hemmelig-1", 0x80), tag=0x60)
    )
    body = [octets(f"CN=Aggregate,CN=Schema,CN=Configuration,{ROOT}"), integer(0, 0x0A), integer(0, 0x0A), integer(0)]
    body += [integer(0), boolean(value=False), octets("objectClass", 0x87), sequence(octets("attributeTypes"))]
    search = sequence(integer(2), sequence(*body, tag=0x63))
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", hosted.port), timeout=5) as client:
            client.sendall(bind + search * 400)
            client.recv(10)
    with ldap3.Connection(ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE)) as client:
        assert client.search("", "(objectClass=*)", ldap3.BASE)
