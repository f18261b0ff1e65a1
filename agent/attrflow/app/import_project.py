"""An exported configuration -> what a new project's settings say: connectors, features, options, own attributes.

Whatever has no home in the settings is a finding. Nothing that signs in is taken over: accounts are named, and
passwords, cookies and watermarks are not in what was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from attrflow.app.import_profiles import plan_profiles
from attrflow.app.import_server import ServerSettings, server_settings
from attrflow.app.settings_connectors import default_object_types, tenant_object_types
from attrflow.app.settings_template import NOWHERE_GUID, NewConnector, NewDirectory, NewPartition, NewTenant
from attrflow.app.settings_values import ATTRIBUTE_NAME, CLASS_NAME, DOMAIN_NAME, dn_problem, domain_of
from attrflow.importers.connectors import ENTRA_ID, ExportedConnector, ExportedPartition, connector_name
from attrflow.importers.findings import Findings, Place
from attrflow.importers.reading import Reading
from attrflow.model.names import dn_key, is_within
from attrflow.model.schema import Schema

__all__ = ["PlannedProject", "plan_project"]

_DOMAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)+")
_CONTAINERS: Final = frozenset(
    (
        "builtindomain",
        "configuration",
        "container",
        "domaindns",
        "lostandfound",
        "organizationalunit",
        "msds-quotacontainer",
    )
)
"""Object types that only hold others; the wizard selects them all."""


@dataclass(frozen=True, slots=True)
class PlannedProject:
    """What a project is made of."""

    connectors: tuple[NewConnector, ...]
    names: Mapping[str, str]
    """The connectors' names by the server's id."""
    schemas: Mapping[str, Schema]
    """What the export states of the directories' schemas, by connector, for the selected object types."""
    server: ServerSettings


def plan_project(reading: Reading, names: Mapping[str, str], folder: Path) -> PlannedProject:
    """The settings for what was read; `names` are the pairs of `--map`, `folder` is where the project will be."""
    findings = reading.findings
    exported = [c for c in reading.connectors if c.kind in ("ad", "entra")]
    exported += _without_file(reading, names)
    chosen = _names(exported, names)
    used = _used_types(reading)
    connectors: list[NewConnector] = []
    schemas: dict[str, Schema] = {}
    for one in exported:
        name = chosen[one.id]
        made = (
            _tenant(one, name, findings)
            if one.kind == "entra"
            else _directory(one, name, used.get(one.id, ()), findings)
        )
        connectors.append(made)
        types = {
            t.casefold() for t in made.object_types or default_object_types("entra" if one.kind == "entra" else "ad")
        }
        selected = {t: found for t, found in one.schema.object_types.items() if t.casefold() in types}
        if selected:
            schemas[name] = Schema(selected)
    return PlannedProject(tuple(connectors), chosen, schemas, server_settings(reading, chosen, folder))


