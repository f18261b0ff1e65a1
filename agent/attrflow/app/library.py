"""The default rule library's files: read from the package, handed to `rules` as text.

The one place that knows where the templates lie. The core may not read files (DECISIONS 12, 29).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache, partial
from importlib.resources import files

from attrflow.model.schema import Schema
from attrflow.rules.features import DEFAULT_FEATURES, Features
from attrflow.rules.rule import Rule
from attrflow.rules.schema_document import read_schema
from attrflow.rules.template import DEFAULT_ORDER, FIRST_PRECEDENCE, materialise
from attrflow.rules.writing import write_rule

__all__ = [
    "default_rules",
    "library_text",
    "materialise_defaults",
    "metaverse_schema",
    "rule_file_name",
]

_METAVERSE = "metaverse.toml"


@cache
def library_text(name: str) -> str:
    """The text of a library file by its path below the library, such as `ad/user-join.toml`."""
    return (files("attrflow.rules") / "defaults" / name).read_text(encoding="utf-8")


@cache
def metaverse_schema() -> Schema:
    """The schema of the default metaverse."""
    schema, diagnostics = read_schema(library_text(_METAVERSE), _METAVERSE)
    assert not diagnostics, diagnostics[0]
    return schema


def default_rules(
    connectors: Sequence[tuple[str, str, str]],
    features: Features = DEFAULT_FEATURES,
    *,
    graph: Collection[str] = (),
) -> tuple[Rule, ...]:
    """The default rules of connectors given as (name, id, kind), in the order they were added.

    Numbered from 100 over both directions; a rule that several connectors have stands once for each, in
    their order, before the next rule (behaviour.md §6). `graph` names the Entra connectors on that channel.
    """
    rules: list[Rule] = []
    for template in DEFAULT_ORDER:
        kind = template.partition("/")[0]
        for name, id_, of in connectors:
            if of == kind:
                rule = materialise(
                    library_text(f"{template}.toml"),
                    name,
                    id_,
                    FIRST_PRECEDENCE + len(rules),
                    like=partial(_beside, kind),
                    features=features,
                    graph=name in graph,
                    flows=features.extension_flows(template),
                )
                rules += [rule] if rule is not None else []
    return tuple(rules)


def _beside(kind: str, name: str) -> str:
    return library_text(f"{kind}/{name}.toml")


def materialise_defaults(connectors: Sequence[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """The default rules as files: (path below `rules/`, text), by precedence."""
    return [(rule_file_name(rule), write_rule(rule)) for rule in default_rules(connectors)]


def rule_file_name(rule: Rule) -> str:
    """Where a rule's file goes: `<connector>/<precedence> <name>.toml`, without what file systems refuse."""
    name = "".join("-" if c in '<>:"/\\|?*' or ord(c) < 0x20 else c for c in rule.name).strip(" .")
    return f"{rule.connector}/{rule.precedence} {name}.toml"
