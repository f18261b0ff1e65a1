"""Outbound synchronization: what flows to a directory, and what fails."""

from __future__ import annotations

from dataclasses import replace

from attrflow.connectors.memory import MemoryEntry
from attrflow.model.delta import AttributeDelta, Delta

from .lab import Lab
from .lab_entries import user
from .lab_rules import expression, flow, rule
from .outbound_lab import KARI, NAMED, cloud_name, plain, settled, write, writing

# -- flow -----------------------------------------------------------------------------------------


def test_only_the_difference_to_the_newest_known_state_is_staged() -> None:
    lab = settled(user("Kari", 1, title=("x",), department=("d",)))
    lab.directories["contoso"].set(KARI, "title", ("y",))
    lab.cycle("delta", export=False)
    staged = lab.must("entra", cloud_name(lab)).unapplied
    assert staged == Delta("update", {"title": AttributeDelta("replace", ("y",))})
    lab.directories["contoso"].set(KARI, "title", ("x",))
    lab.cycle("delta", export=False)
    assert lab.must("entra", cloud_name(lab)).unapplied is None


def test_a_value_that_was_exported_and_is_not_confirmed_yet_is_not_exported_again() -> None:
    lab = settled(user("Kari", 1, title=("x",)))
    lab.directories["contoso"].set(KARI, "title", ("y",))
    lab.run("contoso", "delta-import", "delta-sync")
    lab.run("entra", "export")
    lab.run("contoso", "full-sync")
    lab.run("entra", "full-sync")
    assert lab.pending() == {}


def test_a_change_that_somebody_made_in_the_cloud_is_put_back() -> None:
    lab = settled(user("Kari", 1, title=("x",)))
    name = cloud_name(lab)
    lab.directories["entra"].set(name, "title", ("hijacked",))
    lab.run("entra", "delta-import", "delta-sync")
    staged = lab.must("entra", name).unapplied
    assert staged == Delta("update", {"title": AttributeDelta("replace", ("x",))})


def test_a_value_that_nobody_contributes_any_more_is_deleted_in_the_cloud() -> None:
    lab = settled(user("Kari", 1, title=("x",)))
    lab.directories["contoso"].set(KARI, "title", ())
    lab.cycle("delta", export=False)
    staged = lab.must("entra", cloud_name(lab)).unapplied
    assert staged == Delta("update", {"title": AttributeDelta("delete")})


def test_ignore_this_flow_keeps_what_is_in_the_cloud() -> None:
    """usageLocation and countryCode flow only where the person has them."""
    lab = settled(user("Kari", 1, countryCode=(47,)))
    name = cloud_name(lab)
    lab.directories["entra"].set(name, "usageLocation", ("NO",))
    lab.cycle("delta", export=False)
    assert lab.pending() == {}
    lab.directories["contoso"].set(KARI, "countryCode", ())
    lab.cycle("delta")
    assert lab.directories["entra"].entries[lab.must("entra", name).anchor or ""].attributes["countryCode"] == (47,)


def test_ignore_this_flow_keeps_the_clouds_value_though_another_rule_gave_it() -> None:
    ignoring = rule("ignores", 21, expression("title", "IgnoreThisFlow"), direction="outbound", connector="plain")
    giving = rule(
        "gives", 19, flow("title", "title"), direction="outbound", connector="plain", scope=["info NOTEQUAL out"]
    )
    lab = Lab([*writing(), giving, ignoring], plain="plain")
    lab.directories["contoso"].add(user("Kari", 1, title=("x",)))
    write(lab, "full")
    write(lab)
    lab.directories["contoso"].set(KARI, "info", ("out",))
    write(lab)
    (entry,) = lab.directories["plain"].entries.values()
    assert entry.attributes["title"] == ("x",)


def test_authoritative_null_deletes_the_clouds_value() -> None:
    stopping = rule("stops", 10, expression("title", "AuthoritativeNull"), direction="outbound", connector="plain")
    lab = Lab([*writing(flow("title", "title")), stopping], plain="plain")
    lab.directories["contoso"].add(user("Kari", 1, title=("x",)))
    lab.directories["plain"].add(MemoryEntry(plain("kari"), "user", {"title": ("old",)}))
    write(lab, "full")
    (entry,) = lab.directories["plain"].entries.values()
    assert "title" not in entry.attributes


