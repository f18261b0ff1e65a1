"""Configuration nouns: frozen, passed in, stored per run by hash (DECISIONS 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from attrflow.model.names import dn_key, is_within

__all__ = [
    "GUARDS",
    "RFC2307_NAMES",
    "ConnectorConfiguration",
    "ConnectorKind",
    "EngineOptions",
    "GuardKind",
    "GuardLimit",
    "Partition",
    "Required",
    "RunStep",
    "SchedulerState",
    "StepType",
]

ConnectorKind = Literal["ad", "openldap", "entra", "memory"]
StepType = Literal[
    "full-import",
    "delta-import",
    "full-sync",
    "delta-sync",
    "export",
    "full-import-full-sync",
    "full-import-delta-sync",
    "delta-import-full-sync",
    "delta-import-delta-sync",
]
"""What a step of a run profile does; the last four import and synchronize in one step (behaviour.md §4.1)."""
GuardKind = Literal["deletes", "disables", "identity-changes", "membership-removals"]
"""What the guard against accidents counts among pending exports."""
GUARDS: tuple[GuardKind, ...] = get_args(GuardKind)
RFC2307_NAMES: Mapping[str, str] = {"memberUid": "uid"}
"""What names what in an OpenLDAP directory where its settings do not say otherwise (RFC 2307 §5.4)."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One naming context of a connector and the containers selected in it.

    The deepest container of `include` or `exclude` above an object decides; with no container named,
    the whole partition is in scope (behaviour.md §9.1, documented).
    """

    name: str
    """The naming context's DN; `default` for Entra."""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    """`Domain.FQDN`, `Domain.Netbios`, `Domain.LDAP`."""

    def in_scope(self, key: str) -> bool:
        """Whether an object with this dn_key stands in a selected container."""
        if self.name == "default":
            return True
        if not is_within(key, dn_key(self.name)):
            return False
        best, selected = -1, not self.include
        for containers, chosen in ((self.include, True), (self.exclude, False)):
            for container in containers:
                container_key = dn_key(container)
                if is_within(key, container_key) and len(container_key) > best:
                    best, selected = len(container_key), chosen
        return selected


@dataclass(frozen=True, slots=True)
class RunStep:
    """One step of a run profile: for one partition, with its limits (behaviour.md §4.1). None: as without the key."""

    type: StepType
    partition: str
    batch_size: int | None = None
    """Objects a commit, or in escrow at a time."""
    page_size: int | None = None
    """Objects a page of the directory's answers."""
    timeout_seconds: int | None = None
    """How long one request to the directory may take."""
    object_limit: int = 0
    """Objects after which the step ends with `stopped-object-limit`; 0 is no limit."""
    error_limit: int | None = None
    """Objects that may fail before the step ends with `stopped-error-limit`; 0 is no limit."""


@dataclass(frozen=True, slots=True)
class GuardLimit:
    """How much of one kind of change an export may hold: more of it, and nothing at all is exported."""

    count: int | None = None
    """None: nothing is said; 0: this limit is switched off."""
    percent: int = 0
    """Of the connector's objects, or of its memberships; 0 is no limit."""


@dataclass(frozen=True, slots=True)
class ConnectorConfiguration:
    """One connector: what it is, what it reads, and how its directory is reached."""

    name: str
    id: str
    """The connector's GUID, lower case, without braces; `%Connector.ID%` in expressions."""
    kind: ConnectorKind
    partitions: tuple[Partition, ...]
    object_types: tuple[str, ...]
    attributes: tuple[str, ...]
    """The attribute inclusion list; empty means: all that the rules in effect read or write."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    """What the adapter needs to reach the directory: address, account, secret reference, TLS, page size."""
    profiles: Mapping[str, tuple[RunStep, ...]] = field(default_factory=dict)
    """The connector's own run profiles by name; one with a default profile's name stands in its place."""
    guards: Mapping[GuardKind, GuardLimit] = field(default_factory=dict)
    """Limits of the guard against accidental exports, where the connector has its own."""
    reference_by: Mapping[str, str] = field(default_factory=dict)
    """By attribute whose values name other objects: the attribute of those that holds the names (`memberUid`: `uid`).
    Both in the schema's spelling."""

    def partition(self, name: str) -> Partition:
        """The partition of that name; it must exist."""
        return next(p for p in self.partitions if p.name == name)

    def partition_of(self, key: str) -> Partition | None:
        """The deepest partition that holds the dn_key, whether or not its container is selected."""
        if len(self.partitions) == 1 and self.partitions[0].name == "default":
            return self.partitions[0]
        inside = [p for p in self.partitions if is_within(key, dn_key(p.name))]
        return max(inside, key=lambda p: len(dn_key(p.name)), default=None)


