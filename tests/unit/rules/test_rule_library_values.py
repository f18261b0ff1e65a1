"""What the default rules compute, value by value, by their own expressions."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache

import pytest

from attrflow.app.library import default_rules
from attrflow.expr import compile_expression, parse
from attrflow.expr.errors import ExpressionError
from attrflow.expr.results import Many, Scalar
from attrflow.model.provenance import MappingId
from attrflow.rules.rule import Rule

PARAMETERS = {"Domain.FQDN": "contoso.test"}


@cache
def rules() -> dict[str, Rule]:
    kinds = ("ad", "openldap", "entra")
    return {rule.name: rule for rule in default_rules([(kind, f"id-{kind}", kind) for kind in kinds])}


class Values:
    """One object under evaluation; lists are multi-valued attributes."""

    def __init__(self, attributes: dict[str, Scalar | list[Scalar]]) -> None:
        self.values = attributes

    def attribute(self, name: str) -> Scalar | Many | None:
        value = self.values.get(name)
        return tuple(value) if isinstance(value, list) else value

    imported = attribute

    def count(self, name: str) -> int:
        value = self.values.get(name, [])
        return len(value) if isinstance(value, list) else 1

    def parameter(self, name: str) -> str | None:
        return PARAMETERS.get(name)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def guid(self) -> str:
        raise AssertionError("no default rule makes GUIDs")

    def random(self, low: int, high: int) -> int:
        raise AssertionError(f"no default rule rolls dice from {low} to {high}")

    def observe(self, node_id: int, value: object) -> None:
        raise AssertionError(f"not observed: {node_id} {value}")


def evaluate(rule: str, destination: str, attributes: dict[str, Scalar | list[Scalar]]) -> object:
    mapping = rules()[rule].mapping(MappingId(destination))
    assert mapping is not None
    tree = parse(mapping.source).tree
    assert tree is not None
    return compile_expression(tree).evaluate(Values({"dn": "CN=Kari,DC=contoso,DC=test"} | attributes))


def check(rule: str, destination: str, cases: Iterable[tuple[dict[str, Scalar | list[Scalar]], object]]) -> None:
    for attributes, expected in cases:
        assert evaluate(rule, destination, attributes) == expected, attributes


def test_users_that_never_go_to_the_cloud() -> None:
    name = "kari"
    check(
        "In from AD - User Join",
        "cloudFiltered",
        [
            ({"sAMAccountName": name}, None),
            ({"sAMAccountName": name, "mailNickname": "CAS_x", "msExchRecipientTypeDetails": 1}, None),
            ({}, True),
            ({"sAMAccountName": name, "isCriticalSystemObject": False}, True),
            ({"sAMAccountName": "SUPPORT_388945a0"}, True),
            ({"sAMAccountName": "MSOL_0123"}, True),
            ({"sAMAccountName": "AAD_0123"}, True),
            ({"sAMAccountName": "CAS_{1}"}, True),
            ({"sAMAccountName": name, "mailNickname": "CAS_{1}"}, True),
            ({"sAMAccountName": name, "mailNickname": "SystemMailbox{1}"}, True),
            ({"sAMAccountName": name, "msExchRecipientTypeDetails": 0x20000000}, True),
            ({"sAMAccountName": name, "dn": "CN=Kari\\0ACNF:4a,DC=contoso,DC=test"}, True),
        ],
    )


def test_groups_and_contacts_that_never_go_to_the_cloud() -> None:
    check(
        "In from AD - Group Join",
        "cloudFiltered",
        [
            ({"sAMAccountName": "staff"}, None),
            ({"sAMAccountName": "MSOL_AD_Sync_RichCoexistence"}, True),
            ({"msExchRecipientTypeDetails": 0x40000000}, True),
            ({"dn": "CN=g\\0ACNF:4a,DC=t"}, True),
        ],
    )
    check(
        "In from AD - Contact Join",
        "cloudFiltered",
        [
            ({"displayName": "Ola"}, None),
            ({"displayName": "Ola (MSOL)"}, None),
            ({"displayName": "Ola (MSOL)", "msExchHideFromAddressLists": True}, True),
            ({"mailNickname": "CAS_{1}"}, True),
        ],
    )


def test_mail_reaches_what_has_an_address() -> None:
    for rule in ("In from AD - Group Join", "In from AD - Contact Join"):
        check(
            rule,
            "mailEnabled",
            [
                ({}, False),
                ({"mail": "a@b"}, True),
                ({"mail": "a"}, False),
                ({"proxyAddresses": ["smtp:a@b"]}, False),
                ({"proxyAddresses": ["smtp:a@b", "SMTP:c@d"]}, True),
                ({"proxyAddresses": ["SMTP:c"]}, False),
            ],
        )


def test_the_anchor_of_a_user_is_its_guid_but_not_for_a_linked_mailbox() -> None:
    guid = bytes(range(16))
    text = base64.b64encode(guid).decode()
    for rule in ("In from AD - User AccountEnabled", "In from AD - User Common"):
        check(
            rule,
            "sourceAnchor",
            [
                ({"objectGUID": guid}, text),
                ({"objectGUID": guid, "msExchRecipientTypeDetails": 1}, text),
                ({"objectGUID": guid, "msExchRecipientTypeDetails": 2}, None),
                ({"objectGUID": "already text"}, "already text"),
            ],
        )
    check("In from LDAP - User Common", "sourceAnchor", [({"entryUUID": guid}, text)])


def test_the_sign_in_name_has_a_fall_back() -> None:
    for rule in ("In from AD - User AccountEnabled", "In from AD - User Common"):
        check(
            rule,
            "userPrincipalName",
            [
                ({"userPrincipalName": "k@c.test", "sAMAccountName": "kari"}, "k@c.test"),
                ({"sAMAccountName": "kari"}, "kari@contoso.test"),
            ],
        )
        with pytest.raises(ExpressionError, match="neither"):
            evaluate(rule, "userPrincipalName", {})
    check(
        "In from LDAP - User Common",
        "userPrincipalName",
        [({"mail": [" k@c.test "]}, "k@c.test"), ({"uid": ["kari"]}, "kari@contoso.test"), ({}, None)],
    )


def test_ldap_accounts_are_enabled_unless_locked_for_good() -> None:
    check(
        "In from LDAP - User Common",
        "accountEnabled",
        [
            ({}, True),
            ({"pwdAccountLockedTime": "20260101000000Z"}, True),
            ({"pwdAccountLockedTime": "000001010000Z"}, False),
            ({"nsAccountLock": "TRUE"}, False),
            ({"nsAccountLock": False}, True),
        ],
    )
    check(
        "In from LDAP - User Join",
        "cloudFiltered",
        [
            ({"uid": ["kari"]}, None),
            ({}, True),
            ({"uid": ["backup"], "pwdPolicySubentry": "CN=Service Accounts,OU=policies,DC=c"}, True),
            ({"uid": ["kari"], "pwdPolicySubentry": "cn=people,ou=service,dc=c"}, None),
        ],
    )


def test_of_several_ldap_values_the_first_counts() -> None:
    check(
        "In from LDAP - User Common",
        "telephoneNumber",
        [({"telephoneNumber": [" +47 1 ", "2"]}, "+47 1"), ({}, None)],
    )


def test_texts_are_trimmed_and_cut() -> None:
    common = "In from AD - User Common"
    check(common, "telephoneNumber", [({"telephoneNumber": "  +47 22 "}, "+47 22"), ({}, None)])
    check(common, "description", [({"description": [" a " + "x" * 500]}, "a " + "x" * 446), ({}, None)])
    check(common, "displayName", [({"cn": "Kari"}, "Kari"), ({"cn": "Kari", "displayName": "K"}, "K")])
    check(common, "proxyAddresses", [({"proxyAddresses": ["SMTP:a@b ", "SMTP:a@b"]}, ("SMTP:a@b",))])
    check(common, "accountEnabled", [({"userAccountControl": 514}, False), ({"userAccountControl": 512}, True)])
    check(common, "pwdLastSet", [({"pwdLastSet": 129699324000000000}, "20120101230000.0Z"), ({}, None)])
    check(common, "sourceObjectType", [({}, "User"), ({"msExchRecipientTypeDetails": 2}, None)])


def test_a_security_group_is_told_by_its_sign_bit() -> None:
    check(
        "In from AD - Group Common",
        "securityEnabled",
        [({"groupType": -2147483646}, True), ({"groupType": 2}, False)],
    )
    check("In from AD - Group Common", "memberCount", [({}, 0), ({"member": ["a", "b"]}, 2)])


def test_an_anchor_that_changed_is_an_error_and_not_a_second_object() -> None:
    same: dict[str, Scalar | list[Scalar]] = {"sourceAnchor": "a", "sourceObjectType": "User"}
    check(
        "Out to AAD - User Join",
        "sourceAnchor",
        [
            (same, "a"),
            (same | {"cloudSourceAnchor": "a", "cloudAnchor": "User_1"}, "a"),
            (same | {"cloudSourceAnchor": "b", "cloudAnchor": "Contact_1"}, "a"),
        ],
    )
    with pytest.raises(ExpressionError, match="anchor"):
        evaluate("Out to AAD - User Join", "sourceAnchor", same | {"cloudSourceAnchor": "b", "cloudAnchor": "User_1"})
    check("Out to AAD - Group Join", "sourceAnchor", [({"sourceAnchor": "a", "cloudSourceAnchor": "a"}, "a")])
    with pytest.raises(ExpressionError, match="anchor"):
        evaluate("Out to AAD - Group Join", "sourceAnchor", {"sourceAnchor": "a", "cloudSourceAnchor": "b"})


def test_the_name_in_the_cloud_space_is_the_anchor_in_hexadecimal() -> None:
    for rule in ("User", "Contact", "Group"):
        check(f"Out to AAD - {rule} Join", "dn", [({"sourceAnchor": "aZ="}, "CN={615A3D}")])


def test_a_group_that_grew_too_large_stops() -> None:
    assert repr(evaluate("Out to AAD - Group Join", "member", {"memberCount": 50000})) == "IgnoreThisFlow"
    assert repr(evaluate("Out to AAD - Group Join", "member", {})) == "IgnoreThisFlow"
    with pytest.raises(ExpressionError, match="members"):
        evaluate("Out to AAD - Group Join", "member", {"memberCount": 50001})