def test_merging_outbound_adds_to_what_the_directory_has_and_removes_nothing() -> None:
    lab = Lab(writing(flow("proxyAddresses", "proxyAddresses", "direct", "merge-case-insensitive")), plain="plain")
    lab.directories["contoso"].add(user("Kari", 1, proxyAddresses=("smtp:a", "x500:b")))
    lab.directories["plain"].add(MemoryEntry(plain("kari"), "user", {"proxyAddresses": ("SMTP:A", "smtp:own")}))
    write(lab, "full")
    (entry,) = lab.directories["plain"].entries.values()
    assert {v for v in entry.attributes["proxyAddresses"] if isinstance(v, str)} >= {"x500:b", "smtp:own"}
    lab.directories["contoso"].set(KARI, "proxyAddresses", ())
    write(lab)
    write(lab)
    (entry,) = lab.directories["plain"].entries.values()
    assert {v for v in entry.attributes["proxyAddresses"] if isinstance(v, str)} >= {"x500:b", "smtp:own"}


def test_apply_once_outbound_is_evaluated_when_the_object_is_made_and_the_later_value_stays() -> None:
    lab = Lab(writing(flow("title", "title", once=True)), plain="plain")
    lab.directories["contoso"].add(user("Kari", 1, title=("first",)))
    lab.cycle(export=False)
    lab.directories["contoso"].set(KARI, "title", ("second",))
    write(lab)
    write(lab)
    (entry,) = lab.directories["plain"].entries.values()
    assert entry.attributes["title"] == ("first",)
    lab.directories["plain"].set(plain("kari"), "title", ("by hand",))
    write(lab)
    (entry,) = lab.directories["plain"].entries.values()
    assert entry.attributes["title"] == ("by hand",)


def test_an_attribute_that_the_directory_lacks_or_computes_itself_is_not_staged() -> None:
    lab = Lab(writing(flow("title", "title"), flow("info", "title")), plain="plain")
    directory = lab.directories["plain"]
    users = directory.schema.object_types["user"]
    only = {"title": replace(users.attributes["title"], read_only=True)}
    directory.schema = replace(directory.schema, object_types={"user": type(users)("user", only)})
    lab.directories["contoso"].add(user("Kari", 1, title=("x",)))
    write(lab, "full")
    (entry,) = directory.entries.values()
    assert entry.attributes == {}


def test_an_error_in_an_outbound_rule_rolls_the_whole_object_back() -> None:
    failing = expression("title", 'IIF([title] = "bad", Error("no"), [title])')
    lab = Lab(writing(failing), plain="plain")
    lab.directories["contoso"].add(user("Kari", 1, title=("good",)))
    write(lab, "full")
    lab.directories["contoso"].set(KARI, "title", ("bad",))
    result = lab.cycle("delta", export=False)["contoso sync"]
    assert lab.counters(result) == {"flow-failure": 1}
    assert lab.mv_of("contoso", KARI)["title"] == ("good",)
    kari = lab.must("contoso", KARI)
    assert kari.pending_import is not None and kari.import_error is not None
    assert (kari.import_error.step, kari.import_error.attribute) == ("export-flow", "title")


def test_rules_that_feed_each_other_without_end_fail_the_object() -> None:
    growing = [
        rule("projects", 1, flow("accountName", "sAMAccountName"), link="provision"),
        rule("back", 2, flow("title", "title"), connector="plain"),
        rule(
            "out",
            20,
            NAMED,
            expression("title", 'IIF(IsPresent([title]), [title] & "x", "x")'),
            direction="outbound",
            connector="plain",
            link="provision",
        ),
    ]
    lab = Lab(growing, plain="plain")
    lab.directories["contoso"].add(user("Kari", 1))
    lab.cycle(export=False)
    error = lab.must("contoso", KARI).import_error
    assert error is not None and "after 10 rounds" in error.detail
    assert not lab.store.cs_ids("plain")
