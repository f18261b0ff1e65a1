"""Every query of agent/docs/store.md runs against a real file, and finds what the page says that it finds."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from attrflow.model.changes import ChangeSet, RunRecord, StepProgress, StepRecord
from attrflow.model.connector_space import CSObject, Link, StoredError
from attrflow.model.delta import AttributeDelta, Delta, Image
from attrflow.model.metaverse import HeldReference, MVAttribute, MVObject, MVReferences
from attrflow.model.names import dn_key
from attrflow.model.provenance import MappingId, Origin, Provenance
from attrflow.model.references import ReferenceDelta, ReferenceIds
from attrflow.stores.sqlite import open_sqlite

PAGE = Path(__file__).parents[3] / "agent" / "docs" / "store.md"
BASE = "DC=contoso,DC=test"
AD, HR = Origin("ad", "rule-ad", MappingId("mail")), Origin("hr", "rule-hr", MappingId("mail"))


def cs(id_: int, rdn: str, **rest: object) -> CSObject:
    """A connector-space object by its RDN."""
    dn = f"{rdn},OU=People,{BASE}"
    return CSObject(id_, "ad", BASE, dn, dn_key(dn), "user", **rest)  # type: ignore[arg-type]  # fields by name


KARI = cs(
    1,
    "CN=Kari Nordmann",
    anchor="x",
    image=Image({"mail": ("kari.nordmann@contoso.test",), "photo": (b"\x01",), "enabled": (True,)}),
    unapplied=Delta("update", {"title": AttributeDelta("replace", ("Boss",))}),
    export_error=StoredError("permission-issue", "export", "not allowed", "2026-03-01", "2026-03-02", 3),
    link=Link(10, "projection-rules", "rule-ad", 1),
)
BO = cs(2, "CN=Bo", transient=True, pending_import=Delta("add"))
STAFF = cs(3, "CN=Staff", image=Image({}, {"member": ReferenceIds([1, 2])}), link=Link(11, "join-rules", None, 1))
FEW = cs(
    4,
    "CN=Few",
    image=Image({}, {"member": ReferenceIds([2])}),
    unapplied=Delta("delete", {}, {"member": ReferenceDelta()}),
)
GONE = cs(5, "CN=Gone", image=Image({"mail": ("gone@contoso.test",)}))
PERSON = MVObject(
    10,
    "person",
    {
        "mail": MVAttribute(("kari.nordmann@contoso.test",), Provenance(AD, 1)),
        "proxyAddresses": MVAttribute(("a", "b", b"\x01"), Provenance(AD, 1, (AD, HR, HR))),
        "accountEnabled": MVAttribute((True,), Provenance(AD, 7)),
        "count": MVAttribute((7,), Provenance(None, 1)),
    },
)
GROUP = MVObject(11, "group", {}, {"member": MVReferences(ReferenceIds([10]), Provenance(HR, 1))})


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A plain SQLite connection to a small store."""
    path = tmp_path_factory.mktemp("store") / "attrflow.sqlite"
    store = open_sqlite(path)
    run = store.start_run(RunRecord(0, "ad", "full", "2026-03-01T08:00:00Z", "r", "c"), "rules", "configuration")
    step = StepRecord(
        1, "full-sync", BASE, "2026-03-01T08:00:01Z", result="success", counters={"joined": 2, "failed": 1}
    )
    held = {HeldReference(3, "member", 2, "ad", inbound=True): True}
    objects = {cso.id: cso for cso in (KARI, BO, STAFF, FEW, GONE)}
    store.commit(ChangeSet(objects, {10: PERSON, 11: GROUP}, held), progress=StepProgress(run.number, step))
    store.commit(ChangeSet({5: None}), progress=StepProgress(run.number, step))
    store.close()
    opened = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    yield opened
    opened.close()


def queries() -> dict[str, str]:
    """The page's queries by the comment in front of each."""
    blocks = re.findall(r"```sql\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return {
        match["question"]: match["query"]
        for block in blocks
        for match in re.finditer(r"^-- (?P<question>.+)\n(?P<query>[^;]+);", block, re.MULTILINE)
    }


