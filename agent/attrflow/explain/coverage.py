"""Coverage: which rules, flows and branches of expressions the objects of a store ever hit.

Every staging object is synchronized once more in a working set that is dropped, and an observer counts. Nothing of
an object is kept but the counts, so that memory follows the rules and not the directory. An object is evaluated
again whenever something it is linked to is synchronized; it counts once all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from attrflow.engine.program import Program
from attrflow.engine.sync import synchronize_batch
from attrflow.events import Event, Joined, MappingEvaluated, NodeEvaluated, ObjectFailed, Projected, ScopeTested
from attrflow.explain.recorder import Apart
from attrflow.expr import Expression, ExpressionOptions, parse, print_expression
from attrflow.expr.ast import Call, children, walk
from attrflow.model.provenance import MappingId
from attrflow.ports.store import Store
from attrflow.ports.view import Reads, View
from attrflow.ports.world import World

__all__ = ["Branch", "Coverage", "FlowCoverage", "RuleCoverage", "branches_of", "measure_coverage"]

_BATCH = 200
_BEATEN = frozenset({"lower-precedence", "blocked-by-authoritative-null"})
_WON = frozenset({"applied-changed", "applied-no-change", "merged", "authoritative-null", "execute-once-kept"})


@dataclass(slots=True)
class FlowCoverage:
    """How one flow fared."""

    evaluated: int = 0
    won: int = 0
    beaten: int = 0
    """Times that a rule before it had won already."""
    nodes: Counter[int] = field(default_factory=Counter)
    """How often each node of its expression was evaluated."""


@dataclass(slots=True)
class RuleCoverage:
    """How one rule fared."""

    tested: int = 0
    """Objects that its scope filter was asked about."""
    in_scope: int = 0
    linked: int = 0
    """Objects that it joined or projected now; a link that was there already counts for no rule."""
    flows: dict[MappingId, FlowCoverage] = field(default_factory=dict)


@dataclass(slots=True)
class Coverage:
    """All counts, by rule id."""

    objects: dict[str, int] = field(default_factory=dict)
    """How many objects of each connector were looked at."""
    failed: int = 0
    rules: dict[str, RuleCoverage] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch of an IIF."""

    condition: str
    holds: bool
    """Whether it is the branch of a condition that holds."""
    result: str
    node: int
    """Its number among the nodes of the expression."""


def branches_of(source: str, options: ExpressionOptions) -> tuple[Branch, ...]:
    """Both branches of every IIF of an expression, from the outside in."""
    tree = parse(source, options).tree
    if tree is None:
        return ()
    found: list[Branch] = []
    for number, node in enumerate(walk(tree)):
        if isinstance(node, Call) and node.name.casefold() == "iif" and len(node.arguments) == 3:
            condition, first, second = node.arguments
            text = print_expression(condition)
            then = number + 1 + _size(condition)
            found.append(Branch(text, True, print_expression(first), then))  # noqa: FBT003 - a field in its place
            found.append(Branch(text, False, print_expression(second), then + _size(first)))  # noqa: FBT003 - the same
    return tuple(found)


def _size(node: Expression) -> int:
    return 1 + sum(_size(child) for child in children(node))


def measure_coverage(
    store: Store,
    program: Program,
    world: World,
    connectors: Sequence[str],
    *,
    limit: int | None = None,
    progress: Callable[[str, int, int], None] = lambda _connector, _done, _of: None,
) -> Coverage:
    """Synchronize objects again, observed, and count what is hit.

    Args:
        store: what was imported; nothing is written to it.
        program: the rules, compiled to be observed.
        world: gives the time.
        connectors: whose objects are looked at.
        limit: how many objects of each connector; None for all.
        progress: told the connector, the number of objects done and of all.
    """
    counting = _Counting(connectors)
    newest = store.runs(limit=1)
    run = newest[0].number + 1 if newest else 1
    for connector in connectors:
        of = store.count_cs(connector)
        of = of if limit is None else min(of, limit)
        done = 0
        for ids in _batches(store, connector, of):
            view = store.prefetch(Reads(cs_ids=ids, with_links=True, with_held=True))
            apart = Apart(world, store.highest_id())
            counting.begin(view, ids)
            synchronize_batch(view, ids, program, apart, run=run, observer=counting)
            done += len(ids)
            progress(connector, done, of)
        counting.coverage.objects[connector] = done
    return counting.coverage


