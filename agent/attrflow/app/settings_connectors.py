"""The `[connectors.NAME]` tables of a settings file -> connector configurations and secret references.

Every key of every kind of connector is told here and nowhere else. What an adapter is given are its own
words (`page_size`), what people write is in the file's (`page-size`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from attrflow.app.secrets import SecretReference
from attrflow.app.settings_partitions import read_parameters, read_partitions
from attrflow.app.settings_profiles import read_guards, read_profiles
from attrflow.app.settings_secrets import read_secret, variable_for
from attrflow.app.settings_table import Table, kind_of
from attrflow.app.settings_values import (
    ATTRIBUTE_NAME,
    CLASS_NAME,
    CONNECTOR_NAME,
    DOMAIN_NAME,
    filter_problem,
    guid_of,
    http_problem,
    ldap_problem,
    scheme_of,
)
from attrflow.connectors.entra.settings import is_loopback
from attrflow.model.configuration import RFC2307_NAMES, ConnectorConfiguration, ConnectorKind, Partition
from attrflow.model.names import InvalidName, parse_dn
from attrflow.rules.positions import suggestion
from attrflow.rules.rule import named_guid

__all__ = ["KINDS", "ConnectorSettings", "default_object_types", "read_connectors", "tenant_object_types"]

KINDS: Final = ("ad", "openldap", "entra")
"""The kinds that a project may name; `memory` is for cases, which need no settings file."""

_COMMON: Final = ("kind", "id", "object-types", "attributes", "parameters", "profiles", "guards")
_LDAP: Final = ("url", "tls", "account", "password", "ca-file", "page-size", "timeout-seconds", "filter", "partitions")
_AD: Final = (*_LDAP, "object-security", "reference-by")
_OPENLDAP: Final = (*_LDAP, "reference-by", "filler-member")
_ENTRA: Final = (
    *("channel", "tenant", "client-id", "client-secret"),
    *("graph-url", "login-url", "ingest-url", "page-size"),
)
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "ad": (*_COMMON, *_AD),
    "openldap": (*_COMMON, *_OPENLDAP),
    "entra": (*_COMMON, *_ENTRA),
}
_OBJECT_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "ad": (
        *("user", "inetOrgPerson", "group", "contact", "foreignSecurityPrincipal"),
        *("organizationalUnit", "container", "domainDNS"),
    ),
    "openldap": ("inetOrgPerson", "groupOfNames"),
    "entra": ("user", "group", "contact"),
}
"""AD's containers have no rules: they are there so that a delta import tells of a renamed one (behaviour.md §1.4, 7c).
OpenLDAP's delta import reads everything, which shows every new DN without them."""
_ENTRA_TYPES: Final = ("user", "group", "contact", "device")
_DEVICE_TYPES: Final[Mapping[str, tuple[str, ...]]] = {"ad": ("computer", "msDS-Device"), "entra": ("device",)}
"""What the rules of the feature `devices` are about."""
_TLS: Final = ("none", "starttls", "ldaps")
_ENTRA_PAGE_MAX: Final = 999


@dataclass(frozen=True, slots=True)
class ConnectorSettings:
    """What the table of one connector says."""

    configuration: ConnectorConfiguration
    secret: SecretReference | None


def default_object_types(kind: ConnectorKind, *, devices: bool = False) -> tuple[str, ...]:
    """The object types of a connector whose settings name none; with those that the feature `devices` adds to a new
    project, which names them."""
    return (*_OBJECT_TYPES[kind], *(_DEVICE_TYPES.get(kind, ()) if devices else ()))


def tenant_object_types() -> tuple[str, ...]:
    """Every object type that an Entra connector may carry."""
    return _ENTRA_TYPES


def read_connectors(connectors: Table, folder: Path) -> Iterator[ConnectorSettings]:
    """The connectors of the table `[connectors]`, in the order of the file.

    A faulty one is given as far as it goes: its findings say that it must not be used. Paths are taken
    from `folder`.
    """
    ids: dict[str, str] = {}
    names: dict[str, str] = {}
    for name in connectors.values:
        if not isinstance(connectors.values[name], dict):
            message = f"expected a table [connectors.{name}], found {kind_of(connectors.values[name])}"
            connectors.tell(name, "wrong-type", message, help="each connector is a table of its own", at_key=True)
            continue
        table = connectors.table(name)
        if not CONNECTOR_NAME.fullmatch(name):
            message = f"{name!r} cannot be a connector's name: letters, digits, '-', '_' and '.' within, at most 64"
            connectors.tell(name, "wrong-value", message, help="it names a folder below rules/", at_key=True)
        first = names.setdefault(name.casefold(), name)
        if first != name:
            message = f"connectors {first!r} and {name!r} differ only in the case of letters"
            connectors.tell(name, "duplicate-name", message, help="rename one of them", at_key=True)
        if _is_dotted(table):
            inner = next(iter(table.values))
            help = f'a name with a dot stands in quotes: [connectors."{name}.{inner}"]'
            # Placed at the inner table: the outer one has no header of its own.
            message = f"{table.header} has no 'kind'"
            connectors.tell((name, inner), "missing-key", message, help=help, at_key=True)
            continue
        yield _read(name, table, folder, ids)


