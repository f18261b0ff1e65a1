"""What the tests of the LDAP connector share: a mock domain, and an administrator who changes things."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import ldap3

from attrflow.connectors.ldap import LdapConnector
from attrflow.connectors.retry import Retrying, RetryPolicy
from attrflow.model.configuration import ConnectorConfiguration, Partition
from attrflow.model.entry import ImportedObject, Page, WireAttempt
from attrflow_mocks.ad.hosting import Hosted, running
from attrflow_mocks.scenarios.seed import DirectorySeed, EntrySeed

NC = "DC=corp,DC=test"
ACCOUNT, PASSWORD = "svc@corp.test", "Secret-For-The-Service-1"
_USER = "CN sn telephoneNumber proxyAddresses manager userAccountControl objectSid distinguishedName"
ATTRIBUTES = {
    "user": (*_USER.split(), "msExchHideFromAddressLists", "thumbnailPhoto", "whenCreated", "noSuchThing"),
    "group": ("cn", "member", "groupType"),
}


def person(name: str, unit: str = "OU=People", **attributes: object) -> EntrySeed:
    values = {key: value if isinstance(value, tuple) else (value,) for key, value in attributes.items()}
    return EntrySeed(f"CN={name},{unit},{NC}", "user", {"sn": (name,), **values})


def group(name: str, *members: str) -> EntrySeed:
    return EntrySeed(f"CN={name},OU=Groups,{NC}", "group", {"member": members})


def unit(name: str) -> EntrySeed:
    return EntrySeed(f"OU={name},{NC}", "organizationalUnit")


def domain(*entries: EntrySeed) -> DirectorySeed:
    units = (unit("People"), unit("Groups"), unit("Away"))
    return DirectorySeed("corp", NC, "CORP", {ACCOUNT: PASSWORD}, (*units, *entries))


@dataclass
class Lab:
    """A running mock and what to do with it."""

    mock: Hosted
    stack: ExitStack
    rows: list[WireAttempt] = field(default_factory=list)

    def configuration(
        self,
        *,
        include: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        object_types: tuple[str, ...] = ("user", "group"),
        **settings: object,
    ) -> ConnectorConfiguration:
        url = f"ldap://127.0.0.1:{self.mock.port}"
        return ConnectorConfiguration(
            name="corp",
            id="11111111-2222-3333-4444-555555555555",
            kind="ad",
            partitions=(Partition(NC, include, exclude),),
            object_types=object_types,
            attributes=(),
            settings={"url": url, "account": ACCOUNT, "tls": "none", "timeout_seconds": 10, **settings},
        )

    def connect(
        self,
        configuration: ConnectorConfiguration | None = None,
        *,
        password: str = PASSWORD,
        attributes: Mapping[str, tuple[str, ...]] = ATTRIBUTES,
    ) -> LdapConnector:
        retrying = Retrying(RetryPolicy(attempts=3), sleep=lambda _: None, on_attempt=self.rows.append)
        connector = LdapConnector(
            configuration or self.configuration(), attributes, password=password, retrying=retrying
        )
        self.stack.callback(connector.close)
        return connector

    def edit(self, change: Callable[[ldap3.Connection], object]) -> None:
        """Do something as the administrator; it must succeed."""
        server = ldap3.Server("127.0.0.1", port=self.mock.port, get_info=ldap3.NONE)
        connection = ldap3.Connection(server, ACCOUNT, PASSWORD, auto_bind=True, check_names=False)
        wire = connection.socket
        try:
            change(connection)
            assert connection.result["description"] == "success", connection.result
        finally:
            connection.unbind()
            wire.close()

    def attributes_of(self, dn: str, *names: str) -> dict[str, list[bytes]]:
        found: list[dict[str, list[bytes]]] = []

        def read(connection: ldap3.Connection) -> None:
            connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=list(names))
            found.extend(dict(e["raw_attributes"]) for e in connection.response if "raw_attributes" in e)

        self.edit(read)
        return found[0]


@contextmanager
def lab_on(seed: DirectorySeed) -> Iterator[Lab]:
    with running(seed) as mock, ExitStack() as stack:
        yield Lab(mock, stack)


def whole_import(connector: LdapConnector) -> tuple[dict[str, ImportedObject], Page]:
    """Objects by their first RDN's value, and the last page."""
    pages = list(connector.import_pages(NC, None))
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    return by_name(pages), pages[-1]


def by_name(pages: list[Page]) -> dict[str, ImportedObject]:
    return {object_.dn.split(",")[0].partition("=")[2]: object_ for page in pages for object_ in page.objects}


def changes(connector: LdapConnector, watermark: str | None) -> tuple[dict[str, ImportedObject], str]:
    """What a delta import brings, by name, and where the next goes on."""
    assert watermark is not None
    pages = list(connector.import_pages(NC, watermark))
    assert not any(page.complete for page in pages)
    after = pages[-1].watermark_after
    assert after is not None
    return by_name(pages), after
