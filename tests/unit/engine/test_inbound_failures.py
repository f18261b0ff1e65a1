"""Inbound synchronization: what does not fit, all or nothing, and what is taken back."""

from __future__ import annotations

from typing import Any

import pytest

from attrflow.model.values import Values
from attrflow.rules.rule import AttributeMapping

from .inbound_lab import ALSO_KARI, KARI, error_of, one_value, projecting, two_forests
from .lab import Lab
from .lab_entries import contact, user
from .lab_rules import constant, expression, flow, rule

# -- what does not fit ----------------------------------------------------------------------------

MISFITS: list[tuple[str, AttributeMapping, dict[str, Any], str]] = [
    (
        "many into one",
        flow("title", "proxyAddresses"),
        {"proxyAddresses": ("a", "b")},
        "flow-multi-values-to-single-value",
    ),
    ("449 characters", flow("title", "info"), {"info": ("x" * 449,)}, "mv-constraint-violation"),
    ("a number into text", flow("title", "userAccountControl"), {}, "sync-rule-error-type-mismatch"),
    ("text into a number", constant("countryCode", "NO"), {}, "sync-rule-error-type-mismatch"),
    ("text into a reference", constant("manager", "CN=x"), {}, "sync-rule-error-type-mismatch"),
    ("an Error()", expression("title", 'Error("no title")'), {}, "sync-rule-error-function-triggered"),
]


@pytest.mark.parametrize(
    ("mapping", "attributes", "type_"), [pytest.param(m, a, t, id=why) for why, m, a, t in MISFITS]
)
def test_what_does_not_fit_fails_the_object_and_names_rule_and_attribute(
    mapping: AttributeMapping, attributes: dict[str, Any], type_: str
) -> None:
    lab = one_value(mapping, **attributes)
    error = error_of(lab)
    assert error.type == type_
    assert error.attribute == mapping.destination and error.rule_id is not None
    assert error.step == "import-flow"


@pytest.mark.parametrize(
    ("mapping", "attributes", "expected"),
    [
        (flow("title", "info"), {"info": ("x" * 448,)}, ("x" * 448,)),
        (flow("title", "proxyAddresses"), {"proxyAddresses": ("a",)}, ("a",)),
        (expression("title", "Item([proxyAddresses], 1)"), {"proxyAddresses": ("a", "b")}, ("a",)),
        (constant("countryCode", "47"), {}, (47,)),
        (constant("accountEnabled", "TRUE"), {}, (True,)),
        (flow("proxyAddresses", "info"), {"info": ("x" * 449,)}, ("x" * 449,)),
    ],
)
def test_what_fits_flows_in_the_type_of_its_destination(
    mapping: AttributeMapping, attributes: dict[str, Any], expected: Values
) -> None:
    lab = one_value(mapping, **attributes)
    values = lab.mv_of("contoso", KARI)[mapping.destination]
    assert values == expected and type(values[0]) is type(expected[0])


# -- all or nothing -------------------------------------------------------------------------------


def failing() -> Lab:
    """A person whose title is an error while `info` is there."""
    title = expression("title", 'IIF(IsPresent([info]), Error("not now"), [title])')
    lab = Lab(projecting(rule("may fail", 10, title, flow("department", "department"))))
    lab.directories["contoso"].add(user("Kari", 1, title=("x",), department=("d",)))
    lab.cycle(export=False)
    return lab


def test_an_object_that_fails_keeps_its_pending_import_and_nothing_of_it_is_committed() -> None:
    lab = failing()
    before = lab.mvo("contoso", KARI)
    lab.directories["contoso"].set(KARI, "info", ("fail",))
    lab.directories["contoso"].set(KARI, "department", ("new",))
    result = lab.cycle("delta", export=False)["contoso sync"]
    assert result.record.result == "completed-sync-errors"
    assert lab.counters(result) == {"flow-failure": 1}
    kari = lab.must("contoso", KARI)
    assert kari.pending_import is not None and set(kari.pending_import.attributes) == {"info", "department"}
    assert lab.mvo("contoso", KARI) == before


