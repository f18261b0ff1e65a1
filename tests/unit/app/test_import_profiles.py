"""Run profiles of an exported connector: which are written, as what, and what is told of the rest."""

from __future__ import annotations

import pytest
from tests.unit.importers.exports import (
    OTHER_PARTITION,
    TO_CS,
    ad_connector,
    entra_connector,
    run_profile,
    run_step,
)  # fmt: skip

from attrflow.app.import_profiles import plan_profiles
from attrflow.importers.reading import Source, read_sources
from attrflow.model.configuration import RunStep

HQ, CHILD = "DC=books,DC=test", "DC=child,DC=books,DC=test"
CHILD_ID = "0c1d0a11-0000-4a6e-8f52-3b7d1e0c4c03"
FULL = "<apply-rules-subtype>reevaluate-flow-connectors</apply-rules-subtype>"
PENDING = "<apply-rules-subtype>apply-pending</apply-rules-subtype>"
FILE, RESUME = "<import-subtype>to-file</import-subtype>", "<import-subtype>resume-from-file</import-subtype>"
DEFAULTS = (
    ("Full Import", "full-import", TO_CS, 50),
    ("Delta Import", "delta-import", TO_CS, 50),
    ("Full Synchronization", "apply-rules", FULL, 50),
    ("Delta Synchronization", "apply-rules", PENDING, 30),
    ("Export", "export", "", 30),
)


def own(batch: int = 50, page: int = 500, time: int = 120) -> str:
    return (
        f"<adma-step-data><batch-size>{batch}</batch-size><page-size>{page}</page-size>"
        f"<time-limit>{time}</time-limit></adma-step-data>"
    )


def planned(*profiles: str, partitions: tuple[str, ...] = (HQ,)) -> tuple[dict[str, tuple[RunStep, ...]], list[str]]:
    """The profiles of a directory, and the findings but that of what is taken over: code, severity and message."""
    text = ad_connector(profiles="".join(profiles))
    if CHILD in partitions:
        child = f"<partition><id>{{{CHILD_ID.upper()}}}</id><name>{CHILD}</name><selected>1</selected></partition>"
        text = text.replace("</ma-partition-data>", f"{child}</ma-partition-data>")
    return _plan(text, partitions)


def _plan(text: str, partitions: tuple[str, ...]) -> tuple[dict[str, tuple[RunStep, ...]], list[str]]:
    reading = read_sources([Source("c.xml", text.encode())])
    (one,) = reading.connectors
    reading.findings.all.clear()
    made = plan_profiles(one, "books", partitions, reading.findings)
    told = [f"{f.code}: {f.message} | {f.help}" for f in reading.findings.all if f.severity != "info"]
    assert len(told) + bool(made) == len(reading.findings.all)
    return made, told


def test_the_products_defaults_stay_ours() -> None:
    profiles = [
        run_profile(name, run_step(type_, sub, threshold="<batch-size>1</batch-size>", custom_data=own(batch)))
        for name, type_, sub, batch in DEFAULTS
    ]
    assert planned(*profiles) == ({}, [])


def test_a_default_that_lacks_a_domain_is_written_as_it_is() -> None:
    made, told = planned(run_profile("Full Import", run_step("full-import", TO_CS)), partitions=(HQ, CHILD))
    assert made == {"Full Import": (RunStep("full-import", HQ),)}
    assert told == []


def test_a_default_with_a_step_for_each_domain_is_ours() -> None:
    both = run_step("full-import", TO_CS), run_step("full-import", TO_CS, f"{{{CHILD_ID}}}")
    assert planned(run_profile("Full Import", *both), partitions=(HQ, CHILD)) == ({}, [])


@pytest.mark.parametrize(
    ("type_", "subtypes", "ours"),
    [
        ("full-import", TO_CS, "full-import"),
        ("delta-import", TO_CS, "delta-import"),
        ("apply-rules", FULL, "full-sync"),
        ("apply-rules", PENDING, "delta-sync"),
        ("export", "", "export"),
        ("full-import", "", "full-import-delta-sync"),
        ("delta-import", "", "delta-import-delta-sync"),
        ("full-import-reevaluate-rules", "", "full-import-full-sync"),
    ],
)
def test_a_profile_of_another_name_is_written_with_its_step(type_: str, subtypes: str, ours: str) -> None:
    made, told = planned(run_profile("Nightly", run_step(type_, subtypes)))
    assert ([step.type for step in made["Nightly"]], told) == ([ours], [])


def test_steps_keep_their_order_partition_and_limits() -> None:
    made, told = planned(
        run_profile(
            "Nightly",
            run_step(
                "delta-import", TO_CS, f"{{{CHILD_ID}}}", threshold="<object>1000</object>",
                custom_data=own(100, 200, 300),
            ),
            run_step("apply-rules", PENDING),
            run_step("export", "", HQ.lower(), custom_data=own(50)),
        ),
        partitions=(HQ, CHILD),
    )  # fmt: skip
    assert made["Nightly"] == (
        RunStep("delta-import", CHILD, 100, 200, 300, 1000),
        RunStep("delta-sync", HQ),
        RunStep("export", HQ, 50),
    )
    assert told == []


