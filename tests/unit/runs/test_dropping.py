"""Drop files: an import that is written down and read again stages what the directory would have, and an export
that is written down changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn, group, user

from attrflow.app.drop_files import drop_lines, dropping_to
from attrflow.connectors.memory import MemoryConnector
from attrflow.model.errors import SettingsError
from attrflow.runs.run import RunResult, run_profile

Lines = list[Mapping[str, Any]]


def filled() -> Lab:
    lab = Lab()
    contoso = lab.directories["contoso"]
    contoso.add(user("Kari", 1, manager=(dn("Ola"),), title=("x",)))
    contoso.add(user("Ola", 2))
    contoso.add(group("Staff", 3, member=(dn("Kari"), dn("Ola"))))
    return lab


def drop(lab: Lab, connector: str, profile: str) -> tuple[RunResult, Lines]:
    lines: Lines = []
    return run_profile(replace(lab.environment(), drop=lines.append), connector, profile), lines


def resume(lab: Lab, profile: str, lines: Lines, connector: str = "contoso") -> RunResult:
    def closed(_memory: MemoryConnector) -> MemoryConnector:
        raise AssertionError("the directory is not asked")

    lab.connecting[connector] = closed
    environment = replace(lab.environment(), resume=lambda: enumerate(iter(lines), start=1))
    try:
        return run_profile(environment, connector, profile)
    finally:
        del lab.connecting[connector]


def space(lab: Lab) -> list[object]:
    found = (lab.store.cs(i) for i in lab.store.cs_ids("contoso"))
    return [
        (c.dn, c.anchor, c.image, p.attributes if (p := c.pending_import) else None) for c in found if c is not None
    ]


def test_what_is_dropped_and_resumed_is_staged_as_if_it_had_been_imported() -> None:
    dropped, imported = filled(), filled()
    written, lines = drop(dropped, "contoso", "full-import")
    assert written.record.result == "success"
    assert "written to the drop file: 3. Nothing was staged." in (written.record.steps[0].detail or "")
    assert dropped.counters(written) == {} and space(dropped) == []
    assert dropped.store.watermark("contoso", "DC=contoso,DC=test") is None
    result = resume(dropped, "full-import", lines)
    assert result.record.result == "success"
    assert dropped.counters(result) == imported.counters(imported.run("contoso", "full-import")) == {"stage-add": 3}
    assert space(dropped) == space(imported)
    mark = dropped.store.watermark("contoso", "DC=contoso,DC=test")
    assert mark is not None and mark.value == "3"


def test_a_file_comes_back_from_disk_as_it_was_written(tmp_path: Path) -> None:
    lab, path = filled(), tmp_path / "drop.jsonl"
    with dropping_to(path) as write:
        run_profile(replace(lab.environment(), drop=write), "contoso", "full-import")
        assert not path.exists(), "it is there when it is whole"
    lines = [line for _, line in drop_lines(path)]
    assert [line.get("dn") for line in lines] == [None, dn("Kari"), dn("Ola"), dn("Staff"), None]
    assert list(tmp_path.iterdir()) == [path]
    assert resume(lab, "full-import", lines).record.result == "success"
    assert lab.counters(lab.run("contoso", "full-import")) == {"stage-no-change": 3}


def test_a_dropped_delta_leaves_the_watermark_where_it_was_and_a_resumed_one_moves_it() -> None:
    lab = filled()
    lab.run("contoso", "full-import")
    lab.directories["contoso"].set(dn("Kari"), "title", ("y",))
    _, lines = drop(lab, "contoso", "delta-import")
    _, again = drop(lab, "contoso", "delta-import")
    assert [line.get("dn") for line in lines] == [line.get("dn") for line in again]
    assert lab.counters(resume(lab, "delta-import", lines)) == {"stage-update": 1}
    assert lab.counters(lab.run("contoso", "delta-import")) == {}


def test_a_full_import_that_is_resumed_finds_what_is_gone() -> None:
    lab = filled()
    lab.run("contoso", "full-import")
    lab.directories["contoso"].remove(dn("Ola"))
    _, lines = drop(lab, "contoso", "full-import")
    assert lab.counters(resume(lab, "full-import", lines))["stage-delete"] == 1


def test_an_export_that_is_dropped_asks_nobody_and_everything_stays_pending() -> None:
    lab = filled()
    lab.cycle(export=False)
    before = lab.pending()

    def closed(_memory: MemoryConnector) -> MemoryConnector:
        raise AssertionError("the directory is not asked")

    lab.connecting["entra"] = closed
    result, lines = drop(lab, "entra", "export")
    assert result.record.result == "success"
    assert (lab.pending(), lab.store.escrowed("entra")) == (before, ())
    assert [line["operation"] for line in lines[1:-1]] == ["add", "add", "add"]
    staff = next(line for line in lines[1:-1] if line["type"] == "group")
    assert len(staff["references"]["member"]["added"]) == 2
    assert lines[0]["kind"] == "export"


@pytest.mark.parametrize(
    ("profile", "spoil", "said"),
    [
        ("delta-import", lambda lines: lines, "holds no delta-import of DC=contoso,DC=test on contoso"),
        ("full-import", lambda lines: lines[:-1], "ends in the middle of a full-import"),
        ("full-import", lambda lines: lines[:0], "holds no full-import"),
        ("full-import", lambda lines: [lines[0], {"dn": "x"}, *lines[1:]], "Line 2 of the drop file cannot be read"),
        ("full-import", lambda lines: [lines[0], {**lines[1], "change": "odd"}], "Line 2 of the drop file"),
        ("full-sync", lambda lines: lines, "A synchronization is not written to or read from a file"),
        ("export", lambda lines: lines, "An export is not written to or read from a file"),
    ],
)
def test_a_file_that_does_not_fit_is_told(profile: str, spoil: Any, said: str) -> None:
    lab = filled()
    lab.run("contoso", "full-import")
    _, lines = drop(lab, "contoso", "full-import")
    result = resume(lab, profile, spoil(lines))
    assert isinstance(result.error, SettingsError)
    assert result.record.result == "no-start-ma"
    assert said in (result.record.steps[0].detail or "")


@pytest.mark.parametrize(("text", "said"), [("{", "Line 1"), ("[]", "no JSON object")])
def test_a_line_that_is_no_document_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "drop.jsonl"
    path.write_text(text)
    with pytest.raises(SettingsError, match=said):
        list(drop_lines(path))


def test_a_file_that_was_there_stays_when_what_should_replace_it_is_not_to_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "drop.jsonl"
    path.write_text("before")
    with dropping_to(path) as write:
        assert write is not None
        write({"a": 1})
        write.keep = False
    assert (path.read_text(), list(tmp_path.iterdir())) == ("before", [path])


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        list(drop_lines(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match="cannot be written"), dropping_to(tmp_path / "no" / "where"):
        pass
