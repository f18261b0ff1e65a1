"""Values of expressions as people and files write them, and an object made of such values.

In files: text, numbers and booleans plain, lists for several values, `{"datetime": …}`, `{"base64": …}` and
`{"ref": …}` for the rest. On the command line: `name=text`, `name:number=5`, `name[]=one of several`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from attrflow.expr import EvaluationContext, FlowWord, Many, Scalar
from attrflow.model.errors import SettingsError
from attrflow.model.names import DistinguishedName, InvalidName, parse_dn
from attrflow.model.values import Reference

__all__ = ["GivenObject", "decoded", "encoded", "given_attributes", "shown", "type_name"]

_GIVEN = re.compile(r"(?P<name>[^=:\[\]]+)(?P<many>\[\])?(?::(?P<type>[a-z]+))?=(?P<text>.*)", re.DOTALL)
_TYPES = ("text", "number", "boolean", "binary", "reference", "date")
_LONGEST_SHOWN = 200


def decoded(data: object) -> Scalar | Many:
    """The value of a case file.

    Raises:
        ValueError: it is none.
    """
    if isinstance(data, list):
        items = [decoded(item) for item in data]
        return tuple(_single(item) for item in items)
    if isinstance(data, dict) and len(data) == 1:
        ((kind, text),) = data.items()
        if kind == "base64" and isinstance(text, str):
            return base64.b64decode(text, validate=True)
        if kind == "datetime" and isinstance(text, str):
            moment = datetime.fromisoformat(text)
            return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        if kind == "ref" and isinstance(text, str):
            return parse_dn(text)
    if isinstance(data, datetime):
        return data.astimezone(UTC) if data.tzinfo is not None else data.replace(tzinfo=UTC)
    if isinstance(data, str | int) and not isinstance(data, float):
        return data
    raise ValueError(f"no value of the expression language: {data!r}")


def _single(value: Scalar | Many) -> Scalar:
    if isinstance(value, tuple):
        raise ValueError("a list within a list is no value")
    return value


def encoded(value: object) -> object:
    """The value as a case file writes it; NULL and flow words are their names."""
    if value is None:
        return "NULL"
    if isinstance(value, FlowWord):
        return value.value
    if isinstance(value, tuple):
        return [encoded(item) for item in value]
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, datetime):
        return {"datetime": value.isoformat().replace("+00:00", "Z")}
    if isinstance(value, DistinguishedName):
        return {"ref": value.text}
    return {"ref": f"#{value.id}"} if isinstance(value, Reference) else value


def type_name(value: object) -> str:
    """The type of a value in a word.

    >>> type_name(("a",)), type_name(True), type_name(None)
    ('several texts', 'boolean', 'NULL')
    """
    if isinstance(value, tuple):
        kinds = {type_name(item) for item in value}
        return f"several {kinds.pop()}s" if len(kinds) == 1 else "several values"
    if isinstance(value, DistinguishedName | Reference):
        return "reference"
    names = {str: "text", bool: "boolean", int: "number", bytes: "binary", datetime: "date", FlowWord: "flow word"}
    return names.get(type(value), "NULL")


def shown(value: object) -> str:
    """The value as people read it in a tree: texts in quotes, long ones with what is left out counted.

    >>> shown("a"), shown(("a", 5)), shown(None), shown(b"ab")
    ('"a"', '("a", 5)', 'NULL', 'binary YWI=')
    """
    if isinstance(value, tuple):
        items = [shown(item) for item in value[:10]]
        more = [f"and {len(value) - 10} more"] if len(value) > 10 else []
        return f"({', '.join([*items, *more])})"
    if isinstance(value, str):
        cut = value[:_LONGEST_SHOWN]
        text = cut.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
        return f'"{text}"' + (f" and {len(value) - len(cut)} characters more" if len(cut) < len(value) else "")
    if isinstance(value, bytes):
        text = base64.b64encode(value[:48]).decode("ascii")
        return f"binary {text}" + (f" and {len(value) - 48} bytes more" if len(value) > 48 else "")
    data = encoded(value)
    return str(next(iter(data.values()))) if isinstance(data, dict) else str(data)


def given_attributes(texts: Iterable[str]) -> dict[str, Scalar | Many]:
    """Attributes as the command line gives them; a name that is given again has several values.

    Raises:
        SettingsError: one of them cannot be read.
    """
    found: dict[str, list[Scalar]] = {}
    many: set[str] = set()
    for text in texts:
        match = _GIVEN.fullmatch(text)
        if match is None or (match["type"] or "text") not in _TYPES:
            raise SettingsError(
                f"{text!r} is no attribute",
                help=f"name=value, name:TYPE=value with a type of {', '.join(_TYPES)}, or name[]=value for several",
            )
        name = match["name"].strip()
        found.setdefault(name, []).append(_typed(match["type"] or "text", match["text"], name))
        if match["many"]:
            many.add(name)
    return {name: tuple(values) if len(values) > 1 or name in many else values[0] for name, values in found.items()}


def _typed(type_: str, text: str, name: str) -> Scalar:
    try:
        if type_ == "number":
            return int(text)
        if type_ == "binary":
            return base64.b64decode(text, validate=True)
        if type_ == "reference":
            return parse_dn(text)
        if type_ == "date":
            return _single(decoded({"datetime": text}))
    except (ValueError, binascii.Error, InvalidName) as error:
        raise SettingsError(f"{name}: {text!r} is no {type_}", help=str(error)) from error
    if type_ == "boolean":
        if text.lower() not in ("true", "false"):
            raise SettingsError(f"{name}: {text!r} is no boolean", help="True or False")
        return text.lower() == "true"
    return text


@dataclass(slots=True)
class GivenObject:
    """An object made of given values, over a stored one where there is one; keeps what it is told."""

    attributes: Mapping[str, Scalar | Many] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    imports: Mapping[str, Scalar | Many] | None = None
    """What `ImportedValue` sees; None: the attributes."""
    base: EvaluationContext | None = None
    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    seen: dict[int, list[object]] = field(default_factory=dict)

    def attribute(self, name: str) -> Scalar | Many | None:
        """The attribute of this exact name."""
        if name in self.attributes or self.base is None:
            return self.attributes.get(name)
        return self.base.attribute(name)

    def imported(self, name: str) -> Scalar | Many | None:
        """The attribute as an import has confirmed it."""
        if self.imports is not None:
            return self.imports.get(name)
        return self.attribute(name) if name in self.attributes or self.base is None else self.base.imported(name)

    def count(self, name: str) -> int:
        """How many values the attribute has."""
        if name not in self.attributes and self.base is not None:
            return self.base.count(name)
        value = self.attributes.get(name)
        return len(value) if isinstance(value, tuple) else int(value is not None)

    def parameter(self, name: str) -> str | None:
        """The configuration parameter of this name."""
        if name in self.parameters or self.base is None:
            return self.parameters.get(name)
        return self.base.parameter(name)

    def now(self) -> datetime:
        """The moment of the evaluation."""
        return self.base.now() if self.base is not None else self.at

    def guid(self) -> str:
        """A GUID; always the same where no project gives one."""
        return self.base.guid() if self.base is not None else "6f1b0b3e-7a52-4c7e-9a55-0d5a0f3c2b11"

    def random(self, low: int, high: int) -> int:
        """A number from low to high; always the same where no project gives one."""
        return self.base.random(low, high) if self.base is not None else (low + high) // 2

    def observe(self, node_id: int, value: object) -> None:
        """Keep what a node gave, each time that it was evaluated."""
        self.seen.setdefault(node_id, []).append(value)
