"""Operations that look: searches of the metaverse and of connector spaces, and one object as it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from attrflow.app.project import Project
from attrflow.app.shapes import shape
from attrflow.explain.facts import Facts
from attrflow.explain.show import CSDocument, CSRow, MVDocument, MVRow, search_cs, search_mv, show_cs, show_mv
from attrflow.model.errors import NotFound, SettingsError
from attrflow.model.names import InvalidName, dn_key
from attrflow.ports.store import CSFilter, CSState

__all__ = ["CS_STATES", "CSSearchDocument", "MVSearchDocument", "cs_search", "cs_show", "mv_search", "mv_show"]

CS_STATES: tuple[CSState, ...] = get_args(CSState)
"""What a search of a connector space can ask for."""


@dataclass(frozen=True, slots=True)
class MVSearchDocument:
    """Metaverse objects by id; `next_after` asks for those that follow, and is None where there are none."""

    text: str
    objects: list[MVRow]
    next_after: int | None = None


@dataclass(frozen=True, slots=True)
class CSSearchDocument:
    """Connector-space objects by id; `next_after` as in `MVSearchDocument`."""

    text: str
    objects: list[CSRow]
    next_after: int | None = None


for _name, _type in (
    ("mv-search", MVSearchDocument),
    ("mv-row", MVRow),
    ("cs-search", CSSearchDocument),
    ("cs-row", CSRow),
    ("mv", MVDocument),
    ("cs", CSDocument),
):
    shape(_name, _type)


def mv_search(
    project: Project, text: str, *, object_type: str | None = None, after: int = 0, limit: int = 50
) -> MVSearchDocument:
    """Metaverse objects whose DN, UPN, mail address, account name, GUID or name has the text in it.

    Raises:
        NotFound: the metaverse has no such object type; the message lists those it has.
    """
    if object_type is not None:
        object_type = _spelt(object_type, project.program().metaverse.object_types, "The metaverse")
    page = search_mv(_facts(project), text, object_type, after=after, limit=limit)
    return MVSearchDocument(text, [row for row in page.rows if isinstance(row, MVRow)], page.next_after)


def cs_search(
    project: Project,
    text: str,
    *,
    connector: str | None = None,
    object_type: str | None = None,
    states: Sequence[str] = (),
    below: str | None = None,
    after: int = 0,
    limit: int = 50,
) -> CSSearchDocument:
    """Connector-space objects that have the text in a DN, anchor or name; all further conditions must hold.

    Raises:
        NotFound: there is no such connector, or no connector has such an object type.
        SettingsError: `states` holds no word of `CS_STATES`, or `below` is no DN.
    """
    if connector is not None:
        project.require_connector(connector)
    if object_type is not None:
        chosen = [c for c in project.settings.connectors.values() if connector in (None, c.name)]
        types = dict.fromkeys(name for configuration in chosen for name in configuration.object_types)
        object_type = _spelt(object_type, types, connector or "The project")
    filter_ = CSFilter(connector, text, _container(below), object_type, _states(states))
    page = search_cs(_facts(project), filter_, after=after, limit=limit)
    return CSSearchDocument(text, [row for row in page.rows if isinstance(row, CSRow)], page.next_after)


def mv_show(project: Project, text: str) -> MVDocument:
    """The metaverse object that a text means, with every value's connector, rule and time.

    Raises:
        NotFound: there is none, or the object is linked to none.
        Ambiguous: several fit.
    """
    return show_mv(_facts(project), text)


def cs_show(project: Project, text: str, *, connector: str | None = None) -> CSDocument:
    """The connector-space object that a text means; `connector` chooses where it is in several.

    Raises:
        NotFound: there is none, or no such connector.
        Ambiguous: several fit.
    """
    if connector is not None:
        project.require_connector(connector)
    return show_cs(_facts(project), text, connector)


def _facts(project: Project) -> Facts:
    return Facts(project.store, project.program())


def _spelt(name: str, known: Iterable[str], of: str) -> str:
    found = next((one for one in known if one.casefold() == name.casefold()), None)
    if found is None:
        raise NotFound(f"{of} has no object type {name!r}.", help=f"There is: {', '.join(sorted(known))}.")
    return found


def _container(below: str | None) -> str | None:
    if below is None:
        return None
    try:
        return dn_key(below)
    except InvalidName as error:
        raise SettingsError(f"{below!r} is no distinguished name: {error}") from error


def _states(words: Sequence[str]) -> tuple[CSState, ...]:
    states: list[CSState] = []
    for word in words:
        found = next((state for state in CS_STATES if state == word), None)
        if found is None:
            raise SettingsError(f"There is no state {word!r}.", help=f"The states are: {', '.join(CS_STATES)}.")
        states.append(found)
    return tuple(states)