@dataclass(frozen=True, slots=True)
class Required:
    """What a connector's next cycle must do in full, each with the reason in words; None: nothing asks for it."""

    full_import: str | None = None
    full_sync: str | None = None

    def __bool__(self) -> bool:
        return self.full_import is not None or self.full_sync is not None


@dataclass(frozen=True, slots=True)
class SchedulerState:
    """What the scheduler knows from cycle to cycle; kept in the store. Times are ISO 8601, UTC."""

    suspended_since: str | None = None
    suspended_because: str | None = None
    next_cycle: str | None = None
    """When the next cycle is due; None: at once."""
    last_kind: str | None = None
    """`delta` or `initial`."""
    last_run: int | None = None
    """The run that opened the last cycle."""
    last_started: str | None = None
    last_ended: str | None = None
    last_result: str | None = None
    ruleset_hash: str | None = None
    """The rules that the last run or cycle saw: what differs from them is a change to act upon."""
    configuration_hash: str | None = None
    required: Mapping[str, Required] = field(default_factory=dict)
    """By connector; consumed by a full import or full synchronization that comes to its end."""
    purged: str | None = None
    """When the run history was last purged."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What no source decides, as named options with the proposed defaults (behaviour.md §10)."""

    bit_not_set_when_absent: bool = True
    """OPEN-2: ISBITNOTSET on an absent attribute."""
    case_sensitive_scope: bool = False
    """OPEN-3: string clauses of scope filters."""
    join_on_any_value: bool = True
    """OPEN-4: any value of a multi-valued join source may match; else one with several values matches nothing."""
    strict_single_join: bool = False
    """OPEN-5: an unlinked object with more than one join-bearing inbound rule in scope is an error."""
    project_without_join_criteria: bool = True
    """OPEN-26: a Provision rule without join criteria projects; else it lacks the join value that projection needs."""
    join_rules_keep_provisioned: bool = False
    """OPEN-1: a Join rule in scope keeps an object whose Provision rule left scope; else its delete is staged."""
    refuse_equal_precedence: bool = False
    """OPEN-6: rules of equal precedence keep a synchronization from starting; else the rule id decides."""
    ignored_flow_survives_recall: bool = False
    """OPEN-7: IgnoreThisFlow keeps a value also when the rule or object that contributed it is gone."""
    authoritative_null_stops_merge: bool = True
    """OPEN-8: within a merge AuthoritativeNull stops the contributors after it; else it adds nothing, as NULL."""
    once_waits_for_a_value: bool = False
    """OPEN-9: a mapping marked once is evaluated until it gives a value; else only while its target is made."""
    outbound_error_rolls_back: bool = True
    """OPEN-18: an error of an outbound rule rolls the whole object back; else the inbound result is kept."""
    delta_sync_changed_flows_only: bool = False
    """OPEN-16: a delta synchronization evaluates only mappings whose source changed; else all of a changed object."""
    retry_failed_objects: bool = True
    """OPEN-20: a delta synchronization tries objects with a stored error again; else only once a change comes in."""
    outbound_change_syncs_contributors: bool = True
    """OPEN-23: a changed outbound rule asks for a full sync of every connector that projects its type; else its own."""
    rename_descendants_at_once: bool = False
    """OPEN-22: objects below a renamed container show their new DNs at once; else when they come in again."""
    export_deletes_first: bool = True
    """OPEN-12: an export begins with the deletes, which frees their names; else it ends with them."""
    skip_objects_at_rest: bool = True
    """A full synchronization passes over objects whose inputs are what they were (decision 0007); else it evaluates
    all of them, with the same result."""
    length_limit: int = 448
    """Characters in a single-valued metaverse string; more is `mv-constraint-violation` (documented)."""
    loop_limit: int = 10
    """Rounds of inbound and outbound for one object before it fails (documented for provisioning calls)."""
    export_deletion_threshold: int = 500
    """Staged deletes above which nothing at all is exported on a connector; 0 switches the guard off."""
    error_limit: int = 5000
    """Object errors in one step at which the run stops with `stopped-error-limit` (documented)."""
