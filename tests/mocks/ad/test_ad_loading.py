"""From seed to directory: what a seed may say, and what it is told when it says too much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attrflow_mocks.ad.loading import load_directory
from attrflow_mocks.clock import Clock
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed

ROOT = "DC=contoso,DC=test"
GUID = "00112233-4455-6677-8899-aabbccddeeff"


def seed_of(*entries: EntrySeed, **changes: object) -> DirectorySeed:
    return replace(DirectorySeed("contoso", ROOT, "CONTOSO", {}, entries), **changes)  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(
    ("seed", "complaint"),
    [
        (seed_of(profile="openldap"), "profile 'openldap'"),
        (seed_of(naming_context="contoso"), "no '='|no relative name"),
        (seed_of(EntrySeed(f"CN=a,OU=No,{ROOT}", "user")), "CN=a,OU=No"),
        (seed_of(EntrySeed(f"CN=a,{ROOT}", "robot")), "no class 'robot'"),
        (seed_of(EntrySeed(f"CN=a,{ROOT}", "user", {"robot": ["1"]})), "no attribute 'robot'"),
        (seed_of(EntrySeed(f"CN=a,{ROOT}", "user", {"memberOf": [ROOT]})), "set member instead"),
        (seed_of(EntrySeed(f"CN=a,{ROOT}", "user", {"countryCode": ["x"]})), "no value of syntax int"),
        (seed_of(EntrySeed(f"CN=a,{ROOT}", "user", {"mail": ["a", "b"]})), "takes one value"),
        (seed_of(EntrySeed(f"CN=a,{ROOT}", "user", {"manager": [f"CN=b,{ROOT}"]})), "which is not there"),
        (seed_of(EntrySeed(f"OU=a,{ROOT}", "user")), "2099"),
        (seed_of(EntrySeed("CN=a,DC=other", "user")), "RefErr"),
    ],
)
def test_a_seed_that_cannot_be_says_where(seed: DirectorySeed, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        load_directory(seed, Clock(), Identifiers())


def test_a_seed_may_give_what_the_server_would_set() -> None:
    given = {"objectGUID": [GUID], "objectSid": ["S-1-5-21-1-2-3-1500"], "whenCreated": ["20200101000000.0Z"]}
    directory = load_directory(seed_of(EntrySeed(f"CN=a,{ROOT}", "user", given)), Clock(), Identifiers())
    entry = directory.require(f"<GUID={GUID}>")
    assert str(entry.guid) == GUID
    assert directory.require("<SID=S-1-5-21-1-2-3-1500>") is entry
    assert entry.values["whenCreated"] == [b"20200101000000.0Z"]


def test_a_seed_may_say_more_of_a_standard_container() -> None:
    users = EntrySeed(f"CN=Users,{ROOT}", "container", {"description": ["Ours"]})
    root = EntrySeed(ROOT, "domainDNS", {"maxPwdAge": ["-1"]})
    directory = load_directory(seed_of(users, root), Clock(), Identifiers())
    assert directory.require(f"CN=Users,{ROOT}").values["description"] == [b"Ours"]
    assert directory.root.values["maxPwdAge"] == [b"-1"]


def test_one_seed_gives_one_directory(seed: DirectorySeed, clock: Clock) -> None:
    one, two = [load_directory(seed, clock, Identifiers(3)) for _ in range(2)]
    assert [(e.guid, e.values) for e in one.recent] == [(e.guid, e.values) for e in two.recent]
    assert list(one.by_guid) != list(load_directory(seed, clock, Identifiers(4)).by_guid)
