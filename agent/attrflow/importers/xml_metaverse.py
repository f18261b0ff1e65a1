"""MV.xml of the product's configuration folder (root `saved-mv-configuration`) -> metaverse and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from attrflow.importers.dsml import read_dsml
from attrflow.importers.findings import Findings, Place
from attrflow.importers.xml_tree import Element
from attrflow.model.schema import Schema

__all__ = ["ServerConfiguration", "read_xml_metaverse"]


@dataclass(frozen=True, slots=True)
class ServerConfiguration:
    """What holds for the server as a whole."""

    file: str
    server: str
    exported: str
    """When it was exported, as the file says it."""
    metaverse: Schema
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The global parameters by name (`Microsoft.…`); encrypted ones are left out."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where each parameter stands; the schema under an empty name."""

    def parameter(self, name: str) -> str | None:
        """A global parameter by its name in any case, without the `Microsoft.` before it; None where it is not."""
        folded = f"microsoft.{name}".casefold()
        return next((text for key, text in self.parameters.items() if key.casefold() == folded), None)

    def place(self, name: str) -> Place:
        """Where a parameter stands, by its name as `parameter` takes it; the schema's place without a name."""
        folded = f"microsoft.{name}".casefold() if name else ""
        line = next((line for key, line in self.lines.items() if key.casefold() == folded), 1)
        return Place(self.file, line)


def read_xml_metaverse(root: Element, file: str, findings: Findings) -> ServerConfiguration:
    """The server's configuration; what is missing is empty."""
    data = root.child("mv-data") or root
    schema_element = data.child("schema")
    schema, _ = read_dsml(schema_element, file, findings) if schema_element is not None else (Schema(), {})
    values = data.child("parameter-values")
    parameters: dict[str, str] = {}
    lines = {"": schema_element.line if schema_element is not None else 1}
    for parameter in values.all("parameter") if values is not None else ():
        name = parameter.attribute("name")
        if name and parameter.attribute("encrypted") in (None, "0"):
            parameters[name] = parameter.text.strip()
            lines[name] = parameter.line
    return ServerConfiguration(
        file, root.attribute("server") or "", root.attribute("export-date") or "", schema, parameters, lines
    )
