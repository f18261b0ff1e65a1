"""CLIXML as Export-Clixml writes it -> plain values: tables, lists, texts, numbers, octets.

Objects become tables of their properties. Nothing is made of type names: no object comes to life.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from attrflow.importers.findings import Findings, Place
from attrflow.importers.xml_records import Node, xml_records

__all__ = ["read_clixml"]

_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NUMBERS: Final = frozenset(["I16", "I32", "I64", "U16", "U32", "U64", "By", "SB"])
_TOP: Final = (
    *("Obj", "S", "B", "BA", "G", "DT", "TS", "Nil", "Db", "Sg", "D", "C", "XD", "URI", "Version", "SBK", "SS", "Ref"),
    *sorted(_NUMBERS),
)
_LISTS: Final = ("LST", "IE", "STK", "QUE")


def read_clixml(stream: BinaryIO, file: str, findings: Findings) -> Iterator[tuple[int, Any]]:
    """The values at the top of a file, each with its line; a list is taken apart."""
    known: dict[str, Any] = {}
    for node in xml_records(stream, file, findings, _TOP, roots=("Objs",)):
        value = _value(node, known, Place(file), findings)
        for one in value if isinstance(value, list) else [value]:
            yield node.line, one


def _value(node: Node, known: dict[str, Any], file: Place, findings: Findings) -> Any:
    name = node.name
    if name == "Obj":
        return _object(node, known, file, findings)
    if name == "Ref":
        return known.get(node.attributes.get("RefId", ""))
    if name == "Nil":
        return None
    text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), node.text)
    if name == "B":
        return text.strip().casefold() == "true"
    if name == "SS":
        findings.note(file.at(node.line), "secret-left-out", "a secure string is not taken over")
        return None
    try:
        if name in _NUMBERS:
            return int(text)
        if name in ("Db", "Sg", "D"):
            return float(text)
        if name == "BA":
            return base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error):
        findings.tell(file.at(node.line), "wrong-value", f"<{name}> holds {text[:40]!r}, which is none; read as text")
    return text


def _object(node: Node, known: dict[str, Any], file: Place, findings: Findings) -> Any:
    reference = node.attributes.get("RefId", "")
    table: dict[str, Any] = {}
    known[reference] = table
    shown: Any = None
    for child in node.children:
        if child.name in ("Props", "MS"):
            for one in child.children:
                table[_named(one)] = _value(one, known, file, findings)
        elif child.name in _LISTS:
            shown = [_value(one, known, file, findings) for one in child.children]
        elif child.name == "DCT":
            for pair in child.all("En"):
                parts = {one.attributes.get("N"): _value(one, known, file, findings) for one in pair.children}
                table[str(parts.get("Key"))] = parts.get("Value")
        elif child.name not in ("TN", "TNRef", "ToString"):
            shown = _value(child, known, file, findings)  # a number or text with properties beside it
    result = table if shown is None and (table or node.child("DCT") or node.child("Props")) else shown
    if result is None:
        text = node.child("ToString")
        result = text.text if text is not None else None
    known[reference] = result
    return result


def _named(node: Node) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), node.attributes.get("N", ""))
