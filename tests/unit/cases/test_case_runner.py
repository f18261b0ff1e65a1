"""Running cases: every kind of expectation is met by what is so, and told where it is not."""

from __future__ import annotations

import pytest

from attrflow.app.memory_laboratory import MemoryLaboratory
from attrflow.cases.checks import check
from attrflow.cases.differences import Difference
from attrflow.cases.document import read_case
from attrflow.cases.keys import CS_KEYS, EXPECT_KEYS
from attrflow.cases.runner import CaseResult, run_case
from attrflow.cases.session import Session

CASE = """
title = "t"
basis = "assumed"
source = "s"

[objects.kari]
attributes = { displayName = "Kari", title = "Engineer", manager = "ola" }
[objects.ola]
[objects.hidden]
attributes = { adminDescription = "User_x", manager = "CN=nobody,OU=People,DC=contoso,DC=test" }
[objects.lost]
attributes = { manager = "hidden" }

[[step]]
cycle = "initial"

[[step]]
title = "the last one"
set.kari = { title = "Boss" }
run = "contoso delta-import delta-sync"
"""

RIGHT = {
    "mv": ['mv.kari = { displayName = "Kari", title = "Boss", manager = "ola", mail = [] }', "mv.hidden = false"],
    "type": ['type.kari = "person"'],
    "winner": ['winner.kari = { title = "In from AD - User Common" }'],
    "status": ['status.kari = { title = "applied-no-change" }'],
    "links": ['links.kari = ["entra", "contoso"]', "links.hidden = []"],
    "together": ['together = ["kari", "kari@entra"]'],
    "apart": ['apart = [["kari", "ola"]]'],
    "held": ['held.lost = { manager = "hidden" }', "held.kari = {}"],
    "cloud": ['cloud.kari = { title = "Engineer", manager = "ola" }', "cloud.hidden = false"],
    "directory": ['directory.kari = { title = "Boss", manager = "ola" }'],
    "pending": ["pending.entra = { update = 1 }", "pending.contoso = {}"],
    "counters": ['counters."contoso delta-import" = { stage-update = 1 }'],
    "result": ['result."contoso delta-sync" = "success"'],
    "count": ["count = { mv = 3, contoso = 4, entra = 3 }"],
}
RIGHT_CS = {
    "attributes": ['kari = { attributes = { manager = "ola", title = "Boss", mail = [] } }'],
    "imported": ['"kari@entra" = { imported = { title = [] } }'],
    "pending-export": ['"kari@entra" = { pending-export = "update" }'],
    "export": ['"kari@entra" = { export = { title = "Boss" } }'],
    "pending-import": ['kari = { pending-import = "none" }'],
    "unconfirmed": ['"kari@entra" = { unconfirmed = "add" }'],
    "linked": ["hidden = { linked = false }"],
    "link": ['kari = { link = "projection-rules" }'],
    "error": ['kari = { error = "none" }'],
    "retry-count": ["kari = { retry-count = 0 }"],
    "export-error": ['"kari@entra" = { export-error = "none" }'],
    "placeholder": ["kari = { placeholder = false }"],
    "transient": ["kari = { transient = false }"],
    "dn": ['kari = { dn = "cn=KARI,OU=People" }'],
    "new-dn": ['"kari@entra" = { new-dn = "none" }'],
    "type": ['kari = { type = "user" }'],
    "anchored": ['"kari@entra" = { anchored = true }'],
    "applied": ['kari = { applied = ["In from AD - User Join"] }'],
    "not-applied": ['kari = { not-applied = ["In from AD - User Exchange"] }'],
}
WRONG = {
    "mv.kari = false": "a metaverse object",
    "mv.hidden = true": "no metaverse object",
    'mv.hidden = { mail = "x" }': "the object is not linked",
    'mv.kari = { title = "Engineer" }': '"Boss"',
    'mv.kari = { titel = "Engineer" }': "did you mean title?",
    "mv.kari = { manager = [] }": "[ola]",
    'mv.kari = { accountEnabled = "True" }': "true",
    'type.kari = "group"': "person",
    'winner.kari = { title = "In from AD - User Exchange" }': "In from AD - User Common",
    'status.kari = { title = "expression-error" }': "applied-no-change",
    'status.kari.title = { "In from AD - User Common" = "merged" }': "applied-no-change",
    'links.kari = "contoso"': "entra",
    'together = ["kari", "ola"]': "#",
    'together = ["kari", "hidden"]': "not linked",
    'apart = ["kari", "kari@entra"]': "#",
    "held.lost = {}": "CN=hidden",
    'held.kari = { manager = "ola" }': "[]",
    'cloud.kari = { title = "Boss" }': '"Engineer"',
    "cloud.kari = false": "an object",
    "cloud.hidden = true": "no object",
    'directory.kari = { title = "Engineer" }': '"Boss"',
    "pending.entra = {}": "update 1",
    'counters."contoso delta-import" = { stage-add = 1 }': "stage-add 0",
    'counters."entra delta-import" = { stage-add = 1 }': "did not run",
    'result."contoso delta-sync" = "completed-sync-errors"': "success",
    "count = { mv = 9 }": "3",
    "cs.kari = false": "an object",
    'cs."hidden@entra" = { linked = true }': "there is none",
    'cs."kari@entra" = { pending-export = "none" }': "update",
    'cs."kari@entra" = { export = { } }': "title too",
    'cs."kari@entra" = { export = { title = "Boss", mail = "x" } }': "none",
    'cs."kari@entra" = { export = { title = "Engineer" } }': '"Boss"',
    'cs.kari = { dn = "CN=ola,OU=People" }': "CN=kari",
    'cs.kari = { error-detail = "x" }': "no error",
    'cs.kari = { applied = "In from AD - User Exchange" }': "In from AD - User Join",
    'cs.kari = { not-applied = "In from AD - User Join" }': "In from AD - User Join",
}


