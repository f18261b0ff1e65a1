"""The partitions and parameters of a connector as a settings file writes them.

    [[connectors.contoso.partitions]]
    dn = "DC=contoso,DC=test"
    include = ["OU=People,DC=contoso,DC=test"]
    netbios = "CONTOSO"

A partition gives `%Domain.…%`, the first partition of an AD forest `%Forest.…%` where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from attrflow.app.settings_table import Table, kind_of
from attrflow.app.settings_values import DOMAIN_NAME, dn_problem, domain_of
from attrflow.model.configuration import Partition
from attrflow.model.names import dn_key, is_within
from attrflow.rules.positions import suggestion

__all__ = ["read_parameters", "read_partitions"]

_KEYS: Final = ("dn", "include", "exclude", "fqdn", "netbios")
_FOREST: Final = ("Forest.FQDN", "Forest.LDAP", "Forest.Netbios")
_RESERVED: Final = {
    "connector.id": "it is the connector's 'id'",
    "domain.fqdn": "it is 'fqdn' of each partition",
    "domain.ldap": "it is 'dn' of each partition",
    "domain.netbios": "it is 'netbios' of each partition",
}


def read_partitions(connector: Table, kind: str) -> tuple[tuple[Partition, ...], dict[str, str]]:
    """The partitions of an LDAP connector, and its parameters; what is wrong is told and left out."""
    found: list[Partition] = []
    keys: dict[str, str] = {}
    for table in connector.tables("partitions"):
        partition = _partition(table, kind)
        if partition is None:
            continue
        first = keys.setdefault(dn_key(partition.name), partition.name)
        if len(keys) == len(found):
            table.tell("dn", "duplicate-partition", f"the partition {first!r} stands here twice", help="join them")
            continue
        found.append(partition)
    if "partitions" not in connector or connector.values["partitions"] == []:
        header = connector.header.strip("[]")
        connector.missing("partitions", f'add: [[{header}.partitions]] with dn = "DC=contoso,DC=test"')
    forest: dict[str, str] = {}
    if kind == "ad" and found:
        forest = {f"Forest{name.removeprefix('Domain')}": text for name, text in found[0].parameters.items()}
    return tuple(found), read_parameters(connector, forest)


def read_parameters(connector: Table, defaults: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a connector: the defaults, and over them what its table says."""
    table = connector.table("parameters")
    named = dict(defaults)
    seen: set[str] = set()
    for path, name, value in _flat(table.values, ()):
        if not isinstance(value, str):
            table.tell(path, "wrong-type", f"the parameter {name!r} must be a string, found {kind_of(value)}")
        elif name.casefold() in _RESERVED:
            table.tell(path, "wrong-value", f"{name!r} is not set here", help=_RESERVED[name.casefold()], at_key=True)
        elif not name or "%" in name or any(c.isspace() for c in name):
            message = f"{name!r} cannot be a parameter's name: no blank and no '%'"
            table.tell(path, "wrong-value", message, at_key=True)
        elif name.casefold() in seen:
            message = f"the parameter {name!r} stands here twice"
            table.tell(path, "duplicate-name", message, help="the case of letters and quotes do not count", at_key=True)
        elif name not in _FOREST and name.casefold() in {known.casefold() for known in _FOREST}:
            help = suggestion(name, _FOREST)
            table.tell(path, "wrong-case", f"{name!r} is spelt in another case", help=help, at_key=True)
        else:
            named[name] = value
        seen.add(name.casefold())
    return named


def _flat(values: Mapping[str, object], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, object]]:
    """The parameters with their paths: `Forest.FQDN = …` without quotes is a table to TOML, and means the same."""
    for key, value in values.items():
        path = (*above, key)
        if isinstance(value, dict) and value:
            yield from _flat(value, path)
        else:
            yield path, ".".join(path), value


def _partition(table: Table, kind: str) -> Partition | None:
    table.only(_KEYS, "a partition")
    dn = table.required("dn", 'dn = "DC=contoso,DC=test"')
    problem = dn_problem(dn) if dn is not None else None
    if problem is not None:
        table.wrong("dn", f"'dn' is {problem}")
    root = dn if problem is None else None
    include, exclude = _containers(table, "include", root), _containers(table, "exclude", root)
    fqdn, netbios = table.text("fqdn"), table.text("netbios")
    if fqdn is not None and not DOMAIN_NAME.fullmatch(fqdn):
        table.wrong("fqdn", f"'fqdn' must be a DNS name, found {fqdn!r}", "such as contoso.test")
    if root is None:
        return None
    _check_containers(table, root, include, exclude)
    fqdn = fqdn or domain_of(root)
    if kind == "ad" and "netbios" not in table:
        guess = (fqdn or "contoso").partition(".")[0].upper()[:15]
        table.missing("netbios", f'add the domain\'s NetBIOS name, often such as: netbios = "{guess}"')
    if kind == "ad" and fqdn is None:
        table.missing("fqdn", 'add the domain\'s DNS name: fqdn = "contoso.test"')
    named = {"Domain.FQDN": fqdn, "Domain.LDAP": root, "Domain.Netbios": netbios}
    parameters = {name: text for name, text in named.items() if text is not None}
    return Partition(root, tuple(include.values()), tuple(exclude.values()), parameters)


def _containers(table: Table, key: str, root: str | None) -> dict[str, str]:
    """The containers of a list by dn_key; each stands within the partition, once."""
    found: dict[str, str] = {}
    for place, dn in table.texts(key):
        if (problem := dn_problem(dn)) is not None:
            table.wrong(place, f"{key!r} holds what is {problem}")
        elif root is not None and not is_within(dn_key(dn), dn_key(root)):
            table.tell(place, "outside-partition", f"{dn!r} is not within the partition {root!r}")
        elif dn_key(dn) in found:
            table.wrong(place, f"{dn!r} stands twice in {key!r}")
        else:
            found[dn_key(dn)] = dn
    return found


def _check_containers(table: Table, root: str, include: dict[str, str], exclude: dict[str, str]) -> None:
    """Containers that contradict each other, or that decide nothing since a deeper or higher one does."""
    for place, dn in table.texts("exclude"):
        if dn_problem(dn) is not None or (key := dn_key(dn)) not in exclude:
            continue
        if key in include:
            table.wrong(place, f"{dn!r} stands in 'include' and in 'exclude'", "take it out of one of them")
        elif not include and key == dn_key(root):
            table.wrong(place, "the whole partition is excluded: nothing would be imported", "remove the partition")
        elif include and not any(is_within(key, above) for above in include):
            message = f"{dn!r} is excluded, but no included container is above it: it is out already"
            table.tell(place, "no-effect", message, severity="warning")
