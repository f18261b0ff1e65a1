"""What changes in the directory travels to the cloud: by delta import, delta sync and export, and no further."""

from __future__ import annotations

import ldap3

from .conftest import NewStory
from .project import (
    ACCOUNT,
    AWAY,
    EVERYBODY,
    NC,
    PASSWORD,
    Story,
    counters,
    detail,
    dn_of,
    only,
    person,
    scenario,
    succeeded,
)

KARI = dn_of("Kari")
STAFF = f"CN=Staff,OU=Groups,{NC}"


def check_quiet(story: Story) -> None:
    """One cycle more confirms, and the next one has nothing to do."""
    succeeded(story.cycle())
    story.nothing_is_under_way()
    assert counters(succeeded(story.cycle())) == {}


def as_a_client(story: Story, dn: str, changes: dict[str, list[tuple[str, list[str]]]]) -> None:
    """Modify over LDAP, as a person's own tool would."""
    server = ldap3.Server(story.ad.host, port=story.ad.port, get_info=ldap3.NONE)
    connection = ldap3.Connection(server, ACCOUNT, PASSWORD, auto_bind=True, check_names=False)
    try:
        connection.modify(dn, changes)
        assert connection.result["description"] == "success", connection.result
    finally:
        wire = connection.socket
        connection.unbind()
        wire.close()


def test_a_changed_value_travels_in_one_delta_cycle(settled: Story) -> None:
    as_a_client(settled, KARI, {"telephoneNumber": [(ldap3.MODIFY_REPLACE, [" +47 99 "])]})
    found = counters(succeeded(settled.cycle()))
    assert found == {
        ("corp", "delta-import"): {"stage-update": 1},
        ("corp", "delta-sync"): {"connector-flow": 1, "entra:connector-flow": 1},
        ("entra", "export"): {"export-update": 1},
    }
    assert settled.cloud.required("Kari", "businessPhones")["businessPhones"] == ["+47 99"]
    check_quiet(settled)


def test_a_change_that_rules_trim_away_is_not_exported(settled: Story) -> None:
    settled.ad.modify(KARI, {"telephoneNumber": ["+47 22 00 00 00"]})
    found = counters(succeeded(settled.cycle()))
    assert found["corp", "delta-import"] == {"stage-update": 1}
    assert ("entra", "export") not in found
    check_quiet(settled)


def test_a_cleared_value_is_cleared_in_the_cloud(settled: Story) -> None:
    settled.ad.modify(KARI, {"telephoneNumber": None, "title": None})
    succeeded(settled.cycle())
    kari = settled.cloud.required("Kari", "businessPhones", "jobTitle")
    assert (kari["businessPhones"], kari["jobTitle"]) == ([], None)
    check_quiet(settled)


def test_a_value_that_was_empty_arrives(settled: Story) -> None:
    settled.ad.modify(dn_of("Liv"), {"telephoneNumber": ["+47 1"], "mobile": ["+47 2"]})
    succeeded(settled.cycle())
    liv = settled.cloud.required("Liv", "businessPhones", "mobilePhone")
    assert (liv["businessPhones"], liv["mobilePhone"]) == (["+47 1"], "+47 2")


def test_members_come_and_go(settled: Story) -> None:
    assert settled.cloud.members("Staff") == ["Ida", "Kari", "Ola"]
    as_a_client(
        settled,
        STAFF,
        {"member": [(ldap3.MODIFY_ADD, [dn_of("Per"), dn_of("Liv")]), (ldap3.MODIFY_DELETE, [dn_of("Ola")])]},
    )
    succeeded(settled.cycle())
    assert settled.cloud.members("Staff") == ["Ida", "Kari", "Liv", "Per"]
    check_quiet(settled)


def test_a_group_loses_its_last_member(settled: Story) -> None:
    settled.ad.modify(STAFF, {"member": None})
    succeeded(settled.cycle())
    assert settled.cloud.members("Staff") == []
    check_quiet(settled)


def test_a_manager_comes_and_goes(settled: Story) -> None:
    assert (settled.cloud.manager("Ola"), settled.cloud.manager("Liv")) == ("Kari", None)
    settled.ad.modify(dn_of("Liv"), {"manager": [KARI]})
    settled.ad.modify(dn_of("Ola"), {"manager": None})
    succeeded(settled.cycle())
    assert (settled.cloud.manager("Ola"), settled.cloud.manager("Liv")) == (None, "Kari")
    check_quiet(settled)


def test_a_new_user_is_created_with_membership_and_manager(settled: Story) -> None:
    new = scenario([person("Siri", manager=KARI)]).directories[0].entries[-1]
    settled.ad.add([new])
    settled.ad.modify(STAFF, {"member": [dn_of(name) for name in ("Kari", "Siri")]})
    succeeded(settled.cycle())
    assert settled.cloud.users() == sorted([*EVERYBODY, "Siri"])
    assert settled.cloud.manager("Siri") == "Kari"
    assert settled.cloud.members("Staff") == ["Kari", "Siri"]
    check_quiet(settled)


