"""A scenario's OpenLDAP directory as LDIF, so that a real slapd holds what the mock would.

Text only: it starts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrflow_mocks.ad.names import parse_dn
from attrflow_mocks.ldif import format_record
from attrflow_mocks.lightweight.loading import complete, root_seed, with_passwords
from attrflow_mocks.lightweight.schema import dn_key
from attrflow_mocks.scenarios.loader import load
from attrflow_mocks.scenarios.seed import DirectorySeed, SeedValue

__all__ = ["openldap_seed", "seed_ldif"]


def openldap_seed(scenario: str, directory: str = "", seed: int = 1) -> DirectorySeed:
    """The directory of this name, or the first with the profile `openldap`, of a scenario.

    Raises:
        LookupError: no such scenario, or nothing of this name and profile in it; the text says what there is.
        ValueError: the scenario's files are wrong.
    """
    found = [one for one in load(scenario, seed).directories if one.profile == "openldap"]
    chosen = [one for one in found if directory in ("", one.name)]
    if not chosen:
        known = ", ".join([one.name for one in found]) or "none"
        wanted = f" named {directory!r}" if directory else ""
        raise LookupError(f"scenario {scenario} has no directory{wanted} of the profile openldap; there are: {known}")
    return chosen[0]


def seed_ldif(seed: DirectorySeed) -> str:
    """LDIF for slapadd, the suffix first; memberOf is written in, as slapadd passes the overlay by."""
    entries = sorted(with_passwords(seed), key=lambda entry: len(parse_dn(entry.dn)))
    if not entries or dn_key(entries[0].dn) != dn_key(seed.naming_context):
        entries.insert(0, root_seed(seed.naming_context))
    groups: dict[tuple[str, ...], list[SeedValue]] = {}
    for entry in entries:
        if entry.object_class == "groupOfNames":
            for member in entry.attributes.get("member", ()):
                groups.setdefault(dn_key(str(member)), []).append(entry.dn)
    records = []
    for entry in entries:
        attributes: dict[str, Sequence[SeedValue]] = dict(complete(entry))
        holders = groups.get(dn_key(entry.dn))
        records.append(format_record(entry.dn, {**attributes, "memberOf": holders} if holders else attributes))
    return "".join(records)
