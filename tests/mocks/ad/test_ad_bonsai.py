"""The same server seen by bonsai, which stands on OpenLDAP's own client library."""

from __future__ import annotations

from typing import Any

import pytest

from attrflow_mocks.ad.hosting import Hosted

bonsai: Any = pytest.importorskip("bonsai", reason="bonsai is built from source; scripts/test says what it needs")

ROOT = "DC=contoso,DC=test"
PEOPLE = f"OU=People,{ROOT}"


def connect(hosted: Hosted, port: int | None = None) -> Any:
    client = bonsai.LDAPClient(f"ldap://127.0.0.1:{port or hosted.port}")
    client.set_credentials("SIMPLE", user="svc-sync@contoso.test", password="Hemmelig-1")
    client.set_server_chase_referrals(False)
    return client.connect()


def test_search_page_add_modify_rename_delete(hosted: Hosted) -> None:
    with connect(hosted) as connection:
        found = connection.search(PEOPLE, bonsai.LDAPSearchScope.SUB, "(objectClass=user)", ["cn"])
        assert {entry["cn"][0] for entry in found} == {"Kari Nordmann", "Ola Hansen", "Åse Ødegård"}
        pages = connection.paged_search(PEOPLE, bonsai.LDAPSearchScope.SUB, "(objectClass=*)", ["cn"], page_size=2)
        assert len(list(pages)) == 7
        entry = bonsai.LDAPEntry(f"CN=Ny,{PEOPLE}")
        entry["objectClass"], entry["mail"] = ["contact"], ["ny@contoso.test"]
        connection.add(entry)
        entry["title"] = ["Gjest"]
        entry.modify()
        entry.rename(f"CN=Nyere,{PEOPLE}")
        assert connection.search(f"CN=Nyere,{PEOPLE}", 0, "(title=gjest)", ["title"])[0]["title"] == ["Gjest"]
        connection.delete(f"CN=Nyere,{PEOPLE}")
        assert connection.whoami() == "u:CONTOSO\\svc-sync"


def test_errors_are_its_own_exceptions(hosted: Hosted) -> None:
    with connect(hosted) as connection:
        with pytest.raises(bonsai.NoSuchObjectError):
            connection.search(f"CN=Nobody,{PEOPLE}", 0)
        with pytest.raises(bonsai.NotAllowedOnNonleaf):
            connection.delete(PEOPLE)
    client = bonsai.LDAPClient(f"ldap://127.0.0.1:{hosted.port}")
    client.set_credentials("SIMPLE", user="svc-sync@contoso.test", password="wrong")
    with pytest.raises(bonsai.AuthenticationError):
        client.connect()


def test_the_global_catalog(hosted: Hosted) -> None:
    with connect(hosted, hosted.catalog_port) as connection:
        found = connection.search("", bonsai.LDAPSearchScope.SUB, "(sAMAccountName=kari)", ["mail", "department"])
        assert [sorted(entry.keys()) for entry in found] == [["dn", "mail"]]
