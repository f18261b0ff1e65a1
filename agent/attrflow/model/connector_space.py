"""The connector space: one object with its tower of deltas, its link and its errors (behaviour.md §1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from attrflow.model.delta import EMPTY_IMAGE, Delta, Image, apply_delta
from attrflow.model.provenance import Provenance

__all__ = [
    "AppliedRule",
    "CSObject",
    "ConnectorState",
    "Disconnection",
    "Link",
    "LinkOrigin",
    "StoredError",
    "export_hologram",
    "import_hologram",
    "is_export_only",
    "refused_no_more",
]

ConnectorState = Literal["normal", "explicit", "stay"]
LinkOrigin = Literal["projection-rules", "join-rules", "provisioning-rules", "joiner-rule"]


@dataclass(frozen=True, slots=True)
class Link:
    """The link to a metaverse object. The rule is history for people; nothing is decided by it."""

    mv_id: int
    origin: LinkOrigin
    rule_id: str | None
    since_run: int


@dataclass(frozen=True, slots=True)
class AppliedRule:
    """A rule that was in scope at an object's last committed sync, with what decides about deletes later.

    It says by itself what the rule was, so that a rule which was deleted since still counts.
    """

    direction: str
    link: str
    joins: bool
    """Whether the rule had join criteria."""
    id: str

    def __str__(self) -> str:
        return f"{self.direction}/{self.link}{'+join' if self.joins else ''}/{self.id}"

    @staticmethod
    def parse(text: str) -> AppliedRule:
        """The applied rule of a text made by `str`.

        >>> AppliedRule.parse("outbound/provision+join/4f0c").joins
        True
        """
        direction, link, id_ = text.split("/", 2)
        return AppliedRule(direction, link.removesuffix("+join"), link.endswith("+join"), id_)

    @property
    def keeps_link(self) -> bool:
        """Whether the rule is provision- or join-bearing: a link stands while one such is in scope."""
        return self.joins or self.link == "provision"


@dataclass(frozen=True, slots=True)
class Disconnection:
    """Why an object is not linked any more: the trigger's word, the rule that let go, and the run."""

    cause: str
    rule_id: str | None
    run: int


@dataclass(frozen=True, slots=True)
class StoredError:
    """An error of one object, kept until it is gone (behaviour.md §1.7). Times are ISO 8601, UTC."""

    type: str
    step: str
    detail: str
    first_occurred: str
    last_occurred: str
    retry_count: int = 0
    rule_id: str | None = None
    attribute: str | None = None
    cd_error_code: str | None = None


@dataclass(frozen=True, slots=True)
class CSObject:
    """One object of one connector space.

    `image` is what a sync has processed (None before the first); the deltas stand on it in the order
    `pending_import`, `unconfirmed`, `escrowed`, `unapplied`. `dn` is the newest imported (or, for an
    object that was never imported, the provisioned) name.
    """

    id: int
    connector: str
    partition: str
    dn: str
    dn_key: str
    object_type: str | None = None
    anchor: str | None = None
    kind: Literal["staging", "placeholder"] = "staging"
    transient: bool = False
    image: Image | None = None
    pending_import: Delta | None = None
    unconfirmed: Delta | None = None
    escrowed: Delta | None = None
    unapplied: Delta | None = None
    link: Link | None = None
    state: ConnectorState = "normal"
    disconnection: Disconnection | None = None
    applied_rules: tuple[str, ...] = ()
    """`AppliedRule` texts: the rules of both directions in scope at the last committed sync."""
    import_error: StoredError | None = None
    export_error: StoredError | None = None
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    """By attribute: the run that imported the value, or the outbound rule that flowed it."""


def import_hologram(cso: CSObject) -> Image:
    """What the directory is known to hold: image and pending import (layers 1 and 2)."""
    return apply_delta(cso.pending_import, cso.image or EMPTY_IMAGE)


def export_hologram(cso: CSObject) -> Image:
    """The newest known state: also what is exported, in flight or waiting for export (all layers)."""
    image = import_hologram(cso)
    for delta in (cso.unconfirmed, cso.escrowed, cso.unapplied):
        image = apply_delta(delta, image)
    return image


def is_export_only(cso: CSObject) -> bool:
    """Whether the object was provisioned and nothing of it was ever exported or imported."""
    return cso.image is None and cso.pending_import is None and cso.unconfirmed is None and cso.escrowed is None


def refused_no_more(cso: CSObject) -> CSObject:
    """The object without its export error if nothing of what was refused waits any more (behaviour.md §1.7)."""
    waits = cso.unapplied is not None or cso.escrowed is not None
    return cso if waits or cso.export_error is None else replace(cso, export_error=None)
