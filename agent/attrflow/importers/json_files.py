"""JSON files -> drafts and connectors: the wizard's settings file, exported rules; what else there is, is named.

The settings file states a rule of one's own whole and names a standard rule by its tag. No complete file is
public, so that its keys are matched with aliases, and what is not known is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from attrflow.importers.connectors import ENTRA_ID, Container, ExportedConnector, ExportedPartition
from attrflow.importers.draft import DraftRule, Word
from attrflow.importers.findings import Findings, Place
from attrflow.importers.json_rule import is_rule, read_json_rule
from attrflow.importers.json_tree import Json, read_json

__all__ = ["JsonFile", "read_json_file"]

_ONPREMISES: Final = ("onpremisesDirectoryPolicy", "onPremisesDirectoryPolicies")
_CLOUD: Final = ("azureDirectoryPolicy", "cloudDirectoryPolicy")
_METADATA: Final = ("policyMetadata", "deploymentMetadata")


@dataclass(slots=True)
class JsonFile:
    """What one file states, and which format it has."""

    format: str
    drafts: list[DraftRule] = field(default_factory=list)
    connectors: list[ExportedConnector] = field(default_factory=list)
    refused: int = 0
    """Rules that the file states and of which no draft could be made; told already."""

    def add(self, draft: DraftRule | None) -> None:
        """One more rule of the file; None where it was refused."""
        if draft is None:
            self.refused += 1
        else:
            self.drafts.append(draft)


def read_json_file(text: str, file: str, findings: Findings) -> JsonFile:
    """What a text that begins like JSON states."""
    root = read_json(text, file, findings)
    place = Place(file, 1)
    if root is None:
        return JsonFile("other-json")
    if root.has(*_ONPREMISES, *_CLOUD):
        return _Settings(root, file, findings).read()
    if root.has("policyMetadata"):
        message = "the settings file holds no rules (a MigratedPolicy.json): they are in the XML folder beside it"
        findings.note(place, "no-rules", message)
        return JsonFile("settings-json")
    if root.has("synchronizationRules") and root.has("directories"):
        message = "a Cloud Sync schema (Graph synchronizationSchema): this format is not read yet"
        help = "its functions are those of the provisioning service, not of the sync engine"
        findings.tell(place, "format-not-read", message, help=help)
        return JsonFile("cloud-sync-schema")
    if not any(is_rule(node) for node in root.each()):
        findings.tell(place, "not-a-rule-export", "JSON that holds no synchronization rule; it is not read")
        return JsonFile("other-json")
    found = JsonFile("rules-json")
    for node in root.each():
        if not is_rule(node):
            message = f"one element is no rule, and is not read: {node.shown()}"
            findings.tell(Place(file, node.line), "not-a-rule-export", message)
            continue
        found.add(read_json_rule(node, file, None, findings))
    return found


class _Settings:
    """Reads one settings file."""

    def __init__(self, root: Json, file: str, findings: Findings) -> None:
        self.root = root
        self.file = file
        self.findings = findings
        self.found = JsonFile("settings-json")

    def read(self) -> JsonFile:
        onpremises = self.root.get(*_ONPREMISES)
        for policy in onpremises.each() if onpremises is not None else ():
            self._directory(policy)
        cloud = self.root.get(*_CLOUD)
        for policy in cloud.each() if cloud is not None else ():
            id_ = self._said(policy, "uniqueIdentifier", "identifier") or self._other_connector() or ENTRA_ID
            name = self._said(policy, "friendlyName", "fullyQualifiedDomainName") or "entra"
            plain = id_.strip("{}").casefold()
            self.found.connectors.append(ExportedConnector(plain, name, "entra", file=self.file, line=policy.line))
            self._rules(policy, Word(id_, Place(self.file, policy.line)))
            self._unknown(policy, "azureDirectoryPolicy")
        for name in _METADATA:
            self.root.get(name)
        self._unknown(self.root, "the settings file")
        return self.found

    def _said(self, node: Json, *names: str) -> str:
        found = node.get(*names)
        return (found.text() or "").strip() if found is not None else ""

    def _other_connector(self) -> str:
        """The one connector of the deployment that is no directory on premises."""
        metadata = self.root.get("deploymentMetadata")
        ids = metadata.get("connectorIds") if metadata is not None else None
        known = {connector.id for connector in self.found.connectors}
        texts = [(one.text() or "").strip("{}").casefold() for one in (ids.each() if ids is not None else ())]
        others = [id_ for id_ in texts if id_ and id_ not in known]
        return others[0] if len(others) == 1 else ""

    def _directory(self, policy: Json) -> None:
        id_ = self._said(policy, "uniqueIdentifier", "identifier")
        name = self._said(policy, "friendlyName", "fullyQualifiedDomainName") or id_
        forest = self._said(policy, "fullyQualifiedDomainName") or None
        filters = policy.get("partitionFilters")
        partitions = tuple(self._partition(one) for one in (filters.each() if filters is not None else ()))
        plain = id_.strip("{}").casefold()
        self.found.connectors.append(
            ExportedConnector(plain, name, "ad", partitions, forest=forest, file=self.file, line=policy.line)
        )
        self._rules(policy, Word(id_, Place(self.file, policy.line)))
        self._unknown(policy, "onpremisesDirectoryPolicy")

    def _partition(self, node: Json) -> ExportedPartition:
        dn = self._said(node, "distinguishedName", "name")
        containers = [
            Container(text, selected)
            for selected, key in ((True, "containerInclusions"), (False, "containerExclusions"))
            for one in self._listed(node, key)
            if (text := (one.text() or "").strip())
        ]
        self._unknown(node, "a partition filter")
        return ExportedPartition(dn, selected=True, containers=tuple(containers), object_types=(), line=node.line)

    def _rules(self, policy: Json, connector: Word) -> None:
        for node in self._listed(policy, "customSynchronizationRules"):
            self._add(node, connector, stub=False)
        for node in self._listed(policy, "standardSynchronizationRules"):
            self._add(node, connector, stub=not is_rule(node))

    def _listed(self, policy: Json, key: str) -> Iterator[Json]:
        found = policy.get(key)
        yield from found.each() if found is not None else ()

    def _add(self, node: Json, connector: Word, *, stub: bool) -> None:
        if not isinstance(node.value, dict):
            message = f"one element is no rule, and is not read: {node.shown()}"
            self.findings.tell(Place(self.file, node.line), "not-a-rule-export", message)
            return
        self.found.add(read_json_rule(node, self.file, connector, self.findings, stub=stub))

    def _unknown(self, node: Json, of: str) -> None:
        for key, value in node.unasked():
            message = f"{key!r} is no known key of {of}; it is not read: {value.shown()}"
            self.findings.warn(Place(self.file, value.line), "unknown-key", message)
