"""The state behind the OpenLDAP profile: one suffix, its entries, change numbers, and the session log.

Keeps names, children and operational attributes whole. Which writes are allowed is decided in `writes`;
nothing here knows of LDAP messages.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from attrflow_mocks.ad.errors import LdapError
from attrflow_mocks.ad.names import InvalidName, parse_dn
from attrflow_mocks.clock import Clock
from attrflow_mocks.identifiers import Identifiers
from attrflow_mocks.lightweight.schema import Schema, dn_key, load_schema

__all__ = ["SESSION_LOG", "Database", "Node"]

SESSION_LOG = 10_000
"""Changes that the session log remembers, as the private slapd is configured."""


class Node:
    """An entry: its own spelling of its relative name, its place, its values; compared by identity."""

    __slots__ = ("children", "csn", "parent", "rdn", "uuid", "values")

    def __init__(self, rdn: str, parent: Node | None, identifier: uuid.UUID, values: dict[str, list[bytes]]) -> None:
        self.rdn = rdn
        self.parent = parent
        self.uuid = identifier
        self.values = values
        self.csn = ""
        self.children: dict[str, Node] = {}

    @property
    def dn(self) -> str:
        """The entry's name."""
        return self.rdn if self.parent is None else f"{self.rdn},{self.parent.dn}"

    def is_below(self, other: Node) -> bool:
        """Whether it is `other` or stands anywhere under it."""
        node: Node | None = self
        while node is not None and node is not other:
            node = node.parent
        return node is other


