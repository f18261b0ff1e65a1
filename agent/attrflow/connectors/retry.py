"""Repeating requests: the one place that decides whether, when and how often (DECISIONS 22).

Tenacity drives the loop; here are the rules. Reads repeat freely, and so do writes that are
idempotent (`repeatable=True`). A create is repeated only after a look-up has said that it did not
arrive. Wrong credentials are never tried twice. A wait that the directory asks for is kept to the
second; only our own waits have jitter. All waiting of one `Retrying` object draws on one budget,
and concurrent calls on it respect each other's Retry-After.

It knows neither LDAP nor HTTP: what an exception means is the caller's `classify` to say.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from attrflow.model.entry import WireAttempt
from attrflow.model.errors import AuthenticationFailed

__all__ = ["GiveUp", "Repeat", "RetryPolicy", "Retrying", "Verdict"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient a run is. Times are seconds."""

    attempts: int = 5
    """How often one request is sent at most, the first time included."""
    wait_first: float = 0.5
    """The first of our own waits; each further one doubles, up to `wait_max`."""
    wait_max: float = 30.0
    """The longest of our own waits. What the directory asks for (Retry-After) is not capped by it."""
    budget_seconds: float = 120.0
    """Waiting allowed for all requests of one `Retrying` object together, on the wall clock."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The failure may pass: send again, after exactly `after` seconds where the directory named a time."""

    after: float | None
    word: str
    """The directory's own word for the failure, for the run's wire attempts: `429`, `busy`, …"""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Sending again would not help."""

    word: str


Verdict = Repeat | GiveUp


def _succeeded(_answer: object) -> str:
    return "success"


class Retrying:
    """Repeats requests of one run on one connector. Not for use by several threads at once."""

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        on_attempt: Callable[[WireAttempt], None],
        sleep: Callable[[float], None] = time.sleep,
        async_sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        random_uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.policy = policy
        self._on_attempt = on_attempt
        self._sleep = sleep
        self._async_sleep = async_sleep
        self._monotonic = monotonic
        self._random_uniform = random_uniform
        self._spent = 0.0
        self._waiting_until = float("-inf")
        self._not_before = float("-inf")

    @property
    def waited(self) -> float:
        """Seconds of the budget that are spent; waits that overlap count once."""
        return self._spent

    def call(
        self,
        operation: str,
        request: Callable[[], T],
        *,
        repeatable: bool,
        look_up: Callable[[], T | None] | None = None,
        classify: Callable[[BaseException], Verdict],
        succeeded: Callable[[T], str] = _succeeded,
    ) -> T:
        """Send `request` until it succeeds, it makes no sense any more, or patience ends.

        Args:
            operation: the request's name in the run's wire attempts.
            request: sends once; called again for every repetition.
            repeatable: sending twice has the effect of sending once.
            look_up: for what is not repeatable: the answer if an earlier attempt did arrive after
                all, else None. A plain request, not a `call`. Without one, nothing is repeated.
            classify: what an exception of `request` or `look_up` means.
            succeeded: the directory's word for a success (an HTTP status).

        Raises:
            Exception: the last attempt's own exception, unchanged.
        """
        attempt = _Attempt(self, operation, repeatable or look_up is not None, classify)

        def once() -> T:
            self._pace(attempt)
            if attempt.number > 1 and not repeatable and look_up is not None:
                found = attempt.watched(look_up, lambda _: "look-up", is_look_up=True)
                if found is not None:
                    return found
            return attempt.watched(request, succeeded)

        controller = tenacity.Retrying(
            sleep=self._sleep, stop=attempt.stop, wait=attempt.wait, retry=attempt.retry, reraise=True
        )
        return controller(once)

    async def acall(
        self,
        operation: str,
        request: Callable[[], Awaitable[T]],
        *,
        repeatable: bool,
        look_up: Callable[[], Awaitable[T | None]] | None = None,
        classify: Callable[[BaseException], Verdict],
        succeeded: Callable[[T], str] = _succeeded,
    ) -> T:
        """As `call`, for coroutines; calls may run concurrently on one event loop."""
        attempt = _Attempt(self, operation, repeatable or look_up is not None, classify)

        async def once() -> T:
            await self._apace(attempt)
            if attempt.number > 1 and not repeatable and look_up is not None:
                found = await attempt.awatched(look_up, lambda _: "look-up", is_look_up=True)
                if found is not None:
                    return found
            return await attempt.awatched(request, succeeded)

        controller = tenacity.AsyncRetrying(
            sleep=self._async_sleep, stop=attempt.stop, wait=attempt.wait, retry=attempt.retry, reraise=True
        )
        return await controller(once)

    # -- waiting -----------------------------------------------------------------------------------

    def _pace(self, attempt: _Attempt) -> None:
        if (pause := self._pause(attempt)) > 0:
            self._sleep(pause)

    async def _apace(self, attempt: _Attempt) -> None:
        while (pause := self._pause(attempt)) > 0:
            await self._async_sleep(pause)

    def _pause(self, attempt: _Attempt) -> float:
        """Seconds until another call's Retry-After is over; they are charged already, to that call."""
        pause = max(0.0, self._not_before - self._monotonic())
        attempt.waited += pause
        return pause

    def reserve(self, after: float | None, number: int) -> float | None:
        """Seconds to wait after attempt `number`, charged to the budget; None when it does not suffice."""
        if after is None:
            longest = min(self.policy.wait_max, self.policy.wait_first * 2 ** (number - 1))
            seconds = self._random_uniform(longest / 2, longest)
        else:
            seconds = max(0.0, after)
        now = self._monotonic()
        cost = max(0.0, now + seconds - max(now, self._waiting_until))
        if self._spent + cost > self.policy.budget_seconds:
            return None
        self._spent += cost
        self._waiting_until = max(self._waiting_until, now + seconds)
        if after is not None:
            self._not_before = max(self._not_before, now + seconds)
        return seconds

    def report(self, attempt: WireAttempt) -> None:
        """Tell the observer of an attempt."""
        self._on_attempt(attempt)


