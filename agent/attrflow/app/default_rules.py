"""The default rules that a project's settings ask for, and features as people write them on a command line."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping

from attrflow.app.library import default_rules, metaverse_schema
from attrflow.app.settings import Settings
from attrflow.app.settings_features import FEATURE_KEYS, read_features
from attrflow.app.settings_table import Table
from attrflow.model.errors import SettingsError
from attrflow.rules.features import JOINS, Features
from attrflow.rules.positions import Finding, suggestion
from attrflow.rules.rule import Rule
from attrflow.rules.writing import toml_string

__all__ = ["default_rules_of", "features_of"]

_LISTS = frozenset({"apps", "excluded-attributes", "extensions", "ldap-groups"})


def default_rules_of(settings: Settings, connectors: Collection[str] | None = None) -> tuple[Rule, ...]:
    """The default rules of the project's connectors, or of some of them, by its features."""
    chosen = [c for c in settings.connectors.values() if connectors is None or c.name in connectors]
    graph = [c.name for c in chosen if c.kind == "entra" and c.settings.get("channel") == "graph"]
    return default_rules([(c.name, c.id, c.kind) for c in chosen], settings.features, graph=graph)


def features_of(given: Mapping[str, str]) -> Features:
    """The features that were named, by key of `[features]`; lists are separated by commas, an empty value is true.

    Raises:
        SettingsError: a key is unknown, or its value makes no sense, or the metaverse has no such attribute.
    """
    lines = []
    for key, text in given.items():
        if key not in FEATURE_KEYS:
            near = suggestion(key, FEATURE_KEYS) or "the features are " + ", ".join(FEATURE_KEYS)
            raise SettingsError(f"There is no feature {key!r}.", help=near[0].upper() + near[1:])
        lines.append(f"{key} = {_toml(key, text.strip())}")
    findings: list[Finding] = []
    features = read_features(Table(tomllib.loads("\n".join(lines)), ("features",), findings), ())
    if findings:
        raise SettingsError(findings[0].message, help=findings[0].help)
    persons = metaverse_schema().object_types["person"]
    if features.join not in JOINS and persons.attribute(features.join) is None:
        raise SettingsError(
            f"Users cannot be matched by {features.join!r}: a person of the metaverse has no such attribute.",
            help=suggestion(features.join, (*JOINS, *persons.attributes))
            or f"It is {', '.join(JOINS)}, or an attribute of the metaverse; `[metaverse.attributes]` adds one.",
        )
    return features


def _toml(key: str, text: str) -> str:
    if key in _LISTS:
        return f"[{', '.join(toml_string(one.strip()) for one in text.split(',') if one.strip())}]"
    if text in ("", "true", "yes", "on"):
        return "true"
    if text in ("false", "no", "off"):
        return "false"
    return text if text.isdecimal() else toml_string(text)
