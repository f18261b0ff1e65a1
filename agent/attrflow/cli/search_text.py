"""Searches as tables: metaverse objects, connector-space objects."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from attrflow.app.operations.looking import CSSearchDocument, MVSearchDocument
from attrflow.cli.console import listing
from attrflow.explain.show import CSRow

__all__ = ["draw_cs_search", "draw_mv_search"]


def draw_mv_search(console: Console, search: MVSearchDocument) -> None:
    """Metaverse objects, one a row."""
    if not search.objects:
        console.print(_nothing(search.text, "metaverse"))
        return
    table = listing("Id", "Type", "Name", "UPN or mail", "Connectors", right=("Id",), keep=("Id", "Type"))
    for row in search.objects:
        table.add_row(
            f"#{row.mv_id}", row.object_type, Text(row.name, "bold"), row.upn or "", ", ".join(row.connectors)
        )
    console.print(table)
    _tell_more(console, more=search.next_after is not None, shown=len(search.objects))


def draw_cs_search(console: Console, search: CSSearchDocument) -> None:
    """Connector-space objects, one a row."""
    if not search.objects:
        console.print(_nothing(search.text, "connector spaces"))
        return
    table = listing("Id", "Connector", "Type", "Object", "State", right=("Id",), keep=("Id", "Type"))
    for row in search.objects:
        table.add_row(f"#{row.cs_id}", row.connector, row.object_type or "", _object(row), _state(row))
    console.print(table)
    _tell_more(console, more=search.next_after is not None, shown=len(search.objects))


def _object(row: CSRow) -> Text:
    """The DN; for a cloud object, whose DN nobody can read, the name of what it is linked to."""
    return Text(row.name, "bold" if row.name != row.dn else "")


def _state(row: CSRow) -> Text:
    """How the object is linked, and what else is to be known of it."""
    parts = []
    if row.kind == "placeholder":
        parts.append(Text("placeholder", "dim"))
    elif row.mv_id is not None:
        parts.append(Text(f"connector of #{row.mv_id}", "dim"))
    else:
        parts.append(Text("explicit disconnector" if row.explicit else "disconnector"))
    if row.pending_import is not None:
        parts.append(Text(f"pending import: {row.pending_import}", "yellow"))
    if row.pending_export is not None:
        parts.append(Text(f"pending export: {row.pending_export}", "yellow"))
    if row.error is not None:
        parts.append(Text(row.error, "red"))
    return Text("\n").join(parts)


def _nothing(text: str, where: str) -> Text:
    asked = f" has {text!r} in a name" if text else " fits"
    return Text(f"Nothing in the {where}{asked}.", "yellow")


def _tell_more(console: Console, *, more: bool, shown: int) -> None:
    if more:
        console.print(Text(f"The first {shown}; there are more: raise --limit, or name more of it.", "yellow"))
    else:
        console.print(Text(f"{shown} object{'' if shown == 1 else 's'}", "dim"))
