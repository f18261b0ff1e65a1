"""A script's text -> drafts of the rules that it makes, and what is told of it."""

from __future__ import annotations

import re
from typing import Final

from attrflow.importers.draft import DraftRule, Word
from attrflow.importers.findings import Findings, Place
from attrflow.importers.powershell.cmdlets import RuleScript
from attrflow.importers.powershell.running import TooMuchError
from attrflow.importers.powershell.statements import StatementReader

__all__ = ["read_powershell"]

_FENCE: Final = re.compile(r"^\s*```")
_OPENS: Final = re.compile(r"\bNew-ADSyncRule\b", re.IGNORECASE)


def read_powershell(text: str, file: str, findings: Findings) -> list[DraftRule]:
    """The rules that a script makes, in their order; of a Markdown text only what stands between fences is read."""
    reader = StatementReader(_fenced(text), file, findings)
    script = RuleScript(reader, findings)
    tree = reader.script()
    try:
        script.follow(tree)
    except (TooMuchError, RecursionError):
        message = "the script does more than one that makes rules does; what stands before is read"
        findings.tell(Place(file), "script-too-long", message)
    if script.ended_at is not None and _OPENS.search(reader.text, script.ended_at):
        message = "the script ends here; the rules that stand below are never made and are not read"
        findings.warn(reader.place(script.ended_at), "after-exit", message)
    for start, command in sorted(reader.rule_commands.items()):
        if start not in script.followed and (script.ended_at is None or start < script.ended_at):
            stated = " ".join(reader.text[start : command.end].replace("`", " ").split())[:160]
            message = f"with the values that are known the script never comes here; not read: {stated}"
            findings.warn(reader.place(start), "not-reached", message)
    for draft in script.drafts:
        if not any(draft is added for added in script.added):
            draft.fields["disabled"] = Word("True", draft.place)
            message = f"{draft.label!r} is never given to Add-ADSyncRule, so that no server has it; imported disabled"
            help = "see whether the script is cut off; where it is whole, take `disabled` away"
            findings.warn(draft.place, "rule-not-added", message, help=help)
    return script.drafts


def _fenced(text: str) -> str:
    """The text, without what stands outside of fences where there are any; lines keep their numbers."""
    lines = text.split("\n")
    if not any(_FENCE.match(line) for line in lines):
        return text
    inside = False
    out: list[str] = []
    for line in lines:
        if _FENCE.match(line):
            inside = not inside
            out.append("")
        else:
            out.append(line if inside else "")
    return "\n".join(out)