START = "2026-03-01T08:00:00Z"
FOUND = {
    "where a value comes from": [
        ("accountEnabled", "True", "ad", "rule-ad", None),
        ("count", 7, None, None, START),
        ("mail", "kari.nordmann@contoso.test", "ad", "rule-ad", START),
        ("proxyAddresses", "a", "ad", "rule-ad", START),
        ("proxyAddresses", "b", "hr", "rule-hr", START),
        ("proxyAddresses", "AQ==", "hr", "rule-hr", START),
    ],
    "what an object is linked to, by which rule, and since when": [
        ("ad", KARI.dn, "projection-rules", "rule-ad", START)
    ],
    "objects that nothing in the metaverse belongs to": [("ad", "user", FEW.dn)],
    "what waits for export, attribute by attribute": [
        ("ad", FEW.dn, "delete", None, None, None, None),
        ("ad", KARI.dn, "update", "title", "replace", '["Boss"]', None),
    ],
    "what an export error says, and how often it came": [(KARI.dn, "permission-issue", "not allowed", 3, "2026-03-01")],
    "the largest groups": [("ad", STAFF.dn, 2), ("ad", FEW.dn, 1)],
    "the groups that an object is in": [("ad", STAFF.dn, "member")],
    "references that cannot flow yet, because their target is linked to nothing": [
        (STAFF.dn, "member", BO.dn, "staging")
    ],
    "the last ten steps": [(1, "ad", "full-sync", "success", "failed=1 joined=2")],
    "what is gone, and the run that deleted it": [(1, START, "ad", GONE.dn, "gone@contoso.test")],
}


def test_the_page_has_at_least_ten_queries_and_no_text_that_is_none() -> None:
    blocks = re.findall(r"```sql\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(queries()) >= 10
    assert len(queries()) == sum(block.count(";") for block in blocks), "each query has a comment of its own"
    assert set(FOUND) <= set(queries())


@pytest.mark.parametrize("question", queries())
def test_a_query_of_the_page_runs_and_finds_what_it_says(connection: sqlite3.Connection, question: str) -> None:
    rows = connection.execute(queries()[question]).fetchall()
    if question in FOUND:
        assert rows == FOUND[question]


@pytest.mark.parametrize("view", ["metaverse", "connector_space", "connector_space_values", "lineage", "runs"])
def test_a_view_has_the_columns_of_the_page(connection: sqlite3.Connection, view: str) -> None:
    cursor = connection.execute(f"SELECT * FROM {view}")  # noqa: S608  # names of the list above
    listed = re.search(rf"^- `{view}`: ([\w,\s]+?)(?=\n- |\n\n)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed is not None
    assert [column[0] for column in cursor.description] == re.split(r",\s+", listed[1])
    assert cursor.fetchall()


def test_the_page_names_every_table(connection: sqlite3.Connection) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    named = set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))
    assert tables <= named


def test_states_are_the_words_of_the_product(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT object, state, pending_import FROM connector_space ORDER BY object").fetchall()
    assert rows == [
        (1, "connector", None),
        (2, "disconnector, transient", "add"),
        (3, "connector", None),
        (4, "disconnector", None),
    ]


def test_values_of_a_connector_space_are_shown_as_people_read_them(connection: sqlite3.Connection) -> None:
    rows = connection.execute(
        "SELECT attribute, value FROM connector_space_values WHERE object IN (1, 4) ORDER BY attribute"
    ).fetchall()
    assert rows == [("enabled", "True"), ("mail", "kari.nordmann@contoso.test"), ("member", BO.dn), ("photo", "AQ==")]


def test_references_of_the_metaverse_are_rows_too(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT attribute, value, connector, rule FROM metaverse WHERE object = 11").fetchall()
    assert rows == [("member", "#10", "hr", "rule-hr")]
