"""The other scenarios: what their READMEs count and list is there, each comes to life, and acts happen."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files

import pytest

from attrflow_mocks.administration import RefusedError
from attrflow_mocks.scenarios.loader import load, names
from attrflow_mocks.scenarios.seed import EntrySeed, Scenario
from attrflow_mocks.world import World

OTHERS = ("access-rights", "hybrid-exchange", "leavers-and-movers", "two-forests")


def readme(name: str) -> str:
    return files("attrflow_mocks.scenarios").joinpath(f"data/{name}/README.md").read_text("utf-8")


def entries(scenario: Scenario) -> dict[str, EntrySeed]:
    return {entry.dn: entry for directory in scenario.directories for entry in directory.entries}


def test_all_are_there() -> None:
    assert {*OTHERS, "contoso-small", "openldap-small"} <= set(names())


def test_openldap_small_counts_and_lists_what_is_there() -> None:
    text, (nordlys,) = readme("openldap-small"), load("openldap-small").directories
    counted = Counter(entry.object_class for entry in nordlys.entries)
    told = {kind: int(number) for kind, number in re.findall(r"^\| (\w+) +\| +(\d+) \|$", text, flags=re.MULTILINE)}
    assert told == {kind: counted[kind] for kind in told} and sum(told.values()) == 50
    former = sum(",ou=former," in entry.dn and entry.object_class == "inetOrgPerson" for entry in nordlys.entries)
    assert f"| of these in former | {former:>7} |" in text
    for act in load("openldap-small").acts:
        assert f"| `{act.name}` | {act.story} |" in text


@pytest.mark.parametrize("name", OTHERS)
def test_the_readme_counts_what_is_there(name: str) -> None:
    told = {
        row[0]: tuple(map(int, row[1:]))
        for row in re.findall(r"^\| ([\w-]+) \| (\d+) \| (\d+) \| (\d+) \|$", readme(name), flags=re.MULTILINE)
    }
    counted = {}
    for directory in load(name).directories:
        kinds = Counter(entry.object_class for entry in directory.entries)
        counted[directory.name] = (kinds["user"], kinds["group"], kinds["contact"])
    assert told == counted


@pytest.mark.parametrize("name", [*OTHERS, "openldap-small"])
def test_every_planted_fault_stands_where_it_says_and_is_in_the_readme(name: str) -> None:
    scenario = load(name)
    assert scenario.planted
    for fault in scenario.planted:
        assert fault["dn"] in entries(scenario), fault["id"]
        assert fault["object"] in readme(name)
        assert fault["diagnosis"] in readme(name)


@pytest.mark.parametrize("name", OTHERS)
def test_it_comes_to_life_and_its_first_account_is_there(name: str) -> None:
    world = World.of(name)
    for directory_name, seed in world.seeds.items():
        upn = next(iter(seed.accounts))
        dn = next(e.dn for e in seed.entries if e.attributes.get("userPrincipalName") == (upn,))
        assert world.directory(directory_name).find(dn) is not None
    assert world.required_tenant().counts()["user"] == 1


def test_mailboxes_belong_to_accounts_of_the_other_forest() -> None:
    accounts, resources = load("two-forests").directories
    sids = {e.attributes["objectSid"] for e in accounts.entries if "objectSid" in e.attributes}
    masters = [e.attributes["msExchMasterAccountSid"] for e in resources.entries if e.object_class == "user"
               and "msExchMasterAccountSid" in e.attributes]  # fmt: skip
    assert len(masters) == 8
    assert sum(master in sids for master in masters) == 7, "Karl's belongs to nobody"


def test_every_act_can_happen_and_is_told() -> None:
    world = World.of("leavers-and-movers", part="directories")
    acts = world.scenario.acts
    assert {act.name for act in acts} == {"mover", "married", "leaver", "returner", "gone"}
    for act in acts:
        assert world.perform(act.name) == act.story
        assert f"| `{act.name}` | {act.story} |" in readme("leavers-and-movers")
    adatum = world.directory("adatum")
    for dn in (
        "CN=Even Sand,OU=Finance,OU=People,DC=adatum,DC=test",
        "CN=Lise Krog,OU=Sales,OU=People,DC=adatum,DC=test",
        "CN=Owen Price,OU=Finance,OU=People,DC=adatum,DC=test",
    ):
        assert adatum.find(dn) is not None
    assert adatum.find("CN=Vidar Moen,OU=Leavers,DC=adatum,DC=test") is None
    with pytest.raises((LookupError, RefusedError)):
        world.perform("gone")
    with pytest.raises(LookupError, match="there are: mover"):
        world.perform("wedding")


def test_protected_accounts_say_so() -> None:
    protected = [dn for dn, e in entries(load("access-rights")).items() if e.attributes.get("adminCount") == ("1",)]
    assert len(protected) == 3


def test_remote_mailboxes_have_a_target_address() -> None:
    remote = [e for e in entries(load("hybrid-exchange")).values() if "msExchRemoteRecipientType" in e.attributes]
    assert len(remote) == 6
    assert all("targetAddress" in entry.attributes for entry in remote)
