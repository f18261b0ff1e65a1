"""The root DSE: what the server says of itself to whoever asks, before any bind."""

from __future__ import annotations

from collections.abc import Sequence

from attrflow_mocks.ad.ber import octets
from attrflow_mocks.ad.controls import SUPPORTED
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.responses import Projected
from attrflow_mocks.ad.values import generalized_time

__all__ = ["EXTENSIONS", "STARTTLS", "WHOAMI", "root_dse"]

STARTTLS = "1.3.6.1.4.1.1466.20037"
WHOAMI = "1.3.6.1.4.1.4203.1.11.3"
EXTENSIONS = (STARTTLS, WHOAMI)

_CAPABILITIES = ("800", "1670", "1791", "1935", "2080", "2237")
_POLICIES = (
    "MaxPageSize", "MaxValRange", "MaxReceiveBuffer", "MaxResultSetsPerConn",
)  # fmt: skip
_ON_REQUEST = frozenset({"supportedExtension", "dsaVersionString"})


def _attributes(directory: Directory) -> dict[str, Sequence[str]]:
    configuration, dns = directory.configuration_dn, directory.dns_name
    server = f"CN=DC1,CN=Servers,CN=Default-First-Site-Name,CN=Sites,{configuration}"
    contexts = [head.values["distinguishedName"][0].decode() for head in directory.partitions.values()]
    return {
        "configurationNamingContext": [configuration],
        "currentTime": [generalized_time(directory.now()).decode()],
        "defaultNamingContext": [directory.root_dn],
        "dNSHostName": [f"dc1.{dns}"],
        "dsServiceName": [f"CN=NTDS Settings,{server}"],
        "highestCommittedUSN": [str(directory.usn)],
        "isGlobalCatalogReady": ["FALSE"],
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
        "supportedLDAPVersion": ["3"],
        "domainControllerFunctionality": ["7"],
        "domainFunctionality": ["7"],
        "forestFunctionality": ["7"],
        "supportedExtension": EXTENSIONS,
        "dsaVersionString": ["10.0.0 (attrflow mock)"],
    }


def root_dse(directory: Directory, requested: Sequence[str], *, types_only: bool) -> list[Projected]:
    """The attributes of the root DSE that a search asks for; some only when named."""
    everything = not requested or "*" in requested or "+" in requested
    named = {name.lower() for name in requested}
    found: list[Projected] = []
    for name, values in _attributes(directory).items():
        if name.lower() in named or (everything and (name not in _ON_REQUEST or "+" in requested)):
            found.append((octets(name), () if types_only else [value.encode() for value in values]))
    return found