def _without_file(reading: Reading, names: Mapping[str, str]) -> list[ExportedConnector]:
    """Connectors that rules name and no file describes: they are made with what must be filled in."""
    known = {one.id for one in reading.connectors}
    missing: dict[str, Place] = {}
    for draft in reading.drafts:
        word = draft.fields.get("connector")
        id_ = word.text.strip("{} ").casefold() if word is not None and word.resolved else ""
        if re.fullmatch(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", id_) and id_ not in known and word is not None:
            missing.setdefault(id_, word.place)
    mapped = {key.strip("{} ").casefold(): name for key, name in names.items()}
    made: list[ExportedConnector] = []
    for id_, place in missing.items():
        kind = "entra" if id_ == ENTRA_ID else "ad"
        name = mapped.get(id_) or ("entra" if kind == "entra" else f"directory-{id_[:8]}")
        made.append(ExportedConnector(id_, name, kind))
        message = f"no file describes the connector {id_}; {name!r} is made with examples to be filled in"
        reading.findings.warn(place, "connector-made", message, help="its partitions, address and account are examples")
    return made


def _names(exported: Sequence[ExportedConnector], names: Mapping[str, str]) -> dict[str, str]:
    """A name of its own for each connector: the one that was given, else one made of its name on the server."""
    mapped = {key.strip("{} ").casefold(): name for key, name in names.items()}
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    for one in exported:
        name = mapped.get(one.id) or mapped.get(one.name.casefold()) or connector_name(one.name, one.kind)
        if name.casefold() in taken:
            name = f"{name}-{one.id[:8]}"
        taken.add(name.casefold())
        chosen[one.id] = name
    return chosen


def _used_types(reading: Reading) -> dict[str, tuple[str, ...]]:
    """The object types of each connector that a rule is about."""
    found: dict[str, dict[str, None]] = {}
    for draft in reading.drafts:
        side = "source-type" if draft.text("direction").casefold() == "inbound" else "target-type"
        if draft.text(side):
            found.setdefault(draft.text("connector").strip("{} ").casefold(), {})[draft.text(side)] = None
    return {id_: tuple(types) for id_, types in found.items()}


# -- a tenant ---------------------------------------------------------------------------------------


def _tenant(one: ExportedConnector, name: str, findings: Findings) -> NewTenant:
    place = Place(one.file, one.line)
    domain = _DOMAIN.search(one.name)
    types = dict.fromkeys(t for partition in one.partitions for t in partition.object_types)
    known = tenant_object_types()
    without = [t for t in types if t not in known]
    if without:
        message = f"{name}: the object types {', '.join(without)} are not imported from a tenant here"
        findings.note(place, "no-counterpart", message)
    findings.note(place, "to-fill-in", f"{name}: client-id and client-secret of an application are to be filled in")
    return NewTenant(
        name,
        domain[0].lower() if domain is not None else NOWHERE_GUID,
        NOWHERE_GUID,
        id=one.id,
        object_types=tuple(t for t in known if t in types),
        attributes=_attributes(one, name, findings),
        profiles=plan_profiles(one, name, ("default",), findings),
    )


# -- a directory ------------------------------------------------------------------------------------


def _directory(one: ExportedConnector, name: str, used: Sequence[str], findings: Findings) -> NewDirectory:
    place = Place(one.file, one.line)
    partitions = [made for p in one.partitions if (made := _partition(one, name, p, findings)) is not None]
    if not partitions:
        message = f"{name}: the export selects no partition that can be used; an example stands in its place"
        findings.warn(place, "to-fill-in", message)
        domain = one.forest if one.forest and DOMAIN_NAME.fullmatch(one.forest) else "contoso.test"
        dn = ",".join(f"DC={label}" for label in domain.split("."))
        partitions = [NewPartition(dn, domain.partition(".")[0].upper()[:15], domain)]
    host = partitions[0].fqdn or one.forest or "dc1.contoso.test"
    account = one.account or f"svc-attrflow@{host}"
    findings.note(place, "to-fill-in", f"{name}: check url, tls and account, and put the password where it says")
    return NewDirectory(
        name,
        f"ldap://{host}:389",
        tuple(partitions),
        tls="starttls",
        account=account,
        object_types=_object_types(one, name, used, findings),
        id=one.id,
        attributes=_attributes(one, name, findings),
        parameters={key: text for key, text in one.parameters.items() if key.casefold() != "connector.id"},
        profiles=plan_profiles(one, name, [p.dn for p in partitions], findings),
    )


def _partition(
    one: ExportedConnector, name: str, partition: ExportedPartition, findings: Findings
) -> NewPartition | None:
    place = Place(one.file, partition.line or one.line)
    if not partition.selected:
        return None
    problem = dn_problem(partition.name)
    if problem is not None:
        findings.warn(place, "no-counterpart", f"{name}: the partition {partition.name!r} is {problem}; it is left out")
        return None
    parameters = {key.casefold(): text for key, text in partition.parameters.items()}
    fqdn = parameters.get("domain.fqdn") or domain_of(partition.name) or one.forest
    netbios = parameters.get("domain.netbios")
    if not netbios:
        netbios = (fqdn or "domain").partition(".")[0].upper()[:15]
        message = f"{name}: the NetBIOS name of {partition.name} is not in the export; {netbios!r} is a guess"
        findings.warn(place, "guessed", message, help="the sign-in name and %Domain.Netbios% depend on it")
    include = _within(partition, name, findings, place, selected=True)
    exclude = _within(partition, name, findings, place, selected=False)
    if include:
        # Without an included container above it, a container is out already.
        exclude = [dn for dn in exclude if any(is_within(dn_key(dn), dn_key(above)) for above in include)]
    elif any(dn_key(dn) == dn_key(partition.name) for dn in exclude):
        findings.warn(place, "no-counterpart", f"{name}: all of {partition.name} is excluded; it is left out")
        return None
    return NewPartition(partition.name, netbios, fqdn, tuple(include), tuple(exclude))


def _within(partition: ExportedPartition, name: str, findings: Findings, place: Place, *, selected: bool) -> list[str]:
    """The containers of one kind, each once; what is not within the partition is told."""
    found: dict[str, str] = {}
    for container in partition.containers:
        if container.selected != selected:
            continue
        if dn_problem(container.dn) is not None or not is_within(dn_key(container.dn), dn_key(partition.name)):
            message = f"{name}: the container {container.dn!r} is not within {partition.name}; it is left out"
            findings.warn(place, "no-counterpart", message)
            continue
        found.setdefault(dn_key(container.dn), container.dn)
    return list(found.values())


def _object_types(one: ExportedConnector, name: str, used: Iterable[str], findings: Findings) -> tuple[str, ...]:
    """The selected object types that a rule is about, and the usual ones; the others have nothing to do here."""
    selected = {
        t.casefold(): t for p in one.partitions if p.selected for t in p.object_types if CLASS_NAME.fullmatch(t)
    }
    wanted = dict.fromkeys(t.casefold() for t in (*default_object_types("ad"), *used))
    if not selected:
        return ()
    kept = tuple(selected[key] for key in wanted if key in selected)
    idle = [t for key, t in selected.items() if key not in wanted and key not in _CONTAINERS]
    if idle:
        message = f"{name}: selected on the server, but no rule is about it, so not imported: {', '.join(idle)}"
        findings.note(Place(one.file, one.line), "no-counterpart", message)
    return kept


def _attributes(one: ExportedConnector, name: str, findings: Findings) -> tuple[str, ...]:
    """The attribute inclusion list; a name that cannot be one is told and left out."""
    found: dict[str, str] = {}
    for attribute in one.attributes:
        if not ATTRIBUTE_NAME.fullmatch(attribute):
            message = f"{name}: the selected attribute {attribute!r} has no name that can be used; it is left out"
            findings.warn(Place(one.file, one.line), "no-counterpart", message)
            continue
        found.setdefault(attribute.casefold(), attribute)
    return tuple(found.values())
