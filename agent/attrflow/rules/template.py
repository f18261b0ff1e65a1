"""The default library: rule templates, and how they become the rules of one project (DECISIONS 12).

A template is a rule document without `id`, `connector`, `precedence` and `library`, and with `version`.
It may say `like = "NAME"` of another template beside it and then holds only what differs: its `flows`
are laid over the other's, every other key replaces the other's; `without = ["NAME"]` takes flows out.
`requires = ["WORD"]` keeps it back unless the project's features say the word, `[when.WORD]` holds what is laid over
it where they do, and `{{NAME}}` stands for one of their values (`features`). Files are read elsewhere and handed in
as text; there is no second, hidden source of rules: what is materialised is what runs.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from attrflow.rules.document import read_rule_table
from attrflow.rules.features import DEFAULT_FEATURES, Features
from attrflow.rules.rule import Rule, named_guid
from attrflow.rules.writing import write_rule

__all__ = ["DEFAULT_ORDER", "FIRST_PRECEDENCE", "content_hash", "defaults_for", "is_edited", "materialise"]

_BLANK: Final = re.compile(r"\{\{([a-z-]+)\}\}")

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
    "ad/user-lync",
    "ad/inetorgperson-lync",
    "ad/group-join",
    "ad/group-exchange",
    "ad/group-common",
    "ad/contact-join",
    "ad/contact-common",
    "ad/contact-lync",
    "ad/foreign-security-principal-join",
    "openldap/user-join",
    "openldap/user-common",
    "openldap/group-join",
    "openldap/group-common",
    "openldap/group-of-unique-names-join",
    "openldap/group-of-unique-names-common",
    "openldap/posix-group-join",
    "openldap/posix-group-common",
    "entra/in-user-join",
    "entra/in-contact-join",
    "entra/in-group-join",
    "entra/in-user-ngckey",
    "entra/out-user-join",
    "entra/out-user-identity",
    "entra/out-user-exchange-online",
    "entra/out-user-dynamics-crm",
    "entra/out-user-intune",
    "entra/out-user-lync-online",
    "entra/out-user-sharepoint-online",
    "entra/out-user-azure-rms",
    "entra/out-contact-join",
    "entra/out-contact-identity",
    "entra/out-contact-exchange-online",
    "entra/out-contact-dynamics-crm",
    "entra/out-contact-intune",
    "entra/out-contact-lync-online",
    "entra/out-contact-sharepoint-online",
    "entra/out-contact-azure-rms",
    "entra/out-group-join",
    "entra/out-group-identity",
    "entra/out-group-exchange-online",
    "entra/out-group-dynamics-crm",
    "entra/out-group-intune",
    "entra/out-group-lync-online",
    "entra/out-group-sharepoint-online",
    "entra/out-group-azure-rms",
    "entra/out-user-office-pro-plus",
    "entra/in-contact-exchange-hybrid",
    "entra/in-group-exchange-hybrid",
    "entra/in-user-exchange-hybrid",
    "ad/out-contact-join",
    "ad/out-group-join",
    "ad/out-inetorgperson-join",
    "ad/out-user-join",
    "ad/out-contact-exchange-hybrid",
    "ad/out-group-exchange-hybrid",
    "ad/out-inetorgperson-exchange-hybrid",
    "ad/out-user-exchange-hybrid",
    "ad/computer-join",
    "entra/out-device-join",
    "ad/device-common",
    "ad/out-user-immutable-id",
    "ad/user-directory-extension",
    "ad/group-directory-extension",
    "entra/out-user-directory-extension",
    "entra/out-group-directory-extension",
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
    features: Features = DEFAULT_FEATURES,
    graph: bool = False,
    flows: Mapping[str, object] | None = None,
) -> Rule | None:
    """The template as a rule of one connector; None where the features lack a word that it requires.

    The id follows from the template's tag and the connector's id alone.

    Args:
        template_text: the template's text.
        connector_name: the connector's name in the project.
        connector_id: its GUID.
        precedence: the rule's number.
        like: gives the text of the template that another one names, by name within the same kind.
        features: what the project's default rules depend on.
        graph: the connector is an Entra one on the `graph` channel.
        flows: flows that do not come from a template, such as those of directory extensions.

    Raises:
        ValueError: the template is faulty; the library's own templates are all tested not to be.
    """
    table = _table(template_text, like, features.blanks(connector_name))
    words = features.words(connector_name, graph=graph)
    requires = table.pop("requires", [])
    version = table.pop("version", None)
    if not isinstance(version, int) or not isinstance(table.get("tag"), str):
        raise ValueError("a rule template needs a version (a whole number) and a tag")
    if not words.issuperset(requires):
        return None
    tag = str(table["tag"])
    for word, variant in table.pop("when", {}).items():
        if word in words:
            table = _laid_over(table, variant)
    table["flows"] = {name: flow for name, flow in table["flows"].items() if name not in table.get("without", ())}
    table.pop("without", None)
    table["flows"] |= flows or {}
    if table.get("direction") == "outbound" and tag.startswith("entra-"):
        excluded = {name.casefold() for name in features.excluded_attributes}
        table["flows"] = {name: flow for name, flow in table["flows"].items() if name.casefold() not in excluded}
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


def _table(text: str, like: Callable[[str], str] | None, blanks: Mapping[str, str]) -> dict[str, Any]:
    table = tomllib.loads(_BLANK.sub(lambda found: _filled(found[1], blanks), text))
    name = table.pop("like", None)
    table.setdefault("flows", {})
    if name is None:
        return table
    if like is None:
        raise ValueError(f"the template is like {name!r}, whose text was not handed in")
    return _laid_over(_table(like(str(name)), like, blanks), table)


def _laid_over(base: dict[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """Flows one by one, variants word by word, every other key as a whole."""
    merged = {**base, **table}
    merged["flows"] = base.get("flows", {}) | table.get("flows", {})
    when = {word: dict(variant) for word, variant in base.get("when", {}).items()}
    for word, variant in table.get("when", {}).items():
        when[word] = _laid_over(when[word], variant) if word in when else variant
    if when:
        merged["when"] = when
    return merged


def _filled(name: str, blanks: Mapping[str, str]) -> str:
    if name not in blanks:
        raise ValueError(f"there is nothing to fill the blank {{{{{name}}}}} with")
    return blanks[name]