def test_a_user_who_leaves_the_selected_unit_is_deleted_and_restored_on_return(settled: Story) -> None:
    before = settled.cloud.required("Kari")["id"]
    settled.ad.move(KARI, dn_of("Kari", AWAY))
    found = counters(succeeded(settled.cycle()))
    assert found["corp", "delta-import"] == {"stage-delete": 1}
    assert found["entra", "export"]["export-delete"] == 1
    assert (settled.cloud.user("Kari"), settled.cloud.binned()) == (None, ["Kari"])
    assert settled.cloud.members("Staff") == ["Ida", "Ola"]
    check_quiet(settled)

    settled.ad.move(dn_of("Kari", AWAY), KARI)
    succeeded(settled.cycle())
    kari = settled.cloud.required("Kari", "businessPhones")
    assert (kari["id"], kari["businessPhones"]) == (before, ["+47 22 00 00 00"]), "the service takes it out of the bin"
    assert settled.cloud.binned() == []
    succeeded(settled.cycle())
    assert settled.cloud.manager("Ola") == "Kari"
    assert settled.cloud.members("Staff") == ["Ida", "Kari", "Ola"]
    check_quiet(settled)


def test_a_user_who_enters_the_selected_unit_is_created(settled: Story) -> None:
    settled.ad.move(dn_of("Tor", AWAY), dn_of("Tor"))
    found = counters(succeeded(settled.cycle()))
    assert found["corp", "delta-import"] == {"stage-add": 1}
    assert settled.cloud.users() == sorted([*EVERYBODY, "Tor"])
    check_quiet(settled)


def test_a_deleted_user_is_deleted_in_the_cloud(settled: Story) -> None:
    settled.ad.delete(KARI)
    found = counters(succeeded(settled.cycle()))
    assert found["corp", "delta-import"]["stage-delete"] == 1
    assert found["entra", "export"]["export-delete"] == 1
    assert (settled.cloud.user("Kari"), settled.cloud.binned()) == (None, ["Kari"])
    assert (settled.cloud.manager("Ola"), settled.cloud.members("Staff")) == (None, ["Ida", "Ola"])
    check_quiet(settled)


def test_a_renamed_user_keeps_its_cloud_object(settled: Story) -> None:
    before = settled.cloud.required("Kari")["id"]
    renamed = dn_of("Kari Nordmann")
    settled.ad.move(KARI, renamed)
    settled.ad.modify(
        renamed,
        {"displayName": ["Kari Nordmann"], "userPrincipalName": ["kari.nordmann@corp.test"], "sn": ["Nordmann"]},
    )
    found = counters(succeeded(settled.cycle()))
    assert found["entra", "export"] == {"export-update": 1}
    kari = settled.cloud.required("kari.nordmann@corp.test")
    assert (kari["id"], kari["displayName"]) == (before, "Kari Nordmann")
    assert settled.cloud.manager("Ola") == "Kari Nordmann"
    assert settled.cloud.members("Staff") == ["Ida", "Kari Nordmann", "Ola"]
    check_quiet(settled)


def test_a_renamed_unit_changes_nothing_in_the_cloud(settled: Story) -> None:
    settled.ad.add("dn: OU=Sales,OU=People,DC=corp,DC=test\nobjectClass: organizationalUnit\nou: Sales\n")
    settled.ad.move(dn_of("Per"), dn_of("Per", f"OU=Sales,OU=People,{NC}"))
    succeeded(settled.cycle())
    settled.ad.move(f"OU=Sales,OU=People,{NC}", f"OU=Selling,OU=People,{NC}")
    assert ("entra", "export") not in counters(succeeded(settled.cycle()))
    settled.ad.modify(dn_of("Per", f"OU=Selling,OU=People,{NC}"), {"title": ["Seller"]})
    succeeded(settled.cycle())
    assert settled.cloud.required("Per", "jobTitle")["jobTitle"] == "Seller"
    assert settled.cloud.users() == EVERYBODY
    check_quiet(settled)


def shown(story: Story) -> dict[str, str]:
    """The shown DN of every object of the first directory's connector space, by its first RDN."""
    return {one.dn.partition(",")[0]: one.dn for one in story.objects("corp")}


