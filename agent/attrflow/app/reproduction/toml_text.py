"""Plain tables -> the text of a case file: values as cases write them, keys bare where they can be."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Mapping
from typing import Final

from attrflow.connectors.entra.graph_values import sid_text
from attrflow.rules.writing import toml_string

__all__ = ["Inline", "table_text", "toml_key", "toml_value"]

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_GUIDS: Final = frozenset({"objectguid", "ms-ds-consistencyguid", "msexchmailboxguid", "msexcharchiveguid"})
_SIDS: Final = frozenset(
    {"objectsid", "onpremisesecurityidentifier", "msexchmasteraccountsid", "msrtcsip-originatorsid"}
)
_WIDTH: Final = 110


class Inline(dict[str, object]):
    """A table that stands on one line, with its name as given."""


def toml_key(name: str) -> str:
    """A key, quoted where it must be.

    >>> toml_key("mail"), toml_key("kari@entra")
    ('mail', '"kari@entra"')
    """
    return name if _BARE.fullmatch(name) else toml_string(name) if "'" not in name else f'"{name}"'


def toml_value(value: object, name: str = "") -> str:
    """A value as a case file writes it; several stand in a list, and none is an empty list.

    >>> toml_value(("a",)), toml_value(("a", "b")), toml_value(()), toml_value(True), toml_value(b"\\x01")
    ('"a"', '["a", "b"]', '[]', 'true', '{ b64 = "AQ==" }')
    """
    if isinstance(value, tuple):
        return toml_value(value[0], name) if len(value) == 1 else toml_value(list(value), name)
    if isinstance(value, list):
        parts = [toml_value(one, name) for one in value]
        line = f"[{', '.join(parts)}]"
        return line if len(line) <= _WIDTH else "[\n" + "".join(f"  {part},\n" for part in parts) + "]"
    if isinstance(value, Mapping):
        parts = [f"{toml_key(key)} = {toml_value(one, key)}" for key, one in value.items()]
        return f"{{ {', '.join(parts)} }}" if parts else "{}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return _octets(value, name.casefold())
    text = str(value)
    return toml_string(text).replace("\n", "\\n") if "\n" not in text else _one_line(text)


def _one_line(text: str) -> str:
    """A string with line breaks, escaped: inline tables may not be broken."""
    body = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
    return f'"{body}"'


def _octets(value: bytes, name: str) -> str:
    if name in _GUIDS and len(value) == 16:
        return f'{{ guid = "{uuid.UUID(bytes_le=value)}" }}'
    if name in _SIDS:
        try:
            return f'{{ sid = "{sid_text(value)}" }}'
        except ValueError:
            pass
    return f'{{ b64 = "{base64.b64encode(value).decode("ascii")}" }}'


def table_text(path: str, table: Mapping[str, object], notes: Mapping[str, str] | None = None) -> str:
    """A table with its header, a key a line; tables inside of it that are not `Inline` follow as tables of their own.

    `notes` are comments behind keys. A table with nothing but tables in it has no header.
    """
    notes = notes or {}
    own = {key: value for key, value in table.items() if not _is_table(value)}
    lines = [f"[{path}]"] if own or not table else []
    for key, value in own.items():
        comment = f"  # {notes[key]}" if key in notes else ""
        lines.append(f"{toml_key(key)} = {toml_value(value, key)}{comment}")
    text = "".join(f"{line}\n" for line in lines)
    for key, value in table.items():
        if _is_table(value):
            assert isinstance(value, Mapping)
            text += ("\n" if text else "") + table_text(f"{path}.{toml_key(key)}", value)
    return text


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) and not isinstance(value, Inline)
