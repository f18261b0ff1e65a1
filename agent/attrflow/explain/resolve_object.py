"""What a person means by an object: a DN, UPN, mail address, account name, GUID or part of a name.

The answer is a subject: a metaverse object with what is linked to it, an unlinked connector-space
object, an object that is known only because others refer to it, or one that is only in a directory.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attrflow.explain.documents import ObjectLine, SubjectDocument
from attrflow.explain.facts import Facts
from attrflow.model.connector_space import CSObject
from attrflow.model.errors import Ambiguous, NotFound
from attrflow.model.metaverse import MVObject
from attrflow.ports.store import CSFilter

__all__ = ["DirectoryFind", "FindInDirectory", "Subject", "resolve_object", "subject_of_mv"]

CANDIDATES = 20
_ID = re.compile(r"#(\d+)")


@dataclass(frozen=True, slots=True)
class DirectoryFind:
    """An object that a directory holds, found by looking past the selected containers."""

    connector: str
    dn: str
    excluded_by: str | None
    """The container rule that keeps it out, such as `OU=Leavers,DC=contoso,DC=test is excluded`; None: in scope."""
    object_type: str | None = None
    name: str | None = None
    reason: str | None = None
    """Another reason why it is not imported, such as an object type that is not selected."""


FindInDirectory = Callable[[str], Sequence[DirectoryFind]]
"""Looks a text up in the directories themselves, selected containers or not."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is meant. Exactly one of `mv`, `cs` and `found` is there; `objects` are the linked ones, or `cs`."""

    mv: MVObject | None = None
    cs: CSObject | None = None
    found: DirectoryFind | None = None
    objects: tuple[CSObject, ...] = ()

    def sources(self, facts: Facts) -> tuple[CSObject, ...]:
        """The objects that directories hold."""
        return tuple(cso for cso in self.objects if not facts.is_cloud(cso.connector))

    def cloud(self, facts: Facts) -> tuple[CSObject, ...]:
        """The objects that the tenant holds or is to hold."""
        return tuple(cso for cso in self.objects if facts.is_cloud(cso.connector))

    def document(self, facts: Facts) -> SubjectDocument:
        """The subject for people."""
        lines = tuple(
            ObjectLine(c.connector, c.id, c.dn, c.object_type, c.link.origin if c.link is not None else None)
            for c in self.objects
        )
        if self.mv is not None:
            return SubjectDocument("metaverse", facts.mv_name(self.mv), self.mv.object_type, self.mv.id, lines)
        if self.cs is not None:
            kind = self.cs.kind
            return SubjectDocument(
                "placeholder" if kind == "placeholder" else "connector-space",
                facts.cs_name(self.cs),
                self.cs.object_type,
                None,
                lines,
                self.cs.dn,
                self.cs.connector,
            )
        assert self.found is not None, "a subject is one of three"
        name = self.found.name or self.found.dn
        return SubjectDocument("directory", name, self.found.object_type, None, (), self.found.dn, self.found.connector)


def subject_of_mv(facts: Facts, mvo: MVObject) -> Subject:
    """The subject of a metaverse object."""
    return Subject(mv=mvo, objects=facts.linked(mvo.id))


def resolve_object(facts: Facts, text: str, find_in_directory: FindInDirectory | None = None) -> Subject:
    """The object that the text means: a whole key first, then a part of a name; `#12` is an object id.

    What others only refer to, and containers and other types without rules, yield to what else fits.

    With `find_in_directory`, an object that the store does not know, or knows only as a reference
    target, is looked up in the directories.

    Raises:
        NotFound: nothing has that name; the help names what comes near.
        Ambiguous: several objects fit; the candidates tell them apart.
    """
    text = text.strip()
    if not text:
        raise NotFound("No object is named.", help="Give a DN, UPN, mail address, account name, GUID or name.")
    if (match := _ID.fullmatch(text)) is not None and (found := _by_id(facts, int(match[1]))) is not None:
        return found
    for whole in (True, False):
        subjects = _search(facts, text, whole=whole)
        known = [s for s in subjects if s.cs is None or s.cs.kind == "staging"] or subjects
        known = [s for s in known if _is_ruled(facts, s)] or known
        if len(known) > 1:
            _ambiguous(facts, text, known)
        if known:
            return _completed(known[0], text, find_in_directory)
    return _outside(facts, text, find_in_directory)


def _is_ruled(facts: Facts, subject: Subject) -> bool:
    """Whether rules are about the object; a unit that is called as a group is rarely who is meant."""
    cso = subject.cs
    return cso is None or cso.object_type is None or bool(facts.program.inbound(cso.connector, cso.object_type))


