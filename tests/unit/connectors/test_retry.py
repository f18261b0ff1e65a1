"""Retrying: what is repeated, after how long, and when patience ends. Time is a number here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

import pytest

from attrflow.connectors.retry import GiveUp, Repeat, Retrying, RetryPolicy, Verdict
from attrflow.model.entry import WireAttempt
from attrflow.model.errors import AuthenticationFailed


class Trouble(Exception):
    """A failure with the verdict that it deserves."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.word)
        self.verdict = verdict


def throttled(after: float) -> Trouble:
    return Trouble(Repeat(after, "429"))


BUSY = Trouble(Repeat(None, "503"))
WRONG = Trouble(GiveUp("400"))


def classify(error: BaseException) -> Verdict:
    return error.verdict if isinstance(error, Trouble) else Repeat(None, type(error).__name__)


class FakeTime:
    """A clock that only sleeping moves; `slept` has every sleep."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def retrying(self, policy: RetryPolicy | None = None, rows: list[WireAttempt] | None = None) -> Retrying:
        return Retrying(
            policy or RetryPolicy(),
            sleep=self.sleep,
            monotonic=lambda: self.now,
            random_uniform=lambda _low, high: high,
            on_attempt=(rows if rows is not None else []).append,
        )


def script(outcomes: Iterable[object]) -> tuple[Callable[[], object], Callable[[], int]]:
    """A request that plays outcomes one after the other, exceptions raised; and how often it was sent."""
    playing: Iterator[object] = iter(outcomes)
    sent = 0

    def request() -> object:
        nonlocal sent
        sent += 1
        outcome = next(playing)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return request, lambda: sent


def check(
    outcomes: Iterable[object],
    *,
    result: object,
    slept: list[float],
    words: list[str],
    repeatable: bool = True,
    policy: RetryPolicy | None = None,
    look_ups: Iterable[object] | None = None,
) -> None:
    time, rows = FakeTime(), list[WireAttempt]()
    request, _ = script(outcomes)
    look_up = None if look_ups is None else script(look_ups)[0]

    def call() -> object:
        return time.retrying(policy, rows).call(
            "op", request, repeatable=repeatable, look_up=look_up, classify=classify
        )

    if isinstance(result, BaseException):
        with pytest.raises(type(result)) as caught:
            call()
        assert caught.value is result
    else:
        assert call() == result
    assert time.slept == slept
    assert [row.result for row in rows] == words


def test_a_success_at_once_waits_for_nothing() -> None:
    check(["answer"], result="answer", slept=[], words=["success"])


def test_our_own_waits_double_up_to_the_longest() -> None:
    policy = RetryPolicy(attempts=5, wait_first=1, wait_max=3)
    check([BUSY] * 4 + ["x"], result="x", slept=[1, 2, 3, 3], words=["503"] * 4 + ["success"], policy=policy)


def test_the_last_exception_comes_out_unchanged_when_attempts_are_used_up() -> None:
    check([BUSY, BUSY], result=BUSY, slept=[0.5], words=["503"] * 2, policy=RetryPolicy(attempts=2))


def test_what_the_directory_asks_for_is_kept_to_the_second_beyond_our_longest_wait() -> None:
    check([throttled(77.25), "x"], result="x", slept=[77.25], words=["429", "success"])


def test_retry_after_zero_is_a_time_too() -> None:
    check([throttled(0), "x"], result="x", slept=[0], words=["429", "success"])


def test_a_wait_that_the_budget_does_not_hold_is_not_begun() -> None:
    late = throttled(120.5)
    check([late], result=late, slept=[], words=["429"])


def test_what_makes_no_sense_is_not_repeated() -> None:
    check([WRONG], result=WRONG, slept=[], words=["400"])


def test_wrong_credentials_are_never_tried_twice_whatever_the_caller_says() -> None:
    wrong = AuthenticationFailed("no")
    check([wrong], result=wrong, slept=[], words=["AuthenticationFailed"])


def test_a_create_without_a_look_up_is_sent_once() -> None:
    check([BUSY], result=BUSY, slept=[], words=["503"], repeatable=False)


def test_a_create_that_arrived_after_all_is_not_sent_again() -> None:
    check([BUSY], result="made", slept=[0.5], words=["503", "look-up"], repeatable=False, look_ups=["made"])


def test_a_create_that_did_not_arrive_is_sent_again_after_each_look_up() -> None:
    words = ["503", "look-up", "503", "look-up", "success"]
    check(
        [BUSY, BUSY, "made"],
        result="made",
        slept=[0.5, 1],
        words=words,
        repeatable=False,
        look_ups=[None, None],
    )


def test_a_look_up_that_fails_lets_nothing_be_sent() -> None:
    check(
        [BUSY, "made"],
        result="made",
        slept=[0.5, 1],
        words=["503", "503", "look-up", "success"],
        repeatable=False,
        look_ups=[BUSY, None],
    )


def test_the_budget_is_one_for_all_requests() -> None:
    time = FakeTime()
    retrying = time.retrying(RetryPolicy(budget_seconds=10))
    request, _ = script([throttled(6), "x", throttled(6), "never"])
    assert retrying.call("a", request, repeatable=True, classify=classify) == "x"
    with pytest.raises(Trouble):
        retrying.call("b", request, repeatable=True, classify=classify)
    assert time.slept == [6]
    assert retrying.waited == 6


def test_rows_say_which_attempt_it_was_and_how_long_it_waited() -> None:
    time, rows = FakeTime(), list[WireAttempt]()
    request, _ = script([throttled(3), "x"])
    time.retrying(rows=rows).call("GET /users", request, repeatable=True, classify=classify, succeeded=lambda _: "200")
    assert rows == [WireAttempt("GET /users", 1, "429"), WireAttempt("GET /users", 2, "200", 3)]


def test_being_stopped_is_no_failure_to_repeat() -> None:
    time, rows = FakeTime(), list[WireAttempt]()
    request, sent = script([KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt):
        time.retrying(rows=rows).call("op", request, repeatable=True, classify=classify)
    assert (sent(), rows) == (1, [])


class _Loop:
    """Coroutines on a clock of their own: each sleep ends when the clock gets there."""

    def __init__(self) -> None:
        self.now = 0.0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self.rows: list[WireAttempt] = []

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self.now + seconds, len(self._waiting), future))
        await future

    async def run(self, *coroutines: asyncio.Future[object]) -> list[object]:
        while not all(task.done() for task in coroutines):
            for _ in range(20):
                await asyncio.sleep(0)
            if self._waiting:
                self._waiting.sort()
                at, _, future = self._waiting.pop(0)
                self.now = max(self.now, at)
                future.set_result(None)
        return [task.result() for task in coroutines]

    def retrying(self, policy: RetryPolicy) -> Retrying:
        return Retrying(
            policy,
            async_sleep=self.sleep,
            monotonic=lambda: self.now,
            random_uniform=lambda _low, high: high,
            on_attempt=self.rows.append,
        )


def test_a_throttled_call_holds_up_the_others_and_their_common_wait_counts_once() -> None:
    async def story() -> None:
        loop = _Loop()
        retrying = loop.retrying(RetryPolicy(budget_seconds=10))

        def request(*outcomes: object) -> asyncio.Future[object]:
            play, _ = script(outcomes)

            async def send() -> object:
                await asyncio.sleep(0)  # on its way together with the others
                return play()

            return asyncio.ensure_future(retrying.acall("op", send, repeatable=True, classify=classify))

        first = request(throttled(8), "first")
        second = request(throttled(8), "second")
        for _ in range(5):
            await asyncio.sleep(0)
        third = request("third")
        assert await loop.run(first, second, third) == ["first", "second", "third"]
        assert (loop.now, retrying.waited) == (8, 8)
        assert loop.rows[-1].result == "success"

    asyncio.run(story())


def test_a_coroutine_that_creates_looks_first() -> None:
    async def story() -> None:
        loop = _Loop()
        play, sent = script([BUSY])

        async def send() -> object:
            return play()

        async def look() -> object:
            return "made"

        call = loop.retrying(RetryPolicy()).acall("POST", send, repeatable=False, look_up=look, classify=classify)
        assert await loop.run(asyncio.ensure_future(call)) == ["made"]
        assert sent() == 1
        assert [row.operation for row in loop.rows] == ["POST", "POST (look-up)"]

    asyncio.run(story())
