"""The state of one domain controller: partitions, tree, USNs, links and the indexes that guard them.

Offers the primitive steps (attach, move, link, stamp) that keep the tree whole. Which writes a client
may make is decided in `writes`; nothing here knows of LDAP messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import LdapError, name_error
from attrflow_mocks.ad.names import DN, InvalidName, Rdn, fold, format_dn, parse_dn
from attrflow_mocks.ad.schema import Attribute, Schema, load_schema
from attrflow_mocks.ad.values import generalized_time, guid_from_text, sid_from_text, sid_text
from attrflow_mocks.clock import Clock
from attrflow_mocks.identifiers import Identifiers

if TYPE_CHECKING:
    from attrflow_mocks.ad.rights import Rule

__all__ = ["Directory"]

_ANGLE = re.compile(r"\s*<(GUID|SID|WKGUID)=([^>]*)>\s*\Z", re.IGNORECASE)
_UNIQUE = ("sAMAccountName", "userPrincipalName", "servicePrincipalName", "objectSid")


class Directory:
    """One domain of a forest of one domain, as one domain controller holds it."""

    def __init__(
        self,
        naming_context: str,
        netbios: str,
        clock: Clock,
        identifiers: Identifiers,
        *,
        recycle_bin: bool = False,
    ) -> None:
        """An empty directory; `foundation.lay` gives it its partitions and standard containers.

        Raises:
            InvalidName: `naming_context` is no DN.
        """
        self.schema: Schema = load_schema()
        self.clock = clock
        self.identifiers = identifiers
        self.netbios = netbios
        self.recycle_bin = recycle_bin
        self.root_name: DN = parse_dn(naming_context)
        self.root_dn = format_dn(self.root_name)
        self.configuration_dn = f"CN=Configuration,{self.root_dn}"
        self.schema_dn = f"CN=Schema,{self.configuration_dn}"
        self.dns_name = ".".join([rdn.value for rdn in self.root_name if rdn.type == "DC"]).lower()
        self.invocation_id = identifiers.guid()
        numbers = [identifiers.integer(1_000_000_000, 4_000_000_000) for _ in range(3)]
        self.domain_sid = "S-1-5-21-" + "-".join(map(str, numbers))
        self.next_rid = 1103
        self.usn = 4096
        self.accounts: dict[str, str] = {}
        """Bind names (UPN or DN) and passwords, as the seed gives them."""
        self.passwords: dict[Entry, str] = {}
        """Passwords that were set on entries."""
        self.replicators: frozenset[str] | None = None
        """Folded bind names that may use DirSync without OBJECT_SECURITY; None is everybody."""
        self.rules: Sequence[Rule] = ()
        """What accounts may not see or write."""
        self.watchers: dict[object, Callable[[Entry], None]] = {}
        """Told of every change once it has its USN, by who asked for it."""
        self.shadow: Directory | None = None
        """The last snapshot, which stale reads are answered from."""
        self.graves: list[tuple[datetime, int, Entry]] = []
        """A heap of deleted entries: when the next step of their decay is due, and the USN of their deletion."""
        self.partitions: dict[tuple[str, ...], Entry] = {}
        self.by_guid: dict[bytes, Entry] = {}
        self.recent: dict[Entry, None] = {}
        """All entries, tombstones too, in the order of their last change."""
        self.indexes: dict[str, dict[str | bytes, Entry]] = {name: {} for name in _UNIQUE}
        self.well_known: dict[str, Entry] = {}
        """Standard containers by their well-known GUID, as 32 hexadecimal digits."""
        self._generation = 0

    # -- names ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The mock's time."""
        return self.clock.now()

    @property
    def root(self) -> Entry:
        """The head of the domain partition."""
        return self.partitions[tuple([rdn.key for rdn in self.root_name])]

    @property
    def deleted_objects(self) -> Entry:
        """The container that tombstones of the domain move to."""
        return self.well_known["18E2EA80684F11D2B9AA00C04F79F805"]

    def dn(self, entry: Entry) -> bytes:
        """The entry's DN as UTF-8 text; renames anywhere above it show at once."""
        generation, text = entry.printed
        if generation != self._generation:
            own = str(entry.rdn).encode()
            if entry.parent is not None:
                text = own + b"," + self.dn(entry.parent)
            else:
                text = self._head_text(entry)
            entry.printed = (self._generation, text)
        return text

    def _head_text(self, head: Entry) -> bytes:
        return head.values["distinguishedName"][0]

    def partition_of(self, dn: DN) -> tuple[Entry, tuple[str, ...]] | None:
        """The head of the partition that a DN falls in, and the keys from there down to the leaf."""
        keys = tuple([rdn.key for rdn in dn])
        for index in range(len(keys) + 1):
            head = self.partitions.get(keys[index:])
            if head is not None:
                return head, keys[:index]
        return None

    def find(self, text: str, *, show_deleted: bool = False) -> Entry | None:
        """The entry of this DN (or `<GUID=>`, `<SID=>`, `<WKGUID=>`), or None.

        Raises:
            InvalidName: the text is no DN.
        """
        found = self._find_angle(text) if text.lstrip()[:1] == "<" else self._walk(parse_dn(text))[0]
        return found if found is not None and (show_deleted or not found.deleted) else None

    def require(self, text: str, *, show_deleted: bool = False, win32: int = 0x208D) -> Entry:
        """The entry of this DN.

        Raises:
            LdapError: 34 no DN; 10 in no partition held here; 32 with the deepest ancestor found.
        """
        try:
            found = self.find(text, show_deleted=show_deleted)
            if found is not None:
                return found
            dn = () if text.lstrip()[:1] == "<" else parse_dn(text)
        except InvalidName:
            raise LdapError(
                34,
                f"00002081: NameErr: DSID-0C09A77F, problem 2006 (BAD_NAME), data 0, best match of:\n\t'{text}'\n",
            ) from None
        if not dn:
            raise name_error(win32, "")
        if self.partition_of(dn) is None:
            domain = ".".join([rdn.value for rdn in dn if rdn.type == "DC"]).lower()
            url = f"ldap://{domain}/{format_dn(dn)}"
            raise LdapError(
                10,
                f"0000202B: RefErr: DSID-0C09A77F, data 0, 1 access points\n\tref 1: '{domain}'\n",
                "",
                (url,),
            )
        raise name_error(win32, self.dn(self._walk(dn)[1]).decode())

    def _walk(self, dn: DN) -> tuple[Entry | None, Entry]:
        """The entry of a DN, or None, and the deepest live one on the way to it."""
        place = self.partition_of(dn)
        if place is None:
            return None, self.root
        node, keys = place
        best = node
        for key in reversed(keys):
            child = node.children.get(key)
            if child is None:
                return None, best
            node = child
            if not node.deleted:
                best = node
        return node, best

    def _find_angle(self, text: str) -> Entry | None:
        match = _ANGLE.match(text)
        if match is None:
            raise InvalidName(f"{text!r} is no name in angle brackets")
        kind, value = match[1].upper(), match[2].strip()
        if kind == "GUID":
            guid = guid_from_text(value)
            return None if guid is None else self.by_guid.get(guid.bytes_le)
        if kind == "SID":
            sid = sid_from_text(value)
            if sid is None and re.fullmatch(r"(?:[0-9a-fA-F]{2})+", value):
                sid = bytes.fromhex(value)
            return None if sid is None else self.indexes["objectSid"].get(sid)
        guid_text, _, base = value.partition(",")
        if base and self.find(base) is not self.root:
            return None
        return self.well_known.get(guid_text.strip().upper())

    # -- reading -------------------------------------------------------------------------------

    def values(self, entry: Entry, attribute: Attribute) -> Sequence[bytes]:
        """All stored, referenced and back-linked values; nothing for attributes that are computed."""
        stored = entry.values.get(attribute.name)
        if stored is not None:
            return stored
        targets = self.targets(entry, attribute)
        if targets:
            dn = self.dn
            return [dn(target) for target in targets]
        return [self.dn(entry)] if attribute.name == "distinguishedName" else ()

    def targets(self, entry: Entry, attribute: Attribute) -> Mapping[Entry, object]:
        """The entries that a reference attribute or a back link leads to."""
        if attribute.is_reference:
            return entry.links.get(attribute.name, {})
        if attribute.is_back_link and attribute.pair is not None:
            return entry.back.get(attribute.pair, {})
        return {}

    def subtree(self, entry: Entry) -> Iterator[Entry]:
        """The entry and all below it in its partition, parents first."""
        stack = [entry]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children.values()))

    # -- primitive changes ---------------------------------------------------------------------

    def stamp(self, entry: Entry, names: Iterable[str]) -> int:
        """Give the entry the next USN for a change of these attributes; returns the USN."""
        self.usn += 1
        entry.usn = self.usn
        for name in names:
            entry.stamps[name] = self.usn
        entry.values["uSNChanged"] = [str(self.usn).encode()]
        entry.values["whenChanged"] = [generalized_time(self.now())]
        self.recent.pop(entry, None)
        self.recent[entry] = None
        for told in self.watchers.values():
            told(entry)
        return self.usn

    def attach(self, entry: Entry) -> None:
        """Take a new entry into the tree and the GUID index."""
        self.by_guid[entry.guid.bytes_le] = entry
        if entry.parent is not None:
            entry.parent.children[entry.rdn.key] = entry

    def move(self, entry: Entry, rdn: Rdn, parent: Entry) -> None:
        """Give the entry another name or place; its RDN attribute and `name` follow."""
        assert entry.parent is not None
        del entry.parent.children[entry.rdn.key]
        entry.rdn, entry.parent = rdn, parent
        parent.children[rdn.key] = entry
        attribute = self.schema.attribute(rdn.type)
        assert attribute is not None
        entry.values[attribute.name] = [rdn.value.encode()]
        entry.values["name"] = [rdn.value.encode()]
        if entry.children:
            self._generation += 1
        else:
            entry.printed = (-1, b"")

    def detach(self, entry: Entry) -> None:
        """Take an entry without children out for good: tree, GUID index and order of changes."""
        assert entry.parent is not None
        del entry.parent.children[entry.rdn.key]
        del self.by_guid[entry.guid.bytes_le]
        self.recent.pop(entry, None)
        self.passwords.pop(entry, None)

    def link(self, source: Entry, name: str, target: Entry, usn: int) -> None:
        """Add one reference."""
        source.links.setdefault(name, {})[target] = usn
        source.removed.get(name, {}).pop(target, None)
        target.back.setdefault(name, {})[source] = None

    def unlink(self, source: Entry, name: str, target: Entry, usn: int | None) -> None:
        """Take one reference away; with `usn` None silently, as the target's deletion does."""
        del source.links[name][target]
        if not source.links[name]:
            del source.links[name]
        target.back[name].pop(source, None)
        if usn is not None:
            source.removed.setdefault(name, {})[target] = usn

    def index(self, entry: Entry) -> None:
        """Enter the entry's unique values into the indexes."""
        for name, index in self.indexes.items():
            for value in entry.values.get(name, ()):
                index.setdefault(index_key(name, value), entry)

    def unindex(self, entry: Entry) -> None:
        """Take the entry's unique values out of the indexes."""
        for name, index in self.indexes.items():
            for value in entry.values.get(name, ()):
                key = index_key(name, value)
                if index.get(key) is entry:
                    del index[key]

    def holder(self, name: str, value: bytes) -> Entry | None:
        """The live entry that has this value of a unique attribute."""
        return self.indexes[name].get(index_key(name, value))

    def new_sid(self) -> bytes:
        """The next account SID of the domain."""
        self.next_rid += 1
        sid = sid_from_text(f"{self.domain_sid}-{self.next_rid}")
        assert sid is not None
        return sid

    def domain_name_of(self, entry: Entry) -> str:
        """`DOM\\name` of an account, or its SID, or its DN."""
        account = entry.first("sAMAccountName")
        if account is not None:
            return f"{self.netbios}\\{account}"
        sid = entry.values.get("objectSid")
        return sid_text(sid[0]) if sid else self.dn(entry).decode()


def index_key(name: str, value: bytes) -> str | bytes:
    """The key of a unique attribute's value."""
    return value if name == "objectSid" else fold(value.decode("utf-8", "replace"))
