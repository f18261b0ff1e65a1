"""Inbound synchronization: join, projection, precedence and merging."""

from __future__ import annotations

import pytest

from attrflow.model.configuration import EngineOptions
from attrflow.model.values import Values
from attrflow.rules.rule import AttributeMapping, Rule

from .inbound_lab import ALSO_KARI, KARI, OLA, error_of, projecting, two_forests
from .lab import Lab
from .lab_entries import contact, dn, user
from .lab_rules import constant, expression, flow, rule

# -- join -----------------------------------------------------------------------------------------


def test_join_groups_are_tried_in_order_and_the_first_with_exactly_one_candidate_decides() -> None:
    flows = (flow("accountName", "sAMAccountName"), flow("mail", "mail"), flow("employeeID", "employeeID"))
    lab = Lab(
        [
            rule("contoso", 1, *flows, link="provision"),
            rule(
                "fabrikam",
                2,
                connector="fabrikam",
                join=[
                    "mail = mail",
                    "sAMAccountName = accountName; employeeID = employeeID",
                    "employeeID = employeeID",
                ],
            ),
        ]
    )
    for number, name in enumerate(["Kari", "Ola", "Per"]):
        lab.directories["contoso"].add(user(name, number, mail=("shared",), employeeID=(str(number),)))
    lab.directories["fabrikam"].add(
        user("X", 9, forest="fabrikam", mail=("SHARED",), sAMAccountName=("kari",), employeeID=("1",))
    )
    lab.cycle(export=False)
    assert lab.mvo("fabrikam", dn("X", "fabrikam")).id == lab.mvo("contoso", OLA).id


def test_a_case_sensitive_join_tells_cases_apart() -> None:
    for exact, joined in (("", True), ("!", False)):
        lab = Lab(
            [
                rule("contoso", 1, flow("employeeID", "employeeID"), link="provision"),
                rule("fabrikam", 2, connector="fabrikam", join=[f"employeeID = employeeID{exact}"]),
            ]
        )
        lab.directories["contoso"].add(user("Kari", 1, employeeID=("abc",)))
        lab.directories["fabrikam"].add(user("Kari", 2, forest="fabrikam", employeeID=("ABC",)))
        lab.cycle(export=False)
        assert (lab.must("fabrikam", ALSO_KARI).link is not None) is joined


def test_nothing_joins_by_a_value_that_is_absent_on_both_sides() -> None:
    lab = Lab(
        [
            rule("contoso", 1, flow("accountName", "sAMAccountName"), link="provision"),
            rule("fabrikam", 2, connector="fabrikam", join=["employeeID = employeeID"]),
        ]
    )
    lab.directories["contoso"].add(user("Kari", 1))
    lab.directories["fabrikam"].add(user("Kari", 2, forest="fabrikam", employeeID=("",)))
    results = lab.cycle(export=False)
    assert lab.must("fabrikam", ALSO_KARI).link is None
    assert lab.counters(results["fabrikam sync"]) == {"disconnector-remains": 1}


def test_any_value_of_a_multi_valued_attribute_may_join() -> None:
    lab = Lab(
        [
            rule("contoso", 1, flow("mail", "mail"), link="provision"),
            rule("fabrikam", 2, connector="fabrikam", join=["proxyAddresses = mail"]),
        ]
    )
    lab.directories["contoso"].add(user("Kari", 1, mail=("k@x",)))
    lab.directories["fabrikam"].add(user("Kari", 2, forest="fabrikam", proxyAddresses=("a", "K@X")))
    lab.cycle(export=False)
    assert lab.must("fabrikam", ALSO_KARI).link is not None


