"""From rules to text: the stable form in which a rule stands in its file and a rule set in the store.

Key order, quoting and line breaks depend on the rule alone, so that one change is one hunk. The way
back is `document`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from attrflow.rules.clauses import write_join_clause, write_scope_clause
from attrflow.rules.rule import AttributeMapping, Rule

__all__ = ["toml_string", "write_flows", "write_rule", "write_rules"]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ESCAPES = str.maketrans(
    {
        **{chr(code): f"\\u{code:04X}" for code in (*range(0x20), 0x7F)},
        "\b": "\\b",
        "\t": "\\t",
        "\n": "\\n",
        "\f": "\\f",
        "\r": "\\r",
        '"': '\\"',
        "\\": "\\\\",
    }
)


def write_rule(rule: Rule) -> str:
    """The rule as the text of its file; `read_rule` gives the same rule back.

    Raises:
        ValueError: an attribute's name in a clause holds white space, so the line could not be read.
    """
    return _write(rule, "")


def write_rules(rules: Iterable[Rule]) -> str:
    """Rules as one TOML document of `[[rule]]` tables; `read_rules` gives the same rules back."""
    return "\n".join(f"[[rule]]\n{_write(rule, 'rule.')}" for rule in rules)


def toml_string(text: str, *, literal: bool = False) -> str:
    """The text as a TOML string, in the form with the fewest escapes.

    `literal` prefers single quotes, as suits expressions, which are full of double ones.

    >>> print(toml_string('IIF([a]="x",1,2)'))
    'IIF([a]="x",1,2)'
    """
    plain = not _CONTROL.search(text)
    if plain and "\n" in text and "'''" not in text and not text.endswith("'"):
        return f"'''\n{text}'''"
    if plain and "\n" not in text and "'" not in text and (literal or '"' in text or "\\" in text):
        return f"'{text}'"
    return _escaped(text)


def _escaped(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def _write(rule: Rule, prefix: str) -> str:
    lines = [
        f"name = {toml_string(rule.name)}",
        f"id = {toml_string(rule.id)}",
        f"direction = {toml_string(rule.direction)}",
        f"connector = {toml_string(rule.connector)}",
        f"source-type = {toml_string(rule.source_type)}",
        f"target-type = {toml_string(rule.target_type)}",
        f"link = {toml_string(rule.link)}",
        f"precedence = {rule.precedence}",
    ]
    if rule.disabled:
        lines.append("disabled = true")
    if rule.password_sync:
        lines.append("password-sync = true")
    if rule.tag is not None:
        lines.append(f"tag = {toml_string(rule.tag)}")
    if rule.library is not None:
        lines.append(f"library = {toml_string(rule.library)}")
    if rule.description:
        lines.append(f"description = {toml_string(rule.description)}")
    for group in rule.scope:
        lines += ["", f"[[{prefix}scope]]", _group([write_scope_clause(clause) for clause in group])]
    for join in rule.join:
        lines += ["", f"[[{prefix}join]]", _group([write_join_clause(clause) for clause in join])]
    if rule.mappings:
        lines += ["", f"[{prefix}flows]"]
        for destination, mappings in groupby(rule.mappings, key=lambda mapping: mapping.destination):
            lines.append(f"{_key(destination)} = {write_flows(list(mappings))}")
    return "\n".join(lines) + "\n"


def _group(clauses: list[str]) -> str:
    written = [toml_string(clause) for clause in clauses]
    if len(written) <= 1:
        return f"all = [{', '.join(written)}]"
    return "all = [\n" + "".join(f"  {clause},\n" for clause in written) + "]"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _escaped(name)


def write_flows(mappings: list[AttributeMapping]) -> str:
    """The flows to one destination as TOML: one value, or a list of them."""
    if len(mappings) == 1:
        return _flow(mappings[0])
    return "[\n" + "".join(f"  {_flow(mapping)},\n" for mapping in mappings) + "]"


def _flow(mapping: AttributeMapping) -> str:
    extras: list[str] = []
    if mapping.merge != "update":
        extras.append(f"merge = {toml_string(mapping.merge)}")
    if mapping.execute_once:
        extras.append("once = true")
    source = toml_string(mapping.source, literal=mapping.flow == "expression")
    if mapping.flow == "direct" and not extras:
        return source
    return "{ " + ", ".join([f"{mapping.flow} = {source}", *extras]) + " }"
