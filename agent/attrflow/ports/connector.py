"""What runs ask of a connected directory (DECISIONS 6). Synchronous; the adapter hides its event loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from attrflow.model.entry import ExportChange, ExportOutcome, ImportedObject, Page
from attrflow.model.schema import Schema

__all__ = ["Connector"]


class Connector(Protocol):
    """One connected directory, for one run: opened when it is made, closed by `close`.

    Every method raises `ConnectorError` (model.errors) where the directory cannot be used; what is
    wrong with single objects is data.
    """

    @property
    def schema(self) -> Schema:
        """Object types and attributes, as the directory states them."""

    @property
    def delta_support(self) -> str | None:
        """None when delta imports are really deltas; else the sentence that says why they are full ones."""

    def import_pages(self, partition: str, watermark: str | None) -> Iterator[Page]:
        """All objects in scope (watermark None), or what changed since the watermark.

        A full import's last page has `complete=True`, and its `watermark_after` is where a later
        delta import goes on. Scope (containers, object types, attributes) is the configuration's.
        """

    def read_object(self, partition: str, anchor: str) -> ImportedObject | None:
        """The whole object, or None when it is not there or not in scope any more."""

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:
        """Write the changes; one outcome for each, in any order, as it becomes known."""

    def close(self) -> None:
        """Let go of connections."""