def test_rules_that_join_to_different_objects_are_an_error() -> None:
    flows = (flow("accountName", "sAMAccountName"), flow("mail", "mail"))
    lab = Lab(
        [
            rule("contoso", 1, *flows, link="provision"),
            rule("by name", 2, connector="fabrikam", join=["sAMAccountName = accountName"]),
            rule("by mail", 3, connector="fabrikam", join=["mail = mail"]),
        ]
    )
    lab.directories["contoso"].add(user("Kari", 1))
    lab.directories["contoso"].add(user("Ola", 2, mail=("ola",)))
    lab.directories["fabrikam"].add(user("Kari", 3, forest="fabrikam", mail=("ola",)))
    lab.cycle(export=False)
    error = error_of(lab, ALSO_KARI, "fabrikam")
    assert error.type == "ambiguous-import-flow-from-multiple-connectors"
    assert "by name" in error.detail and "by mail" in error.detail


def test_the_second_object_of_a_connector_fails_and_the_first_stays_as_it_is() -> None:
    lab = Lab()
    lab.directories["contoso"].add(user("Kari", 1))
    lab.directories["contoso"].add(user("Ola", 2, objectSid=user("Kari", 1).attributes["objectSid"]))
    results = lab.cycle(export=False)
    assert results["contoso sync"].record.result == "completed-sync-errors"
    assert error_of(lab, OLA).type == "ambiguous-import-flow-from-multiple-connectors"
    assert lab.must("contoso", OLA).link is None
    kari = lab.must("contoso", KARI)
    assert kari.link is not None and kari.import_error is None
    lab.directories["contoso"].remove(KARI)
    lab.cycle("delta", export=False)
    lab.cycle("delta", export=False)
    assert lab.must("contoso", OLA).import_error is None and lab.must("contoso", OLA).link is not None


def test_projection_needs_a_value_to_join_by_unless_the_rule_has_no_join_criteria() -> None:
    lab = Lab()
    lab.directories["contoso"].add(contact("Partner", 1, mail=None))
    lab.cycle(export=False)
    assert lab.must("contoso", dn("Partner")).link is None
    lab.directories["contoso"].set(dn("Partner"), "mail", ("p@x",))
    lab.cycle("delta", export=False)
    assert lab.must("contoso", dn("Partner")).link is not None
    bare = Lab([rule("contoso", 1, flow("mail", "mail"), link="provision")])
    bare.directories["contoso"].add(user("Kari", 1))
    bare.cycle(export=False)
    assert bare.must("contoso", KARI).link is not None


def test_a_link_survives_that_its_join_values_part() -> None:
    lab = two_forests({}, {})
    lab.directories["fabrikam"].set(ALSO_KARI, "sAMAccountName", ("other",))
    lab.cycle("delta", export=False)
    assert lab.mvo("contoso", KARI).id == lab.mvo("fabrikam", ALSO_KARI).id


def test_strict_single_join_refuses_several_join_rules_in_scope() -> None:
    rules = [
        rule("one", 1, link="provision", join=["sAMAccountName = accountName"]),
        rule("two", 2, join=["mail = mail"]),
    ]
    for strict in (True, False):
        lab = Lab(rules, EngineOptions(strict_single_join=strict))
        lab.directories["contoso"].add(user("Kari", 1))
        lab.cycle(export=False)
        assert (lab.must("contoso", KARI).import_error is not None) is strict


# -- precedence -----------------------------------------------------------------------------------

PRECEDENCE: list[tuple[str, list[AttributeMapping], Values]] = [
    ("the lower number wins", [constant("title", "high"), constant("title", "low")], ("high",)),
    ("NULL passes on", [expression("title", "NULL"), constant("title", "low")], ("low",)),
    ("an absent source passes on", [flow("title", "info"), constant("title", "low")], ("low",)),
    ("an empty text is never contributed", [expression("title", '""'), constant("title", "low")], ("low",)),
    ("AuthoritativeNull stops", [expression("title", "AuthoritativeNull"), constant("title", "low")], ()),
    ("IgnoreThisFlow passes on", [expression("title", "IgnoreThisFlow"), constant("title", "low")], ("low",)),
    ("a NULL beside IgnoreThisFlow removes", [expression("title", "IgnoreThisFlow"), flow("title", "info")], ()),
    ("all NULL removes", [expression("title", "NULL"), flow("title", "info")], ()),
    ("a lower error is not met", [constant("title", "high"), expression("title", 'Error("x")')], ("high",)),
]


