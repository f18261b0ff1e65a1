"""Rules -> PowerShell that an administrator of the product reviews and runs, in the form of the rule editor's export.

Reading it again gives the same rules. Every value stands in single quotes with its quotes doubled, the typographic
ones too, which PowerShell takes for quotes; nothing of a rule can become a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from attrflow.importers.findings import Findings, Place
from attrflow.importers.powershell.scanner import SINGLE_QUOTES
from attrflow.rules.reading import expression_reads
from attrflow.rules.rule import AttributeMapping, Rule

__all__ = ["write_powershell"]

_ZERO: Final = "00000000-0000-0000-0000-000000000000"
_QUOTE: Final = re.compile(f"[{SINGLE_QUOTES}]")
_CONTROL: Final = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f\\x85\\u2028\\u2029]")
_MODEL: Final = "Microsoft.IdentityManagement.PowerShell.ObjectModel."
_DIRECTIONS: Final = {"inbound": "Inbound", "outbound": "Outbound"}
_LINKS: Final = {
    "provision": "Provision",
    "join": "Join",
    "sticky-join": "StickyJoin",
    "join-no-flow": "JoinNoFlow",
}
_FLOWS: Final = {"direct": "Direct", "constant": "Constant", "expression": "Expression"}
_MERGES: Final = {
    "update": "Update",
    "replace": "Replace",
    "merge": "Merge",
    "merge-case-insensitive": "MergeCaseInsensitive",
}
_HEADER: Final = """\
# Synchronization rules, written by `attrflow rules export`. Review every rule, then run this on the sync server
# in an elevated PowerShell, with the scheduler off: Set-ADSyncScheduler -SyncCycleEnabled $false
# Look first at rules of the same identifiers that the server has already. Nothing is synchronized by running this.

Import-Module ADSync
"""


def write_powershell(rules: Iterable[Rule], connectors: Mapping[str, str], findings: Findings) -> str:
    """The script that makes the rules, in order of precedence.

    `connectors` are the target server's GUIDs by the project's names. A rule of another connector, or one that holds
    control characters, is told and left out.
    """
    blocks = [_HEADER]
    for rule in sorted(rules, key=lambda rule: (rule.precedence, rule.id)):
        place = Place(rule.file or "")
        connector = connectors.get(rule.connector)
        if connector is None:
            message = f"{rule.name!r}: the connector {rule.connector!r} has no GUID; the rule is not exported"
            findings.tell(place, "unknown-connector", message, help=f"--map '{rule.connector}=GUID'")
            continue
        if _holds_control(rule):
            message = f"{rule.name!r} holds control characters, which no script should; it is not exported"
            findings.tell(place, "control-character", message)
            continue
        if any(not group for group in rule.scope):
            # One group that always holds makes the others pointless: no filter says the same.
            message = f"{rule.name!r}: a scope group without a line always holds; exported without a scope"
            findings.warn(place, "empty-group", message)
        if any(not group for group in rule.join):
            message = f"{rule.name!r}: a join group without a line cannot be exported; it is left out"
            findings.warn(place, "empty-group", message)
        blocks.append("\n\n".join(_statements(rule, connector)))
    return "\n\n\n".join(blocks) + "\n"


def _statements(rule: Rule, connector: str) -> Iterator[str]:
    yield _opening(rule, connector)
    for mapping in rule.mappings:
        yield _mapping(mapping)
    if all(rule.scope):
        for group in rule.scope:
            conditions = [(clause.attribute, clause.value, clause.operator) for clause in group]
            yield from _conditions("ScopeCondition", [", ".join(map(_quoted, words)) for words in conditions])
            yield _group("Scope", len(group))
    for join in filter(None, rule.join):
        yield from _conditions(
            "JoinCondition",
            [f"{_quoted(c.cs)}, {_quoted(c.mv)}, ${str(c.case_sensitive).lower()}" for c in join],
        )
        yield _group("Join", len(join))
    yield _command("Add-ADSyncRule", ["-SynchronizationRule $syncRule[0]"])


def _opening(rule: Rule, connector: str) -> str:
    parameters = [
        f"-Name {_quoted(rule.name)}",
        f"-Identifier {_quoted(rule.id)}",
        f"-Description {_quoted(rule.description)}",
        f"-Direction {_quoted(_DIRECTIONS[rule.direction])}",
        f"-Precedence {rule.precedence}",
        f"-PrecedenceAfter {_quoted(_ZERO)}",
        f"-PrecedenceBefore {_quoted(_ZERO)}",
        f"-SourceObjectType {_quoted(rule.source_type)}",
        f"-TargetObjectType {_quoted(rule.target_type)}",
        f"-Connector {_quoted(connector)}",
        f"-LinkType {_quoted(_LINKS[rule.link])}",
        "-SoftDeleteExpiryInterval 0",
        f"-ImmutableTag {_quoted(rule.tag or '')}",
        *["-EnablePasswordSync"] * rule.password_sync,
        *["-Disabled"] * rule.disabled,
        "-OutVariable syncRule",
    ]
    lines = [f"# {rule.precedence} {_comment(rule.name)}"]
    if rule.library is not None:
        lines.append(f"# attrflow library: {_comment(rule.library)}")
    return "\n".join((*lines, _command("New-ADSyncRule", parameters)))


def _mapping(mapping: AttributeMapping) -> str:
    sources = [mapping.source]
    if mapping.flow == "expression":
        sources = sorted(expression_reads(mapping.source).attributes)
    parameters = [
        "-SynchronizationRule $syncRule[0]",
        *[f"-Source @({', '.join(map(_quoted, sources))})"] * bool(sources),
        f"-Destination {_quoted(mapping.destination)}",
        f"-FlowType {_quoted(_FLOWS[mapping.flow])}",
        f"-ValueMergeType {_quoted(_MERGES[mapping.merge])}",
        *["-ExecuteOnce"] * mapping.execute_once,
        *[f"-Expression {_quoted(mapping.source)}"] * (mapping.flow == "expression"),
        "-OutVariable syncRule",
    ]
    return _command("Add-ADSyncAttributeFlowMapping", parameters)


def _conditions(type_name: str, arguments: list[str]) -> Iterator[str]:
    for number, words in enumerate(arguments):
        parameters = [f"-TypeName '{_MODEL}{type_name}'", f"-ArgumentList {words}", f"-OutVariable condition{number}"]
        yield _command("New-Object", parameters)


def _group(kind: str, size: int) -> str:
    conditions = ", ".join(f"$condition{number}[0]" for number in range(size))
    parameters = ["-SynchronizationRule $syncRule[0]", f"-{kind}Conditions @({conditions})", "-OutVariable syncRule"]
    return _command(f"Add-ADSync{kind}ConditionGroup", parameters)


def _command(name: str, parameters: list[str]) -> str:
    return " `\n".join((f"{name} ", *parameters))


def _quoted(text: str) -> str:
    return "'" + _QUOTE.sub(lambda quote: quote[0] * 2, text) + "'"


def _comment(text: str) -> str:
    """A text as the rest of a comment line, which nothing in it can end."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _holds_control(rule: Rule) -> bool:
    words = [rule.name, rule.id, rule.description, rule.source_type, rule.target_type, rule.tag or ""]
    words += [text for mapping in rule.mappings for text in (mapping.destination, mapping.source)]
    words += [text for group in rule.scope for clause in group for text in (clause.attribute, clause.value)]
    words += [text for group in rule.join for clause in group for text in (clause.cs, clause.mv)]
    return any(_CONTROL.search(word) for word in words)
