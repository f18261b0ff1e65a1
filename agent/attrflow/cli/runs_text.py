"""Runs as text: the summary of one or several, the history, and one run drilled into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from attrflow.app.operations.run_details import RunDetailDocument, RunObjectDocument, WireAttemptDocument
from attrflow.app.operations.running import CycleDocument, RequiredDocument, RunDocument, RunsDocument, StepDocument
from attrflow.cli.console import listing
from attrflow.cli.proposals import runnable
from attrflow.cli.words import CounterLine, counter_lines, duration, result_style, short_time

__all__ = ["draw_cycle", "draw_required", "draw_run", "draw_run_detail", "draw_runs"]

_INDENT = 2
_BETWEEN = "   "


def draw_run(console: Console, run: RunDocument, *, place: str = "") -> None:
    """The summary of one run in the product's counters; `place` is what commands need to find the project."""
    console.print(_headline(run))
    for step in run.steps:
        _draw_step(console, step, named=len(run.steps) > 1, place=place)


def draw_cycle(console: Console, cycle: CycleDocument, *, place: str = "") -> None:
    """The summary of a cycle, run by run, and how it ended; `place` is what commands need to find the project."""
    for run in cycle.runs:
        draw_run(console, run, place=place)
        console.print()
    line = Text.assemble((f"{cycle.kind} cycle", "bold"), "  ", (cycle.result, result_style(cycle.result)))
    line.append(f"  {len(cycle.runs)} run{'' if len(cycle.runs) == 1 else 's'}", "dim")
    console.print(line)
    if cycle.staging_mode:
        console.print(
            Text(
                f"Staging mode: nothing was exported. `attrflow run CONNECTOR export{place}` exports by hand; a cycle "
                "does with staging-mode = false in attrflow.toml.",
                "yellow",
            )
        )


def draw_runs(console: Console, history: RunsDocument, *, place: str = "") -> None:
    """The run history, newest first; `place` as for `draw_cycle`."""
    if not history.runs:
        console.print(f"Nothing has run yet. `attrflow cycle --initial{place}` imports and synchronizes everything.")
        return
    table = listing(
        "Run", "Started (UTC)", "Connector", "Profile", "Result", "Took",
        right=("Run", "Took"), keep=("Run", "Started (UTC)", "Took", "Profile"),
    )  # fmt: skip
    for run in history.runs:
        table.add_row(
            str(run.number),
            short_time(run.started),
            run.connector,
            run.profile,
            Text(run.result, result_style(run.result)),
            duration(run.started, run.ended),
        )
    console.print(table)
    draw_required(console, history.required)


def draw_required(console: Console, required: Iterable[RequiredDocument], *, indent: int = 0) -> None:
    """What the next cycle does in full, and why."""
    for one in required:
        for what, reason in (("full import", one.full_import), ("full synchronization", one.full_sync)):
            if reason is not None:
                start = f"{' ' * indent}The next cycle does a {what} of "
                line = Text.assemble((start, "yellow"), (one.connector, "bold yellow"))
                console.print(line.append(f": {reason}.", "yellow"), soft_wrap=True)


def draw_run_detail(
    console: Console, detail: RunDetailDocument, *, everything: bool, counter: str | None, place: str = ""
) -> None:
    """One run: errors first, then its steps with their counters, objects and requests.

    Args:
        console: where to.
        detail: the run.
        everything: also the objects without errors, and the requests that went well at once.
        counter: the counter that the objects were asked for, which shows them all.
        place: as for `draw_cycle`.
    """
    console.print(_headline(detail.run))
    line = f"started {short_time(detail.run.started)} UTC"
    if detail.run.cycle is not None:
        line += f", in the cycle that run {detail.run.cycle} began"
    console.print(Text(f"  {line}", "dim"))
    failed = [o for o in detail.objects if o.error is not None]
    if failed:
        console.print()
        _draw_errors(console, failed)
    for step in detail.run.steps:
        console.print()
        _draw_step_counters(console, step, place)
    if everything or counter is not None:
        _draw_objects(console, [o for o in detail.objects if o.error is None])
    if detail.objects_left_out:
        console.print(Text(f"\n{detail.objects_left_out:,} more objects are not shown: raise --limit.", "yellow"))
    _draw_attempts(console, detail.attempts, everything=everything)
    _draw_pending(console, detail)
    for note in detail.notes:
        console.print(Text(f"\n{note}", "dim"), soft_wrap=True)
    if counter is None and not everything and any(o.error is None for o in detail.objects):
        console.print(
            Text(f"\nObjects behind a counter: attrflow runs show {detail.run.number} --counter NAME{place}", "dim"),
            soft_wrap=True,
        )


# -- pieces -----------------------------------------------------------------------------------------


def _headline(run: RunDocument) -> Text:
    return Text.assemble(
        (f"{run.connector} {run.profile}", "bold"),
        "  ",
        (run.result, result_style(run.result)),
        (f"  run {run.number}, {duration(run.started, run.ended)}", "dim"),
    )


def _draw_step(console: Console, step: StepDocument, *, named: bool, place: str) -> None:
    if named:
        console.print(Text.assemble(f"  {step.partition}  ", (step.result, result_style(step.result))))
    lines = counter_lines(step.counters)
    if lines:
        console.print(Padding(_grouped(lines, console.width - _INDENT), (0, 0, 0, _INDENT)))
    elif step.detail is None:
        console.print(Text("  nothing to do", "dim"))
    if step.detail is not None:
        _draw_detail(console, step.detail, step.result, place)


def _draw_detail(console: Console, detail: str, result: str, place: str) -> None:
    text = Text(runnable(detail, place), "" if result == "success" else "yellow")
    console.print(Padding(text, (0, 0, 0, _INDENT)))


