"""Progress of runs on standard error: bars on a terminal, one line a finished step elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrflow.cli.words import result_style

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from attrflow.runs.environment import Progress

__all__ = ["shown_progress"]


@contextmanager
def shown_progress(console: Console) -> Iterator[Callable[[Progress], None]]:
    """A progress callback for as long as the block lasts."""
    if not console.is_terminal:
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
    """A line when a step has finished, and nothing before."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._clock = _Clock()

    def __call__(self, progress: Progress) -> None:
        """Take note, and say what has finished."""
        self._clock.tell(progress)
        if progress.finished:
            self._console.print(*_finished(progress, self._clock.elapsed), soft_wrap=True)


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
