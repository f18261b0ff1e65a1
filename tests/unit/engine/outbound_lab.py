"""What the outbound tests share: a cloud that is in step, and a directory that rules write."""

from __future__ import annotations

from attrflow.connectors.memory import MemoryEntry
from attrflow.rules.rule import AttributeMapping, Rule

from .lab import Lab
from .lab_entries import dn
from .lab_rules import expression, flow, rule

KARI, OLA = dn("Kari"), dn("Ola")


def settled(*entries: MemoryEntry) -> Lab:
    """Entries of contoso, in the cloud and confirmed."""
    lab = Lab()
    for entry in entries:
        lab.directories["contoso"].add(entry)
    lab.settle()
    return lab


def cloud_name(lab: Lab, name: str = KARI) -> str:
    """The DN of the cloud's object."""
    cso = lab.linked("entra", name)
    assert cso is not None
    return cso.dn


def filtered(lab: Lab, name: str = KARI) -> None:
    """Take the logon name away: the default rules then keep the user from the cloud."""
    lab.directories["contoso"].set(name, "sAMAccountName", ())


NAMED = expression("dn", '"CN=" & [accountName] & ",OU=People,DC=plain,DC=test"')


def writing(*mappings: AttributeMapping, target: str = "user") -> list[Rule]:
    """contoso projects; a Provision rule writes to a directory named `plain`."""
    name = (flow("accountName", "sAMAccountName"), flow("title", "title"), flow("info", "info"))
    out = rule(
        "writes",
        20,
        NAMED,
        *mappings,
        direction="outbound",
        connector="plain",
        target=target,
        link="provision",
    )
    return [rule("projects", 1, *name, flow("proxyAddresses", "proxyAddresses"), link="provision"), out]


def plain(name: str) -> str:
    """A DN in the directory that is written."""
    return f"CN={name},OU=People,DC=plain,DC=test"


def write(lab: Lab, kind: str = "delta") -> None:
    """A cycle and the export to the plain directory."""
    lab.cycle(kind, export=False)
    lab.run("plain", "export")