def _grouped(lines: Iterable[CounterLine], width: int) -> Table:
    """A line for each group: its name, then label and count one beside the other."""
    groups: dict[str, list[Text]] = {}
    for line in lines:
        text = Text(f"{line.label} ", line.style or "dim")
        text.append(f"{line.count:,}", line.style or "bold")
        groups.setdefault(line.group, []).append(text)
    names = max((len(group) for group in groups), default=0)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    for group, texts in groups.items():
        table.add_row(group, _beside(texts, width - names - 2))
    return table


def _beside(texts: Sequence[Text], width: int) -> Text:
    """Texts one beside the other, as many on a line as fit; a label is never parted from its count."""
    rows: list[Text] = []
    for text in texts:
        if rows and len(rows[-1]) + len(_BETWEEN) + len(text) <= width:
            rows[-1] = Text.assemble(rows[-1], _BETWEEN, text)
        else:
            rows.append(text)
    return Text("\n").join(rows)


def _draw_step_counters(console: Console, step: StepDocument, place: str) -> None:
    console.print(
        Text.assemble(
            f"Step {step.number}  {step.partition}  ",
            (step.result, result_style(step.result)),
            (f"  {duration(step.started, step.ended)}", "dim"),
        )
    )
    if step.detail is not None:
        _draw_detail(console, step.detail, step.result, place)
    lines = counter_lines(step.counters)
    if not lines:
        return
    table = listing("", "", "Count", "Counter", right=("Count",), keep=("Count",))
    group = ""
    for line in lines:
        for position, counter in enumerate(line.counters):
            table.add_row(
                line.group if line.group != group else "",
                Text(line.label if position == 0 else "", line.style),
                f"{step.counters[counter]:,}",
                Text(counter, "dim"),
            )
            group = line.group
    console.print(Padding(table, (0, 0, 0, 2)))


def _draw_errors(console: Console, objects: Sequence[RunObjectDocument]) -> None:
    console.print(Text(f"{len(objects)} error{'' if len(objects) == 1 else 's'}", "bold red"))
    for item in objects:
        line = Text.assemble("  ", (item.error or "", "red"), "  ", item.dn or "(no object)")
        if item.object_id is not None:
            line.append(f"  #{item.object_id}", "dim")
        console.print(line)
        if item.detail:
            console.print(Padding(Text(item.detail), (0, 0, 0, 4)))


def _draw_objects(console: Console, objects: Sequence[RunObjectDocument]) -> None:
    if not objects:
        return
    console.print()
    told = any(item.detail for item in objects)
    more = ("Detail",) if told else ()
    table = listing("Counter", "Id", "Object", *more, right=("Id",), keep=("Id",))
    for item in objects:
        row = [item.counter, f"#{item.object_id}" if item.object_id is not None else "", item.dn]
        table.add_row(*row, *((item.detail or "",) if told else ()))
    console.print(table)


def _draw_attempts(console: Console, attempts: Sequence[WireAttemptDocument], *, everything: bool) -> None:
    shown = [a for a in attempts if everything or a.number > 1 or not _went_well(a.result)]
    if not attempts:
        return
    console.print()
    quiet = len(attempts) - len(shown)
    words = f"{len(attempts):,} request{'' if len(attempts) == 1 else 's'} on the wire"
    if quiet and not shown:
        words += ", each answered at the first attempt"
    elif quiet:
        words += f", {quiet:,} of them answered at the first attempt (--all shows them)"
    console.print(Text(words))
    if not shown:
        return
    table = listing(
        "Step", "Request", "Attempt", "Answer", "Waited", right=("Step", "Attempt", "Waited"), keep=("Waited",)
    )
    for attempt in shown:
        table.add_row(
            str(attempt.step),
            attempt.operation,
            str(attempt.number),
            Text(attempt.result, "" if _went_well(attempt.result) else "yellow"),
            f"{attempt.waited:.1f} s" if attempt.waited else "",
        )
    console.print(table)


def _went_well(answer: str) -> bool:
    """Whether a directory's word for its answer is one of success: an HTTP status or an LDAP result name.

    >>> [_went_well(word) for word in ("200", "304", "429", "success", "busy")]
    [True, True, False, True, False]
    """
    if answer[:3].isdecimal():
        return int(answer[:3]) < 400
    return answer in ("success", "look-up", "compareTrue", "compareFalse")


_LEFT = {
    "pending-import": "with a pending import",
    "import-error": "with a synchronization or discovery error, tried again by the next synchronization",
    "retry": "of the metaverse to be flowed again",
    "pending-export": "with a pending export",
    "escrowed": "handed to the directory with no known outcome, looked up by the next export",
    "export-error": "with an export error, tried again by the next export",
}
"""What is left to do, in the order in which it is done."""


def _draw_pending(console: Console, detail: RunDetailDocument) -> None:
    """What is left, and what takes it up."""
    left = {name: count for name, count in detail.left.items() if count}
    if not left and not detail.required:
        return
    console.print(Text(f"\nLeft to do on {detail.run.connector} now", "bold"))
    for name, words in _LEFT.items():
        if name not in left:
            continue
        plural = "object" if left[name] == 1 else "objects"
        line = Text.assemble("  ", (f"{left[name]:,} {plural}", "yellow"), f" {words}")
        if name == "pending-export":
            counts = ", ".join(f"{count:,} {operation}" for operation, count in sorted(detail.pending_exports.items()))
            line.append(f" ({counts})", "dim")
        console.print(line, soft_wrap=True)
    draw_required(console, detail.required, indent=2)
