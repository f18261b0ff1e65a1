"""The default library: every template is sound, and numbered and named as documented."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from importlib.resources import files

import pytest

from attrflow.app.library import default_rules, library_text, materialise_defaults, metaverse_schema
from attrflow.model.provenance import MappingId
from attrflow.model.schema import AttributeType, ObjectType, Syntax
from attrflow.rules.checking import checked_ruleset
from attrflow.rules.document import read_rule
from attrflow.rules.features import COMPLETE, Extension
from attrflow.rules.reading import attributes_needed
from attrflow.rules.rule import Rule, numbered
from attrflow.rules.sides import Schemas
from attrflow.rules.template import DEFAULT_ORDER, defaults_for, is_edited, materialise

CONTOSO = ("contoso", "11111111-2222-3333-4444-555555555555", "ad")
FABRIKAM = ("fabrikam", "22222222-2222-3333-4444-555555555555", "ad")
LDAP = ("ldap", "33333333-2222-3333-4444-555555555555", "openldap")
ENTRA = ("entra", "44444444-2222-3333-4444-555555555555", "entra")
PARAMETERS = {
    "Connector.ID": CONTOSO[1],
    "Domain.FQDN": "contoso.test",
    "Domain.Netbios": "CONTOSO",
    "Forest.FQDN": "contoso.test",
    "Forest.Netbios": "CONTOSO",
}


EXTENSIONS = (
    Extension("user", "employeeType"),
    Extension("user", "badges", Syntax.BINARY, multi=True),
    Extension("group", "info"),
)
EVERYTHING = replace(
    COMPLETE,
    anchor="mS-DS-ConsistencyGuid",
    extension_app="0F3C2C5A-6e8a-4d9f-9d53-5b8a1f0c7e11",
    extensions=EXTENSIONS,
    ldap_groups=("groupOfUniqueNames", "posixGroup"),
)


@cache
def rules() -> tuple[Rule, ...]:
    return default_rules([CONTOSO, LDAP, ENTRA])


def named(name: str) -> Rule:
    (found,) = (rule for rule in rules() if rule.name == name)
    return found


def test_every_template_file_is_in_the_order_and_tagged_after_its_path() -> None:
    folder = files("attrflow.rules") / "defaults"
    found = {f"{kind.name}/{f.name}" for kind in folder.iterdir() if kind.is_dir() for f in kind.iterdir()}
    assert found == {f"{name}.toml" for name in DEFAULT_ORDER}
    tags = [rule.tag for rule in default_rules([CONTOSO, LDAP, ENTRA], EVERYTHING)]
    assert tags == [name.replace("/", "-") for name in DEFAULT_ORDER]


def test_the_whole_set_has_no_finding() -> None:
    ruleset, diagnostics = checked_ruleset(
        rules(),
        connectors=["contoso", "ldap", "entra"],
        schemas=Schemas(metaverse_schema()),
        parameters=dict.fromkeys(["contoso", "ldap", "entra"], PARAMETERS),
    )
    assert [str(diagnostic) for diagnostic in diagnostics] == []
    assert len(ruleset.rules) == len(rules())


def test_several_forests_are_numbered_rule_by_rule() -> None:
    several = default_rules([CONTOSO, ENTRA, FABRIKAM])
    assert [rule.precedence for rule in several] == list(range(100, 100 + len(several)))
    assert [(rule.connector, rule.name.partition(" - ")[2]) for rule in several[:4]] == [
        ("contoso", "User Join"),
        ("fabrikam", "User Join"),
        ("contoso", "InetOrgPerson Join"),
        ("fabrikam", "InetOrgPerson Join"),
    ]
    assert len({rule.id for rule in several}) == len(several)
    last_ad = max(rule.precedence for rule in several if rule.connector != "entra")
    assert last_ad < min(rule.precedence for rule in several if rule.connector == "entra")


def test_one_forest_has_the_documented_numbers() -> None:
    numbers = {rule.name.partition(" - ")[2]: rule.precedence for rule in rules() if rule.connector == "contoso"}
    assert numbers["User Join"] == 100
    assert numbers["User AccountEnabled"] == 102
    assert numbers["User Common from Exchange"] == 104
    assert numbers["User Common"] == 106
    assert numbers["User Exchange"] == 108


def test_ids_depend_on_the_template_and_the_connector_alone() -> None:
    alone = {rule.tag: rule.id for rule in default_rules([CONTOSO])}
    together = {rule.tag: rule.id for rule in default_rules([FABRIKAM, CONTOSO]) if rule.connector == "contoso"}
    assert alone == together
    upper = default_rules([("renamed", CONTOSO[1].upper(), "ad")])
    assert {rule.tag: rule.id for rule in upper} == alone


def test_materialised_files_read_back_as_the_rules() -> None:
    texts = materialise_defaults([CONTOSO, LDAP, ENTRA])
    assert texts[4][0] == "contoso/104 In from AD - User Common from Exchange.toml"
    for (file, text), rule in zip(texts, rules(), strict=True):
        read, diagnostics = read_rule(text, None)
        assert not diagnostics, file
        assert read == rule
        assert rule.library is not None
        assert re.fullmatch(rf"{rule.tag}@1#[0-9a-f]{{12}}", rule.library)


def test_an_edited_rule_is_told_from_one_as_shipped() -> None:
    for rule in rules():
        assert not is_edited(rule)
    text = dict(materialise_defaults([CONTOSO]))["contoso/106 In from AD - User Common.toml"]
    for old, new, edited in (
        ("precedence = 106", "precedence = 90", False),
        ('tag = "', 'disabled = true\ntag = "', False),
        ("Trim([telephoneNumber])", "[telephoneNumber]", True),
        ("NOTSTARTSWITH User_", "NOTSTARTSWITH X_", True),
    ):
        changed, diagnostics = read_rule(text.replace(old, new), None)
        assert changed is not None, diagnostics
        assert is_edited(changed) is edited


def test_a_faulty_template_is_refused_by_name() -> None:
    good = library_text("ad/user-join.toml")
    for text, message in (
        (good.replace("version = 1", ""), "version"),
        (good.replace("version = 1", 'version = 1\nid = "x"'), "ad-user-join: id is filled in"),
        (good.replace('"provision"', '"provide"'), "ad-user-join: 'link' must be one of"),
        (library_text("ad/inetorgperson-join.toml"), "not handed in"),
        (good.replace("{{join-attribute}}", "{{join-atribute}}"), "nothing to fill the blank {{join-atribute}}"),
    ):
        with pytest.raises(ValueError, match=message):
            materialise(text, "ad", CONTOSO[1], 1)


def test_a_template_like_another_changes_only_what_it_says() -> None:
    user, other = named("In from AD - User Common"), named("In from AD - InetOrgPerson Common")
    assert other.mappings == user.mappings
    assert (other.source_type, other.scope) == ("inetOrgPerson", ())
    assert defaults_for("memory") == ()


def test_every_attribute_that_goes_out_comes_in() -> None:
    filled: dict[str, set[str]] = {}
    for rule in rules():
        if rule.direction == "inbound":
            types = metaverse_schema().object_types if rule.target_type == "*" else [rule.target_type]
            for type_ in types:
                filled.setdefault(type_, set()).update(m.destination for m in rule.mappings)
    missing = {
        (rule.name, m.source)
        for rule in rules()
        if rule.direction == "outbound"
        for m in rule.mappings
        if m.flow == "direct" and m.source not in filled[rule.source_type]
    }
    assert missing == set()


def test_the_flows_of_the_walkthrough_are_there() -> None:
    for name in ("In from AD - User Common from Exchange", "In from AD - User Common"):
        phone = named(name).mapping(MappingId("telephoneNumber"))
        assert phone is not None
        assert (phone.flow, phone.source) == ("expression", "Trim([telephoneNumber])")
    exchange = named("In from AD - User Exchange")
    assert [[(c.attribute, c.operator) for c in g] for g in exchange.scope] == [[("mailNickname", "ISNOTNULL")]]
    assert exchange.mapping(MappingId("msExchHideFromAddressLists")) is not None
    out = named("Out to AAD - User ExchangeOnline")
    assert out.mapping(MappingId("msExchHideFromAddressLists")) is not None
    alias = out.mapping(MappingId("alias"))
    assert alias is not None
    assert alias.source == "mailNickname"


def test_the_import_list_holds_what_rules_read() -> None:
    ruleset, _ = checked_ruleset(rules())
    user = attributes_needed(ruleset, "contoso")["user"]
    assert {"objectGUID", "objectSid", "userAccountControl", "adminDescription", "proxyAddresses"} <= user
    assert "dn" not in user
    assert attributes_needed(ruleset, "contoso")["foreignSecurityPrincipal"] == {"cn"}


def test_every_inbound_destination_has_a_metaverse_attribute_that_can_hold_it() -> None:
    schema = metaverse_schema()
    for rule in rules():
        if rule.direction != "inbound" or rule.target_type == "*":
            continue
        target: ObjectType = schema.object_types[rule.target_type]
        for mapping in rule.mappings:
            attribute: AttributeType | None = target.attributes.get(mapping.destination)
            assert attribute is not None, (rule.name, mapping.destination)
            if mapping.flow == "constant" and attribute.syntax == "boolean":
                assert mapping.source in ("True", "False")
    assert numbered(rules()[0].mappings) == rules()[0].mappings
