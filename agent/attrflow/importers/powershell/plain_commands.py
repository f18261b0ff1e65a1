"""Commands that have nothing to do with rules, as far as scripts use them around literal values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from attrflow.importers.powershell.given import Given
from attrflow.importers.powershell.values import Closure, Table, Unresolved, shown, truth

if TYPE_CHECKING:
    from attrflow.importers.powershell.running import Runner

__all__ = ["plain_command"]

_SILENT: Final = re.compile(
    r"write-(?:host|verbose|warning|error|debug|information|progress)|(?:import|remove)-module|out-(?:null|host|file|default)"
    r"|start-(?:sleep|transcript|adsyncsynccycle)|stop-transcript|set-(?:location|executionpolicy|strictmode|content)"
    r"|(?:enable|disable|set)-adsync\w*|clear-host|cls|sleep|pause|add-content|export-\w+|add-pssnapin"
)
"""What gives nothing, and changes nothing that a rule is made of."""


def plain_command(name: str, given: Given, runner: Runner) -> list[Any] | None:
    """What a command gives; None where only a server knows."""
    if name in ("foreach-object", "%", "foreach"):
        return _each(given, runner)
    if name in ("where-object", "?", "where"):
        return _filtered(given, runner)
    if name in ("select-object", "select"):
        return _selected(given)
    if name in ("set-variable", "new-variable", "sv"):
        key = given.take("Name") or (given.positional.pop(0) if given.positional else None)
        value = given.take("Value") or (given.positional.pop(0) if given.positional else None)
        if key is not None and (text := shown(key.value)):
            runner.put(text, value.value if value is not None else None)
        return []
    if name in ("write-output", "echo"):
        return [held.value for held in given.positional]
    if _SILENT.fullmatch(name):
        return []
    return None


def _block(given: Given, name: str) -> Closure | None:
    held = given.take(name) or given.take("Process") or (given.positional[0] if given.positional else None)
    return held.value if held is not None and isinstance(held.value, Closure) else None


def _each(given: Given, runner: Runner) -> list[Any] | None:
    block = _block(given, "Process")
    if block is None:
        return None
    found: list[Any] = []
    for item in given.piped:
        runner.put("_", item)
        runner.put("psitem", item)
        found += runner.outputs(block.block.body)
    return found


def _filtered(given: Given, runner: Runner) -> list[Any] | None:
    block = _block(given, "FilterScript")
    if block is None or any(isinstance(item, Unresolved) for item in given.piped):
        return None
    kept: list[Any] = []
    for item in given.piped:
        runner.put("_", item)
        outputs = runner.outputs(block.block.body)
        held = truth(outputs[0] if len(outputs) == 1 else outputs)
        if held is None:
            return None
        if held:
            kept.append(item)
    return kept


def _selected(given: Given) -> list[Any] | None:
    if any(isinstance(item, Unresolved) for item in given.piped):
        return None
    member, first = given.take("ExpandProperty"), given.take("First")
    items = given.piped
    if first is not None and isinstance(first.value, int):
        items = items[: first.value]
    if member is not None and (name := shown(member.value)):
        if not all(isinstance(item, Table) for item in items):
            return None
        return [item.find(name) for item in items]
    return items
