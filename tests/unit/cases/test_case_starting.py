"""The state that a case begins with: what is told of a wrong one, and what stands in the store of a right one."""

from __future__ import annotations

import pytest

from attrflow.app.memory_laboratory import MemoryLaboratory
from attrflow.cases.document import read_case
from attrflow.cases.runner import run_case
from attrflow.cases.session import Session

HEAD = """
title = "t"
basis = "assumed"
source = "s"

[objects.kari]
attributes = { department = "Sales", manager = "ola", proxyAddresses = ["SMTP:k@x.test", "smtp:kh@x.test"] }
[objects.ola]
[objects.new]
connector = "entra"
dn = "CN={AB}"
at-start = false
[objects.cloud]
connector = "entra"
dn = "CN={AC}"
attributes = { displayName = "Cloud" }
"""
STEP = "\n[[step]]\nexpect.count = { mv = %d }\n"


def begun(text: str, count: int = 0) -> Session:
    """The session of a case with this starting state, before its first step."""
    case, diagnostics = read_case(HEAD + text + STEP % count, "case.toml", lambda _name: [])
    assert case is not None, [str(d) for d in diagnostics]
    return Session(case, MemoryLaboratory(case))


def check(text: str, expected: str) -> None:
    """The state holds, and what it says can be expected of it."""
    case, diagnostics = read_case(f"{HEAD}{text}\n[[step]]\n{expected}\n", "case.toml", lambda _name: [])
    assert case is not None, [str(d) for d in diagnostics]
    result = run_case(case, MemoryLaboratory(case))
    assert result.passed, [(f.what, f.expected, f.got) for f in result.failures]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("given.space.kari = {}", "unknown-key", "the keys are cs, mv"),
        ("given.cs.karl = {}", "unknown-object", "kari"),
        ('given.cs."kari@entra" = {}', "wrong-value", "is the counterpart of an object"),
        ('given.cs.kari.pending-export = "remove"', "wrong-value", "must be one of add, replace, update, delete"),
        ("given.cs.kari.pending-export = { values = 1 }", "unknown-key", "operation, attributes, new-dn"),
        ('given.cs.kari.error = { detail = "x" }', "missing-key", "'type'"),
        ('given.cs.kari.error = { type = "x", retry-count = "3" }', "wrong-type", "a whole number"),
        ('given.cs.kari.link = "projection"', "wrong-value", "projection-rules"),
        ("given.mv.kari = {}", "missing-key", "given.cs.kari = {}"),
        ("given.cs.kari = {}\ngiven.mv.kari.atributes = {}", "unknown-key", "attributes"),
        ("[given.cs.kari]\n[given.mv.kari]\n[given.mv.ola]\nlinks = ['kari']", "wrong-value", "two metaverse objects"),
        ('objects.x = { quarantined = { mail = "a" } }', "wrong-value", "only a tenant holds values back"),
    ],
)
def test_a_wrong_state_is_told_with_its_place(text: str, code: str, words: str) -> None:
    first, _, objects = HEAD.partition("[objects.kari]")
    whole = f"{first}{text}\n[objects.kari]{objects}{STEP % 0}"
    case, diagnostics = read_case(whole, "case.toml", lambda _name: [])
    assert case is None
    assert [d.code for d in diagnostics] == [code], [str(d) for d in diagnostics]
    assert words in str(diagnostics[0])
    assert diagnostics[0].span is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[given.cs.kari]\npending-import = { attributes = { department = "Sales" } }', "changes nothing"),
        ('[given.cs.kari]\nrule = "In"\n[given.mv.kari]\n', "there is none of that name"),
        ('[given.cs.kari]\n[given.mv.kari]\nattributes = { departement = "x" }', "a person has none"),
        ('[given.cs.kari]\n[given.mv.kari]\nattributes = { manager = "ola" }', "refers to ola, which has none"),
        (
            '[given.cs.kari]\n[given.mv.kari]\nattributes = { mail = "k" }\n'
            'winner = { mail = "Out to AAD - User Join" }',
            "does not flow it",
        ),
        ('[given.cs.new]\npending-export = "add"\n[given.mv.new]\n', "which type the metaverse object is"),
    ],
)
def test_a_state_that_contradicts_the_rules_stops_the_case(text: str, words: str) -> None:
    case, diagnostics = read_case(HEAD + text + STEP % 0, "case.toml", lambda _name: [])
    assert case is not None, [str(d) for d in diagnostics]
    (failure,) = run_case(case, MemoryLaboratory(case)).failures
    assert words in failure.got


def test_what_is_not_given_was_imported_and_waits_for_its_first_synchronization() -> None:
    check("[given.cs.kari]", 'expect.cs.ola = { pending-import = "add", linked = false }\nexpect.count = { mv = 0 }')


