"""The scheduler as text: what it is about to do, why, and how the last cycle ended."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from attrflow.app.operations.scheduling import HolderDocument, SchedulerDocument
from attrflow.cli.runs_text import draw_required
from attrflow.cli.words import duration, result_style, short_time

__all__ = ["draw_scheduler"]


def draw_scheduler(console: Console, document: SchedulerDocument, *, place: str = "") -> None:
    """What the scheduler knows; `place` is what commands need to find the project."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column()
    for label, text in (
        ("Scheduler", _running(document, place)),
        ("Next cycle", _next(document)),
        ("Last cycle", _last(document)),
        ("Interval", Text(f"{document.interval_minutes} min")),
        ("Staging mode", Text("on: cycles export nothing", "yellow") if document.staging_mode else Text("off")),
        ("History", Text(f"{document.history_days} days" if document.history_days else "kept for ever")),
    ):
        table.add_row(label, text)
    if document.busy is not None:
        table.add_row("Store", Text(f"in use: {_holder(document.busy)}", "yellow"))
    console.print(table)
    draw_required(console, document.connectors)
    for warning in document.warnings:
        console.print(Text(warning, "yellow"), soft_wrap=True)


def _running(document: SchedulerDocument, place: str) -> Text:
    if document.suspended_since is not None:
        text = Text(f"suspended since {short_time(document.suspended_since)} UTC", "yellow")
        return text.append(f": {document.suspended_because}" if document.suspended_because else "")
    if document.running is None:
        return Text(f"not running; `attrflow scheduler run{place}` runs it", "yellow")
    return Text(f"running: {_holder(document.running)}", "green")


def _holder(holder: HolderDocument) -> str:
    return f"{holder.purpose} (process {holder.process} on {holder.host}, since {holder.since})"


def _next(document: SchedulerDocument) -> Text:
    when = f"due at {short_time(document.next_cycle)} UTC" if document.next_cycle else "due at once"
    if document.suspended_since is not None:
        return Text("when it is resumed", "yellow")
    return Text(when if document.running is not None else f"{when}, once the scheduler runs")


def _last(document: SchedulerDocument) -> Text:
    last = document.last
    if last is None:
        return Text("none yet", "dim")
    if last.ended is None or last.result is None:
        doing = "under way" if document.busy is not None else "did not come to its end"
        return Text(f"{last.kind}, {short_time(last.started)} UTC, {doing}", "yellow")
    text = Text.assemble((last.result, result_style(last.result)), f"  {last.kind}, {short_time(last.started)} UTC")
    text.append(f", {duration(last.started, last.ended)}", "dim")
    return text.append(f", from run {last.run}", "dim") if last.run is not None else text