def _is_dotted(table: Table) -> bool:
    """Whether this is half of a name that was written with a dot and without quotes."""
    inner = table.values.values()
    return bool(inner) and all(isinstance(value, dict) and "kind" in value for value in inner)


def _read(name: str, table: Table, folder: Path, ids: dict[str, str]) -> ConnectorSettings:
    if "kind" not in table:
        table.missing("kind", 'add: kind = "ad" (or "openldap", "entra")')
    kind = table.choice("kind", KINDS)
    id_ = _guid(table, "id", f'id = "{named_guid("connector", name)}"') or ""
    first = ids.setdefault(id_, name) if id_ else name
    if first != name:
        message = f"connectors {first!r} and {name!r} have the same id"
        table.tell("id", "duplicate-id", message, help="the rules of a connector take their ids from it: give another")
    if kind is None:
        known = dict.fromkeys(key for keys in _KEYS.values() for key in keys)
        table.only(tuple(known), "a connector")
        return ConnectorSettings(ConnectorConfiguration(name, id_, "ad", (), (), ()), None)
    of = {"ad": "an AD connector", "openldap": "an OpenLDAP connector", "entra": "an Entra connector"}[kind]
    table.only(_KEYS[kind], of, _elsewhere(kind))
    partitions: tuple[Partition, ...]
    if kind == "entra":
        settings, secret = _entra(name, table, folder)
        partitions, parameters = (Partition("default"),), read_parameters(table, {})
    else:
        settings, secret = _ldap(name, kind, table, folder)
        partitions, parameters = read_partitions(table, kind)
    configuration = ConnectorConfiguration(
        name=name,
        id=id_,
        kind=cast(ConnectorKind, kind),
        partitions=partitions,
        object_types=_object_types(table, kind),
        attributes=_names(table, "attributes"),
        parameters=parameters,
        settings=settings,
        profiles=read_profiles(table, kind, partitions),
        guards=read_guards(table),
        reference_by=_reference_by(table, kind),
    )
    return ConnectorSettings(configuration, secret)


def _elsewhere(kind: str) -> dict[str, str]:
    """For each key of other kinds only: which kinds they are."""
    others: dict[str, list[str]] = {}
    for other, keys in _KEYS.items():
        for key in keys:
            if key not in _KEYS[kind]:
                others.setdefault(key, []).append(other)
    near = {"client-secret": "password", "password": "client-secret", "account": "client-id", "client-id": "account"}
    return {
        key: f"only kind {' and '.join(kinds)} has it" + (f"; here it is {near[key]}" if key in near else "")
        for key, kinds in others.items()
    }


def _guid(table: Table, key: str, example: str) -> str | None:
    text = table.required(key, example)
    if text is None:
        return None
    guid = guid_of(text)
    if guid is None:
        table.wrong(key, f"{key!r} must be a GUID, found {text!r}", "such as 0f6b2a9e-5f1c-4d7e-9a53-2f4d1c8b7a60")
    return guid


def _object_types(table: Table, kind: str) -> tuple[str, ...]:
    known = _OBJECT_TYPES[kind]
    found = _names(table, "object-types")
    if table.values.get("object-types") == []:
        table.wrong("object-types", "'object-types' is empty: nothing would be imported", f"such as {known[0]}")
    if kind == "entra":
        for position, name in enumerate(found):
            if name not in _ENTRA_TYPES:
                help = suggestion(name, _ENTRA_TYPES)
                message = f"Entra connectors have the object types {', '.join(_ENTRA_TYPES)}; found {name!r}"
                table.wrong(("object-types", position), message, help)
    return found if "object-types" in table else known


def _names(table: Table, key: str) -> tuple[str, ...]:
    """Names of attributes or object types, each once."""
    form = ATTRIBUTE_NAME if key == "attributes" else CLASS_NAME
    seen: dict[str, str] = {}
    for place, name in table.texts(key):
        if not form.fullmatch(name):
            table.wrong(place, f"{name!r} cannot be a name in {key!r}: letters, digits and '-'")
        elif name.casefold() in seen:
            table.wrong(place, f"{name!r} stands twice in {key!r}", "the case of letters makes no difference")
        else:
            seen[name.casefold()] = name
    return tuple(seen.values())


def _reference_by(table: Table, kind: str) -> Mapping[str, str]:
    """Attributes whose values name other objects, each with the attribute that has the names (`settings` says more)."""
    if kind == "entra":
        return {}
    if "reference-by" not in table:
        return RFC2307_NAMES if kind == "openldap" else {}
    names = table.table("reference-by")
    found: dict[str, str] = {}
    for attribute in names.values:
        by = names.text(attribute)
        if by is None:
            continue
        for place in (attribute, by):
            if not ATTRIBUTE_NAME.fullmatch(place):
                names.wrong(attribute, f"{place!r} cannot be an attribute's name: letters, digits and '-'")
        if attribute.casefold() == by.casefold():
            message = f"{attribute!r} cannot name objects by itself"
            names.wrong(attribute, message, 'the key holds the names, the value has them: memberUid = "uid"')
        elif by in names:
            names.wrong(attribute, f"{by!r} holds names of other objects itself, so that it cannot be a name")
        elif attribute.casefold() in {one.casefold() for one in found}:
            names.wrong(attribute, f"{attribute!r} stands twice", "the case of letters makes no difference")
        else:
            found[attribute] = by
    return found