def test_a_stored_error_counts_how_often_it_was_met_before_and_is_retried_by_every_delta_sync() -> None:
    lab = failing()
    lab.directories["contoso"].set(KARI, "info", ("fail",))
    lab.cycle("delta", export=False)
    first = error_of(lab)
    assert (first.retry_count, first.first_occurred) == (0, first.last_occurred)
    lab.run("contoso", "delta-sync")
    lab.run("contoso", "delta-sync")
    again = error_of(lab)
    assert (again.retry_count, again.first_occurred) == (2, first.first_occurred)
    assert again.last_occurred > first.last_occurred
    lab.directories["contoso"].set(KARI, "info", ())
    lab.cycle("delta", export=False)
    kari = lab.must("contoso", KARI)
    assert kari.import_error is None and kari.pending_import is None


def test_an_object_that_fails_for_good_fails_no_other_one() -> None:
    lab = failing()
    lab.directories["contoso"].set(KARI, "info", ("fail",))
    lab.directories["contoso"].add(user("Ola", 2))
    result = lab.cycle("delta", export=False)["contoso sync"]
    assert lab.counters(result) == {"flow-failure": 1, "disconnector-projected-flow": 1}


def test_the_failed_change_of_one_object_does_not_reach_the_person_through_the_other_forest() -> None:
    lab = failing()
    lab.directories["fabrikam"].add(user("Kari", 2, forest="fabrikam"))
    lab.cycle(export=False)
    lab.directories["contoso"].set(KARI, "info", ("fail",))
    lab.directories["contoso"].set(KARI, "department", ("new",))
    lab.directories["fabrikam"].set(ALSO_KARI, "title", ("y",))
    lab.cycle("delta", export=False)
    assert lab.mv_of("contoso", KARI)["department"] == ("d",)
    assert lab.must("fabrikam", ALSO_KARI).import_error is None


def test_an_expression_that_cannot_be_read_fails_the_object_when_it_is_evaluated() -> None:
    lab = one_value(expression("title", "IIF([info]"))
    assert error_of(lab).type.startswith("sync-rule-error")


# -- recall ---------------------------------------------------------------------------------------

RECALLS = ["value cleared", "rule out of scope", "object deleted", "object left scope"]


@pytest.mark.parametrize("cause", RECALLS)
def test_when_the_winner_stops_the_value_of_the_other_forest_takes_over_in_the_same_sync(cause: str) -> None:
    lab = two_forests(
        {"title": ("one",)},
        {"title": ("two",)},
        rule("one", 10, flow("title", "title"), scope=["adminDescription NOTEQUAL out"]),
        rule("two", 11, flow("title", "title"), connector="fabrikam"),
    )
    assert lab.mv_of("fabrikam", ALSO_KARI)["title"] == ("one",)
    contoso = lab.directories["contoso"]
    if cause == "value cleared":
        contoso.set(KARI, "title", ())
    elif cause == "rule out of scope":
        contoso.set(KARI, "adminDescription", ("out",))
    elif cause == "object deleted":
        contoso.remove(KARI)
    else:
        anchor = contoso.find(KARI)
        assert anchor is not None
        entry = contoso.entries[anchor]
        contoso.put(anchor, type(entry)("CN=Kari,OU=Away,DC=contoso,DC=test", "user", entry.attributes))
    lab.run("contoso", "delta-import", "delta-sync")
    stored = lab.mvo("fabrikam", ALSO_KARI).attributes["title"]
    assert stored.values == ("two",)
    assert stored.provenance.origin is not None and stored.provenance.origin.connector == "fabrikam"


def test_a_disabled_rule_is_recalled_by_the_next_full_sync_and_not_by_a_delta_sync() -> None:
    flowing = rule("gives", 10, flow("title", "title"))
    lab = two_forests({"title": ("x",)}, {}, flowing)
    lab.use(projecting(rule("gives", 10, flow("title", "title"), disabled=True)))
    lab.run("contoso", "delta-sync")
    assert lab.mv_of("contoso", KARI)["title"] == ("x",)
    lab.run("contoso", "full-sync")
    assert "title" not in lab.mv_of("contoso", KARI)


