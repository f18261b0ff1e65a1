"""The table `[features]` of a settings file: the choices that the project's default rules follow from.

They are read when default rules are written, checked, restored or upgraded; what runs are the rule files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

from attrflow.app.settings_table import Table, kind_of
from attrflow.app.settings_values import ATTRIBUTE_NAME
from attrflow.model.schema import Syntax
from attrflow.rules.features import ALL_APPS, DEFAULT_FEATURES, JOINS, Extension, Features
from attrflow.rules.positions import suggestion
from attrflow.rules.writing import toml_string

__all__ = ["FEATURE_KEYS", "features_text", "read_features"]

_LDAP_GROUPS: Final = ("groupOfUniqueNames", "posixGroup")
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EXTENSION: Final = re.compile(r"(user|group)\.([A-Za-z][A-Za-z0-9-]*)(?:\s*:\s*([a-z]+))?")
_SYNTAXES: Final = {
    "string": (Syntax.STRING, False),
    "strings": (Syntax.STRING, True),
    "integer": (Syntax.INTEGER, False),
    "boolean": (Syntax.BOOLEAN, False),
    "binary": (Syntax.BINARY, False),
    "binaries": (Syntax.BINARY, True),
}
"""The kinds that the cloud takes as directory extensions (documented)."""

_NOTES: Final[Mapping[str, str]] = {
    "exchange": "the directory has Exchange's schema",
    "lync": "the directory has Lync's schema",
    "hybrid-exchange": "write back what Exchange Online knows",
    "devices": "computers, devices, and the keys that devices register",
    "anchor": "or mS-DS-ConsistencyGuid, or another attribute that never changes",
    "upn-attribute": "what people sign in with, such as mail",
    "join": f"how users of several forests are matched: {', '.join(JOINS)}, or an attribute",
    "group-member-limit": "a group with more members stays as it is in the cloud; 250000 at most",
    "apps": f"services with rules of their own, or all of them: {', '.join(ALL_APPS)}",
    "excluded-attributes": "cloud attributes that no default rule flows",
    "group-filter": "the DN of a group whose direct members alone are synchronized; or a table of DNs by connector",
    "extension-app": "the application that directory extensions are named after",
    "extensions": 'such as "user.employeeType", "group.info", "user.badges: strings"',
    "ldap-groups": f"further kinds of groups of OpenLDAP: {', '.join(_LDAP_GROUPS)}",
}
_SHORT: Final = 80
"""Characters of a comment that stands behind its key; a longer one stands above it."""

FEATURE_KEYS: Final = tuple(_NOTES)
"""The keys of the table, in the order in which they are written."""


def read_features(table: Table, connectors: Iterable[str]) -> Features:
    """The features of the table; what is wrong is told and has its default."""
    table.only(FEATURE_KEYS, "[features]")
    default = DEFAULT_FEATURES
    return Features(
        exchange=_flag(table, "exchange", default=default.exchange),
        lync=_flag(table, "lync", default=default.lync),
        hybrid_exchange=_flag(table, "hybrid-exchange", default=default.hybrid_exchange),
        devices=_flag(table, "devices", default=default.devices),
        anchor=_attribute(table, "anchor", default.anchor),
        upn_attribute=_attribute(table, "upn-attribute", default.upn_attribute),
        join=_attribute(table, "join", default.join),
        group_member_limit=table.number("group-member-limit", 1, 250_000) or default.group_member_limit,
        apps=_apps(table),
        excluded_attributes=tuple(name for _, name in table.texts("excluded-attributes")),
        group_filter=_group_filter(table, tuple(connectors)),
        extension_app=_app(table),
        extensions=tuple(_extensions(table)),
        ldap_groups=tuple(_chosen(table, "ldap-groups", _LDAP_GROUPS)),
    )


def features_text(features: Features = DEFAULT_FEATURES) -> str:
    """The table as a settings file has it, with a comment to each key."""
    lines = [
        "# What the default rules follow from. A change here changes no rule by itself:",
        "# `attrflow rules status` says what would differ, `attrflow rules upgrade` brings it about.",
        "[features]",
    ]
    for key, value in _values(features).items():
        line = f"{key} = {_toml(value)}"
        note = _NOTES[key]
        lines += [f"{line:<33} # {note}"] if len(note) <= _SHORT else [f"# {note}", line]
    return "\n".join((*lines, ""))


def _values(features: Features) -> dict[str, object]:
    filters = features.group_filter
    by_connector: object = filters.get("*", "") if set(filters) <= {"*"} else dict(filters)
    return {
        "exchange": features.exchange,
        "lync": features.lync,
        "hybrid-exchange": features.hybrid_exchange,
        "devices": features.devices,
        "anchor": features.anchor,
        "upn-attribute": features.upn_attribute,
        "join": features.join,
        "group-member-limit": features.group_member_limit,
        "apps": list(features.apps),
        "excluded-attributes": list(features.excluded_attributes),
        "group-filter": by_connector,
        "extension-app": features.extension_app,
        "extensions": [_extension_text(extension) for extension in features.extensions],
        "ldap-groups": list(features.ldap_groups),
    }


def _extension_text(extension: Extension) -> str:
    kind = next(word for word, known in _SYNTAXES.items() if known == (extension.syntax, extension.multi))
    name = f"{extension.object_type}.{extension.attribute}"
    return name if kind == "string" else f"{name}: {kind}"


def _toml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml_string(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    return toml_string(value) if isinstance(value, str) else str(value).lower()


def _flag(table: Table, key: str, *, default: bool) -> bool:
    value = table.flag(key, default=default)
    return default if value is None else value


def _attribute(table: Table, key: str, default: str) -> str:
    value = table.text(key)
    if value is None:
        return default
    if not ATTRIBUTE_NAME.fullmatch(value):
        table.wrong(key, f"{key!r} must be an attribute's name, found {value!r}", f'such as {key} = "{default}"')
        return default
    return value


def _apps(table: Table) -> tuple[str, ...]:
    if "apps" not in table:
        return DEFAULT_FEATURES.apps
    if table.values["apps"] in ("all", ["all"]):
        return ALL_APPS
    return tuple(_chosen(table, "apps", ALL_APPS))


def _chosen(table: Table, key: str, known: tuple[str, ...]) -> Iterator[str]:
    for place, name in table.texts(key):
        if name in known:
            yield name
        else:
            help_ = suggestion(name, known) or f"they are {', '.join(known)}"
            table.wrong(place, f"{key!r} has no {name!r}", help_)


def _group_filter(table: Table, connectors: tuple[str, ...]) -> dict[str, str]:
    value = table.values.get("group-filter", "")
    if isinstance(value, str):
        return {"*": value.strip()} if value.strip() else {}
    if not isinstance(value, dict):
        message = f"'group-filter' must be the DN of a group or a table of them, found {kind_of(value)}"
        table.tell("group-filter", "wrong-type", message)
        return {}
    filters: dict[str, str] = {}
    by_connector = table.table("group-filter")
    for name in by_connector.values:
        if name not in connectors:
            help_ = suggestion(name, connectors) or f"the connectors are {', '.join(connectors) or 'none yet'}"
            by_connector.wrong(name, f"'group-filter' names {name!r}, which is no connector", help_)
        elif (dn := by_connector.text(name)) is not None:
            filters[name] = dn
    return filters


def _app(table: Table) -> str:
    if table.values.get("extension-app") in (None, ""):
        if table.values.get("extensions"):
            table.missing("extension-app", 'add: extension-app = "the application\'s GUID", which the names begin with')
        return ""
    value = table.text("extension-app") or ""
    if value and not _GUID.fullmatch(value):
        table.wrong("extension-app", f"'extension-app' must be a GUID, found {value!r}")
        return ""
    return value


def _extensions(table: Table) -> Iterator[Extension]:
    seen: set[str] = set()
    for place, text in table.texts("extensions"):
        match = _EXTENSION.fullmatch(text)
        kind = (match[3] or "string") if match is not None else ""
        if match is None or kind not in _SYNTAXES:
            kinds = ", ".join(_SYNTAXES)
            help_ = f"such as 'user.employeeType', or with a kind: 'user.badges: strings' ({kinds})"
            table.wrong(place, f"{text!r} is no directory extension", help_)
            continue
        name = f"{match[1]}.{match[2]}".casefold()
        if name in seen:
            table.wrong(place, f"{match[1]}.{match[2]} stands twice")
            continue
        seen.add(name)
        object_type: Literal["user", "group"] = "user" if match[1] == "user" else "group"
        yield Extension(object_type, match[2], *_SYNTAXES[kind])
