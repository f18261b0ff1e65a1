"""What the next cycle must do in full: changes of rules and settings since the last run (behaviour.md §3.6).

Every run compares what it was given with what the run before it saw, and keeps in the store which connectors
need a full import or a full synchronization, with the reason. A cycle upgrades its steps accordingly, and a full
import or synchronization of all partitions that comes to its end takes the requirement away.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from attrflow.model.changes import RunRecord
from attrflow.model.configuration import ConnectorConfiguration, Required, SchedulerState
from attrflow.ports.store import Store
from attrflow.rules.comparing import compare_rules, moved
from attrflow.rules.reading import attributes_needed
from attrflow.rules.rule import ANY_TYPE, Rule
from attrflow.rules.ruleset import RuleSet, read_ruleset
from attrflow.runs.environment import Environment

__all__ = ["consume", "note_changes", "remember", "required_now"]

_SILENT: Final = frozenset({"name", "password-sync"})
"""What a rule may say differently without any value coming out differently."""
_NO_VALUE: Final = frozenset(
    {
        *("export_deletes_first", "export_deletion_threshold", "error_limit", "loop_limit"),
        *("refuse_equal_precedence", "delta_sync_changed_flows_only", "retry_failed_objects"),
        *("outbound_change_syncs_contributors", "rename_descendants_at_once"),
    }
)
"""Engine options that decide when something happens, and not what comes of it."""
_SHOWN: Final = 3
"""How many reasons are told one by one."""


class _Reasons:
    """What was found, by connector, in the order in which it was found."""

    def __init__(self) -> None:
        self._imports: dict[str, dict[str, None]] = {}
        self._syncs: dict[str, dict[str, None]] = {}

    def read_again(self, connector: str, reason: str) -> None:
        """A full import is needed."""
        self._imports.setdefault(connector, {})[reason] = None

    def synchronize_again(self, connector: str, reason: str) -> None:
        """A full synchronization is needed."""
        self._syncs.setdefault(connector, {})[reason] = None

    def added_to(self, before: Mapping[str, Required], connectors: Iterable[str]) -> dict[str, Required]:
        """What is required now; a reason that stands already stays."""
        found = {}
        for name in connectors:
            was = before.get(name, Required())
            now = Required(
                was.full_import or _sentence(self._imports.get(name, ())),
                was.full_sync or _sentence(self._syncs.get(name, ())),
            )
            if now:
                found[name] = now
        return found


def _sentence(reasons: Iterable[str]) -> str | None:
    listed = list(reasons)
    if not listed:
        return None
    more = len(listed) - _SHOWN
    return "; ".join(listed[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def required_now(environment: Environment, state: SchedulerState) -> SchedulerState:
    """The state with what the rules and settings that are in effect now require; nothing is written."""
    known = _seen(environment.store, state)
    reasons = _Reasons()
    if known.ruleset_hash not in (None, environment.ruleset().hash):
        _compare_rules(environment, environment.store.ruleset(known.ruleset_hash or ""), reasons)
    if known.configuration_hash not in (None, environment.configuration_hash):
        _compare_settings(environment, environment.store.configuration(known.configuration_hash or ""), reasons)
    return replace(
        state,
        required=reasons.added_to(state.required, environment.configurations),
        ruleset_hash=environment.ruleset().hash,
        configuration_hash=environment.configuration_hash,
    )


def note_changes(environment: Environment) -> SchedulerState:
    """Keep what is required from now on; the caller holds the store, and is about to start a run with these rules."""
    store = environment.store
    state = store.scheduler_state()
    after = required_now(environment, state)
    if after.required == state.required:
        return state
    return store.change_scheduler_state(lambda now: replace(now, required=after.required))


def remember(environment: Environment) -> None:
    """Take the rules and settings of a run that was started for what was seen last: it keeps their texts."""
    state = environment.store.scheduler_state()
    rules, settings = environment.ruleset().hash, environment.configuration_hash
    if (state.ruleset_hash, state.configuration_hash) != (rules, settings):
        environment.store.change_scheduler_state(
            lambda now: replace(now, ruleset_hash=rules, configuration_hash=settings)
        )


def consume(environment: Environment, record: RunRecord) -> None:
    """Take away what a run has done: its full steps of all partitions came to their end."""
    required = environment.store.scheduler_state().required.get(record.connector)
    if required is None:
        return
    ended = [step for step in record.steps if step.result == "success" or step.result.startswith("completed-")]
    partitions = {partition.name for partition in environment.configurations[record.connector].partitions}

    def done(fits: Callable[[str], bool]) -> bool:
        return partitions <= {step.partition for step in ended if fits(step.type)}

    left = Required(
        None if done(lambda type_: type_.startswith("full-import")) else required.full_import,
        None if done(lambda type_: type_.endswith("full-sync")) else required.full_sync,
    )
    if left == required:
        return

    def change(state: SchedulerState) -> SchedulerState:
        rest = {name: r for name, r in state.required.items() if name != record.connector}
        return replace(state, required={**rest, record.connector: left} if left else rest)

    environment.store.change_scheduler_state(change)


def _seen(store: Store, state: SchedulerState) -> SchedulerState:
    """What was seen last; a store from before this was kept has it in its newest run."""
    if state.ruleset_hash is not None:
        return state
    newest = next(iter(store.runs(limit=1)), None)
    if newest is None:
        return state
    return replace(state, ruleset_hash=newest.ruleset_hash, configuration_hash=newest.configuration_hash)


# -- rules -----------------------------------------------------------------------------------------


def _compare_rules(environment: Environment, text: str | None, reasons: _Reasons) -> None:
    now = environment.ruleset()
    try:
        before = read_ruleset(text) if text is not None else None
    except ValueError:
        before = None
    if before is None:
        for name in environment.configurations:
            reasons.synchronize_again(name, "the rules of the last run are not known any more")
        return
    for rule, reason in _changed_rules(before, now):
        for connector in _concerned(environment, rule, now):
            reasons.synchronize_again(connector, reason)
    for configuration in environment.configurations.values():
        _compare_needs(configuration, before, now, reasons)


def _changed_rules(before: RuleSet, now: RuleSet) -> Iterator[tuple[Rule, str]]:
    """Each rule that flows otherwise than it did, in both its versions where they differ in kind."""
    pairs = [(old, new) for old in before.rules if (new := now.rule(old.id)) is not None]
    shifted = moved(pairs)
    for old, new in pairs:
        if old.disabled and new.disabled:
            continue
        said = f"the rule {new.name!r} was "
        if old.disabled != new.disabled:
            yield new, said + ("disabled" if new.disabled else "enabled")
        elif old.connector != new.connector or any(d.what not in _SILENT for d in compare_rules(old, new)):
            yield new, said + "changed"
            if (old.connector, old.source_type) != (new.connector, new.source_type):
                yield old, said + "changed"
        elif old.id in shifted:
            yield new, said + "given another precedence"
    yield from (
        (r, f"the rule {r.name!r} was added") for r in now.rules if before.rule(r.id) is None and not r.disabled
    )
    yield from (
        (r, f"the rule {r.name!r} was removed") for r in before.rules if now.rule(r.id) is None and not r.disabled
    )


def _concerned(environment: Environment, rule: Rule, ruleset: RuleSet) -> Iterator[str]:
    """The connectors whose full synchronization brings a rule's change to all objects (OPEN-23)."""
    yield rule.connector
    if rule.direction == "inbound" or not environment.options.outbound_change_syncs_contributors:
        return
    for other in ruleset.rules:
        projects = other.direction == "inbound" and other.link == "provision" and not other.disabled
        if projects and (
            ANY_TYPE in (other.target_type, rule.source_type)
            or other.target_type.casefold() == rule.source_type.casefold()
        ):
            yield other.connector


