"""Imports as text: every finding, then what was read and written, and what to do next."""

from __future__ import annotations

import shlex

from rich.console import Console
from rich.text import Text

from attrflow.app.operations.exporting import RulesExportDocument
from attrflow.app.operations.importing import ProjectImportDocument, RulesImportDocument
from attrflow.cli.diagnostics_text import diagnostic_text, errors_first

__all__ = ["draw_export", "draw_import", "draw_project_import"]

_FORMATS = {
    "xml-rule": "rule file (XML)",
    "xml-connector": "connector file (XML)",
    "xml-metaverse": "metaverse file (XML)",
    "xml-other": "other XML file",
    "powershell": "PowerShell script",
    "settings-json": "wizard's settings file (JSON)",
    "rules-json": "file of rules (JSON)",
    "dsc-items": "file of AADConnectDsc items",
    "cloud-sync-schema": "Cloud Sync schema",
    "other-json": "other JSON file",
    "text": "other file",
    "dsc-configuration": "file of AADConnectDsc resources",
}


def draw_project_import(console: Console, made: ProjectImportDocument) -> None:
    """Everything that making a project of an export says."""
    _draw_read(console, made.imported)
    folder = shlex.quote(made.folder)
    console.print(Text.assemble("Made ", (made.folder, "bold")), soft_wrap=True)
    for id_, name in made.names.items():
        console.print(Text(f"  connector {name} is {id_} of the server", "dim"), soft_wrap=True)
    console.print("Next:")
    console.print("  1. attrflow.toml: addresses, accounts and secrets, which no export holds", soft_wrap=True)
    console.print(f"  2. attrflow rules check -C {folder}", soft_wrap=True)
    console.print(f"  3. attrflow cycle --initial -C {folder}   exports nothing: it is in staging mode", soft_wrap=True)


def draw_export(console: Console, exported: RulesExportDocument) -> None:
    """What was exported, and what could not be."""
    for finding in errors_first(exported.findings):
        console.print(diagnostic_text(finding), soft_wrap=True)
    where = f" to {exported.file}" if exported.file is not None else ""
    console.print(
        Text(f"{_count(exported.rules, 'rule')} written{where}; review them before they are run."), soft_wrap=True
    )


def draw_import(console: Console, imported: RulesImportDocument) -> None:
    """Everything that an import says."""
    _draw_read(console, imported)
    if imported.into is None:
        console.print("Nothing was written: --into DIR names a project or a folder.", soft_wrap=True)
        return
    folder = shlex.quote(imported.into)
    parts = [f"{_count(len(imported.written), 'rule file')} written to {folder}"]
    if imported.replaced:
        parts.append(f"{len(imported.replaced)} of them in the place of others")
    if imported.unchanged:
        parts.append(f"{imported.unchanged} as they were")
    console.print(Text(", ".join(parts) + "."), soft_wrap=True)
    if imported.project:
        console.print(f"Next: attrflow rules check -C {folder}", soft_wrap=True)


def _draw_read(console: Console, imported: RulesImportDocument) -> None:
    """Every finding, and what was read."""
    for finding in errors_first(imported.findings):
        console.print(diagnostic_text(finding), soft_wrap=True)
    if imported.findings:
        console.print()
    read = ", ".join(_count(n, _FORMATS.get(name, name)) for name, n in imported.formats.items())
    console.print(Text(f"Read {read or 'nothing'}."), soft_wrap=True)
    console.print(
        Text.assemble(
            (_count(imported.rules, "rule"), "bold"),
            _of(imported.rules, imported.rules_stated),
            ", ",
            (_count(imported.mappings, "mapping"), "bold"),
            _of(imported.mappings, imported.mappings_stated),
            f"; {_count(imported.errors, 'error')}, {_count(imported.warnings, 'warning')}",
        ),
        soft_wrap=True,
    )
    for name, number in imported.connectors.items():
        console.print(Text(f"  {name}: {_count(number, 'rule')}", "dim"), soft_wrap=True)


def _of(number: int, stated: int) -> str:
    return f" of {stated} that the files state" if number != stated else ""


def _count(number: int, noun: str) -> str:
    plural = noun if number == 1 else noun.replace("file", "files", 1) if " file" in f" {noun}" else f"{noun}s"
    return f"{number} {plural}"
