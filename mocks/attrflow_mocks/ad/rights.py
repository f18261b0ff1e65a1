"""Rights as a small table instead of access control lists: what an account may not see or write.

Everybody may do everything but what a rule denies. What a denial does to a search or a write is decided
here; the formats of requests and entries are not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from attrflow_mocks.ad.authentication import Principal, account_entry
from attrflow_mocks.ad.directory import Directory
from attrflow_mocks.ad.entry import Entry
from attrflow_mocks.ad.errors import LdapError, name_error
from attrflow_mocks.ad.names import InvalidName, fold

__all__ = ["DENIALS", "Access", "Rule", "access_of", "denied", "parse_rules", "rules_document"]

DENIALS: Mapping[str, str] = {
    "read": "the values of `attributes` (of all, without) are silently absent, and filters see them as Undefined",
    "list": "the object is not there for the account: no search finds it, and its name gives 32",
    "write": "changes of `attributes` (all writes, without) end with 50 and 00002098",
    "dirsync": "the right DS-Replication-Get-Changes is missing: DirSync ends with 50 unless OBJECT_SECURITY is asked",
    "protected": "rights that were delegated do not reach objects with adminCount=1: writes there end with 50",
}
_SCOPES = ("subtree", "object")


@dataclass(frozen=True, slots=True)
class Rule:
    """One denial for one account: any of its bind names, or `*` for everybody."""

    account: str
    deny: str
    base: str = ""
    """The DN that it holds for, with all below unless `scope` is `object`; empty is the whole directory."""
    scope: str = "subtree"
    attributes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.deny not in DENIALS:
            raise ValueError(f"`deny` is one of {', '.join(DENIALS)}, not {self.deny!r}")
        if self.scope not in _SCOPES:
            raise ValueError(f"`scope` is one of {', '.join(_SCOPES)}, not {self.scope!r}")
        if self.attributes and self.deny not in ("read", "write"):
            raise ValueError(f"a denial of {self.deny!r} holds for whole objects: leave out `attributes`")


def parse_rules(documents: Iterable[Mapping[str, object]]) -> tuple[Rule, ...]:
    """Rules from tables of TOML or JSON.

    Raises:
        ValueError: a key is unknown or missing, or a value is none that a rule may have.
    """
    found = []
    for number, document in enumerate(documents, start=1):
        fields = dict(document)
        attributes = fields.pop("attributes", ())
        texts = {key: value for key, value in fields.items() if isinstance(value, str)}
        listed = attributes if isinstance(attributes, list | tuple) else (attributes,)
        if texts != fields or not all(isinstance(name, str) for name in listed):
            raise ValueError(f"rule {number}: all values are text, and `attributes` a list of names")
        try:
            found.append(Rule(**texts, attributes=tuple(listed)))
        except TypeError:
            known = "account, deny, base, scope, attributes"
            raise ValueError(f"rule {number}: a rule has `account` and `deny`, and may have more of {known}") from None
        except ValueError as error:
            raise ValueError(f"rule {number}: {error}") from None
    return tuple(found)


def rules_document(directory: Directory) -> list[dict[str, object]]:
    """The directory's rules as they are written."""
    return [asdict(rule) for rule in directory.rules]


@dataclass(frozen=True, slots=True)
class _Denial:
    place: Entry | None
    whole_tree: bool
    attributes: frozenset[str]

    def covers(self, entry: Entry) -> bool:
        if self.place is None or self.place is entry:
            return True
        return self.whole_tree and entry.is_below(self.place)


class Access:
    """What one account may not do, with the names of the rules looked up once for a request."""

    def __init__(self, directory: Directory, rules: Sequence[Rule]) -> None:
        self._directory = directory
        self._denials: dict[str, list[_Denial]] = {}
        for rule in rules:
            place: Entry | None = None
            if rule.base:
                place = _place(directory, rule.base)
                if place is None:
                    continue  # what the rule was for is gone
            names = frozenset([name.lower() for name in rule.attributes])
            denial = _Denial(place, rule.scope == "subtree", names)
            self._denials.setdefault(rule.deny, []).append(denial)
        self.may_replicate = "dirsync" not in self._denials
        self._lists = self._denials.get("list", [])
        self._reads = self._denials.get("read", [])
        self.reads_all = not self._reads

    def sees(self, entry: Entry) -> bool:
        """Whether the object is there for the account."""
        return not any(denial.covers(entry) for denial in self._lists)

    def reads(self, entry: Entry, attribute: str) -> bool:
        """Whether the account may read the attribute of this object."""
        folded = attribute.lower()
        return not any((not d.attributes or folded in d.attributes) and d.covers(entry) for d in self._reads)

    def check_seen(self, entry: Entry) -> None:
        """Have an object that may not be seen be no object.

        Raises:
            LdapError: 32.
        """
        if not self.sees(entry):
            parent = entry.parent
            best = "" if parent is None else self._directory.dn(parent).decode()
            raise name_error(0x208D, best)

    def check_write(self, entry: Entry, attributes: Iterable[str] = ()) -> None:
        """Refuse a change of these attributes, without any of the object itself.

        Raises:
            LdapError: 50.
        """
        protected = self._denials.get("protected", []) if entry.number("adminCount") == 1 else []
        if any(denial.covers(entry) for denial in protected):
            raise denied()
        names = [name.partition(";")[0].lower() for name in attributes]
        for denial in self._denials.get("write", ()):
            if denial.covers(entry) and (not denial.attributes or denial.attributes.intersection(names)):
                raise denied()


def access_of(directory: Directory, principal: Principal | None) -> Access | None:
    """What the rules deny to who is signed in; None where they deny nothing."""
    if not directory.rules or principal is None:
        return None
    own = {fold(principal.bind_name), fold(principal.account)}
    rules = [
        rule
        for rule in directory.rules
        if rule.account == "*"
        or fold(rule.account) in own
        or (principal.entry is not None and account_entry(directory, rule.account) is principal.entry)
    ]
    return Access(directory, rules) if rules else None


def denied() -> LdapError:
    """The refusal of a write for want of rights."""
    return LdapError(50, "00002098: SecErr: DSID-0C09A77F, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0\n")


def _place(directory: Directory, name: str) -> Entry | None:
    try:
        return directory.find(name, show_deleted=True)
    except InvalidName:
        return None