def run(text: str) -> CaseResult:
    def no_files(_name: str) -> list[tuple[str, str]]:
        return []

    case, diagnostics = read_case(text, "case.toml", no_files)
    assert case is not None, [str(d) for d in diagnostics]
    return run_case(case, MemoryLaboratory(case))


@pytest.fixture(scope="module")
def done() -> Session:
    """The case, gone through to its end."""
    case, _ = read_case(CASE + "expect.mv.kari = true", "case.toml", lambda _name: [])
    assert case is not None
    session = Session(case, MemoryLaboratory(case))
    for step in case.steps:
        session.prepare(step)
        for line in step.runs:
            assert all(result.error is None for result in session.run(line))
    return session


def differences(session: Session, line: str) -> list[Difference]:
    """What differs from one expectation."""
    case, diagnostics = read_case(f"{CASE}expect.{line}", "case.toml", lambda _name: [])
    assert case is not None, [str(d) for d in diagnostics]
    return [one for expectation in case.steps[-1].expectations for one in check(session, expectation)]


def test_what_is_so() -> None:
    lines = [f"expect.{line}" for right in RIGHT.values() for line in right]
    assert run(CASE + "\n".join(lines)).failures == ()


def test_what_is_so_in_the_connector_space(done: Session) -> None:
    for lines in RIGHT_CS.values():
        for line in lines:
            assert differences(done, f"cs.{line}") == []


def test_every_expectation_is_tried() -> None:
    assert set(RIGHT) == set(EXPECT_KEYS) - {"cs"}
    assert set(RIGHT_CS) == set(CS_KEYS) - {"error-detail"}


@pytest.mark.parametrize(("line", "got"), WRONG.items())
def test_what_is_not_so(done: Session, line: str, got: str) -> None:
    found = differences(done, line)
    assert found
    assert got in found[0].got


def test_a_failure_says_where_it_is_expected() -> None:
    (failure,) = run(CASE + "expect.count = { mv = 8 }").failures
    assert (failure.step, failure.title, failure.line) == (2, "the last one", CASE.count("\n") + 1)
    assert (failure.what, failure.expected, failure.got) == ("the number of objects in mv", "8", "3")


def test_a_failure_about_an_attribute_has_its_trace() -> None:
    (failure,) = run(CASE + 'expect.mv.kari = { title = "x" }').failures
    assert failure.trace is not None
    assert "import attribute flow" in failure.trace


def test_a_run_that_fails_must_be_expected() -> None:
    rule = 'name = "Bad"\ndirection = "inbound"\nconnector = "contoso"\nsource-type = "user"\ntarget-type = "person"\n'
    rule += 'link = "join"\nflows = { title = { expression = \'Error("no")\' } }\n'
    text = CASE.replace("[[step]]", f"[[rule]]\n{rule}[[step]]", 1)
    (failure, *_) = run(text + "expect.mv.hidden = false").failures
    assert failure.what == "the result of contoso full-sync"
    assert "sync-rule-error-function-triggered: no" in failure.got


def test_the_first_step_that_differs_is_the_last_one() -> None:
    result = run(
        CASE.replace('cycle = "initial"', 'cycle = "initial"\nexpect.count = { mv = 9 }') + "expect.count = { mv = 8 }"
    )
    assert [failure.step for failure in result.failures] == [1]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('rules.disable = "In from AD - User Joint"', "did you mean In from AD - User Join"),
        ('undelete = "kari"', "was not deleted"),
        ('set."hidden@entra" = { title = "x" }', "no object in entra"),
        ('delete = ["kari"]\nrename.kari = "CN=x"\n[[step]]\ndelete = "kari"', "holds no entry kari"),
    ],
)
def test_what_cannot_be_done_ends_the_case_with_a_sentence(line: str, word: str) -> None:
    (failure,) = run(f"{CASE}\n[[step]]\n{line}\nexpect.mv.ola = true").failures
    assert word in failure.got


def test_one_seed_gives_one_outcome() -> None:
    def ids() -> list[str | None]:
        case, _ = read_case(CASE + "expect.mv.kari = true", None, lambda _name: [])
        assert case is not None
        laboratory = MemoryLaboratory(case)
        assert run_case(case, laboratory).passed
        found = map(laboratory.store.cs, range(1, laboratory.store.highest_id() + 1))
        return [cso.anchor for cso in found if cso is not None]

    assert ids() == ids()
