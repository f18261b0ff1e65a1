"""Facts: what is stored, by the names that people know: rules, runs, objects, values.

A view of the store with the look-ups that every explanation needs, each asked once. It reads only;
of a re-evaluation it knows no more than the names of objects that only exist there.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import islice

from attrflow.engine.program import Program
from attrflow.explain.documents import NOTHING, RuleRef, Shown, ShownValue, Since
from attrflow.explain.recorder import Observation
from attrflow.model.connector_space import CSObject
from attrflow.model.delta import Image
from attrflow.model.metaverse import MVObject
from attrflow.model.reference_names import exported_name, named_by
from attrflow.model.references import NO_REFERENCES, ReferenceSet
from attrflow.model.values import NO_VALUES, Reference, Value, Values, display
from attrflow.ports.store import Store
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import RuleSet, read_ruleset

__all__ = ["SHOWN_VALUES", "Facts", "Side"]

SHOWN_VALUES = 20
"""Values of one attribute that a document lists; the total says how many there are."""

Side = str
"""`cs` or `mv`: which objects the ids of reference values name."""

_NAMES = ("displayName", "cn", "commonName", "accountName", "userPrincipalName", "mail")


class Facts:
    """The store and the rules in effect, asked by people."""

    def __init__(self, store: Store, program: Program, observation: Observation | None = None) -> None:
        self.store = store
        self.program = program
        self.observation = observation
        self._since: dict[int, Since] = {}
        self._old_rules: dict[int, RuleSet | None] = {}

    # -- objects ----------------------------------------------------------------------------------

    def kind(self, connector: str) -> str:
        """The kind of a connector, such as `ad` or `entra`; empty for one that is no longer configured."""
        configuration = self.program.configurations.get(connector)
        return configuration.kind if configuration is not None else ""

    def is_cloud(self, connector: str) -> bool:
        """Whether the connector is the tenant's."""
        return self.kind(connector) == "entra"

    def linked(self, mv_id: int) -> tuple[CSObject, ...]:
        """The connector-space objects of a metaverse object, directories before the cloud."""
        found = [cso for cso in map(self.store.cs, self.store.linked(mv_id)) if cso is not None]
        return tuple(sorted(found, key=lambda cso: (self.is_cloud(cso.connector), cso.connector, cso.id)))

    def mv_name(self, mvo: MVObject) -> str:
        """The name by which a metaverse object is shown: its first naming attribute, else its type and id."""
        for attribute in _NAMES:
            held = mvo.attributes.get(attribute)
            if held is not None and held.values:
                return str(held.values[0])
        return f"{mvo.object_type} #{mvo.id}"

    def cs_name(self, cso: CSObject) -> str:
        """A DN, or for a cloud object, whose DN nobody can read, the name of what it is linked to."""
        if self.is_cloud(cso.connector) and cso.link is not None:
            mvo = self.store.mv(cso.link.mv_id)
            if mvo is not None:
                return self.mv_name(mvo)
        return cso.dn

    # -- values -----------------------------------------------------------------------------------

    def shown(self, values: Values, references: ReferenceSet | Iterable[int], side: Side) -> Shown:
        """Values as people read them; `side` says whose ids references are."""
        if values:
            return Shown(tuple(self.value(v, side) for v in values[:SHOWN_VALUES]), len(values))
        total = references.count if isinstance(references, ReferenceSet) else None
        ids = list(islice(references, SHOWN_VALUES)) if total is not None else list(references)
        if not ids:
            return NOTHING
        named = sorted((self.value(Reference(id_), side) for id_ in ids[:SHOWN_VALUES]), key=lambda v: v.text)
        return Shown(tuple(named), len(ids) if total is None else total)

    def value(self, value: Value, side: Side) -> ShownValue:
        """One value as people read it."""
        if isinstance(value, Reference):
            return self._reference(value.id, side)
        if isinstance(value, bool):
            return ShownValue("boolean", display(value))
        if isinstance(value, int):
            return ShownValue("number", display(value))
        if isinstance(value, bytes):
            return ShownValue("binary", display(value))
        return ShownValue("text", value)

    def _reference(self, id_: int, side: Side) -> ShownValue:
        if side == "mv":
            mvo = self.store.mv(id_)
            return ShownValue("reference", self.mv_name(mvo) if mvo is not None else f"#{id_}", id_)
        cso = self.store.cs(id_)
        if cso is None and self.observation is not None:
            cso = self.observation.cs_after(id_)
        if cso is None:
            return ShownValue("reference", f"#{id_}", id_)
        if (named := named_by(cso.dn)) is not None and cso.kind == "placeholder":
            return ShownValue("reference", named[1], id_, f"no object bears this {named[0]}")
        name = self.cs_name(cso)
        return ShownValue("reference", name, id_, cso.dn if name != cso.dn else None)

    def in_image(self, image: Image, attribute: str, connector: str) -> Shown:
        """An attribute of a connector-space image; references by name as their directory holds them, by the name."""
        references = image.references.get(attribute, NO_REFERENCES)
        by = self.names_by(connector, attribute)
        if by is None or not references.count:
            return self.shown(image.attributes.get(attribute, NO_VALUES), references, "cs")
        named = sorted((self._by_name(id_, by) for id_ in islice(references, SHOWN_VALUES)), key=lambda v: v.text)
        return Shown(tuple(named), references.count)

    def names_by(self, connector: str, attribute: str) -> str | None:
        """The attribute of the targets by whose values an attribute refers to them; None where it has DNs."""
        configuration = self.program.configurations.get(connector)
        return configuration.reference_by.get(attribute) if configuration is not None else None

    def _by_name(self, id_: int, by: str) -> ShownValue:
        cso = self.store.cs(id_)
        name = exported_name(cso, by) if cso is not None else None
        if cso is None or name is None:
            return self._reference(id_, "cs")
        return ShownValue("reference", name, id_, cso.dn if cso.kind == "staging" else f"no object bears this {by}")

    def in_metaverse(self, mvo: MVObject, attribute: str) -> Shown:
        """An attribute of a metaverse object."""
        if (held := mvo.attributes.get(attribute)) is not None:
            return self.shown(held.values, NO_REFERENCES, "mv")
        if (referring := mvo.references.get(attribute)) is not None:
            return self.shown(NO_VALUES, referring.targets, "mv")
        return NOTHING

    # -- rules and runs ---------------------------------------------------------------------------

    @cached_property
    def ruleset(self) -> RuleSet:
        """The rules in effect."""
        return self.program.ruleset

    def rule(self, rule_id: str, run: int | None = None) -> RuleRef:
        """A rule by its id; one that is gone is looked up among the rules that the run used."""
        rule = self.ruleset.rule(rule_id)
        if rule is not None:
            return self.ref(rule)
        then = self._rules_of(run) if run is not None else None
        old = then.rule(rule_id) if then is not None else None
        if old is not None:
            return RuleRef(rule_id, old.name, old.connector, None, gone=True)
        return RuleRef(rule_id, f"a rule that is gone ({rule_id})", "", None, gone=True)

    @staticmethod
    def ref(rule: Rule) -> RuleRef:
        """The reference to a rule in effect."""
        return RuleRef(rule.id, rule.name, rule.connector, rule.precedence)

    def _rules_of(self, run: int) -> RuleSet | None:
        if run not in self._old_rules:
            record = self.store.run(run)
            text = self.store.ruleset(record.ruleset_hash) if record is not None else None
            self._old_rules[run] = read_ruleset(text) if text is not None else None
        return self._old_rules[run]

    def since(self, run: int) -> Since:
        """A run with its time and what it did; only the number where the history no longer has it."""
        if run not in self._since:
            record = self.store.run(run)
            self._since[run] = (
                Since(run, record.ended or record.started, f"{record.connector} {record.profile}")
                if record is not None
                else Since(run)
            )
        return self._since[run]

    def rules_changed_since(self, connector: str) -> Since | None:
        """The connector's last full synchronization, if the rules are others now than they were then."""
        last = self.store.last_step(connector, "full-sync")
        if last is None or last[0].ruleset_hash == self.ruleset.hash:
            return None
        return self.since(last[0].number)
