"""What the inbound tests share: two forests with one person, and small rule sets."""

from __future__ import annotations

from typing import Any

from attrflow.model.configuration import EngineOptions
from attrflow.model.connector_space import StoredError
from attrflow.rules.rule import AttributeMapping, Rule

from .lab import Lab
from .lab_entries import dn, user
from .lab_rules import flow, rule

KARI, OLA = dn("Kari"), dn("Ola")
ALSO_KARI = dn("Kari", "fabrikam")


def projecting(*more: Rule) -> list[Rule]:
    """Both forests project by sAMAccountName; `more` flow."""
    return [
        rule("contoso projects", 1, link="provision", join=["sAMAccountName = accountName"]),
        rule("both say who it is", 2, flow("accountName", "sAMAccountName")),
        rule("fabrikam projects", 3, connector="fabrikam", link="provision", join=["sAMAccountName = accountName"]),
        rule("and so does fabrikam", 4, flow("accountName", "sAMAccountName"), connector="fabrikam"),
        *more,
    ]


def two_forests(contoso: dict[str, Any], fabrikam: dict[str, Any], *more: Rule) -> Lab:
    """One person in both forests, synchronized."""
    lab = Lab(projecting(*more))
    lab.directories["contoso"].add(user("Kari", 1, **contoso))
    lab.directories["fabrikam"].add(user("Kari", 2, forest="fabrikam", **fabrikam))
    lab.cycle(export=False)
    assert lab.mvo("contoso", KARI).id == lab.mvo("fabrikam", ALSO_KARI).id
    return lab


def error_of(lab: Lab, name: str = KARI, connector: str = "contoso") -> StoredError:
    """The stored error of an object that failed."""
    error = lab.must(connector, name).import_error
    assert error is not None, f"{name} did not fail"
    return error


def one_value(mapping: AttributeMapping, options: EngineOptions | None = None, **attributes: Any) -> Lab:
    """A user through one mapping."""
    lab = Lab([rule("projects", 1, mapping, link="provision", join=["sAMAccountName = accountName"])], options)
    lab.directories["contoso"].add(user("Kari", 1, **attributes))
    lab.attempt("contoso", "full-import")
    lab.attempt("contoso", "full-sync")
    return lab
