"""What a refused write means: LDAP results to the product's export error types (behaviour.md §4.5).

Pure tables. The server's own text is always kept as the detail, with AD's Win32 code put in words
where it says more than the result does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from attrflow.connectors.ldap.failures import server_words, win32_code

__all__ = ["ExportError", "WriteKind", "export_error"]

WriteKind = Literal["add", "modify", "delete", "rename"]


@dataclass(frozen=True, slots=True)
class ExportError:
    """Why one object's export failed."""

    type: str
    cd_error_code: str
    detail: str


_BY_RESULT = {
    8: "permission-issue",
    13: "permission-issue",
    16: "schema-violation",
    17: "schema-violation",
    19: "constraint-violation",
    20: "constraint-violation",
    21: "syntax-violation",
    34: "invalid-dn",
    50: "permission-issue",
    51: "locking-error-needs-retry",
    52: "locking-error-needs-retry",
    64: "schema-violation",
    65: "schema-violation",
    67: "modify-naming-attribute",
    68: "cd-existing-object",
    69: "schema-violation",
}

_BY_WIN32 = {
    "52D": ("password-policy-violation", "the password does not meet the domain's policy"),
    "56": ("password-policy-violation", "the old password is wrong"),
    "524": ("cd-existing-object", "another account has this sAMAccountName"),
    "525": ("dn-attributes-failure", "a reference points to an object that is not there"),
    "21C7": ("constraint-violation", "another object has this userPrincipalName"),
    "21C8": ("constraint-violation", "another object has this servicePrincipalName"),
    "20B1": ("constraint-violation", "only the directory itself writes this attribute"),
    "209A": ("constraint-violation", "the attribute is computed by the directory"),
    "2015": ("cd-error", "the object has objects below it"),
    "20EF": ("cd-error", "the directory protects this object from deletion"),
    "2094": ("cd-error", "the directory protects this object from deletion"),
}


def export_error(
    kind: WriteKind, result: int, text: str, *, target_exists: bool | None = None, references: bool = False
) -> ExportError:
    """The export error for a result that is not success.

    Args:
        kind: the write that was refused.
        result: the LDAP result code.
        text: the server's text.
        target_exists: for noSuchObject, whether the object itself is there; None where nobody looked.
        references: whether the write set references.
    """
    win32 = win32_code(text)
    known = _BY_WIN32.get(win32) if win32 is not None else None
    words = server_words(result, text)
    type_ = known[0] if known is not None else _BY_RESULT.get(result, "cd-error")
    sentence = known[1] if known is not None else None
    if result == 32:
        type_, sentence = _no_such_object(kind, target_exists=target_exists, references=references)
    elif result == 65 and references:
        sentence = "an attribute that the class needs would be left without values"
    detail = f"{sentence}: {words}" if sentence else words
    return ExportError(type_, words.partition(":")[0], detail)


def _no_such_object(kind: WriteKind, *, target_exists: bool | None, references: bool) -> tuple[str, str]:
    """noSuchObject may mean the object, the container that it shall stand in, or a reference's target."""
    if kind == "add" and not references:
        return "non-existent-parent", "the container does not exist"
    if kind == "add":
        return (
            ("dn-attributes-failure", "a reference points to an object that is not there")
            if target_exists
            else ("non-existent-parent", "the container does not exist")
        )
    if target_exists and kind == "rename":
        return "non-existent-parent", "the new container does not exist"
    if target_exists and references:
        return "dn-attributes-failure", "a reference points to an object that is not there"
    return "cd-missing-object", "the object is not in the directory any more"
