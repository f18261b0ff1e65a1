"""One connection to the OpenLDAP profile: who is signed in, and which part answers which request."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping

from attrflow_mocks.ad.ber import ProtocolError, Reader, octets, sequence
from attrflow_mocks.ad.conversation import STARTTLS, Conversation
from attrflow_mocks.ad.errors import LdapError
from attrflow_mocks.ad.filter_nodes import Equal
from attrflow_mocks.ad.message import (
    AddRequest,
    BindRequest,
    CompareRequest,
    Control,
    DeleteRequest,
    ExtendedRequest,
    Message,
    ModifyDnRequest,
    ModifyRequest,
    SearchRequest,
)
from attrflow_mocks.ad.names import InvalidName
from attrflow_mocks.ad.responses import Projected, Result, search_entry
from attrflow_mocks.ad.search import Answer, Outcome
from attrflow_mocks.faults import FaultScript
from attrflow_mocks.journal import Journal
from attrflow_mocks.lightweight.database import Database, Node
from attrflow_mocks.lightweight.filters import GUARDED, compile_filter
from attrflow_mocks.lightweight.schema import dn_key
from attrflow_mocks.lightweight.searching import PAGED, Selection, Viewer, project, root_dse, run_search, subschema
from attrflow_mocks.lightweight.synchronization import SYNC, Following, read_sync, synchronize
from attrflow_mocks.lightweight.writes import add, delete, known, modify, rename

__all__ = ["CONTROLS", "EXTENSIONS", "LightSession"]

_MANAGE_DSA_IT = "2.16.840.1.113730.3.4.2"
CONTROLS: Mapping[str, str] = {
    SYNC: "syncrepl, refreshOnly and refreshAndPersist",
    PAGED: "paging, one paged search a connection",
    _MANAGE_DSA_IT: "accepted; there are no referral entries",
}
"""Request controls that are carried out."""
_WHOAMI = "1.3.6.1.4.1.4203.1.11.3"
_PASSWORD = "1.3.6.1.4.1.4203.1.11.1"  # noqa: S105 - an OID
EXTENSIONS: Mapping[str, str] = {
    _WHOAMI: "who is signed in, as `dn:…`",
    _PASSWORD: "sets a password",
    STARTTLS: "StartTLS, with a certificate of the mock's own authority",
}


class LightSession(Conversation):
    """The server's side of one connection to a slapd."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        faults: FaultScript,
        *,
        secure: bool = False,
        push: Callable[[Callable[[], bytes | None]], None] | None = None,
    ) -> None:
        """Start anonymous; `push` sends, soon, what a function makes, for persist mode."""
        super().__init__(journal, faults, secure=secure)
        self._database = database
        self._dn = ""
        self._pages: dict[bytes, Iterator[Node]] = {}
        self._following = Following(database, push) if push is not None else None

    def close(self) -> None:
        """The connection is gone."""
        if self._following is not None:
            self._following.close()

    def abandon(self, identifier: int) -> None:
        """End a persist phase."""
        if self._following is not None:
            self._following.abandon(identifier)

    def moment(self) -> str:
        """The mock's time."""
        return self._database.now().isoformat()

    def elsewhere(self) -> str:
        """A provider that does not exist."""
        return f"ldap://provider.{self._database.dns_name}/{self._database.suffix}"

    @property
    def _administrator(self) -> bool:
        return any(_same(self._dn, name) for name in (self._database.admin_dn, *self._database.accounts))

    def perform(self, message: Message, fault: str) -> Answer:
        """Carry one request out, yielding search entries on the way."""
        request = message.request
        if isinstance(request, BindRequest):
            return self._bind(request)
        if isinstance(request, ExtendedRequest):
            return self._extended(request)
        controls = _controls(message.controls)
        if isinstance(request, SearchRequest):
            return (yield from self._search(message.id, request, controls, fault))
        if isinstance(request, CompareRequest):
            return self._compare(request)
        return self._write(request)

    def _bind(self, request: BindRequest) -> Outcome:
        self._dn = ""
        if request.version != 3:
            raise LdapError(2, "requested protocol version not supported")
        if request.method == "sasl":
            what = f": Couldn't find mech {request.mechanism}" if request.mechanism else ""
            raise LdapError(7, f"SASL(-4): no mechanism available{what}")
        if request.method != "simple":
            raise LdapError(7, "unknown authentication method")
        if not request.name:
            return Outcome()
        if not request.password:
            raise LdapError(53, "unauthenticated bind (DN with no password) disallowed")
        try:
            dn_key(request.name)
        except InvalidName:
            raise LdapError(34, "invalid DN") from None
        if not self._knows(request.name, request.password):
            raise LdapError(49)
        self._dn = request.name
        return Outcome()

    def _knows(self, name: str, password: bytes) -> bool:
        for account, expected in self._database.accounts.items():
            if _same(account, name) and hmac.compare_digest(expected.encode(), password):
                return True
        node = self._database.find(name)
        held = [] if node is None else node.values.get("userPassword", [])
        return any(_password_matches(value, password) for value in held)

    def _extended(self, request: ExtendedRequest) -> Outcome:
        if request.oid == _WHOAMI:
            return Outcome(extended=(None, f"dn:{self._dn}".encode() if self._dn else b""))
        if request.oid == STARTTLS:
            if self.secure:
                raise LdapError(1, "TLS already started")
            return Outcome(extended=(STARTTLS, None))
        if request.oid == _PASSWORD:
            return self._set_password(request.value or b"")
        raise LdapError(2, "unsupported extended operation")

    def _set_password(self, value: bytes) -> Outcome:
        """The password modify operation (RFC 3062); without a new password one is made and told."""
        user, new = self._dn, b""
        try:
            inner = Reader(value).enter(0x30) if value else Reader(b"")
            while not inner.at_end:
                tag, content = inner.element()
                user = content.decode() if tag == 0x80 else user
                new = content if tag == 0x82 else new
        except (ProtocolError, UnicodeDecodeError):
            raise LdapError(2, "data decoding error") from None
        if not self._administrator and not _same(user, self._dn):
            raise LdapError(50)
        node = self._database.require(user)
        made = b"" if new else self._database.identifiers.token(6).encode()
        salt = bytes.fromhex(self._database.identifiers.token(8))
        digest = hashlib.sha1((new or made) + salt).digest()  # noqa: S324 - the scheme that slapd writes
        self._database.unindex(node)
        node.values["userPassword"] = [b"{SSHA}" + base64.b64encode(digest + salt)]
        self._database.index(node)
        self._database.changed(node, self._dn)
        return Outcome(extended=(None, sequence(octets(made, 0x80)) if made else None))

    def _search(self, identifier: int, request: SearchRequest, controls: dict[str, Control], fault: str) -> Answer:
        special = self._special(request)
        database = self._database
        if fault == "stale":
            if database.shadow is None:
                raise LdapError(80, "the fault kind 'stale' answers from a snapshot, and none was taken")
            database = database.shadow
        if special is not None:
            selection = Selection.of(request.attributes, self._spelling)
            if compile_filter(database.schema, request.filter)(special) is True:
                listed = project(database, special, selection, types_only=request.types_only, secrets=True)
                yield search_entry(identifier, request.base.encode(), listed)
            return Outcome(entries=1)
        if SYNC in controls:
            return (yield from self._synchronize(database, identifier, request, controls[SYNC], fault))
        if fault == "expire":
            self._pages.clear()
        return (yield from run_search(self._viewer(database), identifier, request, controls.get(PAGED), self._pages))

    def _viewer(self, database: Database) -> Viewer:
        return Viewer(database, self._administrator, database.find(self._dn) if self._dn else None)

    def _special(self, request: SearchRequest) -> dict[str, list[bytes]] | None:
        """The root DSE and the subschema, which are in no database."""
        if request.scope != 0:
            return None
        if request.base == "":
            return root_dse(self._database, list(CONTROLS), list(EXTENSIONS))
        return subschema(self._database) if request.base.lower() == "cn=subschema" else None

    def _spelling(self, name: str) -> str:
        attribute = self._database.schema.attribute(name)
        return name if attribute is None else attribute.name

    def _synchronize(
        self, database: Database, identifier: int, request: SearchRequest, control: Control, fault: str
    ) -> Answer:
        asked = read_sync(control)
        if fault == "expire" and asked.csn:
            raise LdapError(4096, "sync cookie is stale")
        selection = Selection.of(request.attributes, self._spelling)
        viewer = self._viewer(database)

        def projector(node: Node) -> list[Projected]:
            return viewer.project(node, selection, types_only=request.types_only)

        if asked.persist:
            if self._following is None:
                raise LdapError(53, "persist mode needs a connection")
            outcome = yield from synchronize(viewer, identifier, request, asked, projector)
            self._following.add(viewer, identifier, request, asked, projector)
            return outcome
        return (yield from synchronize(viewer, identifier, request, asked, projector))

    def _compare(self, request: CompareRequest) -> Outcome:
        database = self._database
        node = database.require(request.dn)
        attribute = known(database, request.attribute)
        values = self._viewer(database).values(node)
        if attribute.name == "userPassword" and GUARDED in values:
            raise LdapError(50)
        if attribute.name not in values:
            raise LdapError(16)
        held = compile_filter(database.schema, Equal(attribute.name, request.value))(values)
        return Outcome(Result(6 if held else 5))

    def _write(self, request: object) -> Outcome:
        database, who = self._database, self._dn
        if not self._administrator:
            raise LdapError(8 if not who else 50, "" if who else "modifications require authentication")
        match request:
            case AddRequest(dn, attributes):
                add(database, dn, attributes, who)
            case ModifyRequest(dn, changes):
                modify(database, dn, changes, who)
            case DeleteRequest(dn):
                delete(database, dn, who)
            case ModifyDnRequest(dn, new_rdn, delete_old, superior):
                rename(database, dn, new_rdn, delete_old, superior, who)
        return Outcome()


def _controls(controls: tuple[Control, ...]) -> dict[str, Control]:
    for control in controls:
        if control.critical and control.oid not in CONTROLS:
            raise LdapError(12, "critical extension is not recognized")
    return {control.oid: control for control in controls if control.oid in CONTROLS}


def _same(one: str, other: str) -> bool:
    try:
        return dn_key(one) == dn_key(other)
    except InvalidName:
        return False


def _password_matches(stored: bytes, given: bytes) -> bool:
    """Clear text, or {SSHA} and {SHA} as slapd stores them."""
    scheme, _, rest = stored.partition(b"}")
    if scheme.upper() not in (b"{SSHA", b"{SHA"):
        return hmac.compare_digest(stored, given)
    try:
        raw = base64.b64decode(rest, validate=True)
    except ValueError:
        return False
    return hmac.compare_digest(raw[:20], hashlib.sha1(given + raw[20:]).digest())  # noqa: S324 - slapd's scheme
