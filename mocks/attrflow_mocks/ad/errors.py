"""How AD says no: LDAP result codes with texts whose first eight characters are a Win32 code.

The shapes (NameErr, UpdErr, AtrErr, SvcErr, LdapErr) are AD's; the DSID, which in AD names a place in
its source, is one constant here, because nobody may depend on it.
"""

from __future__ import annotations

from attrflow_mocks.ad.responses import Result

__all__ = [
    "LdapError",
    "attribute_error",
    "ldap_error",
    "name_error",
    "refused",
    "service_error",
    "update_error",
]

_DSID = "DSID-0C09A77F"
_BUILD = "v3839"

_ATTRIBUTE_PROBLEMS = {
    16: "1001 (NO_ATTRIBUTE_OR_VAL)",
    19: "1005 (CONSTRAINT_ATT_TYPE)",
    20: "1006 (ATT_OR_VALUE_EXISTS)",
    21: "1003 (INVALID_ATT_SYNTAX)",
}
_UPDATE_PROBLEMS = {
    64: "6001 (NAMING_VIOLATION)",
    65: "6002 (OBJ_CLASS_VIOLATION)",
    66: "6003 (CANT_ON_NON_LEAF)",
    67: "6004 (CANT_ON_RDN)",
    68: "6005 (ENTRY_EXISTS)",
}


class LdapError(Exception):
    """An operation's outcome other than success; it becomes the response's result."""

    def __init__(self, code: int, text: str = "", matched_dn: str = "", referrals: tuple[str, ...] = ()) -> None:
        super().__init__(f"LDAP result {code}: {text}")
        self.result = Result(code, matched_dn, text, referrals)


def name_error(win32: int, best_match: str, code: int = 32) -> LdapError:
    """A name that leads nowhere; `best_match` is the deepest ancestor that exists."""
    problem = "2001 (NO_OBJECT)" if code == 32 else "2006 (BAD_NAME)"
    matched = best_match if code == 32 else ""
    text = f"{win32:08X}: NameErr: {_DSID}, problem {problem}, data 0, best match of:\n\t'{best_match}'\n"
    return LdapError(code, text, matched)


def update_error(code: int, win32: int) -> LdapError:
    """An update that the tree or the schema forbids."""
    return LdapError(code, f"{win32:08X}: UpdErr: {_DSID}, problem {_UPDATE_PROBLEMS[code]}, data 0\n")


def attribute_error(code: int, win32: int, attribute: str) -> LdapError:
    """A value or an attribute that cannot be taken."""
    problem = _ATTRIBUTE_PROBLEMS[code]
    text = (
        f"{win32:08X}: AtrErr: {_DSID}, #1:\n\t0: {win32:08X}: {_DSID}, problem {problem}, data 0, "
        f"Att 0 ({attribute})\n"
    )
    return LdapError(code, text)


def service_error(win32: int, code: int = 53, problem: str = "5003 (WILL_NOT_PERFORM)") -> LdapError:
    """The server will not do it."""
    return LdapError(code, f"{win32:08X}: SvcErr: {_DSID}, problem {problem}, data 0\n")


def ldap_error(code: int, win32: int, comment: str, data: str = "0") -> LdapError:
    """An error of the LDAP head itself, before the directory was asked."""
    return LdapError(code, f"{win32:08X}: LdapErr: {_DSID}, comment: {comment}, data {data}, {_BUILD}")


def refused(data: str) -> LdapError:
    """A bind that failed; `data` is the hexadecimal reason (525, 52e, 533, ...)."""
    return ldap_error(49, 0x80090308, "AcceptSecurityContext error", data)
