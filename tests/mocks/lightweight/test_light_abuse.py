"""Crowds and enemies of the OpenLDAP profile: damaged messages raise nothing, two hundred at once are answered."""

from __future__ import annotations

import asyncio
import random

import pytest

from attrflow_mocks.ad.ber import boolean, integer, octets, sequence, tlv
from attrflow_mocks.ad.server import AdServer
from attrflow_mocks.faults import FaultScript
from attrflow_mocks.journal import Journal
from attrflow_mocks.lightweight.session import LightSession
from attrflow_mocks.world import World

BASE = "dc=nordlys,dc=test"
TURID = f"uid=turid.moe,ou=Office,ou=people,{BASE}"
ADMIN, PASSWORD = f"cn=admin,{BASE}", "Mock-Pass-Nordlys-Admin-1"
BIND = sequence(integer(1), sequence(integer(3), octets(ADMIN), octets(PASSWORD, 0x80), tag=0x60))
UNBIND = sequence(integer(9), tlv(0x42, b""))


def search(filter_: bytes, *controls: bytes) -> bytes:
    body = [octets(BASE), integer(2, 0x0A), integer(0, 0x0A), integer(0), integer(0), boolean(value=False)]
    asked = sequence(*body, filter_, sequence(octets("*"), octets("+")), tag=0x63)
    return sequence(integer(2), asked, *([sequence(*controls, tag=0xA0)] if controls else []))


def equal(name: str, value: str) -> bytes:
    return sequence(octets(name), octets(value), tag=0xA3)


MESSAGES = (
    search(sequence(equal("objectClass", "inetOrgPerson"), tlv(0xA2, equal("uid", "x")), tag=0xA0)),
    search(sequence(octets("cn"), sequence(octets("T", 0x80), octets("M", 0x81), octets("e", 0x82)), tag=0xA4)),
    search(sequence(octets("caseIgnoreMatch", 0x81), octets("ou", 0x82), octets("Sales", 0x83), tag=0xA9)),
    search(
        octets("uid", 0x87),
        sequence(octets("1.2.840.113556.1.4.319"), octets(sequence(integer(5), octets("")))),
    ),
    search(
        octets("uid", 0x87),
        sequence(octets("1.3.6.1.4.1.4203.1.9.1.1"), octets(sequence(integer(3, 0x0A)))),
    ),
    sequence(
        integer(3),
        sequence(
            octets(TURID),
            sequence(sequence(integer(2, 0x0A), sequence(octets("title"), sequence(octets("x"), tag=0x31)))),
            tag=0x66,
        ),
    ),
    sequence(integer(4), sequence(octets(TURID), octets("uid=t"), boolean(value=True), octets(BASE, 0x80), tag=0x6C)),
    sequence(integer(5), sequence(octets(TURID), sequence(octets("uid"), octets("x")), tag=0x6E)),
    sequence(integer(6), octets(f"ou=Sales,ou=people,{BASE}", 0x4A)),
    sequence(
        integer(7),
        sequence(octets("1.3.6.1.4.1.4203.1.11.1", 0x80), octets(sequence(octets("n", 0x82)), 0x81), tag=0x77),
    ),
)


@pytest.mark.parametrize("message", MESSAGES, ids=range(len(MESSAGES)))
def test_a_damaged_message_is_answered_or_ends_the_connection(message: bytes) -> None:
    dice = random.Random(message)  # noqa: S311 - repeatable, not secret
    world = World.of("openldap-small", part="directories")
    for _ in range(150):
        damaged = bytearray(message)
        for _ in range(dice.choice((1, 1, 2, 4))):
            place = dice.randrange(len(damaged))
            damaged[place : place + dice.randint(0, 2)] = dice.randbytes(dice.randint(1, 2))
        session = LightSession(world.database("nordlys"), Journal(), FaultScript(), push=lambda _: None)
        list(session.receive(BIND))
        assert list(session.receive(bytes(damaged))) is not None
        session.close()


def test_two_hundred_connections_at_once_are_all_answered() -> None:
    async def client(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(BIND + search(equal("objectClass", "inetOrgPerson")) + UNBIND)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()

    async def crowd() -> list[bytes]:
        database = World.of("openldap-small", part="directories").database("nordlys")
        server = AdServer(database, Journal(), FaultScript())
        await server.start()
        try:
            return await asyncio.gather(*[client(server.port) for _ in range(200)])
        finally:
            await server.close()
            assert server.failures == []

    answers = asyncio.run(crowd())
    assert len(answers) == 200 and len(set(answers)) == 1
    assert answers[0].count(b"structuralObjectClass") == 42
