"""JSON -> the objects in it, each with its line: one object, a list, Graph's `value`, or one after the other.

A text that is cut off or broken gives the objects that stand before the fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from attrflow.importers.findings import Findings, Place

__all__ = ["json_items"]

_BLANK: Final = re.compile(r"[\s,]*")
_LIST: Final = re.compile(r'"value"\s*:\s*\[|^\s*\[', re.IGNORECASE)


def json_items(text: str, file: str, findings: Findings) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a text with their lines; what else stands there is told."""
    place = Place(file)
    if not text.strip():
        findings.tell(place.at(1), "empty-file", "the file is empty")
        return
    try:
        whole = json.loads(text)
    except RecursionError:
        findings.tell(place.at(1), "json-refused", "the JSON nests deeper than any export: it is not read")
        return
    except json.JSONDecodeError as error:
        yield from _salvaged(text, error, place, findings)
        return
    yield from _taken_apart(whole, text, place, findings)


def _taken_apart(whole: Any, text: str, place: Place, findings: Findings) -> Iterator[tuple[int, dict[str, Any]]]:
    if isinstance(whole, dict):
        lowered = {key.casefold(): value for key, value in whole.items()}
        if isinstance(lowered.get("error"), dict):
            said = lowered["error"].get("message") or lowered["error"].get("code")
            findings.tell(place.at(1), "request-failed", f"the file holds an answer that failed: {said}")
            return
        if "@odata.nextlink" in lowered:
            help = "read the next pages too, or ask with -All"
            findings.warn(place.at(1), "incomplete", "the list goes on at its @odata.nextLink", help=help)
        if isinstance(lowered.get("value"), list):
            whole = lowered["value"]
    start = 0
    for item in whole if isinstance(whole, list) else [whole]:
        if not isinstance(item, dict):
            message = f"an object was expected, not {json.dumps(item)[:40]}; left out"
            findings.tell(place.at(1), "wrong-format", message)
            continue
        line, start = _line_of(item, text, start)
        yield line, item


def _line_of(item: dict[str, Any], text: str, start: int) -> tuple[int, int]:
    """The line of an object, by its id (or its first text); lists are in order, so the search goes on where it was."""
    key = next((v for k, v in item.items() if k.casefold() in ("id", "objectid") and isinstance(v, str)), None)
    key = key or next((value for value in item.values() if isinstance(value, str) and value), None)
    at = text.find(json.dumps(key), start) if key is not None else -1
    return (text.count("\n", 0, at) + 1, at + 1) if at >= 0 else (1, start)


def _salvaged(
    text: str, error: json.JSONDecodeError, place: Place, findings: Findings
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects before the fault: of a list that is cut off, or one after the other without a list."""
    decoder = json.JSONDecoder()
    opened = _LIST.search(text)
    at = opened.end() if opened is not None else 0
    found = 0
    while True:
        at = _BLANK.match(text, at).end()  # type: ignore[union-attr]  # the pattern fits the empty text
        if at >= len(text) or text[at] != "{":
            break
        try:
            item, end = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            break
        found += 1
        yield text.count("\n", 0, at) + 1, item
        at = end
    if at < len(text) or found == 0 or opened is not None:
        message = f"not JSON: {error.msg}; {found or 'no'} object{'' if found == 1 else 's'} before it can be read"
        help = "the file is cut off or was edited: export it again"
        findings.tell(place.at(error.lineno), "json-syntax", message, help=help)
