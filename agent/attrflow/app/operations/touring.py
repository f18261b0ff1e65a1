"""The document of a demo: what its tour through a project showed, stop by stop."""

from __future__ import annotations

from dataclasses import dataclass

from attrflow.app.operations.explaining import TraceDocument, WhyDocument
from attrflow.app.operations.running import CycleDocument
from attrflow.app.shapes import shape

__all__ = ["DemoDocument"]


@dataclass(frozen=True, slots=True)
class DemoDocument:
    """Two cycles, the second of which confirms what the first exported; one trace; one why."""

    folder: str
    initial: CycleDocument
    confirming: CycleDocument
    trace: TraceDocument
    why: WhyDocument


shape("demo", DemoDocument)
