"""Staging: what one batch of imported objects gathers, until it is a plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from attrflow.engine.naming import AMBIGUOUS, Naming
from attrflow.engine.plan import StagePlan
from attrflow.engine.working_set import JoinAttributes, WorkingSet
from attrflow.model.changes import RunObject
from attrflow.model.configuration import ConnectorConfiguration, EngineOptions
from attrflow.model.connector_space import CSObject
from attrflow.model.schema import Schema
from attrflow.ports.view import View
from attrflow.ports.world import World

__all__ = ["StagingBatch"]


class StagingBatch:
    """What one batch gathers."""

    def __init__(
        self,
        view: View,
        joins: JoinAttributes,
        connector: ConnectorConfiguration,
        partition: str,
        schema: Schema,
        world: World,
        run: int,
    ) -> None:
        self.working = WorkingSet(view, joins)
        self.connector = connector
        self.partition = partition
        self.schema = schema
        self.world = world
        self.run = run
        self.now = world.now().isoformat(timespec="milliseconds")
        self.counters: Counter[str] = Counter()
        self.objects: list[RunObject] = []
        self.seen: set[int] = set()
        self.need_whole: list[str] = []
        self.brought: Collection[int] | None = None
        self.options = EngineOptions()
        self.naming = Naming(self.working, world, connector, self.multi_valued)

    def multi_valued(self, object_type: str | None) -> frozenset[str]:
        """The attributes of an object type that hold many values."""
        found = self.schema.object_types.get(object_type or "")
        return frozenset(a.name for a in found.attributes.values() if a.multi) if found is not None else frozenset()

    def came_before(self, cso: CSObject) -> bool:
        """Whether a full import has brought the object already."""
        return self.brought is not None and (cso.id in self.seen or cso.id in self.brought)

    def count(
        self, counter: str, cs_id: int | None, dn: str, error: str | None = None, detail: str | None = None
    ) -> None:
        """Count one object under a counter, and list it there."""
        self.counters[counter] += 1
        if counter != "stage-no-change" or self.brought is None:  # of a full import they are all the others
            self.objects.append(RunObject(counter, cs_id, dn, error, detail))

    def not_reimported(self, cso: CSObject, names: tuple[str, ...]) -> None:
        """Note exported values that did not come back, and have the next sync compare them again."""
        detail = ", ".join(names)
        self.counters["exported-change-not-reimported"] += 1
        self.objects.append(
            RunObject("exported-change-not-reimported", cso.id, cso.dn, "exported-change-not-reimported", detail)
        )
        mvo = self.working.mv(cso.link.mv_id) if cso.link is not None else None
        if mvo is not None:
            self.working.put_mv(mvo.id, replace(mvo, retry=mvo.retry | {"export"}))

    def warn(self, cs_id: int | None, dn: str) -> None:
        """Note the names that several objects bear, where they were met at the staging of this one."""
        for (by, name), bearers in self.naming.ambiguous.items():
            detail = f"nobody is meant by the name {name!r}: it is the {by} of {' and of '.join(bearers)}"
            self.counters[AMBIGUOUS] += 1
            self.objects.append(RunObject(AMBIGUOUS, cs_id, dn, AMBIGUOUS, detail))
        self.naming.ambiguous.clear()

    def plan(self) -> StagePlan:
        """All that was gathered."""
        self.naming.make_moves()
        return StagePlan(
            self.working.changes(),
            dict(self.counters),
            tuple(self.objects),
            frozenset(self.seen),
            tuple(self.need_whole),
            frozenset(self.naming.read_again),
        )
