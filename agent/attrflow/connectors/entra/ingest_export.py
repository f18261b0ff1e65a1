"""Exports through the ingest face: changes as batches of requests, answers as outcomes.

Each request is all or nothing at the service. References go as cloudAnchors to add and to remove,
values as whole new values. A batch that may have arrived is repeated only after each of its adds was
looked up by source anchor; one that did arrive is repeated as an update, which does no harm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import httpx

from attrflow.connectors.entra.answers import THROTTLED, ServiceError
from attrflow.connectors.entra.coding import encoded
from attrflow.connectors.entra.ingest import IngestReader
from attrflow.connectors.entra.outcomes import rejected, source_anchor_of
from attrflow.connectors.entra.wire import Wire
from attrflow.model.delta import AttributeDelta
from attrflow.model.entry import ExportChange, ExportOutcome, OutgoingReferences
from attrflow.model.errors import ConnectorError
from attrflow.model.schema import Schema
from attrflow.model.values import NO_VALUES, Values

__all__ = ["IngestWriter"]

_BATCH = 100
_BUSY = frozenset({429, 503, 504})
_WHOLE_BATCH = frozenset({400, 409, 413, 422})
"""Statuses by which the service refuses a batch as such."""
_STEPS = {"add": ("add",), "update": ("update",), "delete": ("delete",), "delete-add": ("delete", "add")}


class UnknownTarget(ValueError):
    """A reference to an object that the cloud does not have yet."""


@dataclass(slots=True)
class _Item:
    """One request of a batch, and the change that it came from."""

    change: ExportChange
    document: dict[str, object]
    doubtful: bool
    """An earlier attempt, or an earlier run, may have carried it out without our knowing."""
    looked_up: bool = False
    """Since the doubt arose, the service said that it has no such object."""

    @property
    def operation(self) -> object:
        return self.document["operation"]


class IngestWriter:
    """Writes changes through the ingest face."""

    def __init__(self, wire: Wire, reader: IngestReader) -> None:
        self._wire = wire
        self._reader = reader

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:
        """One outcome for each change. The adds of `delete-add` go when their deletes have succeeded.

        Raises:
            ConnectorError: the service cannot be used; changes without an outcome may have arrived.
        """
        first: list[_Item] = []
        adds: dict[int, _Item] = {}
        for change in changes:
            if change.operation == "update" and not change.attributes and not change.references:
                yield ExportOutcome(change.cs_id, anchor=change.anchor)  # only its DN text changes
                continue
            made = [self._item(change, operation) for operation in _STEPS[change.operation]]
            if refusal := next((item for item in made if isinstance(item, ExportOutcome)), None):
                yield refusal
                continue
            items = [item for item in made if isinstance(item, _Item)]
            first.append(items[0])
            if len(items) > 1:
                adds[change.cs_id] = items[1]
        second: list[_Item] = []
        for outcome, item in self._send_all(first):
            if item.change.cs_id in adds and outcome.error in (None, "cd-missing-object"):
                second.append(adds[item.change.cs_id])
            else:
                yield outcome
        for outcome, _ in self._send_all(second):
            yield outcome

    def _item(self, change: ExportChange, operation: str) -> _Item | ExportOutcome:
        try:
            return _Item(change, _request(change, operation, self._reader.schema), change.uncertain)
        except UnknownTarget as error:
            return ExportOutcome(change.cs_id, error="dn-attributes-failure", detail=str(error))
        except ValueError as error:
            return ExportOutcome(change.cs_id, error="missing-anchor-component", detail=str(error))

    def _send_all(self, items: Sequence[_Item]) -> Iterator[tuple[ExportOutcome, _Item]]:
        for start in range(0, len(items), _BATCH):
            batch = _Batch(self._wire, self._reader, items[start : start + _BATCH])
            yield from batch.outcomes()


class _Batch:
    """One `objects:batch`: what is still to be sent of it, and the answers so far."""

    def __init__(self, wire: Wire, reader: IngestReader, items: Sequence[_Item]) -> None:
        self._wire = wire
        self._reader = reader
        self._open = {str(item.change.cs_id): item for item in items}
        self._order = tuple(items)
        assert len(self._open) == len(items), "one change for each connector-space object"
        self._answers: dict[str, Mapping[str, object]] = {}

    def outcomes(self) -> Iterator[tuple[ExportOutcome, _Item]]:
        try:
            # Repeatable, because `_once` looks up what may have arrived before it sends again.
            self._wire.call("POST ingest batch", self._once, repeatable=True, refusals=_WHOLE_BATCH)
        except ServiceError as error:
            if not error.partial:
                yield from self._refused(error)
                return
            # patience has ended for some of the items; their own answers say so
        except ConnectorError:
            yield from self._known(answered_only=True)
            raise
        yield from self._known(answered_only=False)

    def _known(self, *, answered_only: bool) -> Iterator[tuple[ExportOutcome, _Item]]:
        for item in self._order:
            id_ = str(item.change.cs_id)
            if answered_only and id_ in self._open:
                continue
            yield _outcome(item, self._answers.get(id_, {})), item

    def _once(self) -> bool:
        self._look_up()
        requests = [item.document for item in self._open.values()]
        try:
            document = self._wire.once("POST", "objects:batch", {"requests": requests}).document()
        except (ServiceError, httpx.TransportError) as error:
            if not isinstance(error, ServiceError) or error.status >= 500:
                for item in self._open.values():
                    item.doubtful, item.looked_up = True, False
            raise
        busy = 0
        responses = document.get("responses")
        for response in responses if isinstance(responses, list) else ():
            if not isinstance(response, dict) or (id_ := str(response.get("id"))) not in self._open:
                continue
            self._answers[id_] = response
            if response.get("status") in _BUSY:
                busy += 1
            else:
                del self._open[id_]
        if busy:
            put_off = ServiceError(THROTTLED, "TooManyRequests", f"{busy} of {len(requests)} items were put off.")
            put_off.partial = True
            raise put_off
        return True

    def _look_up(self) -> None:
        """Turn the doubtful adds that did arrive into updates; what is left is safe to send."""
        for item in self._open.values():
            if item.operation != "add" or not item.doubtful or item.looked_up:
                continue
            source_anchor = source_anchor_of(item.change)
            assert source_anchor is not None, "an add without source anchor is never sent"
            found = self._reader.holder(item.change.object_type, source_anchor)
            item.looked_up = True
            if found is not None and found[1]:
                item.document = {**item.document, "operation": "update", "cloudAnchor": found[0]}

    def _refused(self, error: ServiceError) -> Iterator[tuple[ExportOutcome, _Item]]:
        """The service refuses the batch as a whole: none of it was carried out."""
        message = f"The whole batch was refused: {error.text}"
        for item in self._order:
            yield rejected(item.change, status=error.status, code=error.code, message=message), item


def _outcome(item: _Item, answer: Mapping[str, object]) -> ExportOutcome:
    """The outcome of one request from its answer; a doubtful delete that finds nothing has succeeded."""
    change, status = item.change, answer.get("status")
    if not isinstance(status, int):
        return ExportOutcome(
            change.cs_id,
            error="unexpected-error",
            detail="The service did not say what became of this object; import to find out.",
        )
    if status < 400 or (status == 404 and item.operation == "delete" and item.doubtful):
        anchor = answer.get("cloudAnchor") or item.document.get("cloudAnchor")
        known = isinstance(anchor, str) and item.operation != "delete"
        return ExportOutcome(change.cs_id, anchor=str(anchor) if known else None)
    error = answer.get("error")
    said: Mapping[str, object] = error if isinstance(error, dict) else {}
    attribute = said.get("attribute")
    return rejected(
        change,
        status=status,
        code=str(said.get("code") or ""),
        message=str(said.get("message") or ""),
        attribute=attribute if isinstance(attribute, str) else None,
    )


def _request(change: ExportChange, operation: str, schema: Schema) -> dict[str, object]:
    """The request for one change.

    Raises:
        UnknownTarget: a reference to an object without anchor.
        ValueError: the service could not tell which object is meant.
    """
    source_anchor = source_anchor_of(change)
    document: dict[str, object] = {
        "id": str(change.cs_id),
        "operation": operation,
        "type": change.object_type,
    }
    if operation == "add":
        if source_anchor is None:
            raise ValueError("An object without sourceAnchor cannot be created in Entra.")
        document["sourceAnchor"] = source_anchor
    elif change.anchor is not None:
        document["cloudAnchor"] = change.anchor
    elif source_anchor is not None:
        document["sourceAnchor"] = source_anchor
    else:
        raise ValueError(f"An object without anchor or sourceAnchor cannot be found for {operation}.")
    if operation == "delete":
        return document
    object_type = schema.object_types.get(change.object_type)
    attributes = {}
    for name, delta in change.attributes.items():
        values = _final(name, delta)
        known = object_type.attribute(name) if object_type is not None else None
        if values or operation != "add":
            attributes[known.name if known is not None else name] = encoded(values, known) if values else None
    document["attributes"] = attributes
    if references := {name: _targets(name, wanted) for name, wanted in change.references.items()}:
        document["references"] = references
    return document


def _final(name: str, delta: AttributeDelta) -> Values:
    """The whole new value: the face takes no value-wise changes of ordinary attributes."""
    assert delta.operation != "update", f"the Entra connector needs the whole value of {name}, not an update"
    return NO_VALUES if delta.operation == "delete" else delta.added


def _targets(name: str, wanted: OutgoingReferences) -> dict[str, list[str]]:
    """The cloudAnchors to add and to remove; what is to be removed and has none is not there anyway."""
    unknown = [target.dn for target in wanted.added if target.anchor is None]
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise UnknownTarget(f"{name} refers to {unknown[0]}{more}, which the cloud does not have.")
    return {
        "add": [target.anchor for target in wanted.added if target.anchor is not None],
        "remove": [target.anchor for target in wanted.removed if target.anchor is not None],
    }
