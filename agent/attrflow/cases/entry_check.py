"""The expectations `cloud` and `directory`: what connected directories really hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrflow.cases.differences import Difference, differ_names, differ_values
from attrflow.cases.laboratory import DirectoryEntry, Target
from attrflow.cases.naming import target_names, wanted_space_names
from attrflow.cases.session import Session
from attrflow.model.schema import Syntax
from attrflow.model.values import NO_VALUES, Values

__all__ = ["check_cloud", "check_directory"]


def check_cloud(session: Session, name: str, wanted: bool | Mapping[str, Values]) -> Iterator[Difference]:
    """What the tenant holds of an object: its counterpart there, also after the link is gone."""
    tenant = session.case.tenant
    if tenant is None:
        yield Difference(f"{name} in the cloud", "a tenant", "the case has no tenant")
        return
    counterpart = name if session.connector_of(name).name == tenant else f"{name}@{tenant}"
    if session.connector_of(name).name == tenant and "@" not in name:
        entry = session.laboratory.entry(Target(tenant, name))
    else:
        entry = _known(session, counterpart, tenant)
    yield from _compare(session, name, counterpart, tenant, entry, wanted, "in the cloud")


def check_directory(session: Session, name: str, wanted: bool | Mapping[str, Values]) -> Iterator[Difference]:
    """What an object's own directory (or that of its counterpart) holds."""
    connector = session.connector_of(name).name
    if "@" in name:
        entry = _known(session, name, connector)
    else:
        entry = session.laboratory.entry(Target(connector, name))
    yield from _compare(session, name, name, connector, entry, wanted, f"in the directory {connector}")


def _known(session: Session, name: str, connector: str) -> DirectoryEntry | None:
    """The entry of a counterpart; a deleted connector-space object is remembered by its anchor."""
    place = session.place(name)
    return session.laboratory.entry(Target(connector, None, *place)) if place is not None else None


def _compare(
    session: Session,
    name: str,
    counterpart: str,
    connector: str,
    entry: DirectoryEntry | None,
    wanted: bool | Mapping[str, Values],
    where: str,
) -> Iterator[Difference]:
    if isinstance(wanted, bool):
        if wanted != (entry is not None):
            text = ("no object", "an object")
            yield Difference(f"{name} {where}", text[wanted], text[not wanted], name)
        return
    if entry is None:
        yield Difference(f"{name} {where}", "an object", "there is none", name)
        return
    schema = session.laboratory.schema(connector)
    for attribute, values in wanted.items():
        what = f"{attribute} of {name} {where}"
        type_ = schema.attribute(entry.type, attribute)
        spelt = type_.name if type_ is not None else attribute
        if type_ is not None and type_.syntax is Syntax.REFERENCE:
            got = target_names(session, entry.references.get(spelt, ()), connector)
            yield from differ_names(what, wanted_space_names(session, values, connector), got, counterpart, spelt)
        else:
            got_values = entry.attributes.get(spelt, NO_VALUES)
            yield from differ_values(what, values, got_values, counterpart, spelt)