def test_references_keep_their_targets_and_unknown_ones_are_placeholders() -> None:
    text = '[given.cs.kari]\nimage = { manager = "CN=gone,OU=People" }\npending-import = "update"\n'
    check(text, 'expect.cs.kari.attributes = { manager = "ola" }\nexpect.count = { contoso = 2 }')
    session = begun(text)
    gone = session.store.cs_by_dn("contoso", "dc=test\x00dc=contoso\x00ou=people\x00cn=gone\x00")
    assert gone is not None and gone.kind == "placeholder"


@pytest.mark.parametrize("layer", ["pending-import", "unconfirmed", "escrowed", "pending-export"])
@pytest.mark.parametrize("word", ["delete", "obsolete"])
def test_every_layer_takes_a_word(layer: str, word: str) -> None:
    cso = begun(f'[given.cs.kari]\n{layer} = "{word}"').cs("kari")
    assert cso is not None
    deltas = (cso.pending_import, cso.unconfirmed, cso.escrowed, cso.unapplied)
    assert [d.operation for d in deltas if d is not None] == [word]


def test_values_are_added_and_removed_one_by_one_in_a_multi_valued_attribute() -> None:
    text = '[given.cs.kari]\npending-export = { attributes = { proxyAddresses = ["SMTP:k@x.test", "smtp:n@x.test"] } }'
    cso = begun(text).cs("kari")
    assert cso is not None and cso.unapplied is not None
    change = cso.unapplied.attributes["proxyAddresses"]
    assert (change.operation, change.added, change.removed) == ("update", ("smtp:n@x.test",), ("smtp:kh@x.test",))


def test_an_object_that_was_never_exported_has_no_image_and_keeps_waiting() -> None:
    check(
        '[given.cs.kari]\n[given.cs.new]\npending-export = { operation = "add", attributes = { displayName = "N" } }\n'
        '[given.mv.kari]\nlinks = ["kari", "new"]\nflowed = true',
        'expect.cs.new = { pending-export = "add", link = "provisioning-rules", anchored = false }\n[[step]]\n'
        'run = "entra export"\nexpect.cs.new = { pending-export = "none", unconfirmed = "add", anchored = true }',
    )


def test_the_rules_that_were_applied_decide_about_deletes_later() -> None:
    state = (
        '[given.cs.kari]\n[given.cs.cloud]\n%s[given.mv.kari]\nlinks = ["kari", "cloud"]\nattributes = { cn = "k" }\n'
    )
    gone = 'delete = "kari"\nrun = "contoso full-import full-sync"\n'
    check(state % 'applied = "Out to AAD - User Join"\n', gone + 'expect.cs.cloud = { pending-export = "delete" }')
    check(state % "applied = []\n", gone + 'expect.cs.cloud = { pending-export = "none", linked = false }')


def test_references_to_what_is_not_linked_are_held_from_the_start() -> None:
    text = "[given.cs.kari]\n[given.cs.ola]\n[given.mv.kari]\nflowed = true"
    check(text, 'expect.held.kari = { manager = "ola" }\nexpect.mv.kari = { manager = [] }')
    check(text, 'run = "contoso full-sync"\nexpect.mv.kari = { manager = "ola" }\nexpect.held.kari = {}')


def test_errors_keep_their_dates_counts_and_rules() -> None:
    cso = begun(
        '[given.cs.kari]\nerror = { type = "sync-rule-error-function-triggered", step = "import-flow", rule = '
        '"In from AD - User Join", first = "2026-01-01T00:00:00.000", retry-count = 41, attribute = "mail" }\n'
        'export-error = "permission-issue"'
    ).cs("kari")
    assert cso is not None and cso.import_error is not None and cso.export_error is not None
    error = cso.import_error
    assert (error.first_occurred, error.last_occurred, error.retry_count) == (*["2026-01-01T00:00:00.000"] * 2, 41)
    assert error.rule_id is not None and error.attribute == "mail"
    assert cso.export_error.first_occurred == cso.export_error.last_occurred != ""


def test_a_new_value_takes_the_place_of_a_quarantined_one() -> None:
    text = HEAD.replace('displayName = "Cloud" }', 'displayName = "Cloud 2" }\nquarantined = { displayName = "Cloud" }')
    steps = (
        '[[step]]\nrun = "entra full-import"\nexpect.cs.cloud.imported = { displayName = "Cloud" }\n'
        'expect.directory.cloud = { displayName = "Cloud 2" }\n'
    )
    case, diagnostics = read_case(text + steps, "case.toml", lambda _name: [])
    assert case is not None, [str(d) for d in diagnostics]
    assert run_case(case, MemoryLaboratory(case)).passed
