"""The mappings of the section `expr`, each with a Python function that does the same by hand."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from attrflow.expr import IGNORE_THIS_FLOW

__all__ = ["MAPPINGS"]

Function = Callable[[Any], object]
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
CLOUD_FILTERED = (
    "IIF(IsPresent([isCriticalSystemObject]) || IsPresent([sAMAccountName]) = False || "
    '[sAMAccountName] = "SUPPORT_388945a0" || Left([mailNickname], 14) = "SystemMailbox{" || '
    'Left([sAMAccountName], 4) = "AAD_" || (Left([mailNickname], 4) = "CAS_" && (InStr([mailNickname], "}") > 0)) || '
    "CBool(IIF(IsPresent([msExchRecipientTypeDetails]),BitAnd([msExchRecipientTypeDetails],&H21C07000) > 0,NULL)) || "
    'CBool(InStr(DNComponent(CRef([dn]),1),"\\\\0ACNF:")>0), True, NULL)'
)
MAIL_ENABLED = (
    """IIF(( (IsPresent([proxyAddresses]) = True) && (Contains([proxyAddresses], "SMTP:") > 0) && """
    """(InStr(Item([proxyAddresses], Contains([proxyAddresses], "SMTP:")), "@") > 0)) || """
    """(IsPresent([mail]) = True && (InStr([mail], "@") > 0)), True, False)"""
)


def trim(name: str) -> Function:
    def run(person: Any) -> object:
        value = person.attribute(name)
        return None if value is None else value.strip()

    return run


def shortened(name: str) -> Function:
    def run(person: Any) -> object:
        value = person.attribute(name)
        return "" if value is None else value.strip()[:448]

    return run


def first_shortened(name: str) -> Function:
    def run(person: Any) -> object:
        values = person.attribute(name)
        if values is None or values in ("", ()):
            return None
        return values[0].strip()[:448]

    return run


def fall_back(name: str) -> Function:
    def run(person: Any) -> object:
        value = person.attribute(name)
        return person.attribute("cn") if value is None or value == "" else value

    return run


def cloud_or_nothing(name: str) -> Function:
    def run(person: Any) -> object:
        return person.attribute(name) if person.attribute("cloudFlag") is True else IGNORE_THIS_FLOW

    return run


def imported(name: str) -> Function:
    def run(person: Any) -> object:
        return person.imported(name)

    return run


def anchor(name: str) -> Function:
    def run(person: Any) -> object:
        value = person.attribute(name)
        if value is None or value == "":
            return None
        return value if isinstance(value, str) else base64.b64encode(value).decode("ascii")

    return run


def account_name(name: str) -> Function:
    def run(person: Any) -> object:
        value = person.attribute(name)
        if value is not None and value != "":
            return value
        account = person.attribute("sAMAccountName")
        if account is None or account == "":
            raise ValueError("AccountName is not present")
        domain = person.parameter("Domain.FQDN")
        if domain is None:
            raise ValueError("no such parameter")
        return f"{account}@{domain}"

    return run


def enabled(name: str) -> Function:
    def run(person: Any) -> object:
        value = person.attribute(name)
        return False if value is None else value & 2 == 0

    return run


def changed(name: str) -> Function:
    def run(person: Any) -> object:
        value = person.attribute(name)
        if value is None or value == "":
            return None
        moment = EPOCH + timedelta(microseconds=value // 10)
        return (
            f"{moment.year:04d}{moment.month:02d}{moment.day:02d}"
            f"{moment.hour:02d}{moment.minute:02d}{moment.second:02d}.0Z"
        )

    return run


def hexadecimal(name: str) -> Function:
    def run(person: Any) -> object:
        value = person.attribute(name)
        return "CN={" + ("" if value is None else value.encode("utf-8").hex().upper()) + "}"

    return run


def sid(name: str) -> Function:
    def run(person: Any) -> object:
        data = person.attribute(name)
        if data is None:
            return None
        parts = [str(int.from_bytes(data[at : at + 4], "little")) for at in range(8, len(data), 4)]
        return f"S-1-{int.from_bytes(data[2:8], 'big')}-" + "-".join(parts)

    return run


def unique(name: str) -> Function:
    def run(person: Any) -> object:
        values = person.attribute(name)
        return None if values is None else tuple(dict.fromkeys(value.strip() for value in values))

    return run


def lower_prefix(name: str) -> Function:
    def run(person: Any) -> object:
        value = person.attribute(name)
        return "" if value is None else value.lower().split("@", 1)[0]

    return run


def kind(name: str) -> Function:
    def run(person: Any) -> object:
        value = person.attribute(name)
        if value == "Intern":
            return "t"
        return "c" if value == "Contractor" else "e"

    return run


def mail_enabled(name: str) -> Function:
    def run(person: Any) -> object:
        values = person.attribute(name)
        if values:
            primary = next((value for value in values if "SMTP:" in value), None)
            if primary is not None and "@" in primary:
                return True
        mail = person.attribute("mail")
        return mail is not None and mail != "" and "@" in mail

    return run


def cloud_filtered(name: str) -> Function:
    def run(person: Any) -> object:
        critical = person.attribute("isCriticalSystemObject")
        if critical is not None and critical != "":
            return True
        account = person.attribute(name)
        if account is None or account in ("", "SUPPORT_388945a0") or account[:4] == "AAD_":
            return True
        alias = person.attribute("mailNickname") or ""
        if alias[:14] == "SystemMailbox{" or (alias[:4] == "CAS_" and "}" in alias):
            return True
        details = person.attribute("msExchRecipientTypeDetails")
        if details is not None and details & 0x21C07000 > 0:
            return True
        leaf = person.attribute("dn").split(",", 1)[0]
        return True if "\\0ACNF:" in leaf else None

    return run


def take(number: int) -> Callable[[Sequence[str]], list[str]]:
    """The first `number` of the names, again from the beginning where there are not so many."""
    return lambda names: [names[index % len(names)] for index in range(number)]


def only(name: str, number: int) -> Callable[[Sequence[str]], list[str]]:
    """One attribute, in so many mappings: the default rules say the same for several object types."""
    return lambda _: [name] * number


MAPPINGS: list[tuple[str, Callable[[str], Function], Callable[[Sequence[str]], list[str]]]] = [
    ("Trim([{}])", trim, take(165)),
    ("Left(Trim([{}]),448)", shortened, take(12)),
    ("IIF(IsNullOrEmpty([{}]),NULL,Left(Trim(Item([{}],1)),448))", first_shortened, only("description", 12)),
    ("IIF(IsNullOrEmpty([{}]),[cn],[{}])", fall_back, only("displayName", 12)),
    ("IIF([cloudFlag] = True,[{}],IgnoreThisFlow)", cloud_or_nothing, take(15)),
    ('ImportedValue("{}")', imported, take(8)),
    (
        "IIF(IsPresent([{}]),IIF(IsString([{}]),CStr([{}]),ConvertToBase64([{}])),NULL)",
        anchor,
        only("objectGUID", 11),
    ),
    (
        'IIF(IsPresent([{}]),[{}], IIF(IsPresent([sAMAccountName]),([sAMAccountName]&"@"&%Domain.FQDN%),'
        'Error("AccountName is not present")))',
        account_name,
        only("userPrincipalName", 8),
    ),
    ("IIF(BitAnd([{}],2)=0,True,False)", enabled, only("userAccountControl", 10)),
    (
        'IIF(IsPresent([{}]),CStr(FormatDateTime(DateFromNum([{}]),"yyyyMMddHHmmss.0Z")),NULL)',
        changed,
        only("pwdLastSet", 4),
    ),
    ('"CN={" & ConvertToUTF8Hex([{}]) & "}"', hexadecimal, only("sourceAnchor", 4)),
    ("StringFromSid([{}])", sid, only("objectSid", 5)),
    ("RemoveDuplicates(Trim([{}]))", unique, only("proxyAddresses", 5)),
    ('Word(LCase([{}]),1,"@")', lower_prefix, only("mail", 6)),
    ('Switch([{}]="Intern","t",[{}]="Contractor","c",True,"e")', kind, only("text3", 5)),
    (MAIL_ENABLED.replace("[proxyAddresses]", "[{}]"), mail_enabled, only("proxyAddresses", 10)),
    (CLOUD_FILTERED.replace("[sAMAccountName]", "[{}]"), cloud_filtered, only("sAMAccountName", 8)),
]
"""Text, hand-written function, and the attributes that stand for `{}`; 300 mappings together."""