class _Attempt:
    """The state of one call: tenacity asks it whether to repeat, when, and whether that was the last time."""

    def __init__(
        self,
        retrying: Retrying,
        operation: str,
        may_repeat: bool,
        classify: Callable[[BaseException], Verdict],
    ) -> None:
        self._retrying = retrying
        self._operation = operation
        self._may_repeat = may_repeat
        self._classify = classify
        self._seconds: float | None = None
        self.number = 1
        self.waited = 0.0

    def watched(self, request: Callable[[], T], succeeded: Callable[[T], str], *, is_look_up: bool = False) -> T:
        try:
            answer = request()
        except Exception as error:
            self._failed(error, is_look_up=is_look_up)
            raise
        self._report(succeeded(answer), is_look_up=is_look_up)
        return answer

    async def awatched(
        self, request: Callable[[], Awaitable[T]], succeeded: Callable[[T], str], *, is_look_up: bool = False
    ) -> T:
        try:
            answer = await request()
        except Exception as error:
            self._failed(error, is_look_up=is_look_up)
            raise
        self._report(succeeded(answer), is_look_up=is_look_up)
        return answer

    def _failed(self, error: Exception, *, is_look_up: bool) -> None:
        verdict = self._classify(error)
        self._report(verdict.word, is_look_up=is_look_up)
        self._seconds = None
        if isinstance(verdict, GiveUp) or isinstance(error, AuthenticationFailed):
            return
        if self._may_repeat and self.number < self._retrying.policy.attempts:
            self._seconds = self._retrying.reserve(verdict.after, self.number)

    def _report(self, word: str, *, is_look_up: bool) -> None:
        operation = f"{self._operation} (look-up)" if is_look_up else self._operation
        self._retrying.report(WireAttempt(operation, self.number, word, self.waited))
        self.waited = 0.0

    def retry(self, state: tenacity.RetryCallState) -> bool:
        """Whether the attempt failed in a way that is worth waiting for."""
        error = state.outcome.exception() if state.outcome is not None else None
        return isinstance(error, Exception) and self._seconds is not None

    def wait(self, _state: tenacity.RetryCallState) -> float:
        """The seconds reserved; the next attempt is counted from here."""
        assert self._seconds is not None
        self.number += 1
        self.waited = self._seconds
        return self._seconds

    @staticmethod
    def stop(_state: tenacity.RetryCallState) -> bool:
        """Never: that patience has ended is known when the wait is reserved, so `retry` says it."""
        return False
