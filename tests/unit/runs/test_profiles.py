"""Profiles and steps: their names, combined steps, limits, and a request to stop (behaviour.md §4.1, §4.2)."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tests.unit.engine.lab import Lab, Scripted
from tests.unit.engine.lab_entries import dn, user

from attrflow.connectors.memory import MemoryConnector
from attrflow.model.configuration import EngineOptions, Partition, RunStep
from attrflow.model.entry import ImportedObject, Page
from attrflow.model.errors import ConnectionLost, StoreError
from attrflow.runs.profile import profile_key, profile_steps
from attrflow.runs.run import RunResult, run_profile

HOME = "DC=contoso,DC=test"


def lab_of(people: int, options: EngineOptions | None = None) -> Lab:
    lab = Lab(options=options)
    for number in range(1, people + 1):
        lab.directories["contoso"].add(user(f"P{number}", number))
    return lab


def use(lab: Lab, name: str, *steps: RunStep) -> None:
    """Give contoso a profile of its own."""
    before = lab.configurations["contoso"]
    lab.configurations["contoso"] = replace(before, profiles={**before.profiles, name: steps})


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("Full Import", "full-import"),
        ("Delta Synchronization", "delta-sync"),
        ("full-import-delta-sync", "full-import-delta-sync"),
        ("Full Import and Full Synchronization", "full-import-full-sync"),
        ("  delta_import  ", "delta-import"),
        ("Export", "export"),
    ],
)
def test_the_products_names_and_ours_are_one(said: str, key: str) -> None:
    assert profile_key(said) == key


def test_a_default_profile_has_a_step_for_every_partition_and_an_own_one_what_it_says() -> None:
    lab = Lab()
    second = "DC=child,DC=contoso,DC=test"
    one = replace(lab.configurations["contoso"], partitions=(Partition(HOME), Partition(second)))
    steps = profile_steps(one, "Delta Import")
    assert steps == (RunStep("delta-import", HOME), RunStep("delta-import", second))
    nightly = (RunStep("full-import", second), RunStep("full-sync", second))
    one = replace(one, profiles={"Nightly": nightly, "delta-import": (RunStep("delta-import", HOME),)})
    assert profile_steps(one, "nightly") == nightly
    assert profile_steps(one, "delta-import") == (RunStep("delta-import", HOME),)
    assert profile_steps(one, "weekly") is None


def test_a_partition_without_a_step_is_silently_not_processed() -> None:
    lab = lab_of(2)
    use(lab, "full-import", RunStep("full-import", "DC=child,DC=contoso,DC=test"))
    before = lab.configurations["contoso"]
    lab.configurations["contoso"] = replace(
        before, partitions=(*before.partitions, Partition("DC=child,DC=contoso,DC=test"))
    )
    result = lab.run("contoso", "full-import")
    assert [(s.partition, s.result) for s in result.record.steps] == [("DC=child,DC=contoso,DC=test", "success")]
    assert lab.cs("contoso", dn("P1")) is None


@pytest.mark.parametrize(
    ("profile", "synced"),
    [
        ("delta-import-delta-sync", {"connector-no-flow": 1}),
        ("full-import-delta-sync", {"connector-no-flow": 3}),
        ("full-import-full-sync", {"connector-no-flow": 3}),
        ("delta-import-full-sync", {"connector-no-flow": 3}),
    ],
)
def test_a_combined_step_synchronizes_every_object_that_came_in_also_an_unchanged_one(
    profile: str, synced: dict[str, int]
) -> None:
    lab = lab_of(3)
    lab.cycle()
    lab.directories["contoso"].set(dn("P1"), "title", ())  # comes in with a delta, and nothing of it changed
    result = lab.run("contoso", profile)
    (step,) = result.record.steps
    assert step.type == profile
    counted = {n: c for n, c in step.counters.items() if ":" not in n and not n.startswith("stage-")}
    assert counted == synced
    staged = 1 if profile.startswith("delta-import") else 3
    assert step.counters["stage-no-change"] == staged


def test_in_separate_steps_an_unchanged_object_is_not_synchronized() -> None:
    lab = lab_of(3)
    lab.cycle()
    lab.directories["contoso"].set(dn("P1"), "title", ())
    assert lab.counters(lab.run("contoso", "delta-import")) == {"stage-no-change": 1}
    assert lab.counters(lab.run("contoso", "delta-sync")) == {}


# -- limits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "batch", "counted", "result"),
    [
        (3, None, 3, "stopped-object-limit"),
        (3, 2, 3, "stopped-object-limit"),
        (4, 2, 4, "stopped-object-limit"),
        (5, None, 5, "success"),
        (5, 5, 5, "success"),
        (0, 2, 5, "success"),
    ],
)
def test_an_import_ends_with_exactly_as_many_objects_as_its_limit(
    limit: int, batch: int | None, counted: int, result: str
) -> None:
    lab = lab_of(5)
    use(lab, "full-import", RunStep("full-import", HOME, batch_size=batch, object_limit=limit))
    ended = lab.run("contoso", "full-import")
    assert (ended.record.result, lab.counters(ended)) == (result, {"stage-add": counted})
    use(lab, "full-import", RunStep("full-import", HOME))
    assert lab.counters(lab.run("contoso", "full-import")) == {
        name: count for name, count in (("stage-no-change", counted), ("stage-add", 5 - counted)) if count
    }


def test_an_import_that_a_limit_ended_takes_nothing_for_deleted() -> None:
    lab = lab_of(5)
    lab.cycle()
    use(lab, "full-import", RunStep("full-import", HOME, object_limit=2))
    ended = lab.run("contoso", "full-import")
    assert lab.counters(ended) == {"stage-no-change": 2}


def test_a_synchronization_with_a_limit_goes_on_where_it_ended() -> None:
    lab = lab_of(5)
    lab.run("contoso", "full-import")
    use(lab, "delta-sync", RunStep("delta-sync", HOME, batch_size=2, object_limit=3))
    first, second = lab.run("contoso", "delta-sync"), lab.run("contoso", "delta-sync")
    assert (first.record.result, second.record.result) == ("stopped-object-limit", "success")
    assert [lab.counters(r)["disconnector-projected-flow"] for r in (first, second)] == [3, 2]


def test_an_export_with_a_limit_goes_on_where_it_ended() -> None:
    lab = lab_of(5)
    lab.cycle(export=False)
    entra = lab.configurations["entra"]
    limited = (RunStep("export", "default", object_limit=3),)
    lab.configurations["entra"] = replace(entra, profiles={"export": limited})
    first, second = lab.run("entra", "export"), lab.run("entra", "export")
    assert (first.record.result, second.record.result) == ("stopped-object-limit", "success")
    assert [lab.counters(r)["export-add"] for r in (first, second)] == [3, 2]
    assert lab.pending() == {}


def bad(number: int) -> ImportedObject:
    return ImportedObject("whole", "no name", f"a{number}", "user")


def test_the_error_limit_of_a_step_goes_before_the_projects() -> None:
    lab = Lab()
    pages = [Page(tuple(bad(n) for n in range(3)), complete=True)]
    lab.connecting["contoso"] = lambda memory: Scripted(memory, pages)
    assert lab.run("contoso", "full-import").record.result == "completed-discovery-errors"
    use(lab, "full-import", RunStep("full-import", HOME, error_limit=2))
    assert lab.run("contoso", "full-import").record.result == "stopped-error-limit"
    use(lab, "full-import", RunStep("full-import", HOME, error_limit=3))
    assert lab.run("contoso", "full-import").record.result == "completed-discovery-errors"


def test_a_step_may_ask_for_pages_of_its_own_size() -> None:
    lab = lab_of(1)
    asked: list[dict[str, object]] = []

    def tuned(name: str, _told: object, settings: object) -> MemoryConnector:
        asked.append(dict(settings))  # type: ignore[call-overload]  # a mapping
        return MemoryConnector(lab.configurations[name], lab.directories[name])

    use(
        lab,
        "both",
        RunStep("full-import", HOME, page_size=7, timeout_seconds=9),
        RunStep("delta-import", HOME, page_size=8),
    )
    environment = replace(lab.environment(), open_tuned=tuned)
    assert run_profile(environment, "contoso", "both").record.result == "success"
    assert asked == [{"page_size": 7, "timeout_seconds": 9}, {"page_size": 8}]


# -- what stops a run ------------------------------------------------------------------------------


def stopped_after(lab: Lab, connector: str, profile: str, looks: int) -> RunResult:
    """Run a profile that somebody asks to stop; the run looks for that so many times before it sees it."""
    left = iter(range(looks))
    return run_profile(replace(lab.environment(), stop=lambda: next(left, None) is None), connector, profile)


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_a_run_that_is_asked_to_stop_keeps_its_finished_batches_and_the_next_one_goes_on(looks: int) -> None:
    lab = lab_of(6)
    lab.run("contoso", "full-import")
    use(lab, "delta-sync", RunStep("delta-sync", HOME, batch_size=2))
    result = stopped_after(lab, "contoso", "delta-sync", looks)
    assert result.record.result == "stopped-user-termination"
    (step,) = result.record.steps
    done = step.counters.get("disconnector-projected-flow", 0)
    assert done == 2 * (looks - 1)
    assert lab.counters(lab.run("contoso", "delta-sync"))["disconnector-projected-flow"] == 6 - done


def test_an_export_that_is_asked_to_stop_leaves_nothing_in_escrow() -> None:
    lab = lab_of(6)
    lab.cycle(export=False)
    entra = lab.configurations["entra"]
    lab.configurations["entra"] = replace(entra, profiles={"export": (RunStep("export", "default", batch_size=2),)})
    result = stopped_after(lab, "entra", "export", 2)
    assert result.record.result == "stopped-user-termination"
    assert (lab.pending(), lab.store.escrowed("entra")) == ({"add": 4}, ())
    assert lab.counters(lab.run("entra", "export"))["export-add"] == 4


def test_a_delta_import_that_was_cut_off_goes_on_after_the_last_whole_page() -> None:
    lab = lab_of(1)
    lab.run("contoso", "full-import")
    whole = [ImportedObject("whole", dn(f"N{n}"), f"n{n}", "user") for n in range(3)]
    pages: list[Page | Exception] = [Page((whole[0],), "one"), Page((whole[1],), "two"), ConnectionLost("hung up")]
    result = lab.bring("contoso", *pages)
    assert result.record.result == "stopped-connectivity"
    mark = lab.store.watermark("contoso", HOME)
    assert mark is not None
    assert mark.value == "two"


def test_a_full_import_that_was_cut_off_leaves_the_watermark_alone() -> None:
    lab = lab_of(1)
    lab.run("contoso", "full-import")
    before = lab.store.watermark("contoso", HOME)
    one = ImportedObject("whole", dn("N"), "n", "user")
    lab.bring("contoso", Page((one,), "one"), ConnectionLost("hung up"), full=True)
    assert lab.store.watermark("contoso", HOME) == before


@pytest.mark.parametrize(
    ("message", "result"),
    [
        ("the store x cannot be used: the disk is full (…)", "stopped-disk-full"),
        ("the store x cannot be used: the disk reports an error", "stopped-database-connection-lost"),
    ],
)
def test_a_store_that_cannot_be_written_ends_the_run_in_the_products_words(message: str, result: str) -> None:
    lab = lab_of(1)

    def broken(_memory: MemoryConnector) -> MemoryConnector:
        raise StoreError(message)

    lab.connecting["contoso"] = broken
    ended = lab.attempt("contoso", "full-import")
    assert ended.record.result == result
    assert isinstance(ended.error, StoreError)


# -- counters --------------------------------------------------------------------------------------


def staged(result: RunResult) -> int:
    return sum(c for s in result.record.steps for n, c in s.counters.items() if n.startswith("stage-"))


def scripted_objects(seed: int) -> list[ImportedObject]:
    """Adds, changes, deletes, faults and parts of objects, known and unknown, by a seed."""
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    kinds = ("whole", "partial", "delete", "left-scope")
    found: list[ImportedObject] = []
    for _ in range(dice.randint(1, 40)):
        number = dice.randint(1, 12)
        kind = dice.choice(kinds)
        name = dice.choice([dn(f"P{number}"), dn(f"Q{number}"), "no name"])
        attributes = {"title": (str(dice.randint(1, 3)),)}
        found.append(
            ImportedObject(
                kind,  # type: ignore[arg-type]  # one of the four
                name,
                f"contoso-{number}",
                dice.choice(["user", "user", "group"]),
                attributes,
            )
        )
    return found


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("full", [True, False])
def test_the_staging_counters_add_up_to_what_came_in(seed: int, full: bool) -> None:
    lab = lab_of(8)
    lab.cycle()
    objects = scripted_objects(seed)
    lab.connecting["contoso"] = lambda memory: Scripted(memory, [Page(tuple(objects), "after")])
    received: list[int] = []
    environment = replace(lab.environment(), progress=lambda told: received.append(told.done))
    result = run_profile(environment, "contoso", "full-import" if full else "delta-import")
    (step,) = result.record.steps
    assert staged(result) == len(objects) == received[-1]
    for counter, count in step.counters.items():
        if counter != "stage-no-change" or not full:
            assert lab.store.count_run_objects(result.record.number, 1, counter) == count, counter


def test_what_a_full_import_finds_obsolete_is_counted_as_deletes() -> None:
    lab = lab_of(8)
    lab.cycle()
    for number in (1, 2, 3):
        lab.directories["contoso"].remove(dn(f"P{number}"))
    assert lab.counters(lab.run("contoso", "full-import")) == {"stage-no-change": 5, "stage-delete": 3}
