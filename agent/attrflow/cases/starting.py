"""Puts a case's starting state into the store, before the first step.

The directories that the state speaks of are imported once, so that anchors, references and watermarks
are those of a server that was in use. Then the objects of `given` become what the case says of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from attrflow.cases.format import Case, ObjectSpec
from attrflow.cases.given import LAYERS, GivenChange, GivenError, GivenMetaverse, GivenSpace
from attrflow.cases.laboratory import CaseError, Laboratory
from attrflow.cases.objects import absolute_dn
from attrflow.cases.syntax import in_syntax
from attrflow.connectors.entra.names import named_anchor
from attrflow.engine.inbound import flow_metaverse
from attrflow.engine.plan import ObjectFailure
from attrflow.engine.program import Program
from attrflow.engine.reading import Moment
from attrflow.engine.settle import settle
from attrflow.engine.work import Work
from attrflow.engine.working_set import WorkingSet
from attrflow.model.connector_space import (
    AppliedRule,
    CSObject,
    Link,
    LinkOrigin,
    StoredError,
    export_hologram,
    import_hologram,
)
from attrflow.model.delta import EMPTY_IMAGE, Delta, Image, image_difference
from attrflow.model.metaverse import MVAttribute, MVObject, MVReferences
from attrflow.model.names import dn_key
from attrflow.model.provenance import Origin, Provenance
from attrflow.model.references import ReferenceIds, ReferenceSet
from attrflow.model.schema import ObjectType, Syntax
from attrflow.model.values import Values
from attrflow.ports.store import Store
from attrflow.rules.rule import ANY_TYPE, Rule
from attrflow.rules.ruleset import RuleSet

__all__ = ["StartingState"]

_PENDING = {"pending-import": "pending_import", "pending-export": "unapplied"}
"""The fields of an object for layers that cases call otherwise."""


class StartingState:
    """One case's starting state as it is put together.

    Args:
        case, laboratory: the case, and the world that it is put into.
        program, ruleset: the rules in effect.
        own: the stored object that a short name means, or None.
        run: the run that values stand since.
    """

    def __init__(
        self,
        case: Case,
        laboratory: Laboratory,
        program: Program,
        ruleset: RuleSet,
        own: Callable[[str], CSObject | None],
        run: int,
    ) -> None:
        self._case = case
        self._laboratory = laboratory
        self._store: Store = laboratory.store
        self._program = program
        self._rules = ruleset
        self._own = own
        self._run = run
        self._working = WorkingSet(self._store, program.joins)
        self._ids: dict[str, int] = {}
        self._mv_ids: dict[str, int] = {}

    def write(self) -> Mapping[str, int]:
        """Put it into the store; returns the ids of the connector-space objects by short name.

        Raises:
            CaseError: the state contradicts the rules, the directory or itself.
        """
        given = self._case.given
        for name in given.cs:
            self._place(name)
        for one in given.cs.values():
            self._space(one)
        for mv in given.mv.values():
            self._link(mv)
        for mv in given.mv.values():
            self._apply(mv)
        for mv in given.mv.values():
            self._fill(mv)
        for mv_id in self._mv_ids.values():
            self._hold(mv_id)
        self._store.commit(self._working.changes())
        return self._ids

    # -- connector spaces -------------------------------------------------------------------------

    def _place(self, name: str) -> None:
        """Every object has an id before references are looked up."""
        cso = self._own(name)
        if cso is None:
            spec = self._case.objects[name]
            configuration = self._laboratory.configurations[spec.connector]
            key = dn_key(spec.dn)
            partition = configuration.partition_of(key) or configuration.partitions[0]
            taken = self._working.cs_by_dn(spec.connector, key)
            cso = CSObject(
                id=taken.id if taken is not None else self._laboratory.world.new_id(),
                connector=spec.connector,
                partition=partition.name,
                dn=spec.dn,
                dn_key=key,
            )
        self._ids[name] = cso.id
        self._working.put_cs(cso.id, cso)

    def _space(self, one: GivenSpace) -> None:
        spec = self._case.objects[one.name]
        cso = self._working.cs(self._ids[one.name])
        assert cso is not None, "every object was placed"
        there = import_hologram(cso)
        known = cso.image is not None or cso.pending_import is not None
        type_ = cso.object_type or spec.type
        object_type = self._program.cs_type(spec.connector, type_)
        image: Image | None = None
        if one.image is not None and (known or one.image):
            image = self._edited(there, one.image, spec, object_type)
        cso = replace(
            cso,
            object_type=type_,
            kind="staging",
            anchor=one.anchor or cso.anchor,
            transient=one.transient,
            image=image,
            pending_import=None,
            state=one.state,
            import_error=self._error(one.error, one),
            export_error=self._error(one.export_error, one),
        )
        for layer in LAYERS:
            change = one.layers.get(layer)
            if change is not None:
                wanted = there if layer == "pending-import" and not change.attributes else None
                delta = self._delta(cso, layer, change, wanted, spec, object_type)
                cso = replace(cso, **{_PENDING.get(layer, layer): delta})  # type: ignore[arg-type]  # a layer's field
        self._working.put_cs(cso.id, cso)

    def _delta(
        self,
        cso: CSObject,
        layer: str,
        change: GivenChange,
        wanted: Image | None,
        spec: ObjectSpec,
        object_type: ObjectType | None,
    ) -> Delta:
        """The delta that brings the layer below to the values that the case gives."""
        if change.operation in ("delete", "obsolete"):
            return Delta(change.operation)
        below = export_hologram(cso)  # the layers above are not put yet
        base = EMPTY_IMAGE if change.operation in ("add", "replace", "delete-add") else below
        after = wanted if wanted is not None else self._edited(base, change.attributes, spec, object_type)
        multi = frozenset(a.name for a in object_type.attributes.values() if a.multi) if object_type else frozenset()
        difference = image_difference(base, after, multi=multi)
        new_dn = absolute_dn(change.new_dn, self._case.connectors[spec.connector]) if change.new_dn else None
        if difference is None and new_dn is None and change.operation == "update":
            names = ", ".join(change.attributes) or "nothing"
            raise CaseError(
                f"The {layer} given for {spec.handle} changes nothing: what is below it has the same values ({names}).",
                help=f"Give the values before it in given.cs.{spec.handle}.image, or leave it out.",
            )
        found = difference or Delta(change.operation)
        return replace(found, operation=change.operation, new_dn=new_dn)

    def _edited(
        self, base: Image, given: Mapping[str, Values], spec: ObjectSpec, object_type: ObjectType | None
    ) -> Image:
        attributes, references = dict(base.attributes), dict(base.references)
        for name, values in given.items():
            known = object_type.attribute(name) if object_type is not None else None
            spelt = known.name if known is not None else name
            if known is not None and known.syntax is Syntax.REFERENCE:
                references[spelt] = ReferenceIds(self._target(str(value), spec.connector) for value in values)
            else:
                attributes[spelt] = tuple(in_syntax(known.syntax if known is not None else None, v) for v in values)
        return Image(
            {name: held for name, held in attributes.items() if held},
            {name: held for name, held in references.items() if held.count},
        )

    def _target(self, text: str, connector: str) -> int:
        """The object that a reference means: a short name, or a DN, of which there may be nothing but its name."""
        if text in self._ids and self._case.objects[text].connector == connector:
            return self._ids[text]
        if text in self._case.objects:
            found = self._own(text) if self._case.objects[text].connector == connector else None
            text = self._case.objects[text].dn
            if found is not None:
                return found.id
        dn = absolute_dn(text, self._case.connectors[connector])
        key = dn_key(dn)
        there = self._working.cs_by_dn(connector, key)
        if there is not None:
            return there.id
        partition = self._laboratory.configurations[connector].partition_of(key)
        name = partition.name if partition is not None else ""
        anchor = named_anchor(dn) if self._laboratory.configurations[connector].kind == "entra" else None
        id_ = self._laboratory.world.new_id()
        placeholder = CSObject(id_, connector, name, dn, key, kind="placeholder", anchor=anchor)
        self._working.put_cs(placeholder.id, placeholder)
        return placeholder.id

    def _error(self, error: GivenError | None, one: GivenSpace) -> StoredError | None:
        if error is None:
            return None
        now = self._laboratory.world.now().isoformat(timespec="milliseconds")
        rule = self._rule(error.rule, one.name) if error.rule is not None else None
        return StoredError(
            type=error.type,
            step=error.step,
            detail=error.detail,
            first_occurred=error.first or error.last or now,
            last_occurred=error.last or error.first or now,
            retry_count=error.retry_count,
            rule_id=rule.id if rule is not None else None,
            attribute=error.attribute,
            cd_error_code=error.cd_error,
        )

    # -- links and rules --------------------------------------------------------------------------

    def _rule(self, name: str, of: str) -> Rule:
        """The rule of that name; where several have it, the one of the object's own connector."""
        own = self._case.objects[of].connector
        found = [r for r in self._rules.rules if name in (r.name, f"{r.connector}: {r.name}", r.id)]
        if not found:
            raise CaseError(f"The starting state of {of} names the rule {name!r}, and there is none of that name.")
        return next((rule for rule in found if rule.connector == own), found[0])

    def _link(self, given: GivenMetaverse) -> None:
        mv_id = self._laboratory.world.new_id()
        self._mv_ids.update(dict.fromkeys(given.links, mv_id))
        for name in given.links:
            cso = self._working.cs(self._ids[name])
            assert cso is not None, "every object was placed"
            one = self._case.given.cs[name]
            entra = self._case.connectors[cso.connector].schema == "entra"
            usual: LinkOrigin = "projection-rules" if name == given.name else "join-rules"
            if entra and cso.image is None:
                usual = "provisioning-rules"
            rule = self._rule(one.rule, name).id if one.rule is not None else None
            self._working.put_cs(cso.id, replace(cso, link=Link(mv_id, one.link or usual, rule, self._run)))
        self._working.put_mv(mv_id, MVObject(mv_id, given.type or self._type(given)))

    def _type(self, given: GivenMetaverse) -> str:
        """The metaverse type that the rules in scope of a linked object flow into."""
        for name in given.links:
            cso = self._working.cs(self._ids[name])
            assert cso is not None, "every object was placed"
            work = self._work()
            for compiled in work.inbound_scope(cso, work.cs_reading(cso), told=False):
                if compiled.rule.target_type != ANY_TYPE:
                    return compiled.rule.target_type
        raise CaseError(
            f"No rule in scope of {', '.join(given.links)} says which type the metaverse object is.",
            help=f'Write it down: given.mv.{given.name}.type = "person".',
        )

    def _apply(self, given: GivenMetaverse) -> None:
        """What the last synchronization applied: as given, else what is in scope."""
        mv_id = self._mv_ids[given.name]
        mvo = self._filled(given, mv_id, flow=False)
        self._working.put_mv(mv_id, mvo)
        work = self._work()
        for name in given.links:
            cso = self._working.cs(self._ids[name])
            assert cso is not None, "every object was placed"
            named = self._case.given.cs[name].applied
            rules: Iterable[Rule]
            if named is not None:
                rules = [self._rule(rule, name) for rule in named]
            else:
                inward = work.flowing_scope(cso, work.cs_reading(cso), mvo.object_type, told=False)
                outward = work.outbound_scope(mvo, cso.connector, work.mv_reading(mvo, cso.connector))
                rules = [c.rule for c in (*inward, *outward) if c in inward or c.rule.target_type == cso.object_type]
            texts = tuple(str(AppliedRule(r.direction, r.link, bool(r.join), r.id)) for r in rules)
            self._working.put_cs(cso.id, replace(cso, applied_rules=texts))

    # -- the metaverse ----------------------------------------------------------------------------

    def _fill(self, given: GivenMetaverse) -> None:
        mv_id = self._mv_ids[given.name]
        self._working.put_mv(mv_id, self._filled(given, mv_id, flow=given.flowed))

    def _filled(self, given: GivenMetaverse, mv_id: int, *, flow: bool) -> MVObject:
        mvo = self._working.mv(mv_id)
        assert mvo is not None, "the metaverse object was made with its links"
        attributes: dict[str, MVAttribute] = {}
        references: dict[str, MVReferences] = {}
        if flow:
            bare = replace(mvo, attributes={}, references={})
            try:
                flowed, _ = flow_metaverse(self._work(), bare, creating=False)
            except ObjectFailure as failure:
                raise CaseError(
                    f"The metaverse object of {given.name} cannot be flowed: {failure.detail}.",
                    help="Give its attributes, and leave 'flowed' out.",
                ) from failure
            attributes, references = dict(flowed.attributes), dict(flowed.references)
        type_ = self._program.mv_type(mvo.object_type)
        for name, values in given.attributes.items():
            known = type_.attribute(name) if type_ is not None else None
            if known is None:
                raise CaseError(f"{given.name} cannot have {name} in the metaverse: a {mvo.object_type} has none.")
            provenance = self._provenance(given, known.name)
            if known.syntax is Syntax.REFERENCE:
                references[known.name] = MVReferences(self._mv_targets(given, values), provenance)
            else:
                attributes[known.name] = MVAttribute(tuple(in_syntax(known.syntax, v) for v in values), provenance)
        return replace(
            mvo,
            attributes={name: held for name, held in attributes.items() if held.values},
            references={name: held for name, held in references.items() if held.targets.count},
            retry=frozenset(given.retry),
        )

    def _mv_targets(self, given: GivenMetaverse, values: Values) -> ReferenceSet:
        unknown = [str(value) for value in values if str(value) not in self._mv_ids]
        if unknown:
            raise CaseError(
                f"The metaverse object of {given.name} refers to {', '.join(unknown)}, which has none.",
                help="Give the metaverse object of the target too, or leave the value out.",
            )
        return ReferenceIds(self._mv_ids[str(value)] for value in values)

    def _provenance(self, given: GivenMetaverse, attribute: str) -> Provenance:
        """Who contributed the value: the rule that is given, else the first one applied that flows the attribute."""
        named = {name.casefold(): rule for name, rule in given.winner.items()}.get(attribute.casefold())
        if named is not None:
            rules = [self._rule(named, given.name)]
        else:
            applied = [self._working.cs(self._ids[name]) for name in given.links]
            texts = [text for cso in applied if cso is not None for text in cso.applied_rules]
            ids = {parsed.id for parsed in map(AppliedRule.parse, texts) if parsed.direction == "inbound"}
            rules = sorted((r for r in self._rules.rules if r.id in ids), key=lambda rule: (rule.precedence, rule.id))
        for rule in rules:
            for mapping in rule.mappings:
                if mapping.destination.casefold() == attribute.casefold():
                    return Provenance(Origin(rule.connector, rule.id, mapping.id), self._run)
        if named is not None:
            raise CaseError(f"{named} is given as the winner of {attribute} of {given.name}, but does not flow it.")
        return Provenance(None, self._run)

    def _hold(self, mv_id: int) -> None:
        """References that a synchronization would have to hold are held; everything else that it would do is not."""
        fork = self._working.fork()
        work = Work(fork, self._program, Moment(self._laboratory.world.now(), self._laboratory.world, self._run))
        try:
            settle(work, mv_id, creating=False)
        except ObjectFailure:
            return  # the object is in error, and its references wait for the synchronization that mends it
        for one, now in work.working.changes().held.items():
            space = self._working.cs if one.inbound else self._working.mv
            if now and space(one.owner) is not None and space(one.target) is not None:
                self._working.hold(one, now=True)

    def _work(self) -> Work:
        moment = Moment(self._laboratory.world.now(), self._laboratory.world, self._run)
        return Work(self._working, self._program, moment)
