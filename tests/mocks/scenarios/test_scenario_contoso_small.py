"""The scenario contoso-small is what its README says, and stands still for one seed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files

import pytest

from attrflow_mocks.scenarios.loader import ScenarioNotFoundError, load, names, title
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed

SCENARIO = load("contoso-small")
CONTOSO, FABRIKAM = SCENARIO.directories


def by_dn(directory: DirectorySeed) -> Mapping[str, EntrySeed]:
    return {entry.dn: entry for entry in directory.entries}


def user(upn: str) -> EntrySeed:
    return next(
        entry
        for directory in SCENARIO.directories
        for entry in directory.entries
        if entry.attributes.get("userPrincipalName") == (upn,)
    )


def told(fault: Mapping[str, str]) -> EntrySeed:
    """The entry that a planted fault stands on: a user by its name, a contact by its address."""
    named = {
        first(e, "userPrincipalName")
        for d in SCENARIO.directories
        for e in d.entries
        if "userPrincipalName" in e.attributes
    }
    if fault["object"] in named:
        return user(fault["object"])
    return next(e for e in CONTOSO.entries if e.attributes.get("mail") == (fault["object"],))


def first(entry: EntrySeed, attribute: str) -> str:
    return str(entry.attributes[attribute][0])


def readme() -> str:
    return files("attrflow_mocks.scenarios").joinpath("data/contoso-small/README.md").read_text("utf-8")


def test_the_scenario_is_listed_with_its_title() -> None:
    assert "contoso-small" in names()
    assert title("contoso-small") == SCENARIO.title


def test_an_unknown_scenario_names_those_that_there_are() -> None:
    with pytest.raises(ScenarioNotFoundError, match="contoso-small"):
        load("contoso-smal")


def test_the_readme_counts_what_is_there() -> None:
    rows = {
        cells[0].replace("of these ", ""): tuple(int(cell) for cell in cells[1:])
        for cells in (
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in readme().splitlines()
            if re.search(r"\| +\d+ \|", line)
        )
    }
    counted: dict[str, tuple[int, ...]] = {}
    for label, kind in (("users", "user"), ("groups", "group"), ("contacts", "contact")):
        counted[label] = tuple(Counter(e.object_class for e in d.entries)[kind] for d in SCENARIO.directories)
    for unit in ("People", "Service Accounts", "Leavers"):
        counted[f"in {unit}"] = tuple(
            sum(e.object_class == "user" and f"OU={unit},{d.naming_context}" in e.dn for e in d.entries)
            for d in SCENARIO.directories
        )
    assert rows == {label: (*numbers, sum(numbers)) for label, numbers in counted.items()}


def test_parents_and_targets_come_before_those_who_need_them() -> None:
    for directory in SCENARIO.directories:
        seen = {directory.naming_context}
        for entry in directory.entries:
            parent = re.split(r"(?<!\\),", entry.dn, maxsplit=1)[1]
            assert parent in seen, entry.dn
            for attribute in ("member", "manager"):
                assert set(entry.attributes.get(attribute, ())) <= seen, (entry.dn, attribute)
            seen.add(entry.dn)


@pytest.mark.parametrize("attribute", ["sAMAccountName", "userPrincipalName", "mail", "proxyAddresses"])
def test_what_must_be_unique_is_unique(attribute: str) -> None:
    for directory in SCENARIO.directories:
        values = [str(v).casefold() for e in directory.entries for v in e.attributes.get(attribute, ())]
        assert [value for value, times in Counter(values).items() if times > 1] == []


def test_account_names_are_what_ad_takes() -> None:
    for entry in CONTOSO.entries:
        if entry.object_class == "user":
            assert re.fullmatch(r"[a-z0-9.-]{1,20}", first(entry, "sAMAccountName")), entry.dn


def test_karis_number_has_its_blanks() -> None:
    assert user("kari.nordmann@contoso.test").attributes["telephoneNumber"] == ("  +47 22 00 00 00 ",)


def test_every_planted_fault_points_at_an_object_and_is_told_in_the_readme() -> None:
    numbers = [fault["diagnosis"].removeprefix("DIAG-") for fault in SCENARIO.planted]
    assert numbers == ["22", "35", "43", "03", "51", "52", "26", "50"]
    for fault in SCENARIO.planted:
        entry = told(fault)
        assert entry.dn == fault["dn"]
        cleared = fault["id"] == "value-from-the-other-forest"
        assert fault["attribute"] == "*" or (fault["attribute"] in entry.attributes) is not cleared
        assert fault["object"] in readme()
        assert fault["diagnosis"] in readme()
        assert set(fault) >= {"id", "object", "attribute", "symptom", "cause", "fix", "diagnosis"}


def test_ola_is_the_only_one_at_work_without_a_nickname() -> None:
    bare = [e for e in CONTOSO.entries if ",OU=People," in e.dn and "mailNickname" not in e.attributes]
    assert [e.dn for e in bare if e.object_class == "user"] == [user("ola.hansen@contoso.test").dn]
    assert first(user("ola.hansen@contoso.test"), "msExchHideFromAddressLists") == "TRUE"
    assert first(user("harald.nygaard@contoso.test"), "msExchHideFromAddressLists") == "TRUE"


def test_ingrid_is_the_only_one_whose_manager_left() -> None:
    lost = [e.dn for e in CONTOSO.entries if ",OU=Leavers," in str(e.attributes.get("manager", ("",))[0])]
    assert lost == [user("ingrid.berg@contoso.test").dn]


def test_no_group_holds_a_leaver() -> None:
    for directory in SCENARIO.directories:
        for entry in directory.entries:
            assert not [dn for dn in entry.attributes.get("member", ()) if "OU=Leavers" in str(dn)]


def test_per_is_the_only_one_with_an_employee_type() -> None:
    assert [e.dn for e in CONTOSO.entries if "employeeType" in e.attributes] == [user("per.lund@contoso.test").dn]


def test_two_forests_share_one_address_and_no_other() -> None:
    def held(directory: DirectorySeed) -> set[str]:
        values = (value for entry in directory.entries for value in entry.attributes.get("proxyAddresses", ()))
        return {str(value).partition(":")[2].casefold() for value in values}

    assert held(CONTOSO) & held(FABRIKAM) == {"orders@contoso.test"}


def test_james_has_his_mailbox_in_the_other_forest_with_a_number_of_its_own() -> None:
    james, mailbox = user("james.whitfield@contoso.test"), user("james.whitfield@fabrikam.test")
    assert james.attributes["objectSid"] == mailbox.attributes["msExchMasterAccountSid"]
    assert "mobile" not in james.attributes
    assert first(mailbox, "mobile") == "+45 20 00 00 17"
    assert first(mailbox, "userAccountControl") == "514"


def test_bo_has_sixteen_different_certificates() -> None:
    values = by_dn(CONTOSO)["CN=Bo Ravn,OU=Contacts,DC=contoso,DC=test"].attributes["userCertificate"]
    assert len(set(values)) == 16
    assert load("contoso-small").directories == SCENARIO.directories, "made-up certificates stand still, too"


def test_nina_can_sign_in_and_the_other_leavers_cannot() -> None:
    leavers = {e.dn: first(e, "userAccountControl") for e in CONTOSO.entries if ",OU=Leavers," in e.dn}
    assert leavers.pop(user("nina.dahl@contoso.test").dn) == "512"
    assert set(leavers.values()) == {"514"}


def test_groups_nest_and_come_in_every_kind() -> None:
    groups = {dn: e for d in SCENARIO.directories for dn, e in by_dn(d).items() if e.object_class == "group"}
    nested = [dn for dn, e in groups.items() if any(member in groups for member in e.attributes.get("member", ()))]
    assert len(nested) >= 4
    kinds = {("mail" in e.attributes, first(e, "groupType")) for e in groups.values()}
    assert kinds == {
        (False, "-2147483646"),
        (False, "-2147483644"),
        (False, "-2147483640"),
        (True, "-2147483640"),
        (True, "8"),
    }


def test_each_connector_account_is_a_user_of_its_directory() -> None:
    for directory in SCENARIO.directories:
        assert len(directory.accounts) == 1
        (upn,) = directory.accounts
        assert user(upn).dn.endswith(directory.naming_context)


def test_the_tenant_verifies_the_domains_of_the_directories() -> None:
    domains = {first(user(upn), "userPrincipalName").split("@")[1] for d in SCENARIO.directories for upn in d.accounts}
    assert set(SCENARIO.tenant.verified_domains) == domains
    assert len(SCENARIO.tenant.users) == 3
    assert len(SCENARIO.tenant.applications) == 1


def test_one_seed_is_one_scenario_and_another_seed_is_another() -> None:
    assert load("contoso-small", seed=7) == load("contoso-small", seed=7)
    other = load("contoso-small", seed=8)
    assert other.directories != load("contoso-small", seed=7).directories
    assert other.planted == SCENARIO.planted
    assert [len(d.entries) for d in other.directories] == [len(d.entries) for d in SCENARIO.directories]