def test_a_default_of_other_limits_is_written() -> None:
    made, told = planned(run_profile("Export", run_step("export", custom_data=own(30, 100, 120))))
    assert (made, told) == ({"Export": (RunStep("export", HQ, page_size=100),)}, [])


def test_a_step_without_a_partition_is_one_for_each() -> None:
    made, _ = planned(run_profile("All", run_step("export", "", "")), partitions=(HQ, CHILD))
    assert made["All"] == (RunStep("export", HQ), RunStep("export", CHILD))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (run_step("apply-rules", "<apply-rules-subtype>magic</apply-rules-subtype>"), "'apply-rules magic' has no"),
        (run_step("apply-rules"), "'apply-rules' has no counterpart"),
        (run_step("full-import", "<import-subtype>to-moon</import-subtype>"), "'full-import to-moon' has no"),
        ("<step></step>", "'(none)' has no counterpart"),
        (run_step("full-import", TO_CS + FILE), "attrflow run books full-import --drop FILE"),
        (run_step("delta-import", TO_CS + RESUME), "attrflow run books delta-import --resume FILE"),
        (run_step("export", FILE.replace("import", "export")), "attrflow run books export --drop FILE"),
        (run_step("export", RESUME.replace("import", "export")), "it reads a file"),
        (run_step("export", "", f"{{{OTHER_PARTITION}}}"), "CN=Configuration,DC=books,DC=test is not selected"),
        (run_step("export", "", "{0}"), "the connector file has no partition {0}"),
        (run_step("export", "", CHILD), f"the connector file has no partition {CHILD}"),
    ],
)
def test_a_step_that_is_not_ours_is_left_out_and_told(step: str, said: str) -> None:
    made, (left,) = planned(run_profile("Own", step, run_step("export")))
    assert made == {"Own": (RunStep("export", HQ),)}
    assert left.startswith("step-left-out: books: 'Own', step 1: ")
    assert said in left


@pytest.mark.parametrize(
    ("step", "code", "said"),
    [
        (run_step("export", threshold="<delete>20</delete>"), "no-counterpart", "[connectors.books.guards]"),
        (run_step("export", threshold="<batch-size>7</batch-size>"), "no-counterpart", "the batch size 7"),
        (run_step("export", custom_data=own(0, 0, 0) + "<x/>", dropfile_name="a.xml"), "no-counterpart", "'a.xml'"),
        (
            run_step("export", (FILE + RESUME).replace("import", "export")),
            "no-counterpart", "--drop FILE",
        ),
        (
            run_step("export", custom_data='<parameter-values><parameter name="Deep">1</parameter></parameter-values>'),
            "no-counterpart", "parameters Deep",
        ),
        (run_step("export", threshold="<object>many</object>"), "wrong-value", "object-limit 'many'"),
        (run_step("export", threshold="<object>-1</object>"), "wrong-value", "object-limit '-1'"),
        (run_step("export", custom_data=own(9999999999)), "wrong-value", "batch-size '9999999999'"),
    ],
)  # fmt: skip
def test_what_a_step_cannot_say_is_told_and_the_step_is_there(step: str, code: str, said: str) -> None:
    made, (told,) = planned(run_profile("Own", step))
    assert made == {"Own": (RunStep("export", HQ),)}
    assert told.startswith(f"{code}: books: 'Own', step 1: ")
    assert said in told


def test_a_profile_of_which_nothing_is_left_is_told() -> None:
    made, told = planned(run_profile("Empty"), run_profile("Export", run_step("dance")))
    assert made == {}
    assert [line.partition(":")[0] for line in told] == ["profile-left-out", "step-left-out", "profile-left-out"]
    assert "attrflow run books export" in told[2]


def test_names_that_cannot_be_are_made_over_and_stay_apart() -> None:
    names = ("Export (night)", "Export!", "DS_DELTA", "ds delta", "", "x" * 80)
    made, told = planned(*(run_profile(name, run_step("export", custom_data=own(9))) for name in names))
    assert list(made) == ["Export -night", "Export-2", "DS_DELTA", "ds delta-2", "profile", "x" * 60]
    assert [line.partition(":")[0] for line in told] == ["profile-renamed"] * 5
    assert "'ds delta' is called 'ds delta-2' here: another one has that name" in told[2]


def test_a_tenants_profiles_are_of_its_only_partition() -> None:
    data = "<extensible2-step-data><batch-size>50</batch-size><timeout>{}</timeout></extensible2-step-data>"
    profiles = run_profile("Full Import", run_step("full-import", TO_CS, "default", custom_data=data.format(0)))
    nightly = run_step("delta-import", TO_CS, "default", custom_data=data.format(90).replace("50", "40"))
    made, (told,) = _plan(entra_connector(profiles + run_profile("Nightly", nightly)), ("default",))
    assert made == {"Nightly": (RunStep("delta-import", "default", 40),)}
    assert "timeout of 90 seconds" in told
