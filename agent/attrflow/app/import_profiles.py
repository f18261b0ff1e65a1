"""The run profiles of an exported connector -> those that a project's settings must say.

One that does what a default does is left to the default. What a step has that ours cannot say is a finding,
and so is each step that is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

from attrflow.app.settings_profiles import PAGES
from attrflow.app.settings_values import PROFILE_NAME
from attrflow.importers.connectors import ExportedConnector, ExportedProfile, ExportedStep
from attrflow.importers.findings import Findings, Place
from attrflow.model.configuration import RunStep, StepType
from attrflow.model.names import InvalidName, dn_key
from attrflow.runs.profile import PROFILES, STEP_TYPES, profile_key

__all__ = ["plan_profiles"]

_NAME_MAX: Final = 64
_LIMIT_MAX: Final = 2**31 - 1
_USUAL: Final[Mapping[str, frozenset[int]]] = {
    "page-size": frozenset((0, 500)),
    "timeout-seconds": frozenset((0, 120)),
    "object-limit": frozenset((0,)),
}
"""What the product writes into its default profiles (behaviour.md §4.1, observed), and 0 for none."""
_IMPORT_BATCH: Final = 50
_EXPORT_BATCH: Final = 30


def plan_profiles(
    one: ExportedConnector, name: str, partitions: Sequence[str], findings: Findings
) -> dict[str, tuple[RunStep, ...]]:
    """The profiles that differ from the defaults, by name.

    Args:
        one: the connector of the export.
        name: its name in the project.
        partitions: the project's partitions of it, in the order of its settings.
        findings: where everything is told that is not taken over, or not as it stands there.
    """
    made: dict[str, tuple[RunStep, ...]] = {}
    taken = {profile_key(p.name) for p in one.run_profiles if PROFILE_NAME.fullmatch(p.name)} | set(STEP_TYPES)
    seen: set[str] = set()
    for profile in one.run_profiles:
        place = Place(one.file, profile.line)
        steps = tuple(
            step
            for number, exported in enumerate(profile.steps, start=1)
            for step in _Step(one, name, f"{profile.name!r}, step {number}", exported, findings).made(partitions)
        )
        if not steps:
            reason = "none of its steps can be taken over" if profile.steps else "it has no step"
            message = f"{name}: the run profile {profile.name!r} is not taken over: {reason}"
            findings.warn(place, "profile-left-out", message, help=_instead(profile, name))
            continue
        if steps == _default(profile.name, partitions):
            seen.add(profile_key(profile.name))
            continue
        chosen = profile.name
        if not PROFILE_NAME.fullmatch(chosen) or profile_key(chosen) in seen:
            usable = PROFILE_NAME.fullmatch(chosen)
            reason = "another one has that name" if usable else "names have letters, digits, blanks, '-' and '_'"
            chosen = _other_name(chosen, taken)
            message = f"{name}: the run profile {profile.name!r} is called {chosen!r} here: {reason}"
            findings.warn(place, "profile-renamed", message)
        seen.add(profile_key(chosen))
        taken.add(profile_key(chosen))
        made[chosen] = steps
    if made:
        message = f"{name}: run profiles of its own, {'; '.join(made)}, are written as [[connectors.{name}.profiles.…]]"
        help = f'such as: attrflow run {name} "{next(iter(made))}"'
        findings.note(Place(one.file, one.line), "taken-over", message, help=help)
    return made


def _default(profile: str, partitions: Sequence[str]) -> tuple[RunStep, ...] | None:
    """The steps that the default of that name has; None where it is the name of none."""
    type_ = next((word for word in PROFILES if word == profile_key(profile)), None)
    return None if type_ is None else tuple(RunStep(type_, partition) for partition in partitions)


def _instead(profile: ExportedProfile, name: str) -> str | None:
    key = profile_key(profile.name)
    return f"`attrflow run {name} {key}` does what the default does" if key in PROFILES else None


def _other_name(name: str, taken: set[str]) -> str:
    """A name that can be used and that no other profile has."""
    plain = re.sub(r"[^\w -]+", "-", name).strip(" -")[: _NAME_MAX - 4].strip(" -") or "profile"
    chosen, number = plain, 2
    while profile_key(chosen) in taken or not PROFILE_NAME.fullmatch(chosen):
        chosen, number = f"{plain}-{number}", number + 1
    return chosen


class _Step:
    """One exported step on its way to ours."""

    def __init__(
        self, one: ExportedConnector, name: str, title: str, exported: ExportedStep, findings: Findings
    ) -> None:
        self._one, self._name, self._title, self._exported, self._findings = one, name, title, exported, findings

    def made(self, partitions: Sequence[str]) -> tuple[RunStep, ...]:
        """The step for each partition that it is for; none, told, where it cannot be one of ours."""
        exported = self._exported
        if exported.type is None:
            self._left_out(f"its type {exported.stated!r} has no counterpart")
            return ()
        if not self._touches_a_directory():
            return ()
        chosen = self._partitions(partitions)
        if not chosen:
            return ()
        step = RunStep(cast(StepType, exported.type), "")
        step = replace(
            step,
            batch_size=self._number("batch-size", self._usual_batches()),
            page_size=self._number("page-size", _USUAL["page-size"], PAGES.get(self._kind)),
            timeout_seconds=self._timeout(),
            object_limit=self._number("object-limit", _USUAL["object-limit"]) or 0,
        )
        self._tell_rest()
        return tuple(replace(step, partition=partition) for partition in chosen)

    @property
    def _kind(self) -> str:
        return self._one.kind or ""

    def _tell(self, code: str, message: str, help: str | None = None) -> None:
        place = Place(self._one.file, self._exported.line)
        self._findings.warn(place, code, f"{self._name}: {self._title}: {message}", help=help)

    def _left_out(self, reason: str, help: str | None = None) -> None:
        self._tell("step-left-out", f"{reason}; the step is left out", help)

    def _touches_a_directory(self) -> bool:
        """Whether the step is more than a file; what it does with one is an option of `attrflow run` here."""
        files, run = self._exported.files, f"attrflow run {self._name} {self._exported.type}"
        if files == ("to-file",):
            self._left_out("it only writes a file", f"by hand: {run} --drop FILE")
            return False
        if files == ("resume-from-file",):
            known = "export" not in (self._exported.type or "")
            self._left_out("it reads a file", f"by hand: {run} --resume FILE" if known else None)
            return False
        if files:
            self._tell(
                "no-counterpart", "it also writes what it does to a file, and does not here", f"{run} --drop FILE"
            )
        elif self._exported.file:
            self._tell("no-counterpart", f"it names the file {self._exported.file!r}, which is not used here")
        return True

    def _partitions(self, partitions: Sequence[str]) -> Sequence[str]:
        named = self._exported.partition
        if not named:
            return partitions
        key = named.strip("{}").casefold()
        known = next((p for p in self._one.partitions if key in (p.id, p.name.casefold()) and key), None)
        stated = known.name if known is not None else named
        found = [p for p in partitions if _same(p, stated)]
        if found:
            return found
        if known is None:
            self._left_out(f"the connector file has no partition {named}")
        elif not known.selected:
            self._left_out(f"its partition {stated} is not selected")
        else:
            self._left_out(f"its partition {stated} is not among those of the project")
        return ()

    def _usual_batches(self) -> frozenset[int]:
        if self._exported.type == "export":
            return frozenset((0, _EXPORT_BATCH))
        if "import" in (self._exported.type or ""):
            return frozenset((0, _IMPORT_BATCH))
        return frozenset((0, _IMPORT_BATCH, _EXPORT_BATCH))

    def _number(self, word: str, usual: frozenset[int], high: int | None = None) -> int | None:
        """A limit of the step; None where it is as usual, or, told, cannot be one."""
        text = self._exported.limits.get(word)
        if text is None:
            return None
        number = int(text) if re.fullmatch(r"[0-9]{1,10}", text) else -1
        top = _LIMIT_MAX if high is None else high
        if number < 0 or (number > top and number not in usual):
            self._tell("wrong-value", f"{word} {text!r} is no whole number from 0 to {top}; the default stays")
            return None
        return None if number in usual else number

    def _timeout(self) -> int | None:
        seconds = self._number("timeout-seconds", _USUAL["timeout-seconds"])
        if seconds is not None and self._kind == "entra":
            message = f"its timeout of {seconds} seconds cannot be said: an Entra connector has none"
            self._tell("no-counterpart", message)
            return None
        return seconds

    def _tell_rest(self) -> None:
        """What no key of a step says."""
        deletes = self._number("delete-limit", frozenset((0,)))
        if deletes is not None:
            help = f"[connectors.{self._name}.guards] with deletes = {deletes} guards every export"
            self._tell("no-counterpart", f"it stops after {deletes} deletes, which no step does here", help)
        batch = self._exported.limits.get("batch-size")
        size = self._exported.limits.get("transaction-size")
        if size not in (None, "0", "1", batch):
            self._tell("no-counterpart", f"its threshold has the batch size {size}; only the step's own is taken over")
        if self._exported.parameters:
            names = ", ".join(self._exported.parameters)
            self._tell("no-counterpart", f"its own parameters {names} have no counterpart")


def _same(one: str, other: str) -> bool:
    try:
        return dn_key(one) == dn_key(other)
    except InvalidName:
        return one.casefold() == other.casefold()
