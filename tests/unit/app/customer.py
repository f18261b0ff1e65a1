"""A customer of the tests: a museum with one forest and a tenant, whose files lie beside the importers' tests."""

from __future__ import annotations

import json
from pathlib import Path

from attrflow.app.library import materialise_defaults
from attrflow.app.operations.case_import import CaseImportDocument, import_case
from attrflow.app.operations.cases import load_case
from attrflow.cases.format import Case
from attrflow.importers.state_files import StateKind

CUSTOMER = Path(__file__).parents[1] / "importers" / "customer"
HQ, ENTRA = "6d2c9d0a-4b6b-4c39-8c5a-0f3f6a5c1001", "b891884f-051e-4a83-95af-2544101c9083"
KARI = "CN=Kari Nordmann,OU=Gallery,DC=museum,DC=test"
OLA = "CN=Ola Hansen,OU=Gallery,DC=museum,DC=test"
ANCHOR = "bn8NWwwvUUqaDmHBt/GwAQ=="
OLA_ANCHOR = "bn8NWwwvUUqaDmHBt/GwAg=="
CLOUD_DN = "CN={626E384E5777777655557161446D4842742F477741513D3D}"
FILES: dict[StateKind, Path] = {
    "ldif": CUSTOMER / "users.ldif",
    "csexport": CUSTOMER / "entra.xml",
    "graph": CUSTOMER / "user.json",
    "mvobject": CUSTOMER / "metaverse.json",
}


def rule_folder(folder: Path, *without: str, only: str = " User ") -> Path:
    """The default rules of a museum's forest and its tenant, as a bare folder: those with `only` in their names."""
    for name, text in materialise_defaults([("museum", HQ, "ad"), ("entra", ENTRA, "entra")]):
        if only in name and not any(word in name for word in without):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder


class Customer:
    """Files of one test, and what is made of them."""

    def __init__(self, rules: Path, folder: Path) -> None:
        self.rules = rules
        self.folder = folder
        self.files: list[tuple[StateKind, Path]] = []

    def has(self, *kinds: StateKind) -> Customer:
        """The museum's own files of these kinds."""
        self.files += [(kind, FILES[kind]) for kind in kinds]
        return self

    def gives(self, kind: StateKind, content: object) -> Customer:
        """A file of its own: text, or what becomes JSON."""
        path = self.folder / f"{kind}-{len(self.files)}"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        self.files.append((kind, path))
        return self

    def case(self, name: str = KARI) -> tuple[CaseImportDocument, Case]:
        """The document, and the case as it was written; it ran and held."""
        into = self.folder / "made.toml"
        document = import_case(self.rules, self.files, name, into)
        assert document.passed, (document.reason, document.case)
        assert into.read_text(encoding="utf-8") == document.case
        return document, load_case(into)


def missing(document: CaseImportDocument) -> list[str]:
    """What is missing, by its name."""
    return [lack.what for lack in document.missing]
