"""Names and addresses: the documented scenarios of proxyAddresses (KB 3190357) and userPrincipalName."""

from __future__ import annotations

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


def test_proxy_scenario_1_nothing_but_a_user_name(client: DirectClient) -> None:
    key = add(client, "user1", userPrincipalName="user1upn@contoso.com")
    check(client, key, mail=None, mailNickname="user1upn", proxyAddresses=[])
    client.tenant.assign_exchange(key)
    check(
        client,
        key,
        mail="user1upn@contoso.com",
        proxyAddresses=["smtp:user1upn@contoso.onmicrosoft.com", "SMTP:user1upn@contoso.com"],
    )


def test_proxy_scenario_2_mail_only(client: DirectClient) -> None:
    key = add(client, "user2", userPrincipalName="user2upn@contoso.com", mail="user2mail@contoso.com")
    check(
        client,
        key,
        mail="user2mail@contoso.com",
        mailNickname="user2mail",
        proxyAddresses=["SMTP:user2mail@contoso.com"],
    )
    client.tenant.assign_exchange(key)
    addresses = [
        "smtp:user2upn@contoso.com",
        "smtp:user2mail@contoso.onmicrosoft.com",
        "SMTP:user2mail@contoso.com",
    ]
    check(client, key, mail="user2mail@contoso.com", proxyAddresses=addresses)


def test_proxy_scenario_3_proxies_change(client: DirectClient) -> None:
    proxies = [
        "smtp:user3pa3@fabrikam.microsoftonline.com",
        "smtp:user3pa2@contoso.onmicrosoft.com",
        "SMTP:user3pa1@contoso.com",
    ]
    key = add(client, "user3", userPrincipalName="user3upn@contoso.com", proxyAddresses=proxies)
    client.tenant.assign_exchange(key)
    kept = ["smtp:user3upn@contoso.com", "smtp:user3pa1@contoso.onmicrosoft.com"]
    check(client, key, mail="user3pa1@contoso.com", proxyAddresses=[*kept, "SMTP:user3pa1@contoso.com"])
    client.update(f"User_{key}", proxyAddresses=["SMTP:user3new1@contoso.com"])
    check(
        client,
        key,
        mail="user3new1@contoso.com",
        mailNickname="user3pa1",
        proxyAddresses=[*kept, "SMTP:user3new1@contoso.com"],
    )


def test_proxy_scenario_4_licence_removed(client: DirectClient) -> None:
    key = add(client, "user4", userPrincipalName="user4upn@contoso.com")
    client.tenant.assign_exchange(key)
    client.tenant.assign_exchange(key, assigned=False)
    moera = "user4upn@contoso.onmicrosoft.com"
    check(client, key, mail=moera, proxyAddresses=[f"SMTP:{moera}"])
    client.update(f"User_{key}", proxyAddresses=["smtp:user4new@contoso.com"])
    addresses = ["smtp:user4upn@contoso.com", "smtp:user4new@contoso.com", f"SMTP:{moera}"]
    check(client, key, mail=moera, proxyAddresses=addresses)


def test_proxy_scenario_5_nickname_changes(client: DirectClient) -> None:
    key = add(client, "user5", userPrincipalName="user5upn@contoso.com")
    client.tenant.assign_exchange(key)
    client.update(f"User_{key}", alias="user5new1")
    check(
        client,
        key,
        mail="user5upn@contoso.com",
        mailNickname="user5new1",
        proxyAddresses=["smtp:user5upn@contoso.onmicrosoft.com", "SMTP:user5upn@contoso.com"],
    )


def test_proxy_scenario_6_same_nickname_twice(client: DirectClient) -> None:
    keys = [add(client, f"user6{x}", userPrincipalName=f"user6{x}@contoso.com", alias="user6mnn") for x in "ab"]
    for key in keys:
        client.tenant.assign_exchange(key)
    check(
        client,
        keys[0],
        proxyAddresses=["smtp:user6mnn@contoso.onmicrosoft.com", "SMTP:user6a@contoso.com"],
    )
    second = client.user(keys[1], "mailNickname", "proxyAddresses")
    moera = next(value for value in second["proxyAddresses"] if value.endswith("onmicrosoft.com"))
    assert second["mailNickname"] == "user6mnn"
    digits = moera.removeprefix("smtp:user6mnn").removesuffix("@contoso.onmicrosoft.com")
    assert len(digits) == 4
    assert digits.isdecimal()


def test_user_name_scenarios_1_to_5(client: DirectClient) -> None:
    """One user through all five steps of the documented page; corp.example is not verified."""
    key = add(
        client,
        "upn",
        proxyAddresses=["SMTP:user1@corp.example"],
        mail="user2@corp.example",
        userPrincipalName="user3@corp.example",
    )
    check(client, key, mailNickname="user1", userPrincipalName="user1@contoso.onmicrosoft.com")
    client.update(f"User_{key}", alias="user4")
    check(client, key, mailNickname="user4", userPrincipalName="user1@contoso.onmicrosoft.com")
    client.update(f"User_{key}", userPrincipalName="user5@corp.example")
    check(client, key, mailNickname="user4", userPrincipalName="user4@contoso.onmicrosoft.com")
    client.update(f"User_{key}", mail="user7@corp.example", proxyAddresses=["SMTP:user6@corp.example"])
    check(client, key, mailNickname="user4", userPrincipalName="user4@contoso.onmicrosoft.com")
    client.update(f"User_{key}", userPrincipalName="user5@contoso.com")
    check(client, key, mailNickname="user4", userPrincipalName="user5@contoso.com")


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
