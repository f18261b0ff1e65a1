"""What a case would be more truthful with, and the read-only command that gets it.

The commands only read. They are for people of the customer: the sync server's PowerShell, a domain
controller or a machine with its tools, and Graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attrflow.app.reproduction.circle import key_of
from attrflow.app.reproduction.draft import Missing
from attrflow.app.reproduction.rules_home import RulesHome
from attrflow.app.reproduction.selection import Person
from attrflow.importers.connectors import ENTRA_ID
from attrflow.importers.customer_state import attribute_of

__all__ = ["what_is_missing"]

_LISTED_MAX: Final = 10
_SERVER, _DOMAIN, _GRAPH = "sync server", "domain", "Graph"
_SELECT: Final = (
    "id,displayName,userPrincipalName,mail,mailNickname,proxyAddresses,accountEnabled,onPremisesImmutableId,"
    "onPremisesSyncEnabled,onPremisesLastSyncDateTime,onPremisesUserPrincipalName,onPremisesDistinguishedName,"
    "onPremisesSamAccountName,onPremisesSecurityIdentifier,onPremisesProvisioningErrors,onPremisesExtensionAttributes,"
    "department,jobTitle,companyName,officeLocation,businessPhones,mobilePhone,usageLocation,userType"
)
_GROUP_SELECT: Final = "id,displayName,mail,mailNickname,proxyAddresses,securityEnabled,onPremisesProvisioningErrors"


def what_is_missing(
    home: RulesHome, person: Person, others: Sequence[Person], references: frozenset[str]
) -> list[Missing]:
    """Everything that files could still say of the object; `references` are the folded names of attributes of DNs."""
    return [
        *_directory(person, others, references),
        *_server(home, person),
        *_tenant(person),
    ]


def _quoted(text: str) -> str:
    """The text in single quotes, as PowerShell takes it."""
    return "'" + text.replace("'", "''") + "'"


def _ldif(dn: str, file: str) -> str:
    return f'ldifde -u -f {file} -d "{dn}" -p Base'


def _directory(person: Person, others: Sequence[Person], references: frozenset[str]) -> Iterator[Missing]:
    connector = person.connector
    if person.entry is None and connector is not None:
        why = "only what the sync server imported is known" if person.space is not None else "nothing is known of it"
        yield Missing("the object's own entry", why, _ldif(person.dn, "object.ldf"), _DOMAIN, "--ldif")
    elif connector is not None and connector.schema == "ad" and not attribute_of(person.attributes, "objectGUID"):
        why = "the sourceAnchor follows from it; the case makes one up"
        yield Missing("its objectGUID", why, _ldif(person.dn, "object.ldf"), _DOMAIN, "--ldif")
    there = {key_of(one.dn) for one in others}
    for name, values in person.attributes.items():
        if name.casefold() not in references:
            continue
        absent = [str(value) for value in values if key_of(str(value)) not in there]
        if not absent:
            continue
        what = {"manager": "the manager's entry", "member": "group members' entries"}.get(
            name.casefold(), f"{name}: entries"
        )
        if len(absent) == 1:
            yield Missing(what, f"{name} names {absent[0]}", _ldif(absent[0], f"{name}.ldf"), _DOMAIN, "--ldif")
            continue
        why = f"{name} names {len(absent)} objects that no file has, such as {', '.join(absent[:2])}"
        command = f'ldifde -u -f {name}.ldf -r "(memberOf={_escaped(person.dn)})"'
        if name.casefold() != "member":
            command = "; ".join(_ldif(dn, f"{name}-{number}.ldf") for number, dn in enumerate(absent[:_LISTED_MAX], 1))
        yield Missing(what, why, command, _DOMAIN, "--ldif")


def _escaped(text: str) -> str:
    """The text as an LDAP filter takes it."""
    return "".join(f"\\{ord(c):02x}" if c in "\\*()\0" else c for c in text)


def _connector(home: RulesHome, person: Person, *, entra: bool) -> str:
    """How a command names the connector: by its name on the server, by its id, or by a word that stands for it."""
    found = person.cloud_space if entra else person.space
    names = [found.connector_name] if found is not None else []
    for space in (person.space, person.cloud_space):
        siblings = space.siblings if space is not None else ()
        names += [s.connector_name for s in siblings if s.dn.upper().startswith("CN={") == entra]
    own = person.connector
    if entra:
        own = next((c for c in home.connectors.values() if c.schema == "entra"), None)
    names += [own.server_name] if own is not None else []
    name = next(filter(None, names), None)
    if name is not None:
        return f"-ConnectorName {_quoted(name)}"
    return f"-ConnectorIdentifier {ENTRA_ID}" if entra else "-ConnectorName CONNECTOR"


_STANDS_FOR: Final = "; CONNECTOR is the forest's name in Get-ADSyncConnector"


def _server(home: RulesHome, person: Person) -> Iterator[Missing]:
    own = _connector(home, person, entra=False)
    note = _STANDS_FOR if own.endswith(" CONNECTOR") else ""
    command = f"Get-ADSyncCSObject {own} -DistinguishedName {_quoted(person.dn)}"
    if person.connector is not None and person.space is None:
        why = f"its image, pending import, stored error and link are not known{note}"
        yield _powershell("its connector-space object", why, command, "csobject.json", "--csobject")
    if person.record is None:
        ids = [s.mv_id for s in (person.space, person.cloud_space) if s is not None and s.mv_id]
        identifier = ids[0] if ids else f"({command}).ConnectedMVObjectId"
        why = f"stale values are not known; what the rules give stands for them{'' if ids else note}"
        get = f"Get-ADSyncMVObject -Identifier {identifier}"
        yield _powershell("its metaverse object", why, get, "mvobject.json", "--mvobject")
    if person.cloud_space is None:
        what, why = "its object in the Entra connector space", "pending exports and export errors are not known"
        connector = _connector(home, person, entra=True)
        if person.cloud_dn is not None:
            get = f"Get-ADSyncCSObject {connector} -DistinguishedName {_quoted(person.cloud_dn)}"
            yield _powershell(what, why, get, "cloud-csobject.json", "--csobject")
        else:
            name = f"(Get-ADSyncConnector -Identifier {ENTRA_ID}).Name"
            command = f"& 'C:\\Program Files\\Microsoft Azure AD Sync\\Bin\\csexport.exe' {name} pending.xml /f:x"
            yield Missing(what, f"{why}; its DN follows from the sourceAnchor", command, _SERVER, "--csexport")


def _powershell(what: str, why: str, command: str, file: str, option: str) -> Missing:
    return Missing(what, why, f"{command} | ConvertTo-Json -Depth 10 | Out-File {file}", _SERVER, option)


def _tenant(person: Person) -> Iterator[Missing]:
    group = person.type.casefold() == "group"
    kind, select = ("groups", _GROUP_SELECT) if group else ("users", _SELECT)
    if person.type.casefold() == "contact":
        kind, select = "contacts", "id,displayName,mail,proxyAddresses,onPremisesProvisioningErrors"
    base = f"https://graph.microsoft.com/v1.0/{kind}"
    if person.cloud is None:
        anchor = person.anchors[0] if person.anchors and kind == "users" else None
        mail = next((str(v) for v in attribute_of(person.attributes, "mail")), None)
        if anchor is not None:
            query = f"$filter=onPremisesImmutableId eq '{anchor.replace('+', '%2B').replace('/', '%2F')}'&"
        else:
            query = f"$filter=mail eq '{mail}'&" if mail is not None else "$filter=displayName eq 'NAME'&"
        command = (
            f'Invoke-MgGraphRequest -Method GET -Uri "{base}?{query}$select={select}" -OutputType Json > graph.json'
        )
        command = command.replace("$filter", "`$filter").replace("$select", "`$select")
        yield Missing("what the tenant shows", "nothing says what is in the cloud", command, _GRAPH, "--graph")
    elif person.cloud.errors is None:
        uri = f"{base}/{person.cloud.id}?`$select={select}"
        command = f'Invoke-MgGraphRequest -Method GET -Uri "{uri}" -OutputType Json > graph.json'
        why = "values in quarantine are not known: the file was not asked for onPremisesProvisioningErrors"
        yield Missing("its provisioning errors", why, command, _GRAPH, "--graph")
