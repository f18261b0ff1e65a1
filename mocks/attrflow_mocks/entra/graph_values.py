"""The values that the strict face takes: type, length, number and form of each property.

Knows one value at a time; who may write it, and whether another object has it, are others' questions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from attrflow_mocks.entra.answers import GraphError
from attrflow_mocks.entra.presentation import EXTENSION_ATTRIBUTES
from attrflow_mocks.entra.properties import Property

__all__ = ["bad_request", "checked", "instant_of", "invalid"]

_NEVER_CLEARED = frozenset({"displayName", "userPrincipalName", "mailNickname", "accountEnabled"})
_SHAPES: Mapping[str, type] = {
    "string": str,
    "time": str,
    "boolean": bool,
    "integer": int,
    "strings": list,
    "complexes": list,
    "complex": dict,
}
_MOST = {"otherMails": 250, "businessPhones": 1}
"""How many values a list holds."""
_WORDS: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "ageGroup": "Minor NotAdult Adult",
        "consentProvidedForMinor": "Granted Denied NotRequired",
        "userType": "Member Guest",
        "membershipRuleProcessingState": "On Paused",
        "visibility": "Private Public HiddenMembership",
        "theme": "Teal Purple Green Blue Pink Orange Red",
        "signInAudience": "AzureADMyOrg AzureADMultipleOrgs AzureADandPersonalMicrosoftAccount "
        "PersonalMicrosoftAccount",
    }.items()
}
"""Properties that take one of a few words, in the schema's spelling."""
_POLICIES = frozenset({"None", "DisablePasswordExpiration", "DisableStrongPassword"})
_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
_COUNTRIES = frozenset(_CODES.split())
"""ISO 3166-1 alpha-2, and XK, which the service takes for Kosovo."""


def bad_request(message: str, *details: tuple[str, str, str]) -> GraphError:
    """The error of most bad input."""
    return GraphError(400, "Request_BadRequest", message, details=details)


def invalid(name: str, kind: str) -> GraphError:
    """The error for a value that a property does not take."""
    message = f"Invalid value specified for property '{name}' of resource '{kind.capitalize()}'."
    return bad_request(message, ("InvalidValue", message, name))


def checked(known: Property, value: object, kind: str) -> object:
    """The value as it is kept.

    Raises:
        GraphError: 400, its type, length, number or form is wrong.
    """
    if value is None:
        if known.name in _NEVER_CLEARED:
            raise invalid(known.name, kind)
        return [] if known.type in ("strings", "complexes") else None
    shape = _SHAPES.get(known.type)
    # A truth value is a whole number to Python and none to Graph.
    if shape is not None and (not isinstance(value, shape) or (shape is int and isinstance(value, bool))):
        raise invalid(known.name, kind)
    if known.name == "onPremisesExtensionAttributes":
        return _extension_attributes(value, kind)
    if isinstance(value, list):
        _check_list(known, value, kind)
    elif isinstance(value, str):
        return _text(known, value, kind)
    return value


def _check_list(known: Property, values: list[object], kind: str) -> None:
    item = dict if known.type == "complexes" else str
    if len(values) > _MOST.get(known.name, len(values)) or not all(isinstance(one, item) for one in values):
        raise invalid(known.name, kind)
    if known.limit and any(isinstance(one, str) and len(one) > known.limit for one in values):
        raise invalid(known.name, kind)


def _text(known: Property, value: str, kind: str) -> str:
    name = known.name
    if known.type == "time":
        moment = instant_of(value)
        if moment is None:
            raise invalid(name, kind)
        return moment
    if known.limit and len(value) > known.limit:
        raise invalid(name, kind)
    if name in _WORDS and value not in _WORDS[name]:
        raise invalid(name, kind)
    if name == "displayName" and not value:
        raise invalid(name, kind)
    if name == "usageLocation" and value.upper() not in _COUNTRIES:
        raise invalid(name, kind)
    if name == "onPremisesImmutableId" and set("$_") & set(value):
        raise invalid(name, kind)
    if name == "passwordPolicies":
        words = [word.strip() for word in value.split(",")]
        if not set(words) <= _POLICIES or len(set(words)) < len(words) or ("None" in words and len(words) > 1):
            raise invalid(name, kind)
    return value


def instant_of(text: str) -> str | None:
    """A moment with its zone as Graph writes it, in UTC and to the second; None for text that is none."""
    if re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d", text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
        return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _extension_attributes(value: object, kind: str) -> dict[str, object]:
    name = "onPremisesExtensionAttributes"
    if not isinstance(value, dict) or not set(value) <= {*EXTENSION_ATTRIBUTES, "@odata.type"}:
        raise invalid(name, kind)
    chosen = {key: item for key, item in value.items() if key in EXTENSION_ATTRIBUTES}
    if not all(item is None or isinstance(item, str) for item in chosen.values()):
        raise invalid(name, kind)
    return chosen
