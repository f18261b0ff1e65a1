"""Entries for engine tests: users, groups and contacts of a forest, and changes of a directory in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from attrflow.connectors.memory import MemoryDirectory, MemoryEntry
from attrflow.model.configuration import ConnectorConfiguration, Partition
from attrflow.model.names import dn_key
from attrflow.model.values import Values

REFERENCES = {"manager", "member"}
"""Attributes whose values are given as DNs."""


def on_premises(name: str, id_: str) -> ConnectorConfiguration:
    """A forest of one domain, of which OU=People is in scope."""
    domain = {
        "Domain.FQDN": f"{name}.test",
        "Domain.LDAP": f"DC={name},DC=test",
        "Domain.Netbios": name.upper(),
        "Forest.FQDN": f"{name}.test",
        "Forest.LDAP": f"DC={name},DC=test",
        "Forest.Netbios": name.upper(),
    }
    partition = Partition(f"DC={name},DC=test", (f"OU=People,DC={name},DC=test",), (), domain)
    return ConnectorConfiguration(name, id_, "ad", (partition,), ("user", "group", "contact"), ())


def dn(name: str, forest: str = "contoso") -> str:
    """Where `user`, `group` and `contact` put an entry."""
    return f"CN={name},OU=People,DC={forest},DC=test"


def entry(
    type_: str, name: str, forest: str, attributes: Mapping[str, Values], more: Mapping[str, object]
) -> MemoryEntry:
    """An entry; of `more`, reference attributes are given as DNs, None takes an attribute away."""
    given = {n.replace("__", "-"): v for n, v in more.items()}
    references: dict[str, tuple[str, ...]] = {n: v for n, v in given.items() if n in REFERENCES}  # type: ignore[misc]  # DNs
    short: dict[str, Values] = {n: v for n, v in given.items() if n not in REFERENCES and v is not None}  # type: ignore[misc]  # values
    kept = {n: v for n, v in {**attributes, **short}.items() if n not in given or given[n] is not None}
    return MemoryEntry(dn(name, forest), type_, kept, references)


def user(name: str, number: int, *, forest: str = "contoso", **more: object) -> MemoryEntry:
    """A user of one forest; `manager` and `member` are given as DNs."""
    login = name.replace(" ", ".").lower()
    attributes: dict[str, Values] = {
        "cn": (name,),
        "sAMAccountName": (login[:20],),
        "userPrincipalName": (f"{login}@{forest}.test",),
        "objectGUID": (number.to_bytes(16, "big"),),
        "objectSid": (b"\x01\x01\x00\x00\x00\x00\x00\x05" + number.to_bytes(4, "little"),),
        "userAccountControl": (512,),
    }
    return entry("user", name, forest, attributes, more)


def group(name: str, number: int, *, forest: str = "contoso", **more: object) -> MemoryEntry:
    """A security group of one forest."""
    attributes: dict[str, Values] = {
        "cn": (name,),
        "sAMAccountName": (name,),
        "objectGUID": (number.to_bytes(16, "big"),),
        "objectSid": (b"\x01\x01\x00\x00\x00\x00\x00\x05" + number.to_bytes(4, "little"),),
        "groupType": (-2147483646,),
    }
    return entry("group", name, forest, attributes, more)


def contact(name: str, number: int, *, forest: str = "contoso", **more: object) -> MemoryEntry:
    """A contact of one forest with a mail address."""
    attributes: dict[str, Values] = {
        "cn": (name,),
        "mail": (f"{name.lower()}@partner.test",),
        "objectGUID": (number.to_bytes(16, "big"),),
    }
    return entry("contact", name, forest, attributes, more)


def refer(directory: MemoryDirectory, dn_: str, attribute_: str, *targets: str) -> None:
    """Give an entry's reference attribute these targets."""
    anchor = directory.find(dn_)
    assert anchor is not None, f"no entry {dn_}"
    here = directory.entries[anchor]
    references = {**here.references, attribute_: targets}
    directory.put(anchor, replace(here, references={n: t for n, t in references.items() if t}))


def rename(directory: MemoryDirectory, old: str, new: str) -> None:
    """Move an entry; what refers to it follows, as in AD."""
    anchor = directory.find(old)
    assert anchor is not None, f"no entry {old}"
    directory.put(anchor, replace(directory.entries[anchor], dn=new))
    for other, here in list(directory.entries.items()):
        moved = {
            name: tuple(new if dn_key(target) == dn_key(old) else target for target in targets)
            for name, targets in here.references.items()
        }
        if moved != here.references:
            directory.entries[other] = replace(here, references=moved)
