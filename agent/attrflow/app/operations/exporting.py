"""Operations that give a project's rules back to the product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from attrflow.app.operations.failing import DiagnosticDocument, diagnostic_document
from attrflow.app.rulebook import open_rulebook
from attrflow.app.settings_values import guid_of
from attrflow.app.shapes import shape
from attrflow.importers.findings import NOWHERE, Findings
from attrflow.importers.powershell_export import write_powershell
from attrflow.model.errors import SettingsError

__all__ = ["RulesExportDocument", "export_rules"]


@dataclass(frozen=True, slots=True)
class RulesExportDocument:
    """The script that makes a project's rules on a server of the product."""

    rules: int
    """How many rules the script makes."""
    file: str | None
    """Where it was written; None where it is only in `text`."""
    text: str
    errors: int
    findings: list[DiagnosticDocument] = field(default_factory=list)


shape("rules-export", RulesExportDocument)


def export_rules(
    folder: Path,
    names: Sequence[str] = (),
    to: Path | None = None,
    connectors: Mapping[str, str] | None = None,
    *,
    connector: str | None = None,
    own: bool = False,
) -> RulesExportDocument:
    """The rules that were named, or all, as PowerShell; `connectors` are the target server's GUIDs by name.

    `connector`: only this one's rules; `own`: without default rules. Default rules that nobody named are told.

    Raises:
        SettingsError: the project cannot be read, or a GUID is none.
        NotFound: a name fits no rule; Ambiguous: it fits several.
        OSError: the file cannot be written.
    """
    book = open_rulebook(folder)
    ids = {connector.name: connector.id for connector in book.settings.connectors.values()}
    for name, text in (connectors or {}).items():
        guid = guid_of(text)
        if guid is None:
            raise SettingsError(f"--map takes CONNECTOR=GUID, found {text!r} for {name}")
        ids[book.require_connector(name)] = guid
    if connector is not None:
        book.require_connector(connector)
    findings = Findings()
    rules = [book.rule(name, connector) for name in names]
    if not names:
        rules = [r for r in book.ruleset.rules if connector in (None, r.connector) and not (own and r.is_default)]
        defaults = sum(rule.is_default for rule in rules)
        if defaults:
            message = f"{defaults} of {len(rules)} are default rules: a server has rules of these names already"
            findings.note(NOWHERE, "default-rules", message, help="--own leaves them out")
    text = write_powershell(rules, ids, findings)
    if to is not None:
        # With a mark: without one Windows PowerShell reads letters beyond ASCII as others.
        to.write_text(text, encoding="utf-8-sig", newline="\n")
    errors = sum(finding.severity == "error" for finding in findings.all)
    return RulesExportDocument(
        len(rules) - errors,
        str(to.absolute()) if to is not None else None,
        text,
        errors,
        [diagnostic_document(finding) for finding in findings.all],
    )
