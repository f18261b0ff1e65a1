"""The default library: rule templates, and how they become the rules of one project (DECISIONS 12).

A template is a rule document without `id`, `connector`, `precedence` and `library`, and with `version`.
It may say `like = "NAME"` of another template beside it and then holds only what differs: its `flows`
are laid over the other's, every other key replaces the other's. Files are read elsewhere and handed in
as text; there is no second, hidden source of rules: what is materialised is what runs.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from attrflow.rules.document import read_rule_table
from attrflow.rules.rule import Rule, named_guid
from attrflow.rules.writing import write_rule

__all__ = ["DEFAULT_ORDER", "FIRST_PRECEDENCE", "content_hash", "defaults_for", "is_edited", "materialise"]

FIRST_PRECEDENCE: Final = 100
"""Default rules are numbered from here; lower numbers are left to rules of one's own (documented)."""

DEFAULT_ORDER: Final = (
    "ad/user-join",
    "ad/inetorgperson-join",
    "ad/user-account-enabled",
    "ad/inetorgperson-account-enabled",
    "ad/user-common-exchange",
    "ad/inetorgperson-common-exchange",
    "ad/user-common",
    "ad/inetorgperson-common",
    "ad/user-exchange",
    "ad/inetorgperson-exchange",
    "ad/group-join",
    "ad/group-exchange",
    "ad/group-common",
    "ad/contact-join",
    "ad/contact-common",
    "ad/foreign-security-principal-join",
    "openldap/user-join",
    "openldap/user-common",
    "openldap/group-join",
    "openldap/group-common",
    "entra/in-user-join",
    "entra/in-contact-join",
    "entra/in-group-join",
    "entra/out-user-join",
    "entra/out-user-identity",
    "entra/out-user-exchange-online",
    "entra/out-contact-join",
    "entra/out-contact-identity",
    "entra/out-contact-exchange-online",
    "entra/out-group-join",
    "entra/out-group-identity",
    "entra/out-group-exchange-online",
)
"""All templates as `kind/name`, in the order of precedence over both directions (behaviour.md §6)."""


def defaults_for(kind: str) -> tuple[str, ...]:
    """The templates of a connector kind, in order of precedence; none for a kind without defaults.

    >>> defaults_for("openldap")[0]
    'openldap/user-join'
    """
    return tuple(name for name in DEFAULT_ORDER if name.partition("/")[0] == kind)


def materialise(
    template_text: str,
    connector_name: str,
    connector_id: str,
    precedence: int,
    *,
    like: Callable[[str], str] | None = None,
) -> Rule:
    """The template as a rule of one connector.

    The id follows from the template's tag and the connector's id alone. `like` gives the text of the
    template that another one names, by name within the same kind.

    Raises:
        ValueError: the template is faulty; the library's own templates are all tested not to be.
    """
    table = _table(template_text, like)
    version = table.pop("version", None)
    if not isinstance(version, int) or not isinstance(table.get("tag"), str):
        raise ValueError("a rule template needs a version (a whole number) and a tag")
    tag = str(table["tag"])
    reserved = {"id", "connector", "precedence", "library"} & table.keys()
    if reserved:
        raise ValueError(f"template {tag}: {', '.join(sorted(reserved))} is filled in, not written down")
    table |= {
        "id": named_guid(tag, connector_id.lower()),
        "connector": connector_name,
        "precedence": precedence,
    }
    rule, findings = read_rule_table(table)
    if rule is None or findings:
        raise ValueError(f"template {tag}: " + "; ".join(finding.message for finding in findings))
    return replace(rule, library=f"{tag}@{version}#{content_hash(rule)}")


def content_hash(rule: Rule) -> str:
    """Twelve hexadecimal digits of what the rule does, whichever project, connector and number it has."""
    neutral = replace(rule, id="", connector="", precedence=0, library=None, disabled=False)
    return hashlib.sha256(write_rule(neutral).encode("utf-8")).hexdigest()[:12]


def is_edited(rule: Rule) -> bool:
    """Whether a rule from the library says something else than the template it was made from.

    Its precedence, and whether it is disabled, do not count.
    """
    return rule.library is not None and rule.library.rpartition("#")[2] != content_hash(rule)


def _table(text: str, like: Callable[[str], str] | None) -> dict[str, Any]:
    table = tomllib.loads(text)
    name = table.pop("like", None)
    if name is None:
        return table
    if like is None:
        raise ValueError(f"the template is like {name!r}, whose text was not handed in")
    base = _table(like(str(name)), like)
    flows = base.get("flows", {}) | table.get("flows", {})
    return base | table | {"flows": flows}
