"""Crowds and enemies: 200 connections at once, and clients that send nonsense or nearly nothing."""

from __future__ import annotations

import asyncio
import contextlib
import random

import ldap3
import pytest

from attrflow_mocks.ad.ber import boolean, integer, octets, sequence, tlv
from attrflow_mocks.ad.hosting import Hosted
from attrflow_mocks.ad.masses import ACCOUNT, PASSWORD, ROOT, directory_of, people, slapd_ldif
from attrflow_mocks.ad.server import AdServer
from attrflow_mocks.faults import FaultScript
from attrflow_mocks.journal import Journal

BIND = sequence(integer(1), sequence(integer(3), octets(ACCOUNT), octets(PASSWORD, 0x80), tag=0x60))
UNBIND = sequence(integer(9), tlv(0x42, b""))
CROWD = 200


def search_of(filter_bytes: bytes) -> bytes:
    body = [octets(ROOT), integer(2, 0x0A), integer(0, 0x0A), integer(0), integer(0), boolean(value=False)]
    return sequence(integer(2), sequence(*body, filter_bytes, sequence(octets("cn")), tag=0x63))


async def _client(port: int, *messages: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"".join(messages))
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def test_two_hundred_connections_at_once_are_all_answered() -> None:
    async def crowd() -> list[bytes]:
        server = AdServer(directory_of(300), Journal(), FaultScript())
        await server.start()
        try:
            search = search_of(sequence(octets("objectClass"), octets("user"), tag=0xA3))
            return await asyncio.gather(*[_client(server.port, BIND, search, UNBIND) for _ in range(CROWD)])
        finally:
            await server.close()
            assert server.failures == []

    answers = asyncio.run(crowd())
    assert len(answers) == CROWD
    assert len({len(answer) for answer in answers}) == 1, "everybody got the same"
    assert answers[0].count(b"u0000") >= 300


def test_a_slow_loris_is_shown_the_door_and_others_are_served() -> None:
    async def attack() -> tuple[list[bytes], bytes]:
        server = AdServer(directory_of(5), Journal(), FaultScript(), patience=0.3)
        await server.start()
        try:

            async def loris() -> bytes:
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                try:
                    with contextlib.suppress(ConnectionError):
                        for byte in BIND[:-1]:
                            writer.write(bytes((byte,)))
                            await writer.drain()
                            with contextlib.suppress(TimeoutError):
                                return await asyncio.wait_for(reader.read(1), 0.05)
                    return b""
                finally:
                    writer.close()
                    with contextlib.suppress(ConnectionError):
                        await writer.wait_closed()

            many = asyncio.gather(*[loris() for _ in range(20)])
            served = await _client(server.port, BIND, search_of(octets("objectClass", 0x87)), UNBIND)
            return await many, served
        finally:
            await server.close()
            assert server.failures == []

    closed, served = asyncio.run(attack())
    assert closed == [b""] * 20
    assert b"u0000004" in served


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x84\xff\xff\xff\xff", b"\x30\x88" + b"\xff" * 8, b"\x30\x80\x02\x01\x01\x00\x00", b"\x00" * 64,
        sequence(integer(2), sequence(octets("x" * 4000), tag=0x63)),
        sequence(integer(2), tlv(0x63, b"\x04\x84\x7f\xff\xff\xff")),
        search_of(b"\xa0\x84\x00\x98\x96\x80" + b"\xa0" * 40),
    ],
)  # fmt: skip
def test_lengths_that_lie_end_the_connection_alone(hosted: Hosted, data: bytes) -> None:
    answer = asyncio.run(_client(hosted.port, data))
    assert b"1.3.6.1.4.1.1466.20036" in answer, "a notice of disconnection"
    with ldap3.Connection(ldap3.Server("127.0.0.1", hosted.port, get_info=ldap3.NONE)) as client:
        assert client.search("", "(objectClass=*)", ldap3.BASE)


def test_a_filter_nested_beyond_reason_is_refused(hosted: Hosted) -> None:
    node = octets("cn", 0x87)
    for _ in range(20_000):
        node = tlv(0xA2, node)
    assert b"1.3.6.1.4.1.1466.20036" in asyncio.run(_client(hosted.port, search_of(node)))


def test_random_bytes_after_a_good_bind_do_no_harm(hosted: Hosted) -> None:
    chance = random.Random(3)  # noqa: S311 - repeatable, not secret
    bind = sequence(
        integer(1), sequence(integer(3), octets("svc-sync@contoso.test"), octets("Hemmelig-1", 0x80), tag=0x60)
    )

    async def all_of_them() -> None:
        for _ in range(60):
            # The bytes begin as a message and end somewhere in it, so both codec and session are met.
            body = chance.randbytes(chance.randint(1, 60))
            await _client(hosted.port, bind, sequence(integer(2), body), UNBIND)

    asyncio.run(all_of_them())
    assert sum(request.operation == "bind" for request in hosted.journal) == 60


def test_the_same_seed_gives_the_same_masses() -> None:
    assert list(people(50, 1)) == list(people(50, 1)) != list(people(50, 2))
    one, two = directory_of(50, large_group=30, seed=4), directory_of(50, large_group=30, seed=4)
    assert list(one.by_guid) == list(two.by_guid)
    everybody = one.require(f"CN=Everybody,OU=Groups,{ROOT}")
    assert len(everybody.links["member"]) == 30
    assert slapd_ldif(3).count("objectClass: inetOrgPerson") == 3
    with pytest.raises(ValueError, match="needs as many users"):
        directory_of(5, large_group=6)
