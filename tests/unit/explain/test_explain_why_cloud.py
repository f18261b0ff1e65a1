"""Why, at the cloud's door: what a tenant refuses, holds back, renames or drops, and what an empty value lets win."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.engine.lab import Lab
from tests.unit.engine.lab_entries import dn, user
from tests.unit.engine.lab_rules import expression, rule
from tests.unit.explain.office import asked, entry_of, office, rules

from attrflow.explain.diagnoses.limits import over_limits
from attrflow.explain.live import LiveRead, QuarantinedValue
from attrflow.explain.text import plain
from attrflow.explain.text_trace import trace_lines
from attrflow.explain.text_why import why_lines
from attrflow.explain.why import Why
from attrflow.model.changes import ChangeSet
from attrflow.model.connector_space import StoredError
from attrflow.model.delta import Image
from attrflow.model.values import Values

VERIFIED = frozenset({"contoso.test", "contoso.onmicrosoft.com"})
MINE, SHARED = "SMTP:kari.nordmann@contoso.test", "smtp:shared@contoso.test"


def mailboxes(*values: str) -> Lab:
    """The office; Kari has these addresses, and Ola has the shared one as his mail."""
    lab = office(settle=False)
    contoso = lab.directories["contoso"]
    contoso.set(dn("Kari Nordmann"), "mailNickname", ("kari",))
    contoso.set(dn("Kari Nordmann"), "proxyAddresses", values)
    contoso.set(dn("Ola Hansen"), "mail", ("shared@contoso.test",))
    lab.settle()
    return lab


def shown(*values: str, held: str | None = None, verified: frozenset[str] | None = VERIFIED) -> dict[str, LiveRead]:
    """What the tenant shows of the addresses, and holds back."""
    quarantine = (QuarantinedValue(held, "PropertyConflict"),) if held is not None else ()
    note = f"{held} is quarantined" if held is not None else "calculated by the service"
    read = LiveRead(values, note=note, calculated=True, quarantined=quarantine, verified_domains=verified)
    return {"proxyAddresses": read}


def renamed(to: str, verified: frozenset[str] | None = VERIFIED) -> dict[str, LiveRead]:
    """What the tenant shows of the user name."""
    return {"userPrincipalName": LiveRead((to,), note="calculated by the service", verified_domains=verified)}


def check(found: Why, *ids: str, says: str = "", evidence: str = "", fix: str = "", command: str = "") -> None:
    """The causes, primary first; the answer, what shows it, how to mend it and what to type."""
    assert [d.id for d in found.diagnoses] == list(ids), found.headline
    if ids:
        first = found.diagnoses[0]
        assert says in first.cause
        assert evidence in " | ".join(first.evidence)
        assert fix in " | ".join(first.fix)
        assert command in " | ".join(first.commands)


# -- quarantine ------------------------------------------------------------------------------------


def test_a_quarantined_address_names_the_object_that_has_it() -> None:
    lab = mailboxes(MINE, SHARED)
    found = asked(lab, "Kari Nordmann", "proxyAddresses", cloud=shown(MINE, held="shared@contoso.test"))
    check(
        found, "DIAG-51",
        says="shared@contoso.test of Kari Nordmann is in quarantine: ola.hansen@contoso.test has the same value",
        evidence="entra holds shared@contoso.test back: PropertyConflict.",
        fix="take shared@contoso.test from the one that should not have it",
        command="attrflow trace ola.hansen@contoso.test proxyAddresses",
    )  # fmt: skip
    assert found.verdict == "cause-found"
    assert found.trace is not None
    assert "Shared@contoso.test is quarantined." in plain(trace_lines(found.trace))


def test_a_quarantined_address_that_nobody_known_has_is_looked_for_in_the_tenant() -> None:
    lab = mailboxes(MINE, "smtp:sales@contoso.test")
    found = asked(lab, "Kari Nordmann", "proxyAddresses", cloud=shown(MINE, held="SMTP:sales@contoso.test"))
    check(
        found,
        "DIAG-51",
        says="another object of the tenant has",
        fix="look for the other object in the tenant itself: it is not among",
    )


def test_asked_for_the_object_its_quarantine_is_found_too() -> None:
    lab = mailboxes(MINE, SHARED)
    found = asked(lab, "Kari Nordmann", cloud=shown(MINE, held="shared@contoso.test"))
    assert [(d.id, d.attribute) for d in found.attributes] == [("DIAG-51", "proxyAddresses")]
    assert "One of its attributes does not arrive" in found.headline
    assert not asked(lab, "Kari Nordmann", live=False).attributes


def test_without_the_tenant_a_value_of_two_objects_is_told() -> None:
    lab = mailboxes(MINE, SHARED)
    found = asked(lab, "Kari Nordmann", "proxyAddresses", live=False)
    check(
        found, "DIAG-51", says="was exported for Kari Nordmann and for ola.hansen@contoso.test",
        evidence="entra did not say which of them has it", command="attrflow trace ola.hansen@contoso.test",
    )  # fmt: skip
    check(asked(lab, "Harald", "proxyAddresses", live=False))


def test_what_the_service_adds_by_itself_is_no_difference() -> None:
    lab = mailboxes(MINE)
    found = asked(lab, "Kari Nordmann", "proxyAddresses", cloud=shown(MINE, "smtp:kari@contoso.onmicrosoft.com"))
    check(found)
    assert found.verdict == "in-the-cloud"


# -- domains and characters ------------------------------------------------------------------------


@pytest.mark.parametrize("verified", [VERIFIED, None])
def test_a_suffix_that_is_not_verified_makes_another_name(verified: frozenset[str] | None) -> None:
    lab = office(settle=False)
    lab.directories["contoso"].set(dn("Kari Nordmann"), "userPrincipalName", ("kari@contoso.local",))
    lab.settle()
    found = asked(lab, "Kari Nordmann", "userPrincipalName", cloud=renamed("kari@contoso.onmicrosoft.com", verified))
    check(
        found, "DIAG-52", says="contoso.local is no verified domain of entra",
        evidence="Verified are" if verified else "may not read which domains are verified",
        fix="verify contoso.local in the tenant", command="attrflow cycle --delta",
    )  # fmt: skip
    assert "shows kari@contoso.onmicrosoft.com" in found.headline


def test_a_name_at_a_verified_domain_is_no_matter_of_domains() -> None:
    lab = office()
    check(asked(lab, "Kari Nordmann", "userPrincipalName", cloud=renamed("kari@contoso.onmicrosoft.com")))


def test_an_address_of_another_domain_is_dropped() -> None:
    lab = mailboxes(MINE, "smtp:kari@elsewhere.example")
    check(
        asked(lab, "Kari Nordmann", "proxyAddresses", cloud=shown(MINE)), "DIAG-52",
        says="so the cloud drops smtp:kari@elsewhere.example",
    )  # fmt: skip
    check(asked(lab, "Kari Nordmann", "proxyAddresses", cloud=shown(MINE, verified=None)))


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("smtp:kari @contoso.test", "it has a blank"),
        ("smtp:kari\u200b@contoso.test", "U+200B (zero width space)"),
        ("smtp:kari.contoso.test", "no single @"),
    ],
)
def test_an_address_with_an_odd_character_is_dropped(address: str, says: str) -> None:
    lab = mailboxes(MINE, address)
    check(asked(lab, "Kari Nordmann", "proxyAddresses", cloud=shown(MINE)), "DIAG-55", says=says, fix="write the value")


def test_a_change_that_waits_for_export_is_not_missed_yet() -> None:
    lab = mailboxes(MINE)
    lab.directories["contoso"].set(dn("Kari Nordmann"), "proxyAddresses", (MINE, "smtp:kari@elsewhere.example"))
    lab.cycle("delta", export=False)
    check(asked(lab, "Kari Nordmann", "proxyAddresses", cloud=shown(MINE)), "DIAG-48")


# -- limits ----------------------------------------------------------------------------------------


def test_too_many_certificates_name_attribute_and_limit() -> None:
    lab = office()
    cso = lab.linked("entra", dn("Kari Nordmann"))
    assert cso is not None and cso.image is not None
    error = StoredError("LargeObject", "export", "too large", "2026-01-05T08:00", "2026-01-05T09:00")
    many: Values = tuple(bytes([number]) for number in range(16))
    image = replace(cso.image, attributes={**cso.image.attributes, "userCertificate": many})
    lab.store.commit(ChangeSet({cso.id: replace(cso, image=image, export_error=error)}))
    found = asked(lab, "Kari Nordmann", "title")
    check(
        found, "DIAG-50", "DIAG-63",
        says="userCertificate has 16 values, and the tenant takes 15 at most.",
        fix="remove certificates from userCertificate in the directory until 15 are left",
        command="attrflow trace kari.nordmann@contoso.test userCertificate",
    )  # fmt: skip
    assert "blocks every attribute" in found.diagnoses[0].cause


EXTENSION = "extension_0123456789abcdef0123456789abcdef_"


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"userCertificate": (b"c",) * 15}, None),
        ({"userSMIMECertificate": (b"c",) * 16}, "userSMIMECertificate has 16 values"),
        ({"thumbnailPhoto": (b"c" * 102_401,)}, "102,401 bytes"),
        ({EXTENSION + "code": ("c" * 251,)}, "a value of 251 characters"),
        ({f"{EXTENSION}{number}": ("c",) for number in range(101)}, "101 directory extensions"),
        ({"title": ("c" * 1000,)}, None),
    ],
)
def test_limits_of_one_object(attributes: dict[str, Values], says: str | None) -> None:
    found = [one.text for one in over_limits(Image(attributes))]
    assert (len(found), says is None or says in found[0]) == (0 if says is None else 1, True)


# -- an empty value that lets another one win ------------------------------------------------------


def in_both_forests(**attributes: object) -> Lab:
    """The office; Kari has an account in the second forest, too, joined by mail address."""
    lab = office(settle=False)
    mail = ("kari.nordmann@contoso.test",)
    lab.directories["contoso"].set(dn("Kari Nordmann"), "mail", mail)
    sid = entry_of(lab, "Kari Nordmann").attributes["objectSid"]
    second = user("Kari Nordmann", 90, forest="fabrikam", mail=mail, objectSid=sid, **attributes)
    lab.directories["fabrikam"].add(second)
    lab.settle()
    return lab


def test_a_value_that_was_cleared_comes_back_from_the_second_forest() -> None:
    lab = in_both_forests(department=("Old Sales",))
    found = asked(lab, "Kari Nordmann", "department")
    check(
        found, "DIAG-26", says='department is "Old Sales"',
        evidence="of contoso gives nothing", fix="clear the value in fabrikam as well",
    )  # fmt: skip
    assert "contoso comes first, and gives no value" in found.diagnoses[0].cause
    assert found.headline.startswith("It does synchronize")


def test_a_value_that_the_first_forest_has_is_its_own() -> None:
    lab = in_both_forests(title=("Old Boss",))
    assert "DIAG-26" not in [d.id for d in asked(lab, "Kari Nordmann", "title").diagnoses]


def test_a_rule_of_ones_own_that_gives_null_does_not_clear() -> None:
    lab = office(settle=False)
    lab.use(rules(rule("In from AD - no title", 50, expression("title", 'IIF([title]="Boss", NULL, [title])'))))
    lab.settle()
    found = asked(lab, "Kari Nordmann", "title")
    check(
        found, "DIAG-26", says='"In from AD - no title" (50) comes first', fix="AuthoritativeNull instead of no value"
    )


# -- what is printed -------------------------------------------------------------------------------


def test_commands_say_where_the_project_is_and_are_never_broken() -> None:
    found = asked(office(), "Ingrid Berg", "manager", place=" -C 'a rather long folder/that has blanks and more'")
    assert all(command.endswith("blanks and more'") for command in found.diagnoses[0].commands)
    told = plain(why_lines(found, 80))
    assert all(f"$ {command}" in told for command in found.diagnoses[0].commands)
