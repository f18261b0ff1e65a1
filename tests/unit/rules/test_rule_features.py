"""The default rules over all their features: every variant loads, and each choice shows where it should."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import pytest

from attrflow.app.library import default_rules, metaverse_schema
from attrflow.app.settings_metaverse import extended_metaverse
from attrflow.model.provenance import MappingId
from attrflow.model.schema import Syntax
from attrflow.rules.checking import checked_ruleset
from attrflow.rules.conventions import conventions
from attrflow.rules.features import ALL_APPS, COMPLETE, JOINS, Extension, Features
from attrflow.rules.reachability import reachability
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import RuleSet
from attrflow.rules.sides import Schemas

CONNECTORS = (("contoso", "1", "ad"), ("fabrikam", "2", "ad"), ("ldap", "3", "openldap"), ("entra", "4", "entra"))
PARAMETERS = dict.fromkeys(("Connector.ID", "Domain.FQDN", "Domain.Netbios", "Forest.FQDN", "Forest.Netbios"), "")
APP = "0f3c2c5a-6e8a-4d9f-9d53-5b8a1f0c7e11"
EXTENSIONS = (Extension("user", "employeeType"), Extension("user", "keys", Syntax.BINARY, multi=True))

VARIANTS = [
    Features(),
    COMPLETE,
    Features(exchange=False, apps=()),
    Features(lync=True),
    Features(hybrid_exchange=True),
    Features(devices=True),
    *(Features(anchor=anchor) for anchor in ("mS-DS-ConsistencyGuid", "employeeID", "objectguid")),
    *(Features(join=join, hybrid_exchange=True) for join in (*JOINS, "employeeID")),
    *(Features(apps=(app,)) for app in ALL_APPS),
    Features(upn_attribute="mail"),
    Features(group_member_limit=250_000),
    Features(excluded_attributes=("Mobile", "pager", "extensionAttribute15")),
    Features(group_filter={"*": 'CN=The "pilots"\\, all,OU=Groups,DC=contoso,DC=test'}),
    Features(extension_app=APP, extensions=EXTENSIONS),
    Features(extension_app=APP, extensions=(Extension("group", "info"),)),
    Features(ldap_groups=("groupOfUniqueNames", "posixGroup")),
]


def named(features: Features, name: str, *, graph: bool = False) -> Rule:
    rules = default_rules((CONNECTORS[0], CONNECTORS[3]), features, graph=("entra",) if graph else ())
    (found,) = (rule for rule in rules if rule.name == name)
    return found


def flow(features: Features, name: str, destination: str) -> str:
    mapping = named(features, name).mapping(MappingId(destination))
    return "" if mapping is None else " ".join(mapping.source.split())


@pytest.mark.parametrize(
    ("number", "graph"), [(number, number % 2 == 0) for number in range(len(VARIANTS))] + [(0, False), (1, True)]
)
def test_every_variant_loads_and_lint_has_nothing_to_say(number: int, *, graph: bool) -> None:
    """What the channel changes and what features change is apart, so that each variant is tried on one channel."""
    connectors = (CONNECTORS[0], *CONNECTORS[2:])
    rules = default_rules(connectors, VARIANTS[number], graph=("entra",) if graph else ())
    names = [name for name, _, _ in connectors]
    metaverse = extended_metaverse(VARIANTS[number].metaverse())
    ruleset, diagnostics = checked_ruleset(
        rules, connectors=names, schemas=Schemas(metaverse), parameters=dict.fromkeys(names, PARAMETERS)
    )
    assert [str(diagnostic) for diagnostic in diagnostics] == []
    deep = chain(reachability(ruleset.rules), conventions(ruleset.rules, {}))
    assert [f"{rule.name}: {finding.message}" for rule, finding in deep] == []
    assert [rule.precedence for rule in ruleset.rules] == list(range(100, 100 + len(rules)))


def test_the_whole_set_has_the_documented_numbers() -> None:
    rules = RuleSet.of(default_rules((CONNECTORS[0], CONNECTORS[3]), COMPLETE)).rules
    numbers = {f"{rule.direction} {rule.name}": rule.precedence for rule in rules}
    assert (len(rules), rules[0].precedence, rules[-1].precedence) == (62, 100, 161)
    for name, number in {
        "inbound In from AD - User AccountEnabled": 102,
        "inbound In from AD - User Lync": 110,
        "inbound In from AD - Contact Lync": 117,
        "inbound In from AAD - User NGCKey": 122,
        "outbound Out to AAD - User Join": 123,
        "outbound Out to AAD - Contact Join": 131,
        "outbound Out to AAD - Group AzureRMS": 146,
        "outbound Out to AAD - User OfficeProPlus": 147,
        "inbound In from AAD - User Exchange Hybrid": 150,
        "outbound Out to AD - User Join": 154,
        "outbound Out to AD - User Exchange Hybrid": 158,
        "outbound Out to AAD - Device Join SOAInAD": 160,
        "inbound In from AD - Device Common": 161,
    }.items():
        assert numbers[name] == number


def test_what_the_other_services_bring_on_top() -> None:
    """Little: Lync's own attributes, and two attributes of contacts. So the compact set gives the cloud the same."""

    def carried(features: Features) -> set[tuple[str, str]]:
        rules = default_rules((CONNECTORS[3],), features)
        return {(r.target_type, m.destination) for r in rules if r.direction == "outbound" for m in r.mappings}

    more = carried(Features(apps=ALL_APPS)) - carried(Features())
    assert {(object_type, name) for object_type, name in more if not name.startswith("msRtcSip")} == {
        ("contact", "countryCode"),
        ("contact", "thumbnailPhoto"),
    }


