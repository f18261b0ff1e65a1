"""Which container rule of a configuration keeps a DN out of a connector space."""

from __future__ import annotations

from attrflow.model.configuration import ConnectorConfiguration
from attrflow.model.names import InvalidName, dn_key, is_within, parse_dn

__all__ = ["keeps_out"]


def keeps_out(configuration: ConnectorConfiguration, dn: str) -> str | None:
    """The container rule that keeps the DN out, as the end of a sentence; None where it is in scope.

    Names the deepest excluded container above it, else that no selected container holds it, else that
    no selected domain does.
    """
    try:
        name = parse_dn(dn)
    except InvalidName:
        return None
    key = name.key
    partition = configuration.partition_of(key)
    if partition is None:
        names = ", ".join(p.name for p in configuration.partitions)
        return f"no selected partition of {configuration.name} holds it (selected: {names})"
    if partition.in_scope(key):
        return None
    above = [c for c in partition.exclude if is_within(key, dn_key(c))]
    if above:
        return f"{max(above, key=lambda c: len(dn_key(c)))} is excluded"
    parent = name.parent.text if name.parent is not None else dn
    selected = ", ".join(_short(c, partition.name) for c in partition.include)
    return f"{_short(parent, partition.name)} is not among the selected containers ({selected})"


def _short(dn: str, partition: str) -> str:
    """A container without the partition's own name at its end."""
    tail = "," + partition
    return dn[: -len(tail)] if dn.casefold().endswith(tail.casefold()) else dn