def test_the_link_goes_when_no_rule_that_joins_or_projects_is_in_scope_any_more() -> None:
    lab = two_forests({}, {"title": ("t",)}, rule("two", 11, flow("title", "title"), connector="fabrikam"))
    rules = [
        rule("contoso projects", 1, link="provision", join=["sAMAccountName = accountName"]),
        rule("name", 2, flow("accountName", "sAMAccountName")),
        rule(
            "fabrikam projects",
            3,
            connector="fabrikam",
            link="provision",
            join=["sAMAccountName = accountName"],
            scope=["adminDescription NOTEQUAL out"],
        ),
        rule("two", 11, flow("title", "title"), connector="fabrikam"),
    ]
    lab.use(rules)
    lab.directories["fabrikam"].set(ALSO_KARI, "adminDescription", ("out",))
    result = lab.cycle("delta", export=False)["fabrikam sync"]
    assert lab.counters(result)["connector-filtered-leave-mv"] == 1
    left = lab.must("fabrikam", ALSO_KARI)
    assert left.link is None and left.applied_rules == ()
    assert left.disconnection is not None and left.disconnection.cause == "filtered-disconnector"
    assert "title" not in lab.mv_of("contoso", KARI)


def test_a_person_lives_while_one_object_of_hers_has_a_projecting_rule_in_scope() -> None:
    lab = two_forests({}, {})
    mv_id = lab.mvo("contoso", KARI).id
    lab.directories["contoso"].remove(KARI)
    lab.cycle("delta", export=False)
    assert lab.mvo("fabrikam", ALSO_KARI).id == mv_id
    lab.directories["fabrikam"].remove(ALSO_KARI)
    result = lab.cycle("delta", export=False)["fabrikam sync"]
    assert lab.store.mv(mv_id) is None
    assert lab.counters(result)["connector-delete-remove-mv"] == 1


def test_a_plain_join_keeps_no_person_alive_and_a_sticky_one_does() -> None:
    for link, lives in (("join", False), ("sticky-join", True)):
        lab = Lab(
            [
                rule("contoso", 1, flow("accountName", "sAMAccountName"), link="provision"),
                rule("fabrikam", 2, connector="fabrikam", link=link, join=["sAMAccountName = accountName"]),  # type: ignore[arg-type]  # a Literal
            ]
        )
        lab.directories["contoso"].add(user("Kari", 1))
        lab.directories["fabrikam"].add(user("Kari", 2, forest="fabrikam"))
        lab.cycle(export=False)
        mv_id = lab.mvo("contoso", KARI).id
        lab.directories["contoso"].remove(KARI)
        lab.cycle("delta", export=False)
        assert (lab.store.mv(mv_id) is not None) is lives


def test_a_rule_that_joins_without_flow_flows_nothing() -> None:
    lab = Lab(
        [
            rule("contoso", 1, flow("accountName", "sAMAccountName"), link="provision"),
            rule(
                "fabrikam",
                2,
                flow("title", "title"),
                connector="fabrikam",
                link="join-no-flow",
                join=["sAMAccountName = accountName"],
            ),
        ]
    )
    lab.directories["contoso"].add(user("Kari", 1))
    lab.directories["fabrikam"].add(user("Kari", 2, forest="fabrikam", title=("x",)))
    lab.cycle(export=False)
    assert lab.must("fabrikam", ALSO_KARI).link is not None
    assert "title" not in lab.mv_of("contoso", KARI)


def test_a_deletion_that_is_imported_and_not_synchronized_yet_changes_nothing_of_the_person() -> None:
    """The other forest's sync goes first: it must not read a person without a logon name, who is filtered."""
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    lab.directories["fabrikam"].add(user("Kari", 1, forest="fabrikam"))
    lab.settle()
    lab.directories["contoso"].remove(KARI)
    lab.directories["fabrikam"].set(ALSO_KARI, "title", ("x",))
    for name in lab.configurations:
        lab.run(name, "delta-import")
    lab.run("fabrikam", "delta-sync")
    assert "cloudFiltered" not in lab.mv_of("fabrikam", ALSO_KARI)
    assert lab.pending() == {"update": 1}
    lab.run("contoso", "delta-sync")
    assert "delete" not in lab.pending()


def test_another_type_of_the_same_object_is_taken_back_and_treated_as_new() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1, title=("x",)))
    lab.settle()
    mv_id = lab.mvo("contoso", KARI).id
    anchor = lab.directories["contoso"].find(KARI)
    assert anchor is not None
    lab.directories["contoso"].put(anchor, contact("Kari", 1))
    result = lab.cycle("delta", export=False)["contoso sync"]
    counters = lab.counters(result)
    assert counters["connector-delete-add-processed"] == 1 and counters["disconnector-projected-flow"] == 1
    assert lab.store.mv(mv_id) is None
    assert lab.mv_of("contoso", KARI)["sourceObjectType"] == ("Contact",)
