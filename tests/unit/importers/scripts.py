"""Scripts in pieces, as the rule editor writes them, and what is asked of the one rule that they make."""

from __future__ import annotations

from attrflow.importers.finishing import ImportedRule
from attrflow.model.diagnostics import Diagnostic

from .exports import BOOKS, RULE, finished, told

OPEN = (
    f"New-ADSyncRule -Name 'In from AD - Reader' -Identifier '{RULE.format(1)}' -Direction Inbound -Precedence 41 "
    f"-SourceObjectType user -TargetObjectType person -Connector '{BOOKS}' -LinkType Join -OutVariable syncRule\n"
)
ADD = "Add-ADSyncRule -SynchronizationRule $syncRule[0]\n"
FLOW = "Add-ADSyncAttributeFlowMapping -SynchronizationRule $syncRule[0] "
TYPE = "Microsoft.IdentityManagement.PowerShell.ObjectModel."


def check(script: str, *expected: str) -> ImportedRule:
    """The one rule of a script whose findings are these, as `code line`."""
    (imported,), findings, _ = finished(script)
    assert lines_of(findings) == list(expected), [str(finding) for finding in findings]
    return imported


def lines_of(findings: list[Diagnostic]) -> list[str]:
    """Findings as `code line`."""
    return [text.replace("file1:", "") for text in told(findings)]


def flows(imported: ImportedRule) -> dict[str, str]:
    """The mappings of a rule as destination and source."""
    return {mapping.destination: mapping.source for mapping in imported.rule.mappings}
