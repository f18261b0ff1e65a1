"""Computers of AD become devices of the tenant over the ingest channel, by the rules of the feature `devices`."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3
import pytest
from tests.unit.cli.cli_calls import call

from attrflow_mocks.hosted import HostedMocks
from attrflow_mocks.hosted_faces import MockAd, MockTenant
from attrflow_mocks.scenarios.seed import EntrySeed
from attrflow_mocks.world import World

from .project import (
    GROUPS,
    PEOPLE,
    Story,
    counters,
    directory_connector,
    group,
    make_project,
    only,
    person,
    scenario,
    succeeded,
    tenant_connector,
    told,
)

CERTIFICATE, OTHER = b"\x30\x03\x02\x01\x05", b"\x30\x03\x02\x01\x06"
PC, BARE = f"CN=PC-01,{PEOPLE}", f"CN=PC-02,{PEOPLE}"


def computer(dn: str, *certificates: bytes) -> EntrySeed:
    """A domain-joined computer."""
    name = dn.split(",", maxsplit=1)[0].removeprefix("CN=")
    values: dict[str, tuple[str | bytes, ...]] = {
        "sAMAccountName": (f"{name}$",),
        "userAccountControl": ("4096",),
        "operatingSystem": ("Windows 11 Enterprise",),
        "operatingSystemVersion": ("10.0 (26100)",),
        "managedBy": (f"CN=Kari,{PEOPLE}",),
    }
    return EntrySeed(dn, "computer", {**values, "userCertificate": certificates} if certificates else values)


@dataclass
class Office:
    """The story, and a connection that writes the directory."""

    story: Story
    wire: ldap3.Connection

    def devices(self) -> list[dict[str, Any]]:
        """The tenant's devices, as Graph lists them."""
        return self.story.cloud.listed("devices")

    def guid(self, dn: str) -> str:
        """The objectGUID of an entry."""
        self.wire.search(dn, "(objectClass=*)", ldap3.BASE, attributes=["objectGUID"])
        return str(uuid.UUID(bytes_le=self.wire.response[0]["raw_attributes"]["objectGUID"][0]))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    entries = (person("Kari"), computer(PC, CERTIFICATE), computer(BARE), group("Machines"))
    folder = tmp_path / "project"
    with HostedMocks(World(scenario(entries))) as mocks:
        ad = MockAd(mocks, "corp")
        connectors = {
            "corp": directory_connector(ad, (PEOPLE, GROUPS)),
            "entra": tenant_connector(MockTenant(mocks)),
        }
        make_project(folder, connectors, features={"devices": "true"})
        server = ldap3.Server(ad.url, get_info=ldap3.NONE)
        wire = ldap3.Connection(server, ad.account, ad.password, auto_bind=True)
        try:
            with told(folder, mocks) as story:
                yield Office(story, wire)
        finally:
            socket = wire.socket
            wire.unbind()
            socket.close()


def test_a_computer_with_a_certificate_becomes_a_device_and_what_happens_to_it_follows(office: Office) -> None:
    story = office.story
    results = succeeded(story.cycle(initial=True))
    assert counters(results)["entra", "export"]["export-add"] == 3, "a person, a group and one of the two computers"
    (device,) = office.devices()
    assert (device["displayName"], device["deviceId"]) == ("PC-01", office.guid(PC))
    assert (device["operatingSystem"], device["trustType"]) == ("Windows 11 Enterprise", "ServerAd")
    assert (device["accountEnabled"], device["onPremisesSyncEnabled"]) == (True, True)
    assert device["registrationDateTime"] is None, "pending, until the computer registers itself"
    owners = story.cloud.listed(f"devices/{device['id']}/registeredOwners")
    assert [owner["displayName"] for owner in owners] == ["Kari"]
    succeeded(story.cycle())  # confirms
    assert counters(succeeded(story.cycle())) == {}
    story.nothing_is_under_way()

    # It is disabled, and in a group; the other one enrols a certificate.
    def changed(dn: str, attribute: str, operation: str, value: str | bytes) -> None:
        assert office.wire.modify(dn, {attribute: [(operation, [value])]}), office.wire.result

    changed(PC, "userAccountControl", ldap3.MODIFY_REPLACE, "4098")
    changed(BARE, "userCertificate", ldap3.MODIFY_ADD, OTHER)
    changed(f"CN=Machines,{GROUPS}", "member", ldap3.MODIFY_ADD, PC)
    succeeded(story.cycle())
    devices = {one["displayName"]: one for one in office.devices()}
    assert {name: one["accountEnabled"] for name, one in devices.items()} == {"PC-01": False, "PC-02": True}
    assert story.cloud.members("Machines") == ["PC-01"]
    traced = call("trace", PC, "accountEnabled", "-C", story.folder).stdout
    assert "Out to AAD - Device Join SOAInAD" in traced and "accountEnabled is False in the cloud" in traced

    # One is deleted, the other loses its certificate: both devices go for good.
    assert office.wire.delete(BARE), office.wire.result
    changed(PC, "userCertificate", ldap3.MODIFY_DELETE, CERTIFICATE)
    results = succeeded(story.cycle())
    assert counters(results)["entra", "export"]["export-delete"] == 2
    assert office.devices() == []
    succeeded(story.cycle())
    story.nothing_is_under_way()


def test_a_device_that_registered_itself_first_is_taken_over_by_its_id(office: Office) -> None:
    story = office.story
    registered = {
        "accountEnabled": True,
        "alternativeSecurityIds": [{"type": 2, "key": base64.b64encode(b"key").decode()}],
        "deviceId": office.guid(PC),
        "displayName": "pc-01",
        "operatingSystem": "Windows",
        "operatingSystemVersion": "10.0",
    }
    id_ = story.cloud.post("devices", registered)["id"]
    succeeded(story.cycle(initial=True))
    (device,) = office.devices()
    assert (device["id"], device["displayName"], device["onPremisesSyncEnabled"]) == (id_, "PC-01", True)
    succeeded(story.cycle())
    story.nothing_is_under_way()


def test_a_device_deleted_in_the_cloud_is_made_again(office: Office) -> None:
    story = office.story
    story.settled()
    (before,) = office.devices()
    story.mocks.call(lambda: story.tenant.tenant.store.purge(before["id"]))
    imported = only(story.cycle(), "entra", "delta-import")
    assert counters([imported])["entra", "delta-import"]["stage-delete"] == 1
    (after,) = office.devices()
    assert after["id"] != before["id"] and after["deviceId"] == before["deviceId"]
