"""What no run may do, whatever came before: looked at after each one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.properties.looking import all_cs, all_mv, leaving, linked
from tests.properties.oracle import must_stay

from attrflow.engine.work import provisioned_by
from attrflow.model.connector_space import CSObject, import_hologram
from attrflow.model.metaverse import MVAttribute
from attrflow.model.names import dn_key
from attrflow.model.provenance import Origin
from attrflow.model.values import Values, same_values
from attrflow.runs.profile import Profile

if TYPE_CHECKING:
    from tests.properties.company import Company

__all__ = ["Watch", "check_import"]

Once = dict[str, tuple[Origin, Values]]


class Watch:
    """The runs of one store, and what of the past decides what may come."""

    def __init__(self, lab: Company) -> None:
        self._lab = lab
        self._once: dict[int, Once] = {}
        self._provisioned: set[int] = set()
        self._going: set[int] = set()
        self._origins: dict[int, dict[str, Origin | None]] = {}
        self._links_before: dict[int, frozenset[tuple[str, int]]] = {}
        self._values: dict[int, Mapping[str, MVAttribute]] = {}

    def look(self, connector: str, profile: Profile, result: str) -> None:
        """Check the store after a run of a profile that ended with that result."""
        lab = self._lab
        spaces = all_cs(lab)
        self._links(spaces)
        self._deletes(spaces)
        self._failures(spaces, connector, profile)
        self._once_is_once()
        self._what_must_stay_stays()
        if profile.endswith("import"):
            here = [cso for cso in spaces if cso.connector == connector]
            if result.startswith(("success", "completed-")):
                check_import(lab, connector, here, full=profile == "full-import")
            else:
                new = {cso.id for cso in here if leaving(cso)} - self._going
                assert not new, f"an import that stopped takes {sorted(new)} for deleted"
        self._going = {cso.id for cso in spaces if leaving(cso)}

    def _links(self, spaces: list[CSObject]) -> None:
        """A link leads to a metaverse object, which has one object in each connector, and one that keeps it alive."""
        known = {mvo.id for mvo in all_mv(self._lab)}
        pairs = [(cso.link.mv_id, cso.connector) for cso in spaces if cso.link is not None]
        assert {mv_id for mv_id, _ in pairs} == known, "a metaverse object without links, or a link to none"
        assert len(set(pairs)) == len(pairs), "a metaverse object has two objects of one connector"

        for cso in spaces:
            assert cso.link is not None or not cso.applied_rules, f"{cso.dn} has rules applied, and no link"
            waiting = cso.unapplied.operation if cso.unapplied is not None else None
            assert cso.link is not None or waiting in (None, "delete"), f"{cso.dn} has no link, and an {waiting} waits"
        named = [(cso.connector, cso.dn_key) for cso in spaces]
        assert len(set(named)) == len(named), "two objects of one connector have one name"

    def _failures(self, spaces: list[CSObject], connector: str, profile: Profile) -> None:
        """Of an object that fails nothing is committed; what failed in another connector's run may not fail here."""
        now = {mvo.id: mvo.attributes for mvo in all_mv(self._lab)}
        for cso in spaces:
            if cso.import_error is None or cso.link is None or cso.connector != connector:
                continue
            if not profile.endswith("sync"):
                continue
            before = self._values.get(cso.link.mv_id)
            same = before is None or now[cso.link.mv_id] == before
            assert same, f"{cso.dn} fails ({cso.import_error.detail}), and its metaverse object changes"
        self._values = now

    def _deletes(self, spaces: list[CSObject]) -> None:
        """Only what an outbound Provision rule was applied to is ever deleted."""
        for cso in spaces:
            if provisioned_by(cso) is not None:
                self._provisioned.add(cso.id)
            if cso.unapplied is not None and cso.unapplied.operation in ("delete", "delete-add"):
                assert cso.id in self._provisioned, (
                    f"{cso.dn} is to be deleted, and no Provision rule was applied to it"
                )

    def _once_is_once(self) -> None:
        """A value of an apply-once mapping comes with its object or never, and stays what it was."""
        once = {
            (rule.id, mapping.id)
            for rule in self._lab.ruleset.rules
            for mapping in rule.mappings
            if mapping.execute_once
        }
        found: dict[int, Once] = {}
        for mvo in all_mv(self._lab):
            found[mvo.id] = {
                name: (origin, held.values)
                for name, held in mvo.attributes.items()
                if (origin := held.provenance.origin) is not None and (origin.rule_id, origin.mapping) in once
            }
        for mv_id, held in found.items():
            before = self._once.get(mv_id, held)
            for name, (origin, values) in held.items():
                known = before.get(name)
                same = known is not None and known[0] == origin and same_values(known[1], values)
                assert same, f"{name} of #{mv_id} was {known}, and an apply-once mapping makes it {values}"
        self._once = found

    def _what_must_stay_stays(self) -> None:
        """As long as the object is there that gave it: one that comes in its place has given nothing yet."""
        found: dict[int, dict[str, Origin | None]] = {}
        links: dict[int, frozenset[tuple[str, int]]] = {}
        for mvo in all_mv(self._lab):
            here = found[mvo.id] = {name: held.provenance.origin for name, held in mvo.attributes.items()}
            links[mvo.id] = frozenset((cso.connector, cso.id) for cso in linked(self._lab, mvo.id))
            stayed = {connector for connector, _ in links[mvo.id] & self._links_before.get(mvo.id, frozenset())}
            for name, origin in self._origins.get(mvo.id, {}).items():
                if name not in here and origin is not None and origin.connector in stayed:
                    assert not must_stay(self._lab, mvo, name, origin), f"{name} of #{mvo.id} is gone, and was to stay"
        self._origins, self._links_before = found, links


