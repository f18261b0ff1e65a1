"""What the default rules depend on: the choices that the product's wizard asks for, as one frozen noun.

A choice shows in the templates as a word that they require, as a variant (`[when.WORD]`) or as a blank that is filled
in (`{{name}}`). This module knows the words; how a template uses them is `template`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from attrflow.model.schema import AttributeType, Syntax

__all__ = ["ALL_APPS", "COMPLETE", "DEFAULT_FEATURES", "JOINS", "Extension", "Features", "JoinCriteria"]

ALL_APPS: Final = (
    "exchange-online",
    "dynamics-crm",
    "intune",
    "lync-online",
    "sharepoint-online",
    "azure-rms",
    "office-pro-plus",
)
"""The services that have outbound rules of their own (behaviour.md §6)."""

JoinCriteria = Literal["object-sid", "mail", "sam-account-name", "only-once", "attribute"]
JOINS: Final = ("object-sid", "mail", "sam-account-name", "only-once")
"""How users of several forests are matched; any other word names an attribute that both sides have."""

_CONSISTENCY_GUID: Final = "ms-ds-consistencyguid"
_OBJECT_GUID: Final = "objectguid"
_UPN: Final = "userprincipalname"


@dataclass(frozen=True, slots=True)
class Extension:
    """A directory attribute that goes to the cloud as a directory extension."""

    object_type: Literal["user", "group"]
    attribute: str
    syntax: Syntax = Syntax.STRING
    multi: bool = False

    def name(self, app: str) -> str:
        """Its name in the metaverse and in the cloud: of the application that owns it, and of the attribute."""
        return f"extension_{app.replace('-', '').lower()}_{self.attribute}"


@dataclass(frozen=True, slots=True)
class Features:
    """The choices behind a project's default rules."""

    exchange: bool = True
    """The directory has Exchange's schema."""
    lync: bool = False
    """The directory has Lync's schema."""
    hybrid_exchange: bool = False
    """What Exchange Online knows is written back to the directory."""
    devices: bool = False
    """Computers, devices and the keys that devices register."""
    anchor: str = "objectGUID"
    """The directory attribute that a user's sourceAnchor is made from."""
    upn_attribute: str = "userPrincipalName"
    """The directory attribute that people sign in with."""
    join: str = "object-sid"
    """One of `JOINS`, or the attribute that users of several forests are matched by."""
    group_member_limit: int = 50_000
    """A group with more members is not made in the cloud, and not changed there any more."""
    apps: tuple[str, ...] = ("exchange-online",)
    """The services that have outbound rules of their own; identity has its own in any case."""
    excluded_attributes: tuple[str, ...] = ()
    """Cloud attributes that no rule flows."""
    group_filter: Mapping[str, str] = field(default_factory=dict)
    """By connector, the DN of the group whose direct members alone are synchronized; `*` for every connector."""
    extension_app: str = ""
    """The application id that directory extensions are named after."""
    extensions: tuple[Extension, ...] = ()
    ldap_groups: tuple[str, ...] = ()
    """Further kinds of groups of an OpenLDAP server: groupOfUniqueNames, posixGroup."""

    def words(self, connector: str, *, graph: bool = False) -> frozenset[str]:
        """What holds for one connector, in the templates' words; `graph`: it is an Entra one on that channel."""
        anchor, join = self.anchor.casefold(), self.join if self.join in JOINS else "attribute"
        flags = {
            "exchange": self.exchange,
            "lync": self.lync,
            "hybrid-exchange": self.hybrid_exchange,
            "devices": self.devices,
            "consistency-guid": anchor == _CONSISTENCY_GUID,
            "anchor-attribute": anchor not in (_CONSISTENCY_GUID, _OBJECT_GUID),
            "alternate-upn": self.upn_attribute.casefold() != _UPN,
            "group-filter": self.filter_group(connector) is not None,
            "graph": graph,
            "group-of-unique-names": "groupOfUniqueNames" in self.ldap_groups,
            "posix-group": "posixGroup" in self.ldap_groups,
            f"join-{join}": True,
        }
        words = {word for word, holds in flags.items() if holds}
        words |= {f"app-{app}" for app in self.apps}
        words |= {f"extensions-{extension.object_type}" for extension in self.extensions}
        return frozenset(words)

    def blanks(self, connector: str) -> Mapping[str, str]:
        """What fills the templates' blanks for one connector."""
        return {
            "anchor": self.anchor,
            "upn-attribute": self.upn_attribute,
            "join-attribute": self.join,
            "group-member-limit": str(self.group_member_limit),
            # It stands in a string with escapes, and a DN may hold what must be escaped.
            "group-filter": (self.filter_group(connector) or "").replace("\\", "\\\\").replace('"', '\\"'),
        }

    def filter_group(self, connector: str) -> str | None:
        """The DN of the group whose members of a connector are synchronized; None for all objects."""
        return self.group_filter.get(connector) or self.group_filter.get("*")

    def extension_flows(self, template: str) -> Mapping[str, object]:
        """The flows of the directory-extension rules, as a template writes them; none for other templates.

        Strings are cut to the 250 characters that the cloud takes (documented).
        """
        kind, _, name = template.partition("/")
        object_type = name.removeprefix("out-").removesuffix("-directory-extension")
        if not name.endswith("-directory-extension"):
            return {}
        flows: dict[str, object] = {}
        for extension in self.extensions:
            if extension.object_type == object_type:
                target = extension.name(self.extension_app)
                cut = {"expression": f"Left([{extension.attribute}], 250)"}
                inbound = cut if extension.syntax is Syntax.STRING else extension.attribute
                flows[target] = inbound if kind == "ad" else target
        return flows

    def metaverse(self) -> Mapping[str, Mapping[str, AttributeType]]:
        """The metaverse attributes that directory extensions need, by object type and name."""
        found: dict[str, dict[str, AttributeType]] = {}
        for extension in self.extensions:
            name = extension.name(self.extension_app)
            mv_type = "person" if extension.object_type == "user" else "group"
            found.setdefault(mv_type, {})[name] = AttributeType(name, extension.syntax, extension.multi)
        return found


DEFAULT_FEATURES: Final = Features()
"""The compact set: the rules of the other services flow nothing that these do not."""

COMPLETE: Final = Features(lync=True, hybrid_exchange=True, devices=True, apps=ALL_APPS)
"""The set of a server that found Exchange's and Lync's schema and has hybrid write-back and devices."""
