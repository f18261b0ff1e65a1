"""The run profiles of a connector file (`ma-run-data`) -> exported profiles, step by step.

Types and subtypes are those of the real connectors (behaviour.md §4.1, observed); the combined types, the
file subtypes and the places of the limits are the sync engine's own, of which the product is made (documented).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrflow.importers.connectors import ExportedProfile, ExportedStep
from attrflow.importers.xml_tree import Element

__all__ = ["read_run_profiles"]

_SYNCHRONIZATIONS: Final = {"reevaluate-flow-connectors": "full-sync", "apply-pending": "delta-sync"}
_COMBINED: Final = {"full-import-reevaluate-rules": "full-import-full-sync"}
_ON_ITS_OWN: Final = "to-cs"
"""The subtype of an import that only stages; without it the import synchronizes what it staged."""
_FILES: Final = ("to-file", "resume-from-file")
_SUBTYPES: Final = ("import-subtype", "export-subtype", "apply-rules-subtype")
_OWN: Final = ("adma-step-data", "extensible2-step-data")


def read_run_profiles(root: Element) -> Iterator[ExportedProfile]:
    """The connector's run profiles, each with all its steps in order."""
    data = root.child("ma-run-data")
    for profile in data.all("run-configuration") if data is not None else ():
        configuration = profile.child("configuration")
        steps = tuple(_step(step) for step in configuration.all("step")) if configuration is not None else ()
        yield ExportedProfile(profile.said("name") or "", steps, profile.line)


def _step(step: Element) -> ExportedStep:
    element = step.child("step-type")
    stated = (element.attribute("type") or "").strip().casefold() if element is not None else ""
    subtypes = [
        child.text.strip().casefold()
        for child in (element.children if element is not None else ())
        if child.name.casefold() in _SUBTYPES and child.text.strip()
    ]
    custom = step.child("custom-data")
    file = step.said("dropfile-name") or ""
    if custom is not None:
        run = custom.child("run-config")
        for name in ("input-file", "output-file") if run is not None else ():
            file = file or (run.said(name) or "" if run is not None else "")
    return ExportedStep(
        type=_type(stated, subtypes),
        stated=" ".join((stated or "(none)", *subtypes)),
        partition=(step.said("partition") or "").strip(),
        limits=dict(_limits(step, custom)),
        files=tuple(word for word in _FILES if word in subtypes),
        file=file,
        parameters=tuple(_parameters(custom)),
        line=step.line,
    )


def _type(stated: str, subtypes: list[str]) -> str | None:
    """Our word for a step; None where there is none, a subtype that is not known among the reasons."""
    if stated == "apply-rules":
        return _SYNCHRONIZATIONS.get(subtypes[0]) if len(subtypes) == 1 else None
    if any(word not in (_ON_ITS_OWN, *_FILES) for word in subtypes):
        return None
    if stated in ("full-import", "delta-import"):
        return stated if _ON_ITS_OWN in subtypes else f"{stated}-delta-sync"
    return stated if stated == "export" else _COMBINED.get(stated)


def _limits(step: Element, custom: Element | None) -> Iterator[tuple[str, str]]:
    """The step's limits under our names, as they are written; `transaction-size` and `delete-limit` are not ours."""
    threshold = step.child("threshold")
    if threshold is not None:
        for theirs, ours in (
            ("object", "object-limit"),
            ("delete", "delete-limit"),
            ("batch-size", "transaction-size"),
        ):
            if text := threshold.said(theirs):
                yield ours, text
    for name in _OWN:
        own = custom.child(name) if custom is not None else None
        for theirs, ours in (
            *(("batch-size", "batch-size"), ("page-size", "page-size")),
            *(("time-limit", "timeout-seconds"), ("timeout", "timeout-seconds")),
        ):
            if own is not None and (text := own.said(theirs)):
                yield ours, text


def _parameters(custom: Element | None) -> Iterator[str]:
    """The names of a step's own parameters that have a value; the values are the connector's own affair."""
    values = custom.child("parameter-values") if custom is not None else None
    for parameter in values.all("parameter") if values is not None else ():
        if parameter.text.strip():
            yield parameter.attribute("name") or "(no name)"