@pytest.mark.parametrize(("mappings", "expected"), [pytest.param(m, e, id=why) for why, m, e in PRECEDENCE])
def test_precedence(mappings: list[AttributeMapping], expected: Values) -> None:
    rules = [rule(f"flow {n}", 10 + n, mapping) for n, mapping in enumerate(mappings)]
    lab = Lab(projecting(*rules))
    lab.directories["contoso"].add(user("Kari", 1))
    lab.cycle(export=False)
    assert lab.mv_of("contoso", KARI).get("title", ()) == expected


def test_rules_of_one_precedence_go_by_their_ids() -> None:
    rules = [rule(f"tie {n}", 10, constant("title", str(n))) for n in range(4)]
    lab = Lab(projecting(*rules))
    lab.directories["contoso"].add(user("Kari", 1))
    lab.cycle(export=False)
    first = min(rules, key=lambda r: r.id)
    assert lab.mv_of("contoso", KARI)["title"] == (first.mappings[0].source,)


def test_ignore_this_flow_keeps_what_its_rule_gave_until_that_rule_leaves_scope() -> None:
    keeping = expression("title", "IIF(IsPresent([info]), IgnoreThisFlow, [title])")
    lab = Lab(projecting(rule("keeps", 10, keeping, scope=["adminDescription NOTEQUAL out"])))
    lab.directories["contoso"].add(user("Kari", 1, title=("x",)))
    lab.cycle(export=False)
    lab.directories["contoso"].set(KARI, "info", ("ignore",))
    lab.directories["contoso"].set(KARI, "title", ("y",))
    lab.cycle("delta", export=False)
    assert lab.mv_of("contoso", KARI)["title"] == ("x",)
    lab.directories["contoso"].set(KARI, "adminDescription", ("out",))
    lab.cycle("delta", export=False)
    assert "title" not in lab.mv_of("contoso", KARI)


def test_ignore_this_flow_does_not_keep_what_a_rule_out_of_scope_gave() -> None:
    lab = two_forests(
        {"title": ("mine",)},
        {},
        rule("gives", 10, flow("title", "title"), scope=["adminDescription NOTEQUAL out"]),
        rule("ignores", 11, expression("title", "IgnoreThisFlow"), connector="fabrikam"),
    )
    lab.directories["contoso"].set(KARI, "adminDescription", ("out",))
    lab.cycle("delta", export=False)
    assert "title" not in lab.mv_of("contoso", KARI)


def test_apply_once_is_evaluated_when_the_object_is_made_and_never_again() -> None:
    once = flow("title", "title", once=True)
    lab = Lab(projecting(rule("once", 10, once)))
    lab.directories["contoso"].add(user("Kari", 1, title=("first",)))
    lab.directories["contoso"].add(user("Ola", 2))
    lab.cycle(export=False)
    for name in (KARI, OLA):
        lab.directories["contoso"].set(name, "title", ("later",))
    lab.cycle("delta", export=False)
    lab.cycle(export=False)
    assert lab.mv_of("contoso", KARI)["title"] == ("first",)
    assert "title" not in lab.mv_of("contoso", OLA), "a first NULL is done too"


def test_apply_once_with_chance_is_rolled_once_even_where_the_object_goes_round_again() -> None:
    """Provisioning makes a second round; a new value in it would make a third, and so on."""
    lab = Lab(
        projecting(
            rule("once", 10, expression("title", "Guid()", once=True)),
            rule(
                "out",
                20,
                flow("title", "title"),
                expression("dn", '"CN={" & [accountName] & "}"'),
                expression("department", "Guid()", once=True),
                direction="outbound",
                connector="entra",
                link="provision",
            ),
        )
    )
    lab.directories["contoso"].add(user("Kari", 1))
    lab.cycle(export=False)
    first = lab.mv_of("contoso", KARI)["title"]
    staged = lab.linked("entra", KARI)
    assert staged is not None and staged.unapplied is not None
    lab.cycle(export=False)
    assert lab.mv_of("contoso", KARI)["title"] == first
    again = lab.linked("entra", KARI)
    assert again is not None and again.unapplied == staged.unapplied