def _batches(store: Store, connector: str, of: int) -> Iterator[tuple[int, ...]]:
    after, left = 0, of
    while left > 0:
        ids = store.cs_ids(connector, after=after, limit=min(_BATCH, left))
        if not ids:
            return
        yield ids
        after, left = ids[-1], left - len(ids)


class _Counting:
    """An observer that counts and keeps no event but the last mapping, whose nodes are told right after it."""

    def __init__(self, connectors: Sequence[str]) -> None:
        self.coverage = Coverage()
        self._order = {name: position for position, name in enumerate(connectors)}
        self._last = 0
        self._mapping = 0
        self._flow: FlowCoverage | None = None
        self._view: View | None = None
        self._batch: frozenset[int] = frozenset()
        self._mine: dict[int, bool] = {}
        self._seen: set[tuple[object, ...]] = set()

    def begin(self, view: View, ids: Collection[int]) -> None:
        """A new batch of connector-space objects."""
        self._view, self._batch = view, frozenset(ids)
        self._mine.clear()
        self._seen.clear()

    def next_id(self) -> int:
        """A new event id, from 1 upwards."""
        self._last += 1
        return self._last

    def tell(self, event: Event) -> None:
        """Count one event."""
        if isinstance(event, NodeEvaluated):
            if event.parent == self._mapping and self._flow is not None:
                self._flow.nodes[event.node] += 1
        elif isinstance(event, MappingEvaluated):
            self._tell_mapping(event)
        elif isinstance(event, ScopeTested):
            if self._first(event.direction, event.object, event.rule_id):
                rule = self._rule(event.rule_id)
                rule.tested += 1
                rule.in_scope += event.in_scope
        elif isinstance(event, Joined):
            self._rule(event.rule_id).linked += 1
        elif isinstance(event, Projected):
            if event.rule_id is not None and event.mv_id is not None:
                self._rule(event.rule_id).linked += 1
        elif isinstance(event, ObjectFailed):
            self.coverage.failed += 1

    def _tell_mapping(self, event: MappingEvaluated) -> None:
        inbound = event.direction == "inbound"
        owner = event.source_object if inbound and event.source_object is not None else event.object
        self._mapping, self._flow = event.id, None
        if not self._first(event.direction, owner, event.rule_id, event.mapping):
            return
        self._flow = self._rule(event.rule_id).flows.setdefault(event.mapping, FlowCoverage())
        self._flow.evaluated += 1
        self._flow.won += event.status in _WON
        self._flow.beaten += event.status in _BEATEN

    def _first(self, direction: str, owner: int, *what: object) -> bool:
        """Whether this is the first time that it happens to an object, and the batch is the one it counts in."""
        counts = owner in self._batch if direction == "inbound" else self._counts(owner)
        key = (direction, owner, *what)
        if not counts or key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _counts(self, mv_id: int) -> bool:
        """A metaverse object counts with the first of its objects that is looked at."""
        known = self._mine.get(mv_id)
        if known is None:
            assert self._view is not None, "begin() comes first"
            linked = [cso for cso in map(self._view.cs, self._view.linked(mv_id)) if cso is not None]
            ranked = sorted((self._order[c.connector], c.id) for c in linked if c.connector in self._order)
            known = self._mine[mv_id] = not ranked or ranked[0][1] in self._batch
        return known

    def _rule(self, id_: str) -> RuleCoverage:
        return self.coverage.rules.setdefault(id_, RuleCoverage())