def _by_id(facts: Facts, id_: int) -> Subject | None:
    if (mvo := facts.store.mv(id_)) is not None:
        return subject_of_mv(facts, mvo)
    cso = facts.store.cs(id_)
    return _of_cs(facts, cso) if cso is not None else None


def _of_cs(facts: Facts, cso: CSObject) -> Subject:
    mvo = facts.store.mv(cso.link.mv_id) if cso.link is not None else None
    return subject_of_mv(facts, mvo) if mvo is not None else Subject(cs=cso, objects=(cso,))


def _search(facts: Facts, text: str, *, whole: bool) -> list[Subject]:
    """Different objects that fit, one more than can be shown at most."""
    found: dict[tuple[str, int], Subject] = {}
    for mvo in facts.store.find_mv(text, whole=whole, limit=CANDIDATES + 1):
        found["mv", mvo.id] = subject_of_mv(facts, mvo)
    for cso in facts.store.find_cs(CSFilter(text=text, whole=whole), limit=CANDIDATES + 1):
        subject = _of_cs(facts, cso)
        key = ("mv", subject.mv.id) if subject.mv is not None else ("cs", cso.id)
        found.setdefault(key, subject)
    return list(found.values())


def _ambiguous(facts: Facts, text: str, subjects: list[Subject]) -> None:
    lines = [_candidate(facts, subject) for subject in subjects[:CANDIDATES]]
    more = len(subjects) > CANDIDATES
    count = f"more than {CANDIDATES}" if more else str(len(subjects))
    raise Ambiguous(
        f"{count} objects fit {text!r}" + (f"; here are {CANDIDATES} of them" if more else ""),
        lines,
        help="Name one by its UPN, DN or #id.",
    )


def _candidate(facts: Facts, subject: Subject) -> str:
    cso = subject.objects[0] if subject.objects else None
    if subject.mv is not None:
        upn = subject.mv.attributes.get("userPrincipalName") or subject.mv.attributes.get("mail")
        parts = [f"#{subject.mv.id}", facts.mv_name(subject.mv), subject.mv.object_type]
        parts += [str(upn.values[0])] if upn is not None and upn.values else []
    else:
        assert subject.cs is not None, "a search finds stored objects"
        word = "known as a reference target only" if subject.cs.kind == "placeholder" else "not linked"
        parts = [f"#{subject.cs.id}", subject.cs.object_type or "object", word]
    if cso is not None:
        parts.append(f"{cso.connector}: {cso.dn}")
    return "  ".join(parts)


def _completed(subject: Subject, text: str, find_in_directory: FindInDirectory | None) -> Subject:
    """A placeholder is looked up by its DN, to say where the object itself is."""
    if subject.cs is None or subject.cs.kind != "placeholder" or find_in_directory is None:
        return subject
    for find in (*find_in_directory(subject.cs.dn), *find_in_directory(text)):
        if find.connector == subject.cs.connector:
            return Subject(cs=subject.cs, objects=subject.objects, found=find)
    return subject


def _outside(facts: Facts, text: str, find_in_directory: FindInDirectory | None) -> Subject:
    finds = list(find_in_directory(text)) if find_in_directory is not None else []
    if len(finds) > 1:
        raise Ambiguous(
            f"{len(finds)} objects of the directories fit {text!r}",
            [f"{find.connector}: {find.dn}" for find in finds],
            help="Name one by its DN.",
        )
    if finds:
        return Subject(found=finds[0])
    raise NotFound(f"Nothing is known by the name {text!r}.", help=_near(facts, text))


def _near(facts: Facts, text: str) -> str:
    """What comes near a name that nothing has: deleted objects, and objects that share a part of it."""
    gone = facts.store.tombstones(text, limit=1)
    if gone:
        return f"{gone[0].name} was deleted in run {gone[0].run}"
    local = text.partition("@")[0] if "=" not in text else text.partition(",")[0].partition("=")[2]
    parts = [part for part in re.split(r"[\s.,=_-]+", local) if len(part) > 2]
    parts += [part[: len(part) * 2 // 3] for part in parts if len(part) > 4]
    likeness: dict[str, float] = {}
    for part in parts[:6]:
        for mvo in facts.store.find_mv(part, limit=CANDIDATES):
            name = facts.mv_name(mvo)
            plain = re.sub(r"[\s.,_-]+", " ", local).casefold()
            likeness[name] = difflib.SequenceMatcher(None, plain, name.casefold()).ratio()
    names = sorted((name for name, ratio in likeness.items() if ratio > 0.7), key=lambda n: (-likeness[n], n))
    if names:
        return "did you mean " + ", ".join(names[:3]) + "?"
    return "Give a DN, UPN, mail address, account name, GUID or part of a name; imports bring objects in."