def test_the_anchor() -> None:
    plain = flow(Features(), "In from AD - User Common", "sourceAnchor")
    guid = replace(Features(), anchor="mS-DS-ConsistencyGuid")
    assert "ConsistencyGuid" not in plain
    for name in ("User Common", "User AccountEnabled", "InetOrgPerson Common"):
        assert "IsPresent([mS-DS-ConsistencyGuid])" in flow(guid, f"In from AD - {name}", "sourceAnchor")
    assert flow(guid, "Out to AD - User ImmutableId", "mS-DS-ConsistencyGuid") == "sourceAnchorBinary"
    assert flow(COMPLETE, "In from AAD - User Join", "cloudMastered") == "cloudMastered"
    assert flow(guid, "In from AAD - User Join", "cloudMastered") == ""
    assert "CStr([employeeID])" in flow(Features(anchor="employeeID"), "In from AD - User Common", "sourceAnchor")


def test_the_sign_in_name() -> None:
    mail = Features(upn_attribute="mail")
    assert flow(mail, "In from AD - User Common", "userPrincipalName").startswith("IIF(IsPresent([mail]), [mail],")
    assert flow(mail, "In from AD - User Common", "onPremisesUserPrincipalName") == "userPrincipalName"
    assert flow(mail, "Out to AAD - User Identity", "onPremisesUserPrincipalName") == "onPremisesUserPrincipalName"


@pytest.mark.parametrize(
    ("join", "groups"),
    [
        ("object-sid", 5),
        ("mail", ["mail = mail"]),
        ("sam-account-name", ["sAMAccountName = accountName", "mailNickname = mailNickname"]),
        ("only-once", ["objectGUID = sourceAnchorBinary"]),
        ("employeeID", ["employeeID = employeeID"]),
    ],
)
def test_the_join_criteria_of_both_directions(join: str, groups: int | list[str]) -> None:
    features = replace(COMPLETE, join=join)
    for name in ("In from AD - User Join", "In from AD - InetOrgPerson Join", "Out to AD - User Join"):
        found = [f"{clause.cs} = {clause.mv}" for group in named(features, name).join for clause in group]
        assert (len(found) if isinstance(groups, int) else found) == groups


def test_the_limit_of_a_groups_members() -> None:
    large = Features(group_member_limit=250_000)
    rule = named(large, "Out to AAD - Group Join")
    assert {c.value for group in rule.scope for c in group if c.attribute == "memberCount"} == {"250000"}
    assert "[memberCount] > 250000" in flow(large, "Out to AAD - Group Join", "member")


def test_attributes_that_are_filtered_out_of_the_cloud() -> None:
    rules = default_rules((CONNECTORS[0], CONNECTORS[3]), Features(excluded_attributes=("MOBILE",)))
    assert {r.direction for r in rules for m in r.mappings if m.destination == "mobile"} == {"inbound"}


def test_only_members_of_a_group() -> None:
    features = Features(group_filter={"contoso": "CN=Pilots,DC=contoso,DC=test"})
    rules = default_rules(CONNECTORS, features)
    held = {(r.connector, r.name) for r in rules for g in r.scope for c in g if c.operator == "ISMEMBEROF"}
    types = ("User", "InetOrgPerson", "Group", "Contact")
    assert held == {("contoso", f"In from AD - {name} Join") for name in types}
    assert all(rule.link == "provision" for rule in rules if (rule.connector, rule.name) in held)


def test_directory_extensions_come_from_their_map() -> None:
    features = Features(extension_app=APP, extensions=EXTENSIONS)
    target = f"extension_{APP.replace('-', '')}_employeeType"
    assert flow(features, "In from AD - User DirectoryExtension", target) == "Left([employeeType], 250)"
    assert flow(features, "Out to AAD - User DirectoryExtension", target) == target
    keys = named(features, "In from AD - User DirectoryExtension").mapping(
        MappingId(target.replace("employeeType", "keys"))
    )
    assert keys is not None
    assert (keys.flow, keys.source) == ("direct", "keys")
    assert not any("Group Directory" in rule.name for rule in default_rules(CONNECTORS, features))


def test_over_graph_groups_and_contacts_are_joined_by_derived_anchors() -> None:
    for name in ("In from AAD - Group Join", "Out to AAD - Group Join"):
        rule = named(Features(), name, graph=True)
        assert [f"{c.cs} = {c.mv}" for g in rule.join for c in g] == [
            "sourceAnchor = sourceAnchor",
            "onPremiseSecurityIdentifier = objectSid",
        ]
        assert "derived anchor" in rule.description
        assert rule.id == named(Features(), name).id
    for name in ("In from AAD - Contact Join", "Out to AAD - Contact Join"):
        rule = named(Features(), name, graph=True)
        assert [f"{c.cs} = {c.mv}" for g in rule.join for c in g] == ["mail = mail"]
        assert "derived anchor" in rule.description
    assert named(Features(), "In from AAD - User Join", graph=True) == named(Features(), "In from AAD - User Join")


def test_the_metaverse_has_what_the_product_has() -> None:
    schema = metaverse_schema()
    assert {name: len(t.attributes) for name, t in schema.object_types.items()} == {
        "person": 182,
        "group": 86,
        "device": 29,
    }