# -- merging --------------------------------------------------------------------------------------


def merged(kind: str, first: tuple[str, ...], second: tuple[str, ...], *more: Rule) -> Lab:
    """Two forests that merge proxyAddresses."""
    merge = "merge" if kind == "merge" else "merge-case-insensitive"
    return two_forests(
        {"proxyAddresses": first},
        {"proxyAddresses": second},
        rule("one", 10, flow("proxyAddresses", "proxyAddresses", "direct", merge)),  # type: ignore[arg-type]  # a Literal
        rule("two", 11, flow("proxyAddresses", "proxyAddresses", "direct", merge), connector="fabrikam"),  # type: ignore[arg-type]  # a Literal
        *more,
    )


def test_merge_is_the_union_and_every_value_knows_who_gave_it() -> None:
    lab = merged("merge", ("a", "b"), ("B", "b", "c"))
    stored = lab.mvo("contoso", KARI).attributes["proxyAddresses"]
    assert stored.values == ("a", "b", "B", "c")
    assert stored.provenance.per_value is not None
    assert [o.connector for o in stored.provenance.per_value] == ["contoso", "contoso", "fabrikam", "fabrikam"]


def test_merge_without_case_keeps_the_spelling_of_the_higher_precedence() -> None:
    lab = merged("merge-case-insensitive", ("SMTP:k@x",), ("smtp:K@X", "smtp:o@x"))
    assert lab.mv_of("contoso", KARI)["proxyAddresses"] == ("SMTP:k@x", "smtp:o@x")


def test_a_merged_value_goes_when_its_last_contributor_drops_it() -> None:
    lab = merged("merge", ("a", "b"), ("b", "c"))
    lab.directories["fabrikam"].set(ALSO_KARI, "proxyAddresses", ())
    lab.cycle("delta", export=False)
    stored = lab.mvo("contoso", KARI).attributes["proxyAddresses"]
    assert stored.values == ("a", "b")
    assert stored.provenance.per_value is not None and len(stored.provenance.per_value) == 2
    lab.directories["contoso"].set(KARI, "proxyAddresses", ())
    lab.cycle("delta", export=False)
    assert "proxyAddresses" not in lab.mv_of("contoso", KARI)


def test_authoritative_null_in_a_merge_stops_the_lower_contributors() -> None:
    stop = rule("stop", 10, expression("proxyAddresses", "AuthoritativeNull", "merge"), connector="fabrikam")
    first = rule("one", 9, flow("proxyAddresses", "proxyAddresses", "direct", "merge"))
    last = rule("two", 11, constant("proxyAddresses", "c", "merge"))
    lab = two_forests({"proxyAddresses": ("a",)}, {}, first, stop, last)
    assert lab.mv_of("contoso", KARI)["proxyAddresses"] == ("a",)


def test_mixed_merge_types_are_an_error_that_names_the_rules() -> None:
    lab = two_forests({"proxyAddresses": ("a",)}, {})
    lab.use(
        projecting(
            rule("one", 10, flow("proxyAddresses", "proxyAddresses", "direct", "merge")),
            rule("two", 11, flow("proxyAddresses", "proxyAddresses"), connector="fabrikam"),
        )
    )
    lab.run("contoso", "full-import", "full-sync")
    error = error_of(lab)
    assert error.type == "sync-rule-error-mixed-merge-types"
    assert "one (merge)" in error.detail and "two (update)" in error.detail


def test_update_and_replace_are_one_merge_type() -> None:
    lab = two_forests(
        {"title": ("a",)},
        {"title": ("b",)},
        rule("one", 10, flow("title", "title", "direct", "update")),
        rule("two", 11, flow("title", "title", "direct", "replace"), connector="fabrikam"),
    )
    assert lab.mv_of("contoso", KARI)["title"] == ("a",)
