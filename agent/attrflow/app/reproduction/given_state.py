"""What the server's files say -> the starting state of a case, and what its first step expects of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from attrflow.app.reproduction.circle import key_of
from attrflow.app.reproduction.draft import Draft
from attrflow.app.reproduction.naming import Names
from attrflow.app.reproduction.rules_home import CaseConnector, RulesHome
from attrflow.app.reproduction.selection import Person
from attrflow.app.reproduction.toml_text import Inline
from attrflow.importers.customer_state import (
    LAYERS,
    Change,
    Contribution,
    SpaceError,
    SpaceObject,
    attribute_of,
)
from attrflow.model.values import Value, Values

__all__ = ["GivenState"]

Typed = Callable[[str, Values, str], Values]


class GivenState:
    """Writes the starting state into a draft whose objects are there.

    Args:
        typed: the values of an attribute as a connector of a short schema has them, references by short names.
    """

    def __init__(self, home: RulesHome, draft: Draft, names: Names, entra: CaseConnector | None, typed: Typed) -> None:
        self.home = home
        self.draft = draft
        self.names = names
        self.entra = entra
        self._typed = typed
        self.people = names.people

    def write(self) -> None:
        """Write the state of every object, and what is expected of the first one."""
        for person in self.people:
            self._given(person, own=person is self.people[0])
        self._expected(self.people[0])

    def _given(self, person: Person, *, own: bool) -> None:
        handle = self.names.of(person)
        names = []
        if person.connector is not None:
            self.draft.given_cs[handle] = self._space(person, handle) if person.space is not None else {}
            names.append(handle)
        cloud = self.names.in_cloud(person)
        if cloud in self.draft.objects and self.draft.objects[cloud].connector is self.entra:
            space = person.cloud_space
            self.draft.given_cs[cloud] = self._layers(space) if space is not None else {}
            names.append(cloud)
        if not self._linked(person) or not names:
            return
        table: dict[str, object] = {}
        if person.record is not None:
            table["type"] = person.record.type
        if names != [handle]:
            table["links"] = list(names)
        if person.record is None:
            table["flowed"] = True
            if own:
                self.draft.notes.append("No file has the metaverse object: its values are what the rules give.")
        else:
            values, winners = self._metaverse(person.record.attributes, person)
            table["attributes"] = values
            if winners:
                table["winner"] = winners
        self.draft.given_mv[handle] = table

    def _linked(self, person: Person) -> bool:
        """Whether the object is, or must be taken to be, linked to a metaverse object."""
        if person.record is not None:
            return True
        said = [space.linked for space in (person.space, person.cloud_space) if space is not None]
        return not said or any(one is not False for one in said)

    def _space(self, person: Person, handle: str) -> dict[str, object]:
        """The entry of an on-premises object: where its image differs from its directory, and what waits."""
        space = person.space
        assert space is not None and person.connector is not None
        table: dict[str, object] = {}
        if "synchronized" not in space.images and "pending-import" in space.changes:
            table["image"] = False
        elif space.images or space.changes:
            image = space.image("synchronized")
            before: Mapping[str, Values] = {**image.attributes, **image.references}
            differing: dict[str, Values] = {}
            for name, values in before.items():
                if not _same(values, attribute_of(person.attributes, name), folded=name in image.references):
                    differing[name] = self._typed(name, tuple(values), person.connector.schema)
            for name in self.draft.objects[handle].attributes:
                if name.casefold() in person.connector.reads and not attribute_of(before, name):
                    differing[name] = ()
            if differing:
                table["image"] = Inline(differing) if len(differing) == 1 else differing
        return table | self._layers(space, image=False)

    def _layers(self, space: SpaceObject, *, image: bool = True) -> dict[str, object]:
        table: dict[str, object] = {}
        if image and (change := space.changes.get("pending-import")) is not None:
            below = space.image("synchronized")
            before = {**below.attributes, **below.references}
            table["image"] = {name: tuple(attribute_of(before, name)) for name in change.attributes}
        for layer in LAYERS:
            change = space.changes.get(layer)
            if change is not None:
                table[layer] = self._change(space, layer, change)
        if space.link is not None:
            table["link"] = space.link
        if (rule := self.home.rule(space.link_rule)) is not None:
            table["rule"] = rule.id if sum(r.name == rule.name for r in self.home.rules) > 1 else rule.name
        if space.state not in (None, "normal"):
            table["state"] = space.state
        if space.transient:
            table["transient"] = True
        for key, error in (("error", space.import_error), ("export-error", space.export_error)):
            if error is not None:
                table[key] = self._error(error)
        return table

    def _change(self, space: SpaceObject, layer: str, change: Change) -> object:
        if change.operation in ("delete", "obsolete"):
            return change.operation
        after = space.image(layer)
        whole = {**after.attributes, **after.references}
        names = (
            list(whole)
            if change.operation in ("add", "replace", "delete-add") and not change.attributes
            else list(change.attributes)
        )
        values: dict[str, object] = {}
        for name in names:
            found = attribute_of(whole, name)
            reference = name in after.references or (name in change.attributes and change.attributes[name].reference)
            values[name] = tuple(self.names.target(str(v)) for v in found) if reference else tuple(found)
        table: dict[str, object] = {}
        if change.operation != "update":
            table["operation"] = change.operation
        if change.new_dn is not None:
            table["new-dn"] = change.new_dn
        if values:
            table["attributes"] = Inline(values) if len(values) == 1 else values
        return table

    def _error(self, error: SpaceError) -> dict[str, object]:
        rule = self.home.rule(error.rule)
        words = {
            "type": error.type,
            "step": error.step,
            "detail": error.detail,
            "first": error.first,
            "last": error.last,
            "retry-count": error.retry_count,
            "rule": rule.name if rule is not None else None,
            "attribute": error.attribute,
            "cd-error": error.cd_error,
        }
        return {key: value for key, value in words.items() if value}

    def _metaverse(
        self, attributes: Mapping[str, Contribution], person: Person
    ) -> tuple[dict[str, Values], dict[str, str]]:
        values: dict[str, Values] = {}
        winners: dict[str, str] = {}
        by_id = {one.record.id: self.names.of(one) for one in self.people if one.record is not None and one.record.id}
        for name, one in attributes.items():
            found = tuple(one.values)
            if one.reference:
                known = [by_id.get(str(v).strip("{}").lower()) or self.names.known(str(v)) for v in one.values]
                found = tuple(handle for handle in known if handle is not None)
                if len(found) < len(known):
                    self.draft.notes.append(
                        f"{len(known) - len(found)} of {len(known)} targets of {name} are in no file."
                    )
            if found:
                values[name] = found
            if (rule := self.home.rule(one.rule)) is not None and found:
                winners[name] = f"{rule.connector}: {rule.name}"
        if person is self.people[0]:
            self.draft.server_mv = {name: held for name, held in values.items() if not attributes[name].reference}
        return values, winners

    # -- what the files say -----------------------------------------------------------------------

    def _expected(self, person: Person) -> None:
        """What the first step expects: the state that was given, by its names."""
        draft, handle = self.draft, self.names.of(person)
        if handle in draft.given_mv and draft.server_mv:
            draft.expected.setdefault("mv", {})[handle] = dict(draft.server_mv)
        links = draft.given_mv.get(handle, {}).get("links", [handle])
        if handle in draft.given_mv and isinstance(links, list):
            connectors = [draft.objects[name].connector.name for name in links]
            draft.expected.setdefault("links", {})[handle] = connectors
        for name, space in ((handle, person.space), (draft.cloud() or handle, person.cloud_space)):
            if space is None or name not in draft.given_cs:
                continue
            said: dict[str, object] = {}
            for layer in LAYERS:
                if layer != "escrowed":
                    change = space.changes.get(layer)
                    said[layer] = change.operation if change is not None else "none"
            for key, error in (("error", space.import_error), ("export-error", space.export_error)):
                said[key] = error.type if error is not None else "none"
            if space.import_error is not None and space.import_error.retry_count:
                said["retry-count"] = space.import_error.retry_count
            waiting = space.changes.get("pending-export")
            if waiting is not None and waiting.operation not in ("delete", "obsolete"):
                table = draft.given_cs[name].get("pending-export")
                values = table.get("attributes", {}) if isinstance(table, Mapping) else {}
                said["export"] = Inline(values)
                if name != handle or person.connector is None:
                    draft.server_export = dict(values)
            elif name != handle:
                draft.server_export = {}
            draft.expected.setdefault("cs", {})[name] = said
        cloud = draft.cloud()
        if cloud is not None and draft.objects[cloud].quarantined:
            held = draft.objects[cloud]
            shown = {name: held.attributes.get(name, ()) for name in held.quarantined}
            draft.expected.setdefault("cloud", {})[handle] = shown


def _same(left: Sequence[Value], right: Sequence[Value], *, folded: bool = False) -> bool:
    """Whether two attributes hold the same values, where one of them may know texts only."""

    def plain(value: Value) -> object:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, bytes):
            return value
        text = str(value)
        if folded:
            return key_of(text) or text.casefold()
        return text.casefold() if text.casefold() in ("true", "false") else text

    return Counter(map(plain, left)) == Counter(map(plain, right))
