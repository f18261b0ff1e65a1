"""Drop files: an import that is written down instead of staged, one that is read from such a file, and an export
that is written down instead of sent (behaviour.md §4.1).

A file is one JSON document a line: a head for each step, then its objects, then how the import ended. What a line
says is told here; files are opened by whoever hands in `DropTo` and `ResumeFrom`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from attrflow.model.connector_space import CSObject
from attrflow.model.delta import AttributeDelta, Delta
from attrflow.model.entry import (
    ExportChange,
    ExportOutcome,
    ImportedObject,
    ImportedReferences,
    ImportFinding,
    Page,
    ReferenceTarget,
)
from attrflow.model.errors import SettingsError
from attrflow.model.schema import Schema
from attrflow.model.values import values_from_json, values_to_json
from attrflow.ports.connector import Connector
from attrflow.ports.view import Reads, View
from attrflow.runs.environment import BATCH_SIZE, Environment
from attrflow.runs.step import Step

__all__ = ["ResumedConnector", "drop_export", "drop_import"]

HEAD: Final = "attrflow.drop/1"
_CHANGES: Final = ("whole", "partial", "delete", "left-scope")
_PAGE: Final = 500

Line = Mapping[str, Any]


def _head(environment: Environment, step: Step, kind: str) -> Line:
    at = environment.world.now().isoformat(timespec="milliseconds")
    head = {"schema": HEAD, "kind": kind, "connector": step.connector, "partition": step.partition}
    return {**head, "written": at, "run": step.run}


def _kind(step_type: str) -> str:
    return "full-import" if step_type.startswith("full-import") else "delta-import"


# -- imports ---------------------------------------------------------------------------------------


def drop_import(
    environment: Environment, step: Step, connector: Connector, write: Callable[[Line], None], *, full: bool
) -> str:
    """Write what an import brings, and stage nothing: the connector space and the watermark stay as they are.

    Raises:
        ConnectorError: the directory cannot be used; StepStopped: a limit was reached, or somebody asked for it.
    """
    mark = None if full else environment.store.watermark(step.connector, step.partition)
    write(_head(environment, step, "delta-import" if mark is not None else "full-import"))
    complete, reached, failed = False, None, 0
    for page in connector.import_pages(step.partition, None if mark is None else mark.value):
        step.total = page.expected if page.expected is not None else step.total
        for finding in page.findings:
            failed += 1
            write({"finding": _finding(finding)})
        for start in range(0, len(page.objects), BATCH_SIZE):
            objects = step.next_batch(page.objects[start : start + BATCH_SIZE])
            for one in objects:
                write(_object(one))
            step.done += len(objects)
            step.tell()
        complete = complete or page.complete
        reached = page.watermark_after or reached
    write({"end": {"complete": complete, "watermark": reached}})
    step.note(f"Objects written to the drop file: {step.done:,}. Nothing was staged.")
    return "completed-discovery-errors" if failed else "success"


def _object(one: ImportedObject) -> Line:
    line: dict[str, Any] = {"change": one.change, "dn": one.dn, "anchor": one.anchor, "type": one.object_type}
    line["attributes"] = {name: values_to_json(values) for name, values in one.attributes.items()}
    line["references"] = {
        name: {"whole": r.whole, "added": _targets(r.added), "removed": _targets(r.removed)}
        for name, r in one.references.items()
    }
    if one.findings:
        line["findings"] = [_finding(finding) for finding in one.findings]
    return line


def _targets(targets: Sequence[ReferenceTarget]) -> list[object]:
    return [{"dn": target.dn, "anchor": target.anchor} for target in targets]


def _finding(finding: ImportFinding) -> Line:
    return {"code": finding.code, "detail": finding.detail, "attribute": finding.attribute, "dn": finding.dn}


class ResumedConnector:
    """A connector that brings what a drop file holds; the directory is not asked."""

    def __init__(self, lines: Callable[[], Iterator[tuple[int, Line]]], schema: Schema, step: Step) -> None:
        self._lines = lines
        self._schema = schema
        self._step = step

    @property
    def schema(self) -> Schema:
        """What the directory said of itself at the last import."""
        return self._schema

    @property
    def delta_support(self) -> str | None:
        """What the file holds is what it was when it was written."""
        return None

    def import_pages(self, partition: str, watermark: str | None) -> Iterator[Page]:  # noqa: ARG002 - the file has one
        """The objects of the partition's step in the file.

        Raises:
            SettingsError: the file holds no such step, is cut off, or a line of it says nothing.
        """
        kind, inside = _kind(self._step.type), False
        objects: list[ImportedObject] = []
        findings: list[ImportFinding] = []
        for number, line in self._lines():
            try:
                if line.get("schema") == HEAD:
                    named = (line["kind"], line["connector"], line["partition"])
                    inside = named == (kind, self._step.connector, partition)
                elif not inside:
                    continue
                elif "end" in line:
                    end = line["end"]
                    yield Page(tuple(objects), end["watermark"], bool(end["complete"]), tuple(findings))
                    return
                elif "finding" in line:
                    findings.append(_read_finding(line["finding"]))
                else:
                    objects.append(_read_object(line))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise SettingsError(f"Line {number} of the drop file cannot be read: {error!r}.") from error
            if len(objects) == _PAGE:
                yield Page(tuple(objects), None, findings=tuple(findings))
                objects, findings = [], []
        message = f"a {kind} of {partition} on {self._step.connector}"
        if inside:
            raise SettingsError(f"The drop file ends in the middle of {message}.", help="Write it anew with --drop.")
        raise SettingsError(
            f"The drop file holds no {message.removeprefix('a ')}.", help="Resume it with the profile that wrote it."
        )

    def read_object(self, partition: str, anchor: str) -> ImportedObject | None:  # noqa: ARG002 - the port's names
        """Nothing: the file has no more than it has."""
        return None

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:  # noqa: ARG002 - the port's name
        """Never: exports are not resumed from a file."""
        raise AssertionError("an export is not resumed from a file")

    def close(self) -> None:
        """Nothing to let go of."""


def _read_object(line: Line) -> ImportedObject:
    if line["change"] not in _CHANGES:
        raise ValueError(f"{line['change']!r} is no change")
    return ImportedObject(
        cast(Any, line["change"]),
        str(line["dn"]),
        line["anchor"],
        line["type"],
        {name: values_from_json(values) for name, values in line["attributes"].items()},
        {
            name: ImportedReferences(_read_targets(r["added"]), _read_targets(r["removed"]), bool(r["whole"]))
            for name, r in line["references"].items()
        },
        tuple(_read_finding(finding) for finding in line.get("findings", ())),
    )


def _read_targets(targets: Sequence[Line]) -> tuple[ReferenceTarget, ...]:
    return tuple(ReferenceTarget(str(target["dn"]), target["anchor"]) for target in targets)


def _read_finding(finding: Line) -> ImportFinding:
    return ImportFinding(str(finding["code"]), str(finding["detail"]), finding["attribute"], finding["dn"])


# -- exports ---------------------------------------------------------------------------------------


def drop_export(environment: Environment, step: Step, write: Callable[[Line], None]) -> str:
    """Write what waits for export, and send nothing: the directory is not asked, and everything stays pending.

    Raises:
        StepStopped: a limit was reached, or somebody asked for it.
    """
    store, after = environment.store, 0
    step.total = sum(store.pending_export_counts(step.connector, step.partition).values())
    write(_head(environment, step, "export"))
    while found := store.pending_exports(step.connector, step.partition, after=after, limit=BATCH_SIZE):
        after = found[-1]
        ids = step.next_batch(found)
        view = store.prefetch(Reads(cs_ids=ids))
        for cso in (view.cs(id_) for id_ in ids):
            if cso is not None and cso.unapplied is not None:
                write(_pending(view, cso, cso.unapplied))
        step.done += len(ids)
        step.tell()
    write({"end": {"complete": True}})
    step.note(f"Pending exports written to the drop file: {step.done:,}. Nothing was exported.")
    return "success"


def _pending(view: View, cso: CSObject, delta: Delta) -> Line:
    def named(ids: frozenset[int]) -> list[object]:
        targets = (view.cs(id_) for id_ in sorted(ids))
        return [{"dn": target.dn, "anchor": target.anchor} for target in targets if target is not None]

    return {
        "operation": delta.operation,
        "dn": cso.dn,
        "anchor": cso.anchor,
        "type": cso.object_type,
        "new_dn": delta.new_dn,
        "attributes": {name: _change(change) for name, change in sorted(delta.attributes.items())},
        "references": {
            name: {"added": named(shift.added), "removed": named(shift.removed)}
            for name, shift in sorted(delta.references.items())
        },
    }


def _change(change: AttributeDelta) -> Line:
    return {
        "operation": change.operation,
        "added": values_to_json(change.added),
        "removed": values_to_json(change.removed),
    }
