"""The root DSE: what the server says of itself to whoever asks, before any bind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrflow_mocks.ad.authentication import Principal
from attrflow_mocks.ad.ber import octets
from attrflow_mocks.ad.constructed import computed_values
from attrflow_mocks.ad.controls import SUPPORTED
from attrflow_mocks.ad.conversation import STARTTLS
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.responses import Projected
from attrflow_mocks.ad.values import generalized_time

__all__ = ["EXTENSIONS", "FAST_BIND", "WHOAMI", "root_dse"]

WHOAMI = "1.3.6.1.4.1.4203.1.11.3"
FAST_BIND = "1.2.840.113556.1.4.1781"
EXTENSIONS: Mapping[str, str] = {
    STARTTLS: "StartTLS, with a certificate of the mock's own authority",
    WHOAMI: "who is signed in, as `u:DOM\\\\name`",
    FAST_BIND: "binds check the password and sign nobody in",
}
"""Extended operations, and what they do."""

_CAPABILITIES = ("800", "1670", "1791", "1935", "2080", "2237")
_POLICIES = (
    "MaxPageSize", "MaxValRange", "MaxReceiveBuffer", "MaxResultSetsPerConn", "MaxNotificationPerConn",
    "MaxConnIdleTime",
)  # fmt: skip
"""Those limits that are kept here."""
_ON_REQUEST = frozenset({"supportedExtension", "dsaVersionString", "validFSMOs", "tokenGroups", "msDS-PrincipalName"})


def _attributes(directory: Directory, principal: Principal | None) -> dict[str, Sequence[str | bytes]]:
    configuration, dns = directory.configuration_dn, directory.dns_name
    entry = principal.entry if principal is not None else None
    server = f"CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,{configuration}"
    contexts = [head.values["distinguishedName"][0].decode() for head in directory.partitions.values()]
    return {
        "configurationNamingContext": [configuration],
        "currentTime": [generalized_time(directory.now()).decode()],
        "defaultNamingContext": [directory.root_dn],
        "dNSHostName": [f"dc1.{dns}"],
        "dsServiceName": [f"CN=NTDS Settings,{server}"],
        "highestCommittedUSN": [str(directory.usn)],
        "isGlobalCatalogReady": ["TRUE"],
        "isSynchronized": ["TRUE"],
        "ldapServiceName": [f"{dns}:dc1$@{dns.upper()}"],
        "namingContexts": contexts,
        "rootDomainNamingContext": [directory.root_dn],
        "schemaNamingContext": [directory.schema_dn],
        "serverName": [server],
        "subschemaSubentry": [f"CN=Aggregate,{directory.schema_dn}"],
        "supportedCapabilities": [f"1.2.840.113556.1.4.{number}" for number in _CAPABILITIES],
        "supportedControl": SUPPORTED,
        "supportedLDAPPolicies": _POLICIES,
        "supportedLDAPVersion": ["3", "2"],
        "domainControllerFunctionality": ["7"],
        "domainFunctionality": ["7"],
        "forestFunctionality": ["7"],
        "supportedExtension": list(EXTENSIONS),
        "validFSMOs": [directory.schema_dn, f"CN=Partitions,{configuration}", directory.root_dn],
        "dsaVersionString": ["10.0.0 (attrflow mock)"],
        "msDS-PrincipalName": [principal.account if principal is not None else "NT AUTHORITY\\ANONYMOUS LOGON"],
        "tokenGroups": computed_values(directory, entry, "tokenGroups") if entry is not None else [],
    }


def root_dse(
    directory: Directory, principal: Principal | None, requested: Sequence[str], *, types_only: bool
) -> list[Projected]:
    """The attributes of the root DSE that a search asks for; some only when named, two of them of who asks."""
    everything = not requested or "*" in requested or "+" in requested
    named = {name.lower() for name in requested}
    found: list[Projected] = []
    for name, values in _attributes(directory, principal).items():
        if values and (name.lower() in named or (everything and (name not in _ON_REQUEST or "+" in requested))):
            raw = [value.encode() if isinstance(value, str) else value for value in values]
            found.append((octets(name), () if types_only else raw))
    return found
