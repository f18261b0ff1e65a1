"""Single words of a draft -> values, with what is said where a word means nothing."""

from __future__ import annotations

import re
from typing import Final

from attrflow.importers.draft import DraftRule, Word
from attrflow.importers.findings import Findings, Place

__all__ = ["NO_NAME", "Words", "short"]

NO_NAME: Final = re.compile(r"[\s=()]")
"""What no attribute's name holds, since conditions are written as lines."""


def short(text: str) -> str:
    """A piece of a source text on one line, cut at a length that a message bears."""
    plain = " ".join(text.split())
    return plain if len(plain) <= 80 else f"{plain[:77]}..."


class Words:
    """Reads the words of one draft, and keeps what could not be read."""

    def __init__(self, draft: DraftRule, findings: Findings) -> None:
        self.draft = draft
        self.findings = findings
        self.left_out: list[str] = []
        """Mappings that were left out, as a person would look for them."""
        self.broken = list(draft.faults)
        """Which of scope and join could not be read whole."""

    def truth(self, word: Word | None, what: str) -> bool:
        """What a word for true or false says; without a word, false."""
        if word is None:
            return False
        if not word.resolved:
            self.unresolved(word, what, "read as false")
            return False
        text = word.text.strip().casefold().lstrip("$")
        if text not in ("true", "1", "false", "0", ""):
            message = f"{self.draft.label!r}, {what}: {word.text!r} is neither true nor false; read as false"
            self.findings.tell(word.place, "unknown-word", message)
        return text in ("true", "1")

    def unresolved(self, word: Word, what: str, then: str) -> None:
        """Say that only a live server knows the word, and what came of it."""
        message = f"{self.draft.label!r}: {what} is {short(word.text)}, which only the server knows; {then}"
        self.findings.tell(word.place, "unresolved", message, help="write the value into the script in its place")

    def attribute(self, word: Word | None, place: Place, what: str) -> str | None:
        """An attribute's name; None, told, where it is none."""
        if word is not None and not word.resolved:
            self.unresolved(word, what, "it is left out")
        elif word is None or not word.text.strip():
            self.findings.tell(place, "missing-field", f"{self.draft.label!r}: {what} is missing; it is left out")
        elif NO_NAME.search(word.text.strip()):
            message = f"{self.draft.label!r}: {what}, {word.text!r}, is no attribute's name; it is left out"
            self.findings.tell(word.place, "wrong-name", message)
        else:
            return word.text.strip()
        return None
