"""Directory extensions: attributes that an application adds to the schema, and which values they take.

Their names are `extension_<application id without dashes>_<name>`. Knows no objects and no requests.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["DATA_TYPES", "MULTI_TYPES", "TARGETS", "ExtensionProperty", "extension_name", "takes"]

_INT32, _INT64 = 31, 63
_TEXT_LIMIT = 256
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DATA_TYPES: tuple[str, ...] = ("Binary", "Boolean", "DateTime", "Integer", "LargeInteger", "String")
MULTI_TYPES = frozenset({"Binary", "Integer", "LargeInteger", "String"})
TARGETS: Mapping[str, str] = {
    "User": "user",
    "Group": "group",
    "Device": "device",
    "Application": "application",
    "AdministrativeUnit": "",
    "Organization": "",
}
"""Graph's names of object types that can be extended, and ours; the empty ones the mock has no objects of."""


@dataclass(frozen=True, slots=True)
class ExtensionProperty:
    """One registered directory extension."""

    id: str
    application: str
    """The object id of the application that owns it; empty where synchronization brought it."""
    name: str
    data_type: str = "String"
    multi: bool = False
    targets: tuple[str, ...] = ("User",)
    implied: bool = False
    """Whether it is known only because a value came in over the sync face or with the seed: any value fits."""

    def fits(self, kind: str) -> bool:
        """Whether objects of that kind can have it."""
        return self.implied or any(TARGETS.get(target) == kind for target in self.targets)


def extension_name(application_id: str, name: str) -> str:
    """The full name of an application's extension.

    >>> extension_name("0f3c2c5a-6e8a-4d9f-9d53-5b8a1f0c7e11", "badge")
    'extension_0f3c2c5a6e8a4d9f9d535b8a1f0c7e11_badge'
    """
    return f"extension_{application_id.replace('-', '')}_{name}"


def takes(extension: ExtensionProperty, value: object) -> bool:
    """Whether a JSON value is one of the extension's type; None, which clears it, always is."""
    if value is None or extension.implied:
        return True
    if extension.multi:
        return isinstance(value, list) and all(_one(extension.data_type, item) for item in value)
    return _one(extension.data_type, value)


def _one(data_type: str, value: object) -> bool:
    if data_type == "Boolean":
        return isinstance(value, bool)
    if data_type in ("Integer", "LargeInteger"):
        bits = _INT32 if data_type == "Integer" else _INT64
        return isinstance(value, int) and not isinstance(value, bool) and -(1 << bits) <= value < 1 << bits
    if not isinstance(value, str):
        return False
    return bool(_STAMP.fullmatch(value)) if data_type == "DateTime" else len(value) <= _TEXT_LIMIT