def test_a_renamed_unit_takes_what_is_below_with_it_by_a_delta_import(settled: Story) -> None:
    """Basis: documented (behaviour.md §1.4, 7c; OPEN-22): references and scope at once, shown DNs later."""
    sales, selling = f"OU=Sales,OU=People,{NC}", f"OU=Selling,OU=People,{NC}"
    settled.ad.add(f"dn: {sales}\nobjectClass: organizationalUnit\nou: Sales\n")
    settled.ad.move(KARI, dn_of("Kari", sales))
    succeeded(settled.cycle())
    assert shown(settled)["CN=Kari"] == dn_of("Kari", sales)
    settled.ad.move(sales, selling)
    found = counters(succeeded(settled.cycle()))
    assert found["corp", "delta-import"] == {"stage-rename": 1}  # the unit alone came in
    assert ("entra", "export") not in found
    assert (shown(settled)["OU=Selling"], shown(settled)["CN=Kari"]) == (selling, dn_of("Kari", sales))
    # What names Kari by the new DN finds her, though that DN is shown nowhere yet.
    settled.ad.modify(dn_of("Per"), {"manager": [dn_of("Kari", selling)]})
    succeeded(settled.cycle())
    assert shown(settled)["CN=Kari"] == dn_of("Kari", sales)
    assert (settled.cloud.manager("Per"), settled.cloud.manager("Ola")) == ("Kari", "Kari")
    assert settled.cloud.members("Staff") == ["Ida", "Kari", "Ola"]
    check_quiet(settled)
    found = counters(succeeded(settled.cycle(initial=True)))
    assert "stage-delete" not in found["corp", "full-import"]
    assert ("entra", "export") not in found
    assert shown(settled)["CN=Kari"] == dn_of("Kari", selling)
    assert (settled.cloud.users(), settled.cloud.binned()) == (EVERYBODY, [])
    check_quiet(settled)


def test_a_selected_unit_that_is_renamed_loses_its_people_by_a_full_import_and_the_guard_holds_them(
    settled: Story,
) -> None:
    """Basis: documented (behaviour.md §1.4, 7a and 7c)."""
    settled.edit_settings("export-deletion-threshold = 500", "export-deletion-threshold = 3")
    settled.ad.move(f"OU=People,{NC}", f"OU=Crew,{NC}")
    found = counters(succeeded(settled.cycle()))
    assert found["corp", "delta-import"] == {"stage-delete": 1}  # the unit left; the people are as they were
    assert ("entra", "export") not in found
    assert settled.cloud.members("Staff") == ["Ida", "Kari", "Ola"]
    results = settled.cycle(initial=True)
    assert counters(results)["corp", "full-import"]["stage-delete"] == len(EVERYBODY)
    stopped = only(results, "entra", "export")
    assert stopped.record.result == "stopped-deletion-threshold-exceeded"
    assert f"{len(EVERYBODY)} deletes are staged, the threshold is 3" in detail(stopped)
    assert (settled.cloud.users(), settled.cloud.binned()) == (EVERYBODY, [])


def test_only_units_within_the_selected_ones_are_imported(settled: Story) -> None:
    """The naming context and units that are not selected stay away; their changes are no news."""
    units = sorted(one.dn for one in settled.objects("corp") if one.object_type == "organizationalUnit")
    assert units == [f"OU=Groups,{NC}", f"OU=People,{NC}"]
    others = {one.object_type for one in settled.objects("corp")}
    assert others == {"user", "group", "organizationalUnit"}
    settled.ad.modify(NC, {"description": ["the domain"]})
    settled.ad.move(f"OU=Away,{NC}", f"OU=Far,{NC}")
    # Two entries came in and were passed over: nothing is staged, nothing is synchronized.
    assert counters(succeeded(settled.cycle())) == {("corp", "delta-import"): {"stage-no-change": 2}}
    assert [one.link for one in settled.objects("corp") if one.object_type == "organizationalUnit"] == [None, None]


def test_a_disabled_user_is_disabled_in_the_cloud_and_stays(settled: Story) -> None:
    settled.ad.modify(KARI, {"userAccountControl": ["514"]})
    succeeded(settled.cycle())
    assert settled.cloud.required("Kari", "accountEnabled")["accountEnabled"] is False
    check_quiet(settled)


def test_a_full_cycle_after_delta_cycles_changes_nothing(settled: Story) -> None:
    settled.ad.modify(KARI, {"title": ["Boss"]})
    settled.ad.delete(dn_of("Nils"))
    succeeded(settled.cycle())
    succeeded(settled.cycle())
    before = settled.cloud.state()
    found = counters(succeeded(settled.cycle(initial=True)))
    staged = {name for (_, profile), counted in found.items() if profile == "full-import" for name in counted}
    assert staged <= {"stage-no-change"}
    assert not [key for key in found if key[1] == "export"]
    assert settled.cloud.state() == before


def test_a_cycle_in_staging_mode_exports_nothing(stories: NewStory) -> None:
    story = stories()
    story.edit_settings("staging-mode = false", "staging-mode = true")
    results = succeeded(story.cycle(initial=True))
    assert [one.record.profile for one in results] == ["full-import", "full-import", "full-sync", "full-sync"]
    assert (story.cloud.users(), story.cloud.binned()) == ([], [])
    assert not [one for one in story.tenant.journal("ingest") if one.operation.startswith("POST")]
    assert len([one for one in story.objects("entra") if one.unapplied is not None]) == len(EVERYBODY) + 1
    # Whoever asks for the export by name gets it.
    assert story.run("entra", "export").record.result == "success"
    assert story.cloud.users() == EVERYBODY