def check_import(lab: Company, connector: str, spaces: list[CSObject], *, full: bool) -> None:
    """After an import that ended well the connector space says what the directory says, and nothing more."""
    directory, scope = lab.directories[connector], lab.configurations[connector].partitions[0]
    here = {anchor: e for anchor, e in directory.entries.items() if scope.in_scope(dn_key(e.dn))}
    known = {cso.anchor: cso for cso in spaces if cso.anchor is not None and not leaving(cso)}
    left = {a for a, cso in known.items() if a not in here and not _is_deleted(cso)}
    assert not left, f"{connector}: {sorted(map(str, left))} are gone, and stay in the connector space"
    for anchor, entry in here.items():
        assert anchor in known, f"{connector}: {entry.dn} is missing or leaving, though the directory holds it"
        cso, image = known[anchor], import_hologram(known[anchor])
        replaced = any(d is not None and d.operation == "delete-add" for d in (cso.unapplied, cso.escrowed))
        same_type = replaced or cso.object_type == entry.object_type
        assert same_type, f"{entry.dn} is a {entry.object_type}, not a {cso.object_type}"
        assert cso.dn == entry.dn, f"{cso.dn} is called {entry.dn}"
        assert not cso.transient, f"{entry.dn} is a transient, though its name is known"
        names = {*image.attributes, *entry.attributes}
        wrong = [n for n in names if not same_values(image.attributes.get(n, ()), entry.attributes.get(n, ()))]
        assert not wrong, f"{entry.dn}: {wrong} are not what the directory holds"
        for name in {*image.references, *entry.references}:
            wanted = {a for t in entry.references.get(name, ()) if (a := directory.find(t)) in here}
            targets = (lab.store.cs(i) for i in image.references.get(name, ()))
            got = {t.anchor for t in targets if t is not None and t.kind == "staging"} & here.keys()
            assert got == wanted, f"{entry.dn}: {name} refers to {got}, not to {wanted}"
        if full:
            assert cso.unconfirmed is None, f"{entry.dn}: a full import leaves {cso.unconfirmed} unconfirmed"


def _is_deleted(cso: CSObject) -> bool:
    """Whether its delete is exported: an import that does not mention it confirms that."""
    return cso.unconfirmed is not None and cso.unconfirmed.operation == "delete"