class Database:
    """One suffix, as one slapd holds it, with the overlays syncprov, memberof and refint."""

    def __init__(self, suffix: str, clock: Clock, identifiers: Identifiers, *, size_limit: int = 500) -> None:
        """An empty database.

        Args:
            suffix: The root DN.
            clock: Where all times come from.
            identifiers: Where entryUUIDs come from that the seed leaves out.
            size_limit: Entries that a search may return to anybody but the administrator.

        Raises:
            InvalidName: `suffix` is no DN.
        """
        self.schema: Schema = load_schema()
        self.clock = clock
        self.identifiers = identifiers
        self.suffix = suffix
        self.suffix_key = dn_key(suffix)
        self.admin_dn = f"cn=admin,{suffix}"
        self.accounts: dict[str, str] = {}
        """DNs without an entry that may sign in and write, and their passwords."""
        self.size_limit = size_limit
        self.root: Node | None = None
        self.by_uuid: dict[uuid.UUID, Node] = {}
        self.log: deque[tuple[str, uuid.UUID]] = deque(maxlen=SESSION_LOG)
        """Change numbers and whom they were of, deletions too, the oldest first."""
        self.log_start = ""
        """Changes after this number are all in the log."""
        self.csn = ""
        """contextCSN: the number of the last change."""
        self.watchers: dict[object, Callable[[Node, bool], None]] = {}
        """Told of every change; the flag says that the entry was deleted."""
        self.members: dict[tuple[str, ...], dict[Node, None]] = {}
        """Groups by the key of each DN that they name, for memberOf."""
        self.shadow: Database | None = None
        """The last snapshot, from which stale reads are answered."""

    @property
    def dns_name(self) -> str:
        """The suffix as a host name, for the certificate."""
        parts = [rdn.value for rdn in parse_dn(self.suffix) if rdn.type == "DC"]
        return ".".join(parts).lower() or "localhost"

    def now(self) -> datetime:
        """The mock's time."""
        return self.clock.now()

    def next_csn(self) -> str:
        """A change number above all others."""
        stamp = self.now().astimezone(UTC).strftime("%Y%m%d%H%M%S.%fZ")
        if self.csn[: len(stamp)] >= stamp:
            stamp, count = self.csn[: len(stamp)], int(self.csn[len(stamp) + 1 : len(stamp) + 7], 16) + 1
        else:
            count = 0
        self.csn = f"{stamp}#{count:06x}#000#000000"
        self.log_start = self.log_start or self.csn
        return self.csn

    def find(self, text: str) -> Node | None:
        """The entry of this DN, or None.

        Raises:
            LdapError: 34 it is no DN.
        """
        return self._walk(text)[0]

    def require(self, text: str) -> Node:
        """The entry of this DN.

        Raises:
            LdapError: 34 no DN; 32 missing, with the deepest ancestor that is there.
        """
        found, best = self._walk(text)
        if found is None:
            raise LdapError(32, "", best.dn if best is not None else "")
        return found

    def _walk(self, text: str) -> tuple[Node | None, Node | None]:
        try:
            keys = dn_key(text)
        except InvalidName:
            raise LdapError(34, "invalid DN") from None
        size = len(self.suffix_key)
        if self.root is None or keys[-size:] != self.suffix_key:
            return None, None
        node = self.root
        for key in reversed(keys[:-size]):
            child = node.children.get(key)
            if child is None:
                return None, node
            node = child
        return node, node

    def subtree(self, node: Node) -> Iterator[Node]:
        """The entry and all below it, parents first."""
        stack = [node]
        while stack:
            found = stack.pop()
            yield found
            stack.extend(reversed(found.children.values()))

    def attach(self, node: Node) -> None:
        """Take a new entry in under its parent, or as the root."""
        if node.parent is None:
            self.root = node
        else:
            node.parent.children[dn_key(node.rdn)[0]] = node
        self.by_uuid[node.uuid] = node
        self.index(node)

    def detach(self, node: Node) -> None:
        """Take an entry without children out."""
        self.unindex(node)
        del self.by_uuid[node.uuid]
        if node.parent is None:
            self.root = None
        else:
            del node.parent.children[dn_key(node.rdn)[0]]

    def index(self, node: Node) -> None:
        """Enter a group's members for memberOf."""
        for key in self._member_keys(node):
            self.members.setdefault(key, {})[node] = None

    def unindex(self, node: Node) -> None:
        """Take a group's members out of the index."""
        for key in self._member_keys(node):
            held = self.members.get(key, {})
            held.pop(node, None)
            if not held:
                self.members.pop(key, None)

    def _member_keys(self, node: Node) -> Iterator[tuple[str, ...]]:
        if b"groupOfNames" in node.values.get("objectClass", ()):
            for value in node.values.get("member", ()):
                try:
                    yield dn_key(value.decode())
                except (InvalidName, UnicodeDecodeError):
                    continue  # a seed may name what is no DN; nobody is its member

    def changed(self, node: Node, who: str, *, deleted: bool = False) -> None:
        """Give an entry its change number, and have it told and logged."""
        node.csn = self.next_csn()
        if not deleted:
            node.values["entryCSN"] = [node.csn.encode()]
            node.values["modifyTimestamp"] = [self.timestamp()]
            node.values["modifiersName"] = [who.encode()]
        if len(self.log) == self.log.maxlen:
            self.log_start = self.log[0][0]
        self.log.append((node.csn, node.uuid))
        for told in list(self.watchers.values()):
            told(node, deleted)

    def timestamp(self) -> bytes:
        """Now, as slapd writes times."""
        return self.now().astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode()

    def shown(self, node: Node) -> Mapping[str, Sequence[bytes]]:
        """All attributes of an entry, those that are computed at each read included."""
        values: dict[str, Sequence[bytes]] = dict(node.values)
        groups = self.members.get(dn_key(node.dn))
        if groups:
            values["memberOf"] = [group.dn.encode() for group in groups]
        values["entryDN"] = [node.dn.encode()]
        values["subschemaSubentry"] = [b"cn=Subschema"]
        values["hasSubordinates"] = [b"TRUE" if node.children else b"FALSE"]
        if node is self.root:
            values["contextCSN"] = [self.csn.encode()]
        return values
