"""PowerShell scripts that make synchronization rules -> drafts. Scripts are read, never run.

`scanner`, `expressions` and `statements` make a tree of a text; `evaluation` and `running` follow it with
literal values only; `cmdlets` knows the commands that make rules. What needs a live server stays unresolved
and keeps its source text.
"""

from __future__ import annotations

from attrflow.importers.powershell.script import read_powershell

__all__ = ["read_powershell"]
