"""How names become logins, addresses and DNs. Text in, text out; it knows no directory."""

from __future__ import annotations

import unicodedata

__all__ = ["ascii_slug", "escape_rdn", "unit_dn"]

# Letters that Unicode does not take apart into a base letter and a mark.
_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ß": "ss", "ð": "d", "Þ": "Th", "þ": "th"})


def ascii_slug(text: str, separator: str = ".") -> str:
    """`text` in lower-case ASCII letters, digits and hyphens, its words joined by `separator`.

    >>> ascii_slug("Åse Bjørnstad")
    'ase.bjornstad'
    >>> ascii_slug("Fire Wardens", "-")
    'fire-wardens'
    """
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    kept = (c if c.isalnum() or c == "-" else " " for c in plain if c.isascii())
    return separator.join("".join(kept).lower().split())


def escape_rdn(value: str) -> str:
    r"""`value` as it stands in a DN after the equals sign (RFC 4514 section 2.4).

    >>> escape_rdn("Lindqvist, Maja")
    'Lindqvist\\, Maja'
    >>> escape_rdn("#1 ")
    '\\#1\\ '
    """
    escaped = "".join(f"\\{c}" if c in ',+"\\<>;' else c for c in value).replace("\0", "\\00")
    if escaped[:1] in ("#", " "):
        escaped = f"\\{escaped}"
    if escaped.endswith(" ") and len(value) > 1:
        escaped = f"{escaped[:-1]}\\ "
    return escaped


def unit_dn(path: str, naming_context: str) -> str:
    """The DN of the organizational unit at `path`, which runs from the root down.

    >>> unit_dn("People/Sales", "DC=contoso,DC=test")
    'OU=Sales,OU=People,DC=contoso,DC=test'
    """
    parts = [f"OU={escape_rdn(part)}" for part in reversed(path.split("/"))]
    return ",".join([*parts, naming_context])
