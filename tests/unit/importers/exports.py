"""Exports as texts, made for these tests: a library (of books) with one directory and one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrflow.importers.connectors import Known, Remapping
from attrflow.importers.finishing import ImportedRule, finish_rules
from attrflow.importers.reading import Reading, Source, read_sources
from attrflow.model.diagnostics import Diagnostic

BOOKS = "2f1d7c3a-90b4-4a6e-8f52-3b7d1e0c4a01"
"""The directory's connector on the server that the exports are from."""
RULE = "2f1d7c3a-90b4-4a6e-8f52-3b7d1e0c4b{:02d}"
HUB = Known("books", BOOKS, "ad")
CLOUD = Known("entra", "b891884f-051e-4a83-95af-2544101c9083", "entra")


def xml_rule(
    number: int = 1, mappings: str = "", scope: str = "", join: str = "", also: str = "", **fields: Any
) -> str:
    """A rule file; a field that is None is left out."""
    stated: dict[str, str | None] = {
        "id": f"{{{RULE.format(number)}}}",
        "name": f"In from AD - Reader {number}",
        "description": "",
        "direction": "Inbound",
        "disabled": "False",
        "connector": f"{{{BOOKS.upper()}}}",
        "sourceObjectType": "user",
        "targetObjectType": "person",
        "linkType": "Join",
        "precedence": str(40 + number),
        "EnablePasswordSync": "false",
    }
    stated |= {key.replace("_", "-"): value for key, value in fields.items()}
    lines = "\n".join(f"  <{key}>{value}</{key}>" for key, value in stated.items() if value is not None)
    return f"""<synchronizationRule>
{lines}
  <attribute-mappings>{mappings}</attribute-mappings>
  <relationshipCriteria>{join}</relationshipCriteria>
  <synchronizationCriteria>{scope}</synchronizationCriteria>{also}
</synchronizationRule>
"""


def mapping(destination: str, source: str = "", expression: str = "", merge: str = "Update", once: str = "") -> str:
    """A mapping element; `source` is the inside of `src`."""
    text = f"<expression>{expression}</expression>" if expression else ""
    return (
        f"<mapping{once}><dest>{destination}</dest><src>{source}</src>{text}"
        f"<valueMergeType>{merge}</valueMergeType></mapping>"
    )


def finished(
    *files: str | bytes,
    names: Mapping[str, str] | None = None,
    project: Sequence[Known] | None = (HUB, CLOUD),
) -> tuple[list[ImportedRule], list[Diagnostic], Reading]:
    """The rules of files that are called file1, file2 …, all findings, and the reading."""
    reading = read_sources(
        Source(f"file{number}", file.encode() if isinstance(file, str) else file)
        for number, file in enumerate(files, start=1)
    )
    remapping = Remapping(names or {}, reading.connectors, project, reading.findings)
    rules = finish_rules(reading.drafts, remapping, lambda *_: None, reading.findings)
    remapping.tell()
    return rules, reading.findings.all, reading


def told(findings: Sequence[Diagnostic]) -> list[str]:
    """Findings as `code file:line`, in order."""
    return [f"{f.code} {f.file or '-'}:{f.span.line if f.span else 0}" for f in findings]
