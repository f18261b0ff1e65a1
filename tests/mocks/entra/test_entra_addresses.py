"""Names and addresses: the documented scenarios of proxyAddresses (KB 3190357) and userPrincipalName."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from attrflow_mocks.entra.direct import DirectClient, object_id


def check(client: DirectClient, key: str, **expected: object) -> None:
    names = ("mail", "mailNickname", "proxyAddresses", "userPrincipalName")
    found: dict[str, Any] = client.user(key, *names)
    actual = {name: found[name] for name in expected}
    if "proxyAddresses" in expected:
        actual["proxyAddresses"] = sorted(actual["proxyAddresses"])
        expected["proxyAddresses"] = sorted(expected["proxyAddresses"])  # type: ignore[call-overload]  # a list here
    assert actual == expected


def add(client: DirectClient, name: str, **attributes: object) -> str:
    answer = client.add(name, displayName=name, **attributes)
    assert answer["status"] == 201, answer
    return object_id(answer["cloudAnchor"])


SCENARIOS = tomllib.loads(Path(__file__).with_name("documented_names.toml").read_text("utf-8"))["scenario"]


def test_all_eleven_are_there() -> None:
    kinds = [scenario["of"] for scenario in SCENARIOS]
    assert (kinds.count("proxyAddresses"), kinds.count("userPrincipalName")) == (6, 5)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario['of']} {scenario['number']}")
def test_documented_scenario(client: DirectClient, scenario: dict[str, Any]) -> None:
    keys: dict[str, str] = {}
    for step in scenario["steps"]:
        name = step.get("user", "user")
        if "add" in step:
            keys[name] = add(client, name, **step["add"])
        if "update" in step:
            assert client.update(f"User_{keys[name]}", **step["update"])["status"] == 200
        if "licensed" in step:
            client.tenant.assign_exchange(keys[name], assigned=step["licensed"])
        if "expect" in step:
            expect(client, keys[name], step["expect"])


def expect(client: DirectClient, key: str, wanted: dict[str, Any]) -> None:
    """Compare; `#` in an address is a digit by lot, an empty mail is none."""
    found = client.user(key, *wanted)
    for name, value in wanted.items():
        if name == "proxyAddresses":
            patterns = [re.escape(one).replace(r"\#", r"\d") for one in sorted(value)]
            assert len(found[name]) == len(patterns), found[name]
            for pattern, address in zip(patterns, sorted(found[name]), strict=True):
                assert re.fullmatch(pattern, address), (pattern, address)
        else:
            assert found[name] == (value or None), name


def test_verifying_a_domain_recalculates_user_names_without_a_sync(client: DirectClient) -> None:
    key = add(client, "late", userPrincipalName="late@corp.example")
    check(client, key, userPrincipalName="late@contoso.onmicrosoft.com")
    client.tenant.verify_domain("corp.example")
    check(client, key, userPrincipalName="late@corp.example")
    client.tenant.remove_domain("corp.example")
    check(client, key, userPrincipalName="late@contoso.onmicrosoft.com")


def test_a_user_name_with_white_space_is_calculated_one_without_an_at_refused(client: DirectClient) -> None:
    key = add(client, "space", userPrincipalName="ola nordmann@contoso.com")
    check(client, key, userPrincipalName="olanordmann@contoso.onmicrosoft.com")
    answer = client.add("noat", displayName="x", userPrincipalName="nobody")
    assert answer["error"]["code"] == "IdentityDataValidationFailed"
    assert answer["error"]["attribute"] == "userPrincipalName"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("smtp:a b@contoso.com", False),
        ("a@contoso.com", False),
        ("X400:c=no;a= ;p=org", False),
        ("MSMAIL:NET/PO/USER", False),
        ("smtp:x@contoso.onmicrosoft.com", False),
        ("sip:x@corp.example", True),
        ("X500:/o=First Organization/cn=x", True),
        ("smtp:x@corp.example", True),
    ],
)
def test_addresses_that_are_dropped(client: DirectClient, value: str, kept: bool) -> None:
    key = add(client, "drop", userPrincipalName="drop@contoso.com", proxyAddresses=["SMTP:p@contoso.com", value])
    found = client.user(key, "proxyAddresses")["proxyAddresses"]
    assert (value in found) is kept
    if value == "smtp:x@corp.example":
        client.tenant.assign_exchange(key)
        assert value not in client.user(key, "proxyAddresses")["proxyAddresses"]


def test_a_licence_for_a_cloud_user_adds_and_removes_its_addresses(client: DirectClient) -> None:
    client.tenant.assign_exchange("cloud@contoso.com")
    addresses = ["SMTP:cloud@contoso.com", "smtp:cloud@contoso.onmicrosoft.com"]
    check(client, "cloud@contoso.com", mail="cloud@contoso.com", proxyAddresses=addresses)