def _filler(table: Table) -> str | None:
    """The DN that stands in groups which must have a member and have none."""
    text = table.text("filler-member")
    if text is not None:
        try:
            parse_dn(text)
        except InvalidName as error:
            table.wrong("filler-member", f"'filler-member' is no DN: {error}", 'such as "cn=nobody,dc=example,dc=test"')
    return text


def _ldap(name: str, kind: str, table: Table, folder: Path) -> tuple[dict[str, object], SecretReference | None]:
    url = table.required("url", 'url = "ldaps://dc1.contoso.test"')
    problem = ldap_problem(url) if url is not None else None
    if problem is not None:
        table.wrong("url", f"'url' {problem}")
    tls = table.choice("tls", _TLS)
    if url is not None and problem is None and tls is not None:
        _check_tls(table, url, tls)
    account = table.text("account")
    variable = variable_for(name, "password")
    secret = read_secret(table, "password", variable, folder)
    if account is not None and "password" not in table:
        table.missing("password", f'add: password = {{ env = "{variable}" }}')
    if "account" not in table and "password" in table:
        table.missing("account", 'add: account = "svc@contoso.test" (a DN, a UPN or DOMAIN\\name)')
    ca_file = table.text("ca-file")
    search = table.text("filter")
    if search is not None and (wrong := filter_problem(search)) is not None:
        table.wrong("filter", f"'filter' {wrong}")
    settings = {
        "url": url,
        "tls": tls,
        "account": account,
        "ca_file": str(folder / ca_file) if ca_file is not None else None,
        "page_size": table.number("page-size", 1),
        "timeout_seconds": table.number("timeout-seconds", 1),
        "object_security": table.flag("object-security") if kind == "ad" else None,
        "filter": search,
        "filler_member": _filler(table) if kind == "openldap" else None,
    }
    return _given(settings), secret


def _check_tls(table: Table, url: str, tls: str) -> None:
    scheme = scheme_of(url)
    if scheme == "ldapi" and tls == "none":
        return
    if scheme == "ldapi":
        table.wrong("tls", "'tls' must be none for an ldapi:// address: it never leaves this machine")
    elif (scheme == "ldaps") != (tls == "ldaps"):
        fits = '"ldaps"' if scheme == "ldaps" else '"starttls" or "none"'
        table.wrong("tls", f"'tls' is \"{tls}\", but the address begins with {scheme}://", f"use {fits}, or change url")
    elif tls == "none" and not is_loopback(url):
        message = "'tls' is \"none\": the password and all data travel unencrypted"
        table.tell("tls", "unencrypted", message, help='use "starttls"', severity="warning")


def _entra(name: str, table: Table, folder: Path) -> tuple[dict[str, object], SecretReference | None]:
    if "channel" not in table:
        table.missing("channel", 'add: channel = "graph" (or "ingest", the sync face of the mock tenant)')
    channel = table.choice("channel", ("graph", "ingest"))
    tenant = table.required("tenant", 'tenant = "<the tenant\'s id or domain>"')
    if tenant is not None and (guid := guid_of(tenant)) is not None:
        tenant = guid
    elif tenant is not None and not ("." in tenant and DOMAIN_NAME.fullmatch(tenant)):
        table.wrong("tenant", f"'tenant' must be a GUID or a domain of the tenant, found {tenant!r}")
    client = _guid(table, "client-id", 'client-id = "<the application\'s id>"')
    variable = variable_for(name, "secret")
    if "client-secret" not in table:
        table.missing("client-secret", f'add: client-secret = {{ env = "{variable}" }}')
    secret = read_secret(table, "client-secret", variable, folder)
    settings: dict[str, Any] = {"channel": channel, "tenant_id": tenant, "client_id": client}
    for key in ("graph-url", "login-url", "ingest-url"):
        url = table.text(key)
        problem = http_problem(url) if url is not None else None
        if problem is not None:
            table.wrong(key, f"{key!r} {problem}")
        settings[key.replace("-", "_")] = url
        if channel == "ingest" and key not in table:
            # The tenant that has a sync face is a mock: Microsoft's own addresses, the default, never fit it.
            table.missing(key, f'channel "ingest" is the mock tenant\'s; add: {key} = "http://127.0.0.1:8080"')
    settings["page_size"] = table.number("page-size", 1, _ENTRA_PAGE_MAX)
    return _given(settings), secret


def _given(settings: Mapping[str, Any]) -> dict[str, object]:
    return {key: value for key, value in settings.items() if value is not None}
