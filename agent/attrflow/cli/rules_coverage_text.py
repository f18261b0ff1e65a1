"""Coverage of rules as text: what was never hit, first; one rule with its flows and branches on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from attrflow.app.operations.rule_coverage import RuleCoverageDocument, RulesCoverageDocument
from attrflow.model.errors import NotFound

__all__ = ["counting", "draw_coverage", "one_rule"]


@contextmanager
def counting(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """A progress callback: a line that is written over, on a terminal only."""
    if not console.is_terminal:
        yield lambda _connector, _done, _of: None
        return
    with console.status("") as status:
        yield lambda connector, done, of: status.update(f"{connector}: {done} of {of} objects")


def one_rule(document: RulesCoverageDocument, name: str) -> RulesCoverageDocument:
    """The document with the rules of that name, part of a name or precedence.

    Raises:
        NotFound: no rule fits.
    """
    folded = name.casefold()
    exact = [r for r in document.rules if folded in (r.rule.casefold(), str(r.precedence))]
    found = exact or [r for r in document.rules if folded in r.rule.casefold()]
    if not found:
        raise NotFound(f"There is no rule {name!r}.", help="`attrflow rules list` shows them all.")
    return replace(document, rules=found)


def draw_coverage(console: Console, document: RulesCoverageDocument, *, limit: int, details: bool) -> None:
    """What was never hit, at most `limit` lines of a kind; with `details` every flow of the rules."""
    looked = ", ".join(f"{count} of {name}" for name, count in document.objects.items())
    more = " (a sample)" if document.sampled else ""
    failed = f"; {document.failed} fail as a whole and hit nothing" if document.failed else ""
    console.print(Text(f"Objects synchronized again and dropped: {looked}{more}{failed}.", "dim"), soft_wrap=True)
    if details:
        for rule in document.rules:
            _rule(console, rule)
        return
    enabled = [rule for rule in document.rules if not rule.disabled]
    silent = [rule for rule in enabled if not rule.in_scope]
    _lines(console, "Rules that no object is in scope of", [_name(rule) for rule in silent], limit)
    losing = [rule for rule in enabled if rule.in_scope and rule.flows and not rule.won]
    _lines(console, "Rules in scope that never decide a value", [_name(rule) for rule in losing], limit)
    winning = [rule for rule in enabled if rule.won]
    flows = [
        (f"{_name(rule)}: {flow.destination}", f"{flow.beaten} times beaten by an earlier rule" if flow.beaten else "")
        for rule in winning
        for flow in rule.flows
        if not flow.won
    ]
    beaten = [f"{name}   {said}" for name, said in flows if said]
    _lines(console, "Flows of the others that never win, though they have a value", beaten, limit)
    absent = [name for name, said in flows if not said]
    if absent:
        said = f"{len(absent)} flows of the others never have a value in this store."
        console.print()
        console.print(Text(f"{said} One rule's flows: name the rule.", "dim"), soft_wrap=True)
    branches = [
        f"{_name(rule)}: {flow.destination}   {_short(branch.condition)} {'holds' if branch.holds else 'does not hold'}"
        for rule in winning
        for flow in rule.flows
        if flow.won
        for branch in flow.branches
        if not branch.taken
    ]
    _lines(console, "Branches that no object takes, of flows that win", branches, limit)
    console.print()
    hit = len(enabled) - len(silent)
    console.print(Text(f"{hit} of {len(enabled)} enabled rules are hit, {len(winning)} decide values.", "bold"))


def _name(rule: RuleCoverageDocument) -> str:
    return f"{rule.precedence} {rule.rule} ({rule.connector})"


def _lines(console: Console, title: str, lines: list[str], limit: int) -> None:
    if not lines:
        return
    console.print()
    console.print(Text.assemble((title, "bold cyan"), (f"  {len(lines)}", "dim")), soft_wrap=True)
    for line in lines[:limit]:
        console.print(Text(f"  {line}"), soft_wrap=True)
    if len(lines) > limit:
        console.print(Text(f"  and {len(lines) - limit} more: --limit {len(lines)} shows them", "dim"), soft_wrap=True)


def _rule(console: Console, rule: RuleCoverageDocument) -> None:
    console.print()
    console.print(Text(_name(rule), "bold"), soft_wrap=True)
    scope = f"  in scope {rule.in_scope} of {rule.tested} objects"
    linked = f", linked {rule.linked} now" if rule.linked else ""
    console.print(Text(f"{scope}{linked}, decided {rule.won} values", "dim"), soft_wrap=True)
    for flow in rule.flows:
        style = "green" if flow.won else "yellow" if flow.evaluated else "dim"
        text = Text.assemble((f"  {flow.destination}", style))
        text.append(f"   won {flow.won}, beaten {flow.beaten}, of {flow.evaluated}", "dim")
        console.print(text, soft_wrap=True)
        for branch in flow.branches:
            word = "holds" if branch.holds else "does not hold"
            line = f"      {branch.taken} times {_short(branch.condition)} {word}: {_short(branch.result)}"
            console.print(Text(line, "dim" if branch.taken else "yellow"), soft_wrap=True)


def _short(text: str, longest: int = 60) -> str:
    squeezed = " ".join(text.split())
    return squeezed if len(squeezed) <= longest else f"{squeezed[: longest - 1]}…"
