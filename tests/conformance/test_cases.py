"""The conformance cases: each is one sentence about the engine, in memory, and on the wire where the mocks serve it."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from attrflow.app.memory_laboratory import MemoryLaboratory
from attrflow.app.operations.cases import load_case, not_here
from attrflow.app.wire_laboratory import WireServers, wire_servers
from attrflow.cases.runner import CaseResult, run_case

HERE = Path(__file__).parent
FOLDER = HERE / "cases"
IDS = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.toml"))
GAPS = {
    gap["id"]: gap["reason"]
    for gap in tomllib.loads((HERE / "known_gaps.toml").read_text(encoding="utf-8")).get("gap", [])
}
DOCS = HERE.parents[1] / "agent" / "docs"


def told(result: CaseResult) -> str:
    """What differed, for pytest's report."""
    lines = []
    for f in result.failures:
        lines += [f"{result.case.file}:{f.line}: step {f.step} ({f.title})", f"  {f.what}"]
        lines += [f"    expected  {f.expected}", f"    got       {f.got}", f.trace or ""]
    return "\n".join(lines)


def in_memory() -> list[ParameterSet]:
    marked = []
    for id_ in IDS:
        marks = [pytest.mark.xfail(reason=GAPS[id_], strict=True)] if id_ in GAPS else []
        marked.append(pytest.param(id_, marks=marks))
    return marked


@pytest.mark.parametrize("id_", in_memory())
def test_case_in_memory(id_: str) -> None:
    case = load_case(FOLDER / f"{id_}.toml")
    if (reason := not_here(case, wire=False)) is not None:
        pytest.skip(reason)
    result = run_case(case, MemoryLaboratory(case))
    assert result.passed, told(result)


@pytest.mark.parametrize("id_", in_memory())
def test_case_with_every_object_evaluated_and_references_flowed_by_difference(
    id_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is passed over, and what flows by what changed, is a matter of cost and never of outcome."""
    monkeypatch.setattr("attrflow.engine.reference.DIFFERENCES_FROM", 1)
    case = load_case(FOLDER / f"{id_}.toml")
    if (reason := not_here(case, wire=False)) is not None:
        pytest.skip(reason)
    result = run_case(replace(case, options={**case.options, "skip_objects_at_rest": False}), MemoryLaboratory(case))
    assert result.passed, told(result)


@pytest.fixture(scope="module")
def servers() -> Iterator[WireServers]:
    with wire_servers() as running:
        yield running


@pytest.mark.parametrize("id_", [id_ for id_ in IDS if not_here(load_case(FOLDER / f"{id_}.toml"), wire=True) is None])
def test_case_on_the_wire(id_: str, servers: WireServers) -> None:
    case = load_case(FOLDER / f"{id_}.toml")
    result = run_case(case, servers.laboratory(case))
    assert result.passed, told(result)


def test_known_gaps_are_cases_and_are_shown() -> None:
    page = (DOCS / "known-gaps.md").read_text(encoding="utf-8")
    assert set(GAPS) <= set(IDS)
    assert set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)) == set(GAPS)
    assert all(reason in page for reason in GAPS.values())
    assert ("The list is empty at present." in page) == (not GAPS)


def test_sources_name_sections_that_the_behaviour_page_has() -> None:
    page = (DOCS / "behaviour.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^#+ (\d+(?:\.\d+)*)\.? ", page, re.MULTILINE))
    for id_ in IDS:
        source = load_case(FOLDER / f"{id_}.toml").source
        named = set(re.findall(r"§(\d+(?:\.\d+)*)", source))
        assert named <= sections, f"{id_}: {source}"


def test_titles_are_all_different() -> None:
    titles = Counter(load_case(FOLDER / f"{id_}.toml").title for id_ in IDS)
    assert max(titles.values()) == 1