def _compare_needs(connector: ConnectorConfiguration, before: RuleSet, now: RuleSet, reasons: _Reasons) -> None:
    """Attributes that rules read or write now and did not before: no import has brought them yet."""
    old = {
        (t.casefold(), a.casefold()) for t, names in attributes_needed(before, connector.name).items() for a in names
    }
    types = {ANY_TYPE, *(type_.casefold() for type_ in connector.object_types)}
    chosen = {name.casefold() for name in connector.attributes}
    for type_, names in attributes_needed(now, connector.name).items():
        new = sorted(
            name
            for name in names
            if type_.casefold() in types
            and (type_.casefold(), name.casefold()) not in old
            and (not chosen or name.casefold() in chosen)
        )
        for name in new:
            reasons.read_again(connector.name, f"the attribute {name} of {type_} is read now")


# -- settings --------------------------------------------------------------------------------------


def _compare_settings(environment: Environment, text: str | None, reasons: _Reasons) -> None:
    before, now = _document(text), _document(environment.configuration_text)
    if before is None or now is None:
        return
    for name in environment.configurations:
        for key in ("options", "expression-options", "metaverse"):
            for option in _changed_keys(before.get(key, {}), now.get(key, {})):
                if key != "options" or option not in _NO_VALUE:
                    what = "the metaverse attributes of" if key == "metaverse" else "the option"
                    reasons.synchronize_again(name, f"{what} {option.replace('_', '-')} changed")
    known = {one["name"]: one for one in before.get("connectors", ())}
    for one in now.get("connectors", ()):
        if one["name"] in known:
            _compare_connector(known[one["name"]], one, reasons)


def _document(text: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if text is not None else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _changed_keys(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Keys that both have and that differ; an option that is new came with attrflow, at its default."""
    return [key for key in now if key in before and before[key] != now[key]]


def _compare_connector(before: Mapping[str, Any], now: Mapping[str, Any], reasons: _Reasons) -> None:
    """What is read changed: a full import; a parameter of expressions did: a full synchronization."""
    name = str(now["name"])
    for key, what in (("object_types", "object types"), ("attributes", "attributes")):
        if sorted(before.get(key, ())) != sorted(now[key]):
            reasons.read_again(name, f"the {what} that are read changed")
    if before.get("settings", {}).get("filter") != now["settings"].get("filter"):
        reasons.read_again(name, "the filter changed")
    if before.get("reference_by", {}) != now["reference_by"]:
        reasons.read_again(name, "what names other objects changed (reference-by)")
    if before.get("settings", {}).get("filler_member") != now["settings"].get("filler_member"):
        reasons.read_again(name, "the filler-member changed")
    if before.get("parameters", {}) != now["parameters"]:
        reasons.synchronize_again(name, "a parameter changed")
    partitions = {one["name"]: one for one in before.get("partitions", ())}
    for one in now["partitions"]:
        old = partitions.get(one["name"])
        if old is None:
            continue  # nothing of it is known: its first import reads everything
        if any(sorted(old[key]) != sorted(one[key]) for key in ("include", "exclude")):
            reasons.read_again(name, f"the containers of {one['name']} changed")
        if old.get("parameters", {}) != one["parameters"]:
            reasons.synchronize_again(name, f"a parameter of {one['name']} changed")
