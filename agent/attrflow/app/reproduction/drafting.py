"""The selected objects -> the draft of a case: what the directories hold; `given_state` adds what the store does.

What the files do not say is left to the rules, and noted; nothing is made up but an objectGUID where none is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from attrflow.app.case_schemas import memory_type
from attrflow.app.library import metaverse_schema
from attrflow.app.reproduction.circle import key_of
from attrflow.app.reproduction.draft import Draft, DraftObject
from attrflow.app.reproduction.given_state import GivenState
from attrflow.app.reproduction.graph_attributes import graph_attributes, held_back
from attrflow.app.reproduction.naming import Names
from attrflow.app.reproduction.rules_home import CaseConnector, RulesHome
from attrflow.app.reproduction.selection import Person
from attrflow.cases.syntax import in_syntax
from attrflow.connectors.entra.names import cloud_anchor
from attrflow.importers.customer_state import attribute_of
from attrflow.model.schema import Syntax
from attrflow.model.values import Value, Values

__all__ = ["draft_case"]

_LARGE: Final = 2048
"""Octets beyond which a binary value is not taken over, unless a rule reads it."""
_OWN_AFFAIRS: Final = frozenset(
    [
        "distinguishedname",
        "name",
        "instancetype",
        "usncreated",
        "usnchanged",
        "whencreated",
        "whenchanged",
        "objectcategory",
        "codepage",
        "countrycode",
        "badpwdcount",
        "badpasswordtime",
        "lastlogoff",
        "lastlogon",
        "lastlogontimestamp",
        "logoncount",
        "logonhours",
        "dscorepropagationdata",
        "memberof",
        "directreports",
        "managedobjects",
        "primarygroupid",
        "samaccounttype",
        "accountexpires",
        "pwdlastset",
        "ntsecuritydescriptor",
        "objectclass",
        "replpropertymetadata",
        "msds-revealeddsas",
        "createtimestamp",
        "modifytimestamp",
        "creatorsname",
        "modifiersname",
        "entrycsn",
        "entrydn",
        "structuralobjectclass",
        "subschemasubentry",
        "hassubordinates",
        "contextcsn",
        "iscriticalsystemobject-default",
    ]
)
"""Attributes that a directory sets by itself: taken over only where a rule reads them."""
_COMPLETED: Final = {
    "ad": ("objectSid", "sAMAccountName", "userPrincipalName", "userAccountControl", "groupType", "cn"),
    "openldap": ("cn",),
}
"""What a case gives an object by itself (`cases.objects`), and so must be told not to."""


def draft_case(
    home: RulesHome, person: Person, others: Sequence[Person], references: frozenset[str], source: str
) -> Draft:
    """The draft; `references` are the attributes, folded, that hold DNs."""
    return _Drafting(home, person, others, references, source).draft


class _Drafting:
    def __init__(
        self, home: RulesHome, person: Person, others: Sequence[Person], references: frozenset[str], source: str
    ) -> None:
        self.home = home
        self.references = references
        self.entra = next((c for c in home.connectors.values() if c.schema == "entra"), None)
        stateful = person.space is not None or person.cloud_space is not None or person.record is not None
        basis = "observed" if stateful or person.cloud is not None else "assumed"
        title = f"{_label(person)} as the files of {'the server' if stateful else 'the directory'} show it"
        self.draft = Draft(person.dn, title, source, basis)
        self.people = [person, *others]
        self.names = Names(self.people)
        for one in self.people:
            self._object(one, own=one is person)
        for one in self.people:
            self._cloud_object(one, own=one is person)
        if stateful:
            GivenState(home, self.draft, self.names, self.entra, self._typed).write()

    def _object(self, person: Person, *, own: bool) -> None:
        connector = person.connector
        if connector is None:
            return
        attributes: dict[str, Values] = {}
        for name, values in person.attributes.items():
            if self._wanted(name, values, connector, own=own):
                attributes[name] = self._typed(name, values, connector.schema)
        without: tuple[str, ...] = ()
        if person.entry is not None or person.space is not None:
            without = tuple(n for n in _COMPLETED[connector.schema] if not attribute_of(person.attributes, n))
        if not attributes:
            self.draft.notes.append(f"Nothing is known of {person.dn} but its name.")
        self.draft.objects[self.names.of(person)] = DraftObject(
            self.names.of(person), connector, person.type, person.dn, attributes, without if attributes else ()
        )

    def _wanted(self, name: str, values: Values, connector: CaseConnector, *, own: bool) -> bool:
        folded = name.casefold()
        if folded in connector.reads or folded in ("objectguid", "entryuuid"):
            return True
        if folded in _OWN_AFFAIRS or not own:
            return False
        return all(len(value) <= _LARGE for value in values if isinstance(value, bytes))

    def _typed(self, name: str, values: Values, schema: str) -> Values:
        """Values in the schema's types, and references by the names of the case."""
        if name.casefold() in self.references:
            return tuple(self.names.target(str(value)) for value in values)
        known = memory_type(schema, name, metaverse_schema())
        return tuple(in_syntax(None if known.syntax is Syntax.BINARY else known.syntax, value) for value in values)

    def _cloud_object(self, person: Person, *, own: bool) -> None:
        if self.entra is None or not (own or self._is_named_in_cloud(person)):
            return
        space, cloud = person.cloud_space, person.cloud
        if space is None and cloud is None and own:
            return
        handle = self.names.in_cloud(person)
        attributes: dict[str, Values] = {}
        shown: dict[str, Values] = {}
        type_ = (
            "group"
            if person.type.casefold() in ("group", "groupofnames")
            else "contact"
            if person.type == "contact"
            else "user"
        )
        there = True
        if cloud is not None:
            type_ = cloud.type
            shown, faulty, unused = graph_attributes(cloud)
            if faulty:
                self.draft.notes.append(f"Graph's {', '.join(faulty)} cannot be read as it stands; left out.")
            if unused and own:
                self.draft.notes.append(f"Not used of what Graph shows: {', '.join(unused)}.")
        if space is not None and (space.images or space.changes):
            type_ = space.type or type_
            image = space.image("pending-import")
            there = bool(image.attributes)
            attributes = dict(image.attributes)
            attributes |= {name: tuple(map(self.names.target, dns)) for name, dns in image.references.items()}
        elif cloud is not None:
            attributes = dict(shown)
        elif person.anchors:
            attributes = {"sourceAnchor": (person.anchors[0],)}
        quarantined: dict[str, Values] = {}
        if cloud is not None:
            attributes, quarantined = held_back(cloud, attributes, shown)
            attributes.setdefault("cloudAnchor", (cloud_anchor(type_, cloud.id),))
            if quarantined and own:
                names = ", ".join(quarantined)
                self.draft.notes.append(
                    f"The tenant holds back values of {names}; an import returns what was exported."
                )
        dn = space.dn if space is not None else person.cloud_dn or f"CN={{{handle}}}"
        self.draft.objects[handle] = DraftObject(
            handle, self.entra, type_, dn, attributes if there else {}, (), there, quarantined
        )

    def _is_named_in_cloud(self, person: Person) -> bool:
        """Whether the counterpart of an object that is referred to is known to be in the tenant."""
        if person.cloud_space is not None or person.cloud is not None:
            return True
        image = self.people[0].cloud_space
        targets = image.image("pending-export").references.values() if image is not None else ()
        own = key_of(person.cloud_dn or "")
        return own is not None and any(key_of(dn) == own for dns in targets for dn in dns)

    # -- the starting state -----------------------------------------------------------------------


def _label(person: Person) -> str:
    names: Iterable[Value] = attribute_of(person.attributes, "displayName") or attribute_of(person.attributes, "cn")
    return next((str(name) for name in names), person.dn)
