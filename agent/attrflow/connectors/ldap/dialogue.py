"""Asking again: one session, with the retry rules of `connectors.retry` around each request.

It knows which requests survive a new connection and which die with the old one; what is asked and
what the answer means is the caller's affair.
"""

from __future__ import annotations

from collections.abc import Callable

from attrflow.connectors.ldap.connection import SearchAnswer, SearchRequest, Session, WriteAnswer
from attrflow.connectors.ldap.failures import (
    BUSY,
    UNAVAILABLE,
    classify,
    classify_in_walk,
    classify_opening,
    result_name,
    search_failure,
)
from attrflow.connectors.retry import Retrying
from attrflow.model.errors import ConnectionLost

__all__ = ["Dialogue"]


class Dialogue:
    """A session whose requests are repeated where that makes sense."""

    def __init__(self, session: Session, retrying: Retrying) -> None:
        self._session = session
        self._retrying = retrying

    @property
    def url(self) -> str:
        """The server's address."""
        return self._session.url

    @property
    def generation(self) -> int:
        """The number of the present connection; a paged search lives in one."""
        return self._session.generation

    def open(self) -> None:
        """Open the first connection; errors as `Session.ensure_open`."""
        self._retrying.call("bind", self._session.ensure_open, repeatable=True, classify=classify_opening)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def ask(self, request: SearchRequest, operation: str = "search") -> SearchAnswer:
        """Ask a question that stands for itself, on a new connection where the old one broke."""

        def once() -> SearchAnswer:
            self._session.ensure_open()
            return self._search(request)

        return self._retrying.call(operation, once, repeatable=True, classify=classify, succeeded=_result_of_search)

    def ask_in_walk(self, request: SearchRequest, generation: int) -> SearchAnswer:
        """Ask for a further page of the walk that began in that generation.

        Raises:
            ConnectionLost: the connection broke; the pages that are missing cannot be asked for any more.
        """

        def once() -> SearchAnswer:
            if self._session.generation != generation:
                raise ConnectionLost(
                    f"the connection to {self.url} broke during {request.what}, and its cursor with it",
                    help="run the step again",
                )
            return self._search(request)

        return self._retrying.call(
            "search", once, repeatable=True, classify=classify_in_walk, succeeded=_result_of_search
        )

    def write(
        self,
        operation: str,
        once: Callable[[Session], WriteAnswer],
        *,
        repeatable: bool,
        look_up: Callable[[], WriteAnswer | None] | None = None,
        uncertain: bool = False,
    ) -> WriteAnswer:
        """Do one write; `look_up` says whether a write that was cut off arrived after all.

        `look_up` must ask by `search_once`: its searches are attempts of this same write. `uncertain`
        has it asked before the first attempt too: an earlier run's write may have arrived.
        """

        def send() -> WriteAnswer:
            self._session.ensure_open()
            return once(self._session)

        def look() -> WriteAnswer | None:
            self._session.ensure_open()
            return look_up() if look_up is not None else None

        if uncertain and look_up is not None:
            found = self._retrying.call(f"{operation} (look-up)", look, repeatable=True, classify=classify)
            if found is not None:
                return found
        return self._retrying.call(
            operation,
            send,
            repeatable=repeatable,
            look_up=None if look_up is None else look,
            classify=classify,
            succeeded=lambda answer: result_name(answer.result),
        )

    def search_once(self, request: SearchRequest) -> SearchAnswer:
        """One search without repetition, for look-ups inside a write."""
        self._session.ensure_open()
        return self._search(request)

    def _search(self, request: SearchRequest) -> SearchAnswer:
        answer = self._session.search(request)
        if answer.done.result in (BUSY, UNAVAILABLE):
            raise search_failure(self.url, request.what, answer.done)
        return answer


def _result_of_search(answer: SearchAnswer) -> str:
    return result_name(answer.done.result)
