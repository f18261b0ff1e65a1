"""The world of a scenario: what scripts do to it, and that it goes back to its start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from attrflow_mocks.ad.values import sid_text
from attrflow_mocks.administration import RefusedError
from attrflow_mocks.control_values import TenantRequest
from attrflow_mocks.faults import Fault
from attrflow_mocks.ldif import parse_ldif
from attrflow_mocks.scenarios.seed import EntrySeed
from attrflow_mocks.world import World

START = datetime(2026, 1, 31, 8, tzinfo=UTC)
KARI = "CN=Kari Nordmann,OU=Sales,OU=People,DC=contoso,DC=test"
LEAVERS = "OU=Leavers,DC=contoso,DC=test"


@pytest.fixture
def world() -> World:
    return World.of("contoso-small", start=START)


@pytest.fixture(scope="module")
def untouched() -> World:
    """One world for all tests that change nothing."""
    return World.of("contoso-small", start=START)


def entry(world: World, dn: str, directory: str = "contoso") -> Mapping[str, Sequence[object]] | None:
    dump: Any = world.dump()
    return next((one["attributes"] for one in dump["directories"][directory] if one["dn"] == dn), None)


def test_every_entry_of_the_seed_is_there_with_its_values(world: World) -> None:
    dump: Any = world.dump()
    for name, seed in world.seeds.items():
        found = {one["dn"]: one["attributes"] for one in dump["directories"][name]}
        for planned in seed.entries:
            held = found[planned.dn]
            for attribute, values in planned.attributes.items():
                wanted = [
                    sid_text(one) if attribute.endswith("Sid") else one for one in values if isinstance(one, bytes)
                ]
                wanted += [one for one in values if isinstance(one, str)]
                assert sorted(map(repr, held[attribute])) == sorted(map(repr, wanted)), (planned.dn, attribute)


def test_one_seed_and_one_clock_give_one_world_and_another_seed_other_ids(world: World) -> None:
    assert World.of("contoso-small", start=START).dump() == world.dump()
    other = World.of("contoso-small", seed=2, start=START)
    one, two = entry(world, KARI), entry(other, KARI)
    assert one is not None
    assert two is not None
    assert one["objectGUID"] != two["objectGUID"]


def test_forests_do_not_share_identifiers(world: World) -> None:
    dump: Any = world.dump()
    guids = [one["attributes"]["objectGUID"][0] for entries in dump["directories"].values() for one in entries]
    assert len(guids) == len(set(guids))


def test_parts() -> None:
    assert World.of("contoso-small", part="tenant").directories == {}
    alone = World.of("contoso-small", part="directories")
    assert alone.tenant is None
    with pytest.raises(LookupError, match="no tenant is served"):
        alone.add_users([{"userPrincipalName": "a@contoso.test"}])


def test_edits_show_and_reset_undoes_all_of_them(world: World) -> None:
    before = world.dump()
    world.modify("contoso", KARI, {"title": ["Director"], "mobile": (), "thumbnailPhoto": [b"\xff\x00"]})
    changed = entry(world, KARI)
    assert changed is not None
    assert changed["title"] == ["Director"]
    assert "mobile" not in changed
    assert changed["thumbnailPhoto"] == [b"\xff\x00"]
    moved = f"CN=Kari Hansen,{LEAVERS}"
    world.move("contoso", KARI, moved)
    assert entry(world, KARI) is None
    world.delete("contoso", moved)
    assert entry(world, moved) is None
    world.add_users([{"userPrincipalName": "new@contoso.test", "displayName": "New"}])
    world.clock.advance(60)
    world.faults.add(Fault("ldap", "search", "drop"))
    world.journal.record("now", "ldap", "search", {}, 0)
    held = world.directory("contoso")
    world.reset()
    assert world.directory("contoso") is held
    assert world.dump() == before
    assert world.clock.now() == START
    assert (world.faults.pending(), len(world.journal)) == ((), 0)


@pytest.mark.parametrize("scenario", ["contoso-small", "openldap-small"])
def test_each_reset_gives_the_same_world_and_the_next_entry_the_same_ids(scenario: str) -> None:
    world = World.of(scenario, part="directories", start=START)
    name = next(iter(world.directories))
    before = world.dump()

    def after_an_entry() -> dict[str, object]:
        naming_context = world.seeds[name].naming_context
        kind = "organizationalUnit"
        world.add_entries(name, [EntrySeed(f"OU=New,{naming_context}", kind, {"ou": ("New",)})])
        return world.dump()

    first = after_an_entry()
    for _ in range(3):
        world.reset()
        assert world.dump() == before
        assert after_an_entry() == first != before


def test_a_tree_is_deleted_only_when_asked_for(world: World) -> None:
    with pytest.raises(RefusedError, match="66"):
        world.delete("contoso", LEAVERS)
    world.delete("contoso", LEAVERS, tree=True)
    dump: Any = world.dump()
    assert sum(one["deleted"] for one in dump["directories"]["contoso"]) == 6  # the container, four people, the unit


def test_ldif_with_a_reference_to_a_later_entry(world: World) -> None:
    text = (
        "dn: CN=New Group,OU=Groups,DC=contoso,DC=test\nobjectClass: group\ngroupType: -2147483646\n"
        "member: CN=New,OU=People,DC=contoso,DC=test\n\n"
        "dn: CN=New,OU=People,DC=contoso,DC=test\nobjectClass: user\nuserAccountControl: 512\n"
        "objectGUID:: AAECAwQFBgcICQoLDA0ODw==\n"
    )
    assert world.add_entries("contoso", list(parse_ldif(text))) == 2
    new = entry(world, "CN=New,OU=People,DC=contoso,DC=test")
    assert new is not None
    assert new["memberOf"] == ["CN=New Group,OU=Groups,DC=contoso,DC=test"]
    assert new["objectGUID"] == ["03020100-0504-0706-0809-0a0b0c0d0e0f"]


def add(dn: str, object_class: str = "user", **attributes: Sequence[str]) -> Callable[[World], object]:
    return lambda world: world.add_entries("contoso", [EntrySeed(dn, object_class, attributes)])


@pytest.mark.parametrize(
    ("edit", "error", "text"),
    [
        (
            lambda w: w.modify("nordlys", KARI, {}),
            LookupError,
            "no directory is named 'nordlys'; there are: contoso",
        ),
        (lambda w: w.modify("contoso", "CN=No,DC=contoso,DC=test", {}), LookupError, "NO_OBJECT"),
        (lambda w: w.modify("contoso", KARI, {"shoeSize": ["43"]}), RefusedError, "shoeSize"),
        (lambda w: w.modify("contoso", KARI, {"objectGUID": [b"0" * 16]}), RefusedError, "objectGUID"),
        (lambda w: w.move("contoso", KARI, "nowhere"), ValueError, "nowhere"),
        (lambda w: w.move("contoso", KARI, ""), ValueError, "empty"),
        (lambda w: w.move("contoso", KARI, "CN=K,OU=No,DC=contoso,DC=test"), LookupError, "NO_OBJECT"),
        (lambda w: w.delete("contoso", "CN=Administrator,CN=Users,DC=contoso,DC=test"), RefusedError, "53"),
        (add("CN=X,OU=People,DC=contoso,DC=test", "unicorn"), ValueError, "no class 'unicorn'"),
        (add("CN=X,OU=People,DC=contoso,DC=test", memberOf=["CN=A"]), ValueError, "set member instead"),
        (
            add("CN=X,OU=People,DC=contoso,DC=test", manager=["CN=A,DC=contoso,DC=test"]),
            LookupError,
            "NO_OBJECT",
        ),
        (add(KARI), RefusedError, "68"),
        (
            lambda w: w.add_users([{"userPrincipalName": "admin@contoso.onmicrosoft.com"}]),
            RefusedError,
            "0 of 1",
        ),
        (lambda w: w.add_users([{"shoeSize": 43}]), RefusedError, "no property 'shoeSize'"),
        (
            lambda w: w.administer(TenantRequest(features={"magic": True})),
            LookupError,
            "no feature is named magic",
        ),
        (lambda w: w.administer(TenantRequest(make_admin=("nobody",))), LookupError, "nobody"),
        (
            lambda w: w.administer(TenantRequest(remove_domains=("contoso.onmicrosoft.com",))),
            RefusedError,
            "initial domain",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    untouched: World, edit: Callable[[World], object], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        edit(untouched)


def test_the_administrator_of_the_tenant(world: World) -> None:
    tenant = world.required_tenant()
    name = "break-glass-1@contoso.onmicrosoft.com"
    world.administer(
        TenantRequest(
            verify_domains=("nordlys.example",),
            remove_domains=("fabrikam.test",),
            features={next(iter(tenant.features)): True},
            assign_exchange=(name,),
            make_admin=(name,),
            strict_mobile=True,
            retry_provisioning_errors=True,
        )
    )
    assert tenant.is_verified("nordlys.example")
    assert not tenant.is_verified("fabrikam.test")
    assert tenant.strict_mobile
    assert next(iter(tenant.features.values()))
