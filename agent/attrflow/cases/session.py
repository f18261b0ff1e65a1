"""One case as it goes: the rules and options in effect, what ran, and which stored object a short name means.

A short name keeps meaning the same connector-space object through renames and after the directory has
deleted it; `NAME@CONNECTOR` is its counterpart there, also after the link is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from attrflow.cases.format import Case, ConnectorSpec, RuleChange, Step
from attrflow.cases.laboratory import CaseError, Laboratory, Target
from attrflow.cases.objects import absolute_dn
from attrflow.cases.options import with_options
from attrflow.cases.starting import StartingState
from attrflow.engine.program import Program, build_program
from attrflow.engine.working_set import JoinAttributes
from attrflow.model.changes import RunRecord
from attrflow.model.configuration import ConnectorConfiguration, EngineOptions
from attrflow.model.connector_space import CSObject
from attrflow.model.errors import SettingsError
from attrflow.model.metaverse import MVObject
from attrflow.model.names import InvalidName, dn_key
from attrflow.model.schema import ObjectType, Schema
from attrflow.ports.store import Store
from attrflow.rules.checking import checked_ruleset
from attrflow.rules.positions import suggestion
from attrflow.rules.rule import Rule
from attrflow.rules.ruleset import build, join_attributes
from attrflow.rules.sides import Schemas
from attrflow.runs.cycle import due_order, run_cycle
from attrflow.runs.environment import Environment
from attrflow.runs.run import RunResult, run_profile

__all__ = ["Session"]


class Session:
    """A case in its laboratory."""

    def __init__(self, case: Case, laboratory: Laboratory) -> None:
        """Put rules and options into effect.

        Raises:
            SettingsError: the rules are wrong.
            CaseError: the case names a rule that is not there.
        """
        self.case = case
        self.laboratory = laboratory
        self.options = with_options(EngineOptions(), case.options)
        self.metaverse = _extended(laboratory.metaverse, case.metaverse)
        self.results: dict[str, RunRecord] = {}
        """The last run by `CONNECTOR PROFILE`."""
        self._ids: dict[str, int] = {}
        self._places: dict[str, tuple[str | None, str]] = {}
        defaults = laboratory.default_rules() if case.default_rules else ()
        self._defaults = {rule.id: rule for rule in defaults}
        self._use([*case.rules, *defaults])
        if case.disable:
            self.change_rules(RuleChange(disable=case.disable))
        if case.given:
            self._begin()

    def _begin(self) -> None:
        """Put the starting state into the store, over one import of the directories that it speaks of."""
        connectors = dict.fromkeys(self.case.objects[name].connector for name in self.case.given.cs)
        run = 0
        for connector in connectors:
            result = run_profile(self._environment(), connector, "full-import")
            run = result.record.number
            if result.record.result not in ("success", "completed-no-objects"):
                reason = result.error.message if result.error is not None else result.record.result
                raise CaseError(f"The starting state of {connector} cannot be imported: {reason}.")
        state = StartingState(self.case, self.laboratory, self.program(), self.ruleset, self._own, run)
        self._ids.update(state.write())
        self._look_up()

    @property
    def store(self) -> Store:
        """The laboratory's store."""
        return self.laboratory.store

    # -- rules ------------------------------------------------------------------------------------

    def change_rules(self, change: RuleChange) -> None:
        """Apply a step's change of the rules; errors as `__init__`."""
        rules = {rule.id: rule for rule in self.ruleset.rules}
        for names, disabled in ((change.disable, True), (change.enable, False)):
            for rule in self._named(names):
                rules[rule.id] = replace(rules[rule.id], disabled=disabled)
        for rule in self._named(change.remove):
            del rules[rule.id]
        for new in change.replace:
            olds = [rule for rule in self._named((new.name,)) if rule.connector == new.connector]
            for old in olds[:1]:
                del rules[old.id]
                new = replace(new, id=old.id)  # noqa: PLW2901 - the rule stays the same one, with other content
            rules[new.id] = new
        self._use([*rules.values(), *change.add])

    def _named(self, names: Iterable[str]) -> Iterator[Rule]:
        """The rules of these names, on whichever connectors; `CONNECTOR: NAME` means one connector's."""
        for name in names:
            found = [rule for rule in self.ruleset.rules if name in (rule.name, f"{rule.connector}: {rule.name}")]
            if not found:
                near = suggestion(name, [rule.name for rule in self.ruleset.rules])
                raise CaseError(f"No rule is named {name!r}.", help=near)
            yield from found

    def _use(self, rules: Sequence[Rule]) -> None:
        configurations = self.laboratory.configurations
        named = {}
        for configuration in configurations.values():
            parameters = {"Connector.ID", *configuration.parameters}
            for partition in configuration.partitions:
                parameters.update(partition.parameters)
            named[configuration.name] = sorted(parameters)
        texts = {self.case.file: self.case.text} if self.case.file is not None else {}
        # The library's own rules are known to be right; checking them again for every case would cost most of its time.
        known = [rule for rule in rules if replace(rule, disabled=False) == self._defaults.get(rule.id)]
        mine, diagnostics = checked_ruleset(
            [rule for rule in rules if rule not in known],
            connectors=tuple(configurations),
            schemas=Schemas(self.metaverse),
            parameters=named,
            texts=texts,
        )
        ruleset, together = build([*mine.rules, *known], connectors=tuple(configurations), texts=texts)
        errors = [d for d in (*diagnostics, *together) if d.severity == "error"]
        if errors:
            raise SettingsError("The rules of the case cannot be used.", errors)
        self.ruleset = ruleset
        self.laboratory.use_rules(ruleset)
        self._take_effect()

    def _take_effect(self) -> None:
        cs, mv = join_attributes(self.ruleset, self.laboratory.configurations.values())
        self.joins = JoinAttributes(cs, mv)
        self.store.set_join_attributes(cs, mv)
        self._programs: dict[bool, Program] = {}

    def rule_name(self, rule_id: str) -> str:
        """A rule's name, with its connector's where several have one of that name."""
        rule = self.ruleset.rule(rule_id)
        if rule is None:
            return f"a rule that is gone ({rule_id})"
        same = [other for other in self.ruleset.rules if other.name == rule.name]
        return rule.name if len(same) == 1 else f"{rule.connector}: {rule.name}"

    def program(self, *, observed: bool = False) -> Program:
        """The rules, compiled."""
        if observed not in self._programs:
            configurations = self.laboratory.configurations
            schemas = {name: self.laboratory.schema(name) for name in configurations}
            self._programs[observed] = build_program(
                self.ruleset, configurations, schemas, self.metaverse, self.options, observed=observed
            )
        return self._programs[observed]

    # -- doing ------------------------------------------------------------------------------------

    def prepare(self, step: Step) -> None:
        """Everything of a step that comes before its runs.

        Raises:
            CaseError: the laboratory cannot do it, or there is nothing to do it to.
            SettingsError: changed rules are wrong.
        """
        laboratory = self.laboratory
        if step.forget:
            laboratory.forget()
            self._ids.clear()
            self._take_effect()
        for edit in step.edits:
            laboratory.edit(self.target(edit.object), edit)
        if step.advance:
            laboratory.world.advance(step.advance)
        for name, containers in step.containers.items():
            self._configure(name, containers=containers)
        for name, selected in step.selected.items():
            self._configure(name, selected=selected)
        if step.options:
            self.options = with_options(self.options, step.options)
            self._programs.clear()
        if step.rules is not None:
            self.change_rules(step.rules)
        for name, after in step.lose_connection.items():
            laboratory.lose_connection(name, after)
        for name, error in step.refuse.items():
            laboratory.refuse(self.target(name), error)

    def _configure(
        self, name: str, *, containers: tuple[str, ...] | None = None, selected: tuple[str, ...] | None = None
    ) -> None:
        spec, before = self.case.connectors[name], self.laboratory.configurations[name]
        after: ConnectorConfiguration = before
        if containers is not None:
            include = tuple(absolute_dn(dn, spec) for dn in containers)
            after = replace(after, partitions=(replace(before.partitions[0], include=include),))
        if selected is not None:
            after = replace(after, attributes=selected)
        self.laboratory.configure(after)
        self.laboratory.use_rules(self.ruleset)
        self._programs.clear()

    def run(self, line: str) -> Iterator[RunResult]:
        """Run what a line of a step says; names are looked up again after each run."""
        first, second = line.split()
        environment = self._environment()
        if first == "cycle":
            order = due_order(environment, initial=second == "initial", staging_mode=False)
            results = run_cycle(environment, order)
        else:
            results = iter((run_profile(environment, first, second),))
        for result in results:
            self.results[f"{result.record.connector} {result.record.profile}"] = result.record
            self._look_up()
            yield result

    def _environment(self) -> Environment:
        laboratory = self.laboratory
        return Environment(
            store=laboratory.store,
            world=laboratory.world,
            options=self.options,
            configurations=laboratory.configurations,
            ruleset=lambda: self.ruleset,
            configuration_hash="case",
            configuration_text="{}",
            open_connector=laboratory.open_connector,
            learn_schema=self._learn_schema,
            schema=laboratory.schema,
            program=self.program,
        )

    def _learn_schema(self, connector: str, schema: Schema) -> None:
        if self.laboratory.schema(connector) != schema:
            self.laboratory.learn_schema(connector, schema)
            self._programs.clear()

    # -- whom a name means ------------------------------------------------------------------------

    def _look_up(self) -> None:
        for handle, spec in self.case.objects.items():
            self.place(handle)
            for connector in self.case.connectors:
                if connector != spec.connector:
                    self.place(f"{handle}@{connector}")

    def connector_of(self, name: str) -> ConnectorSpec:
        """The connector in which a name's object is."""
        handle, _, connector = name.partition("@")
        return self.case.connectors[connector or self.case.objects[handle].connector]

    def cs(self, name: str) -> CSObject | None:
        """The connector-space object that a name means, or None."""
        handle, at, connector = name.partition("@")
        if at and connector != self.case.objects[handle].connector:
            found = self._counterpart(handle, connector)
        else:
            found = self._remembered(handle) or self._own(handle)
        if found is None:
            return self._remembered(name)
        self._ids[name] = found.id
        return found

    def _remembered(self, name: str) -> CSObject | None:
        id_ = self._ids.get(name)
        return self.store.cs(id_) if id_ is not None else None

    def _own(self, handle: str) -> CSObject | None:
        connector = self.case.objects[handle].connector
        anchor = self.laboratory.anchor(handle)
        if anchor is not None and (found := self.store.cs_by_anchor(connector, anchor)) is not None:
            return found
        found = self.store.cs_by_dn(connector, dn_key(self.laboratory.dn(handle)))
        return found if found is not None and found.anchor in (None, anchor) else None

    def _counterpart(self, handle: str, connector: str) -> CSObject | None:
        mvo = self.mv(handle)
        linked = self.store.linked(mvo.id) if mvo is not None else ()
        objects = (cso for cso in map(self.store.cs, linked) if cso is not None)
        return next((cso for cso in objects if cso.connector == connector), None)

    def mv(self, name: str) -> MVObject | None:
        """The metaverse object that a name's object is linked to, or None."""
        cso = self.cs(name)
        return self.store.mv(cso.link.mv_id) if cso is not None and cso.link is not None else None

    def target(self, name: str) -> Target:
        """The directory entry that a name means.

        Raises:
            CaseError: the counterpart is not there.
        """
        handle, at, connector = name.partition("@")
        own = self.case.objects[handle].connector
        if not at or connector == own:
            return Target(own, handle)
        cso = self.cs(name)
        if cso is None:
            raise CaseError(f"{handle!r} has no object in {connector} yet.")
        return Target(connector, None, cso.anchor, cso.dn)

    def place(self, name: str) -> tuple[str | None, str] | None:
        """Anchor and DN of a name's object, as they were last seen; None where it never was."""
        cso = self.cs(name)
        if cso is not None:
            self._places[name] = (cso.anchor, cso.dn)
        return self._places.get(name)

    def space_name(self, text: str, connector: str) -> int | None:
        """The connector-space id that a reference value of a case means in a connector: a name, or a DN."""
        if text.partition("@")[0] in self.case.objects:
            spec = self.connector_of(text)
            cso = self.cs(text if spec.name == connector else f"{text.partition('@')[0]}@{connector}")
            return cso.id if cso is not None else None
        try:
            cso = self.store.cs_by_dn(connector, dn_key(absolute_dn(text, self.case.connectors[connector])))
        except InvalidName:
            return None
        return cso.id if cso is not None else None


def _extended(base: Schema, more: Schema | None) -> Schema:
    """The default metaverse with the case's own attributes and types."""
    if more is None:
        return base
    types = dict(base.object_types)
    for name, type_ in more.object_types.items():
        before = types.get(name)
        attributes = {**(before.attributes if before is not None else {}), **type_.attributes}
        types[name] = ObjectType(name, attributes)
    return Schema(types)
