"""What a default rule looked like when a project got it: found again by the hash that the rule carries.

The library keeps the templates of earlier versions below `past/`; a rule may also have come from the template of
now under other features. Every candidate is made and compared with the hash, so that a base is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib.resources import files
from itertools import product

from attrflow.app.library import library_text
from attrflow.rules.features import COMPLETE, JOINS, Features
from attrflow.rules.rule import Rule
from attrflow.rules.template import DEFAULT_ORDER, content_hash, materialise

__all__ = ["base_of"]

_LIMITS = (50_000, 250_000)


def base_of(rule: Rule, features: Features) -> Rule | None:
    """The library's rule that this one was made from; None where no candidate has its hash."""
    tag, _, wanted = (rule.library or "").partition("@")[0], "", (rule.library or "").rpartition("#")[2]
    template = next((name for name in DEFAULT_ORDER if name.replace("/", "-") == tag), None)
    if template is None:
        return None
    kind, _, name = template.partition("/")
    for text in _texts(kind, name):
        for candidate, graph in _candidates(features):
            found = materialise(
                text,
                rule.connector,
                "",
                rule.precedence,
                like=partial(_beside, kind),
                features=candidate,
                graph=graph,
                flows=candidate.extension_flows(template),
            )
            if found is not None and content_hash(found) == wanted:
                return replace(found, id=rule.id)
    return None


def _candidates(features: Features) -> Iterator[tuple[Features, bool]]:
    """The project's features first, then others that make a difference to a template, one or two at a time."""
    yield from ((features, graph) for graph in (False, True))
    anchors = (features.anchor, "objectGUID", "mS-DS-ConsistencyGuid")
    names = (features.upn_attribute, "userPrincipalName", "mail")
    complete = replace(
        COMPLETE,
        extension_app=features.extension_app,
        extensions=features.extensions,
        ldap_groups=("groupOfUniqueNames", "posixGroup"),
    )
    for anchor, upn, hybrid in product(dict.fromkeys(anchors), dict.fromkeys(names), (True, False)):
        yield replace(complete, anchor=anchor, upn_attribute=upn, hybrid_exchange=hybrid), False
    for join, filters in product(dict.fromkeys((features.join, *JOINS)), (features.group_filter, {})):
        yield replace(complete, join=join, group_filter=filters), False
    for limit, excluded, graph in product(
        dict.fromkeys((features.group_member_limit, *_LIMITS)), (features.excluded_attributes, ()), (False, True)
    ):
        yield replace(complete, group_member_limit=limit, excluded_attributes=excluded), graph


def _texts(kind: str, name: str) -> Iterator[str]:
    yield library_text(f"{kind}/{name}.toml")
    past = files("attrflow.rules") / "defaults" / "past"
    if past.is_dir():
        for file in sorted(past.iterdir(), key=lambda f: f.name):
            if file.name.startswith(f"{kind}-{name}@"):
                yield file.read_text(encoding="utf-8")


def _beside(kind: str, name: str) -> str:
    return library_text(f"{kind}/{name}.toml")
