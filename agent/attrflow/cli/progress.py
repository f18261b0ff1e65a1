"""Progress of runs on standard error: bars on a terminal, plain lines elsewhere, or JSON lines for programs.

Every form tells rate and remaining time, the latter where it is known how much there is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrflow.cli.options import ProgressForm
from attrflow.cli.words import result_style

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from attrflow.runs.environment import Progress

__all__ = ["shown_progress"]

BETWEEN_LINES = 30.0
"""Seconds between two lines about a step that takes long."""


@contextmanager
def shown_progress(console: Console, form: ProgressForm = ProgressForm.auto) -> Iterator[Callable[[Progress], None]]:
    """A progress callback for as long as the block lasts; `auto` is bars on a terminal and lines elsewhere."""
    if form is ProgressForm.none:
        yield lambda _progress: None
        return
    if form is ProgressForm.jsonl:
        yield _Documents(console)
        return
    if form is ProgressForm.lines or not console.is_terminal:
        yield _Lines(console)
        return
    bars = _bars(console)
    with bars:
        yield _OnTerminal(bars)


def _bars(console: Console) -> Bars:
    from rich.progress import (  # noqa: PLC0415 - only on a terminal
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}"),
        BarColumn(bar_width=18, complete_style="cyan", finished_style="dim cyan", pulse_style="cyan"),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
    )


def _title(progress: Progress) -> str:
    return f"{progress.connector} {progress.step}"


class _OnTerminal:
    """One bar for the step that runs; a finished one leaves a line behind."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._clock = _Clock()

    def __call__(self, progress: Progress) -> None:
        """Show how far the step is."""
        started = self._clock.tell(progress)
        if self._task is None or started:
            self._task = self._bars.add_task(_title(progress), total=progress.total, note="")
        rate = f"{self._clock.rate(progress.done):,.0f}/s" if progress.done else ""
        self._bars.update(self._task, completed=progress.done, total=progress.total, note=rate)
        if progress.finished:
            self._bars.remove_task(self._task)
            self._task = None
            self._bars.console.print(*_finished(progress, self._clock.elapsed))


class _Lines:
    """A line when a step has finished; before that one now and then, while it takes long."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._clock = _Clock()
        self._told = 0.0

    def __call__(self, progress: Progress) -> None:
        """Take note, and say what has finished, or how far it is."""
        if self._clock.tell(progress):
            self._told = 0.0
        if progress.finished:
            self._console.print(*_finished(progress, self._clock.elapsed), soft_wrap=True)
        elif self._clock.elapsed - self._told >= BETWEEN_LINES:
            self._told = self._clock.elapsed
            self._console.print(_under_way(progress, self._clock), soft_wrap=True)


def _under_way(progress: Progress, clock: _Clock) -> str:
    of = f" of {progress.total:,}" if progress.total is not None else ""
    line = f"{_title(progress)}  {progress.done:,}{of} objects, {clock.rate(progress.done):,.0f}/s"
    left = clock.remaining(progress)
    return line if left is None else f"{line}, about {_spoken(left)} left"


def _spoken(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


class _Documents:
    """A document `attrflow.progress/1` a line: whenever a batch is committed, and when a step has finished."""

    def __init__(self, console: Console) -> None:
        self._file = console.file
        self._clock = _Clock()

    def __call__(self, progress: Progress) -> None:
        """Write how far the step is."""
        import orjson  # noqa: PLC0415 - only where documents are wanted

        from attrflow.app.operations.running import ProgressDocument  # noqa: PLC0415 - the same
        from attrflow.app.shapes import envelope  # noqa: PLC0415 - the same

        self._clock.tell(progress)
        left = self._clock.remaining(progress)
        document = ProgressDocument(
            progress.connector,
            progress.step,
            progress.partition,
            progress.done,
            progress.total,
            round(self._clock.elapsed, 3),
            round(self._clock.rate(progress.done), 1),
            None if left is None else round(left, 1),
            progress.finished,
            progress.result,
        )
        self._file.write(orjson.dumps(envelope(document)).decode() + "\n")
        self._file.flush()


def _finished(progress: Progress, seconds: float) -> tuple[object, ...]:
    from rich.text import Text  # noqa: PLC0415 - rich is loaded when something is shown

    result = progress.result or "finished"
    partition = f" {progress.partition}" if progress.partition != "default" else ""
    count = f"{progress.done:,} object{'' if progress.done == 1 else 's'}"
    rate = f", {progress.done / seconds:,.0f}/s" if progress.done and seconds > 0 else ""
    return (
        Text.assemble(
            (_title(progress), "bold"),
            (partition, "dim"),
            "  ",
            (result, result_style(result)),
            (f"  {count} in {seconds:.1f} s{rate}", "dim"),
        ),
    )


class _Clock:
    """Seconds since the step that is shown began: for people only, so the monotonic clock will do."""

    def __init__(self) -> None:
        self._step: tuple[str, str, str] | None = None
        self._since = 0.0

    def tell(self, progress: Progress) -> bool:
        """Notice the step; returns whether it is a new one. One that has finished makes room for the next."""
        step = (progress.connector, progress.step, progress.partition)
        new = step != self._step
        if new:
            self._since = time.monotonic()
        self._step = None if progress.finished else step
        return new

    @property
    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self._since

    def rate(self, done: int) -> float:
        """Objects a second so far."""
        return done / max(self.elapsed, 0.001)

    def remaining(self, progress: Progress) -> float | None:
        """Seconds that the rest takes at the rate so far; None where nobody knows how much there is."""
        if progress.finished or progress.total is None or not progress.done:
            return None
        return max(0, progress.total - progress.done) / max(self.rate(progress.done), 0.001)
