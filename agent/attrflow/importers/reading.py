"""Files of any kind -> what they state: drafts of rules, connectors, the server's configuration, findings.

What a file is shows in its content, not in its name. A format that is known and not read is named in its
finding; nothing is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from attrflow.importers.connectors import ExportedConnector
from attrflow.importers.decoding import decoded
from attrflow.importers.draft import DraftRule
from attrflow.importers.findings import Findings, Place
from attrflow.importers.json_files import read_json_file
from attrflow.importers.powershell import read_powershell
from attrflow.importers.xml_connector import read_xml_connector
from attrflow.importers.xml_metaverse import ServerConfiguration, read_xml_metaverse
from attrflow.importers.xml_rule import read_xml_rule
from attrflow.importers.xml_tree import Element, read_xml

__all__ = ["SIZE_MAX", "Reading", "Source", "read_sources"]

SIZE_MAX: Final = 16 * 1024 * 1024
"""Octets of one file; a connector file with a whole AD schema has about two million."""
SCRIPT_MAX: Final = 4 * 1024 * 1024
"""Characters of one script, which take a quarter of a minute; a rule with forty mappings has ten thousand."""

_DSC_ITEMS: Final = re.compile(r"^[^\S\n]*(?:Items[^\S\n]*:|-[^\S\n]+Name[^\S\n]*:)", re.MULTILINE)
_DSC_KEYS: Final = re.compile(r"\b(?:SourceObjectType|AttributeFlowMappings|ConnectorName|ScopeFilter)\s*:")

_DSC_RESOURCE: Final = re.compile(r"^[^\S\n]*(?:AADSyncRule|AADConnectDirectoryExtensionAttribute)\s", re.MULTILINE)
_JSON_START: Final = re.compile(r"\{\s*[\"}]|\[\s*[\[{\]]")
_RULE_COMMANDS: Final = re.compile(r"-ADSync(?:Rule|AttributeFlowMapping|\w+ConditionGroup)\b", re.IGNORECASE)
_FOLDER_INSTEAD: Final = "export the server's configuration folder (Get-ADSyncServerConfiguration) and import that"


@dataclass(frozen=True, slots=True)
class Source:
    """One file: as it is called in messages, and its octets."""

    file: str
    octets: bytes


@dataclass(slots=True)
class Reading:
    """Everything that some files state."""

    findings: Findings = field(default_factory=Findings)
    drafts: list[DraftRule] = field(default_factory=list)
    connectors: list[ExportedConnector] = field(default_factory=list)
    server: ServerConfiguration | None = None
    refused: int = 0
    """Rules that files state and of which there is no draft."""
    formats: dict[str, int] = field(default_factory=dict)
    """How many files there were of each format."""

    def count(self, format_: str) -> None:
        """One more file of a format."""
        self.formats[format_] = self.formats.get(format_, 0) + 1


def read_sources(sources: Iterable[Source]) -> Reading:
    """What all files state, in their order; a connector that is stated twice is the first one."""
    reading = Reading()
    for source in sources:
        read_source(source, reading)
    return reading


def read_source(source: Source, reading: Reading, *, asked: bool = True) -> None:
    """Add what one file states; `asked`: somebody named it, and did not only name its folder."""
    if len(source.octets) > SIZE_MAX:
        tell_too_large(source.file, len(source.octets), reading)
        return
    text = decoded(source.octets, source.file, reading.findings)
    start = text.lstrip()
    if not start:
        reading.findings.warn(Place(source.file), "empty-file", "the file is empty")
    elif start.startswith("<") and not start.startswith("<#"):
        _read_xml(text, source.file, reading)
    elif _JSON_START.match(start):
        _read_json(text, source.file, reading)
    elif _DSC_ITEMS.search(text) and _DSC_KEYS.search(text):
        reading.count("dsc-items")
        message = "AADConnectDsc items (YAML): this format is not read yet"
        reading.findings.tell(Place(source.file, 1), "format-not-read", message, help=_FOLDER_INSTEAD)
    elif _DSC_RESOURCE.search(text):
        reading.count("dsc-configuration")
        message = "an AADConnectDsc configuration (PowerShell): this format is not read yet"
        reading.findings.tell(Place(source.file, 1), "format-not-read", message, help=_FOLDER_INSTEAD)
    elif _RULE_COMMANDS.search(text):
        reading.count("powershell")
        if len(text) > SCRIPT_MAX:
            tell_too_large(source.file, len(text), reading, SCRIPT_MAX)
            return
        drafts = read_powershell(text, source.file, reading.findings)
        reading.drafts += drafts
        if not drafts:
            message = "a script that makes no synchronization rule: there is nothing to import"
            reading.findings.tell(Place(source.file, 1), "not-a-rule-export", message)
    else:
        _unread(source.file, reading, asked=asked)


def tell_too_large(file: str, size: int, reading: Reading, limit: int = SIZE_MAX) -> None:
    """Say that a file is larger than any export of its kind and is not read."""
    megabytes = 1024 * 1024
    message = f"the file has {size / megabytes:.0f} MB; more than {limit // megabytes} MB of such a file are not read"
    reading.findings.tell(
        Place(file), "too-large", message, help="no export of rules is that large: name the right file"
    )


def _read_xml(text: str, file: str, reading: Reading) -> None:
    root = read_xml(text, file, reading.findings)
    if root is None:
        return
    name = root.name.casefold()
    if name == "synchronizationrule":
        _rule(root, file, reading)
    elif any(child.name.casefold() == "synchronizationrule" for child in root.children):
        for child in root.all("synchronizationRule"):
            _rule(child, file, reading)
    elif (connector := root if name == "ma-data" else root.child("ma-data")) is not None:
        _connector(connector, file, reading)
    elif name == "saved-mv-configuration":
        reading.count("xml-metaverse")
        if reading.server is not None:
            message = f"the server's configuration was read already: {reading.server.file}"
            reading.findings.warn(Place(file, 1), "duplicate-file", message)
            return
        reading.server = read_xml_metaverse(root, file, reading.findings)
    else:
        reading.count("xml-other")
        message = f"XML with the root <{root.name}> is no rule, connector or metaverse file; it is not read"
        reading.findings.note(Place(file, root.line), "not-a-rule-export", message)


def _rule(root: Element, file: str, reading: Reading) -> None:
    reading.count("xml-rule")
    reading.drafts.append(read_xml_rule(root, file, reading.findings))


def _connector(root: Element, file: str, reading: Reading) -> None:
    reading.count("xml-connector")
    connector = read_xml_connector(root, file, reading.findings)
    if connector is None:
        return
    first = next((known for known in reading.connectors if known.id == connector.id), None)
    if first is not None:
        message = f"connector {connector.name!r} has the id of {first.name!r} ({first.file}); it is passed over"
        reading.findings.tell(Place(file, root.line), "duplicate-id", message)
        return
    reading.connectors.append(connector)


def _read_json(text: str, file: str, reading: Reading) -> None:
    found = read_json_file(text, file, reading.findings)
    reading.count(found.format)
    reading.drafts += found.drafts
    reading.refused += found.refused
    for connector in found.connectors:
        if all(known.id != connector.id for known in reading.connectors):
            reading.connectors.append(connector)


def _unread(file: str, reading: Reading, *, asked: bool) -> None:
    reading.count("text")
    message = "a text that makes or holds no synchronization rule; it is not read"
    reading.findings.tell(Place(file, 1), "not-a-rule-export", message, "error" if asked else "info")
