"""One connection to the mock Active Directory: who is signed in, and which part answers which request."""

from __future__ import annotations

from collections.abc import Callable

from attrflow_mocks.ad.authentication import Principal, authenticate
from attrflow_mocks.ad.controls import read_controls
from attrflow_mocks.ad.conversation import STARTTLS, Conversation
from attrflow_mocks.ad.decay import decay
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.dirsync_search import run_dirsync
from attrflow_mocks.ad.errors import LdapError, ldap_error, service_error
from attrflow_mocks.ad.filter import Sight
from attrflow_mocks.ad.message import (
    BindRequest,
    CompareRequest,
    ExtendedRequest,
    Message,
    SearchRequest,
)
from attrflow_mocks.ad.responses import search_entry
from attrflow_mocks.ad.rights import access_of
from attrflow_mocks.ad.rootdse import FAST_BIND, WHOAMI, root_dse
from attrflow_mocks.ad.search import Answer, Caller, Outcome, Searches
from attrflow_mocks.ad.updates import update
from attrflow_mocks.ad.watching import Watches
from attrflow_mocks.faults import FaultScript
from attrflow_mocks.journal import Journal

__all__ = ["Session"]


class Session(Conversation):
    """The server's side of one connection."""

    def __init__(
        self,
        directory: Directory,
        journal: Journal,
        faults: FaultScript,
        *,
        secure: bool = False,
        tls: bool = True,
        catalog: bool = False,
        push: Callable[[Callable[[], bytes | None]], None] | None = None,
    ) -> None:
        """Start unbound.

        Args:
            directory: The state to answer from.
            journal: Where requests are written down.
            faults: What goes wrong on order.
            secure: TLS is already on.
            tls: StartTLS may be asked for.
            catalog: Answer as the Global Catalog: all partitions, partial attributes, read-only.
            push: Sends, soon, what a function makes; without it there is no change notification.
        """
        super().__init__(journal, faults, secure=secure)
        self._directory = directory
        self._tls = tls
        self.principal: Principal | None = None
        self._catalog = catalog
        self._fast_bind = False
        self._searches = Searches(directory)
        self._watches = Watches(directory, push) if push is not None else None

    def close(self) -> None:
        """The connection is gone: nothing more is sent."""
        if self._watches is not None:
            self._watches.close()

    def abandon(self, identifier: int) -> None:
        """Close a search that waits for changes."""
        if self._watches is not None:
            self._watches.abandon(identifier)

    def moment(self) -> str:
        """The mock's time."""
        return self._directory.now().isoformat()

    def elsewhere(self) -> str:
        """Another domain controller, which does not exist."""
        return f"ldap://dc2.{self._directory.dns_name}/{self._directory.root_dn}"

    def perform(self, message: Message, fault: str) -> Answer:
        """Carry one request out, after what the clock has brought."""
        decay(self._directory)
        request = message.request
        if isinstance(request, BindRequest):
            return self._bind(request)
        if isinstance(request, ExtendedRequest):
            return self._extended(request)
        if isinstance(request, SearchRequest) and request.base == "" and request.scope == 0:
            read_controls(message.controls)
            attributes = root_dse(self._directory, self.principal, request.attributes, types_only=request.types_only)
            yield search_entry(message.id, b"", attributes)
            return Outcome(entries=1)
        if self.principal is None:
            comment = "In order to perform this operation a successful bind must be completed on the connection."
            raise ldap_error(1, 0x4DC, comment)
        if isinstance(request, SearchRequest):
            return (yield from self._search(message, request, self.principal, fault))
        if self._catalog and not isinstance(request, CompareRequest):
            raise service_error(0x2035)
        access = access_of(self._directory, self.principal)
        return update(self._directory, request, read_controls(message.controls), access, secure=self.secure)

    def _search(self, message: Message, request: SearchRequest, principal: Principal, fault: str) -> Answer:
        asked = read_controls(message.controls)
        directory, searches = self._directory, self._searches
        if fault == "stale":
            if directory.shadow is None:
                raise LdapError(80, "the fault kind 'stale' answers from a snapshot, and none was taken")
            directory = directory.shadow
            searches = Searches(directory)
        sight = Sight(access_of(directory, principal), self._catalog)
        caller = Caller(principal.bind_name, sight, expired=fault == "expire")
        if asked.notify:
            if self._watches is None:
                raise service_error(0x57)
            self._watches.add(message.id, request, searches.plan(request, asked, sight))
            return Outcome(pending=True)
        if asked.dirsync is not None:
            if self._catalog:
                raise service_error(0x57)
            return (yield from run_dirsync(directory, message.id, request, asked, asked.dirsync, caller))
        return (yield from searches.run(message.id, request, asked, caller))

    def _bind(self, request: BindRequest) -> Outcome:
        self.principal = None
        self._searches = Searches(self._directory)
        if request.version not in (2, 3):
            raise LdapError(2, "only LDAP versions 2 and 3 are spoken here")
        if request.method != "simple":
            tried = f"SASL mechanism {request.mechanism}" if request.method == "sasl" else "Sicily (NTLM)"
            raise ldap_error(7, 0x2027, f"{tried} is not spoken by this mock, and the root DSE lists none: bind simply")
        if request.name and request.password:
            principal = authenticate(self._directory, request.name, request.password)
            self.principal = None if self._fast_bind else principal  # fast bind checks passwords and signs nobody in
        return Outcome()  # without a name or a password: anonymous, as real AD has it

    def _extended(self, request: ExtendedRequest) -> Outcome:
        if request.oid == WHOAMI:
            text = f"u:{self.principal.account}" if self.principal is not None else ""
            return Outcome(extended=(None, text.encode()))
        if request.oid == STARTTLS:
            if self.secure or not self._tls:
                raise ldap_error(1 if self.secure else 52, 0x0, "Error initializing SSL/TLS")
            return Outcome(extended=(STARTTLS, None))
        if request.oid == FAST_BIND:
            if self.principal is not None:
                raise service_error(0x57)
            self._fast_bind = True
            return Outcome(extended=(FAST_BIND, None))
        raise ldap_error(2, 0x57, f"Unknown extended request OID {request.oid}")
