"""The shapes of what the control plane is asked, and JSON for values that are bytes.

Text stands for itself, bytes are `{"b64": "..."}`. It knows no HTTP and no directory.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Annotated, TypeVar

import msgspec

from attrflow_mocks.faults import Fault
from attrflow_mocks.scenarios.seed import EntrySeed, SeedValue

__all__ = [
    "Advance",
    "ClientDocument",
    "DeleteRequest",
    "EntryDocument",
    "ModifyRequest",
    "MoveRequest",
    "SeedRequest",
    "SignInRequest",
    "SnapshotRequest",
    "TenantRequest",
    "decode",
    "decode_faults",
    "entry_from_document",
    "seed_values",
    "to_json",
]

T = TypeVar("T")


class _Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A misspelt key is an error, not something to pass over."""


class Bytes(_Request, frozen=True):
    """A binary value."""

    b64: str


Values = tuple[str | Bytes, ...]


class Advance(_Request, frozen=True):
    """How far the clock goes on."""

    seconds: float


class EntryDocument(_Request, frozen=True):
    """An entry to add."""

    dn: str
    object_class: str
    attributes: dict[str, Values] = {}


class SeedRequest(_Request, frozen=True):
    """What to add: LDIF text or entries to `directory`, users (in Graph's words) to the tenant."""

    directory: str = ""
    ldif: str = ""
    entries: tuple[EntryDocument, ...] = ()
    users: tuple[dict[str, object], ...] = ()


class ModifyRequest(_Request, frozen=True):
    """Attributes to replace; null or no values takes one away."""

    dn: str
    changes: dict[str, Values | None]


class MoveRequest(_Request, frozen=True):
    """Where an entry goes: its whole new DN."""

    dn: str
    new_dn: str


class DeleteRequest(_Request, frozen=True):
    """What is deleted; `tree` takes what is below as well."""

    dn: str
    tree: bool = False


class ClientDocument(_Request, frozen=True):
    """An application that may ask for tokens; without `roles` it has all of them."""

    id: str
    secret: str | None = None
    roles: tuple[str, ...] | None = None
    certificates: tuple[str, ...] = ()
    secret_expired: bool = False
    enabled: bool = True


class SnapshotRequest(_Request, frozen=True):
    """A name for a state that can be gone back to."""

    name: str


class SignInRequest(_Request, frozen=True):
    """Who signs in: an application, and the administrator in front of it."""

    client: str
    user: str


Limit = Annotated[int, msgspec.Meta(ge=0)]
"""How much there may be at most; 0 lifts the limit."""


class TenantRequest(_Request, frozen=True):
    """What an administrator does in the tenant, all parts optional, in this order."""

    verify_domains: tuple[str, ...] = ()
    remove_domains: tuple[str, ...] = ()
    features: dict[str, bool] = {}
    assign_exchange: tuple[str, ...] = ()
    remove_exchange: tuple[str, ...] = ()
    make_admin: tuple[str, ...] = ()
    remove_admin: tuple[str, ...] = ()
    override_mobile: dict[str, str | None] = {}
    override_other_mobile: dict[str, tuple[str, ...]] = {}
    cloud_mastered: dict[str, bool] = {}
    clients: tuple[ClientDocument, ...] = ()
    throttling: bool | None = None
    lag: float | None = None
    strict_mobile: bool | None = None
    object_quota: Limit | None = None
    object_size: Limit | None = None
    retry_provisioning_errors: bool = False


class _FaultDocument(_Request, frozen=True):
    """The fields of `faults.Fault`, checked."""

    target: str
    operation: str
    kind: str
    times: int = 1
    skip: int = 0
    status: int = 0
    retry_after: float | None = None
    seconds: float = 0.0
    bytes: int = 0
    entries: int = 0
    chance: float = 1.0


class _FaultScript(_Request, frozen=True):
    """Faults in their order, and what their chances follow from."""

    faults: tuple[_FaultDocument, ...]
    seed: int | None = None


def decode(body: bytes, shape: type[T]) -> T:
    """The JSON `body` as `shape`.

    Raises:
        ValueError: it is not JSON or not of this shape; the text says where.
    """
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as error:
        raise ValueError(f"the body is not what this route takes: {error}") from error


def decode_faults(body: bytes) -> tuple[int | None, tuple[Fault, ...]]:
    """One fault, a list of them, or a script of them with the seed that its chances follow from.

    Raises:
        ValueError: a field is unknown or of the wrong kind, or the kind of fault is.
    """
    if not body.lstrip().startswith(b"{"):
        script = _FaultScript(decode(body, tuple[_FaultDocument, ...]))
    elif "faults" in decode(body, dict[str, msgspec.Raw]):
        script = decode(body, _FaultScript)
    else:
        script = _FaultScript((decode(body, _FaultDocument),))
    return script.seed, tuple([Fault(**msgspec.structs.asdict(document)) for document in script.faults])


def seed_values(values: Values) -> tuple[SeedValue, ...]:
    """Text and bytes from their JSON form.

    Raises:
        ValueError: not base64.
    """
    return tuple(value if isinstance(value, str) else _unpacked(value) for value in values)


def _unpacked(value: Bytes) -> bytes:
    try:
        return base64.b64decode(value.b64, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {value.b64!r}: {error}") from error


def entry_from_document(document: EntryDocument) -> EntrySeed:
    """The entry that a document describes.

    Raises:
        ValueError: a value is not base64.
    """
    attributes = {name: seed_values(values) for name, values in document.attributes.items()}
    return EntrySeed(document.dn, document.object_class, attributes)


def to_json(value: object) -> object:
    """`value` made of what JSON has: bytes packed, tuples and sets as lists, the rest as it is or as text."""
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode("ascii")}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [to_json(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((to_json(item) for item in value), key=str)
    return str(value)
