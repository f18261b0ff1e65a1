"""Schema version 4: the placeholder of an Entra object has the anchor that it was named by (behaviour.md §1.1)."""

from __future__ import annotations

__all__ = ["STATEMENTS"]

STATEMENTS = (
    """
    UPDATE cs_object SET anchor = substr(dn, 5, length(dn) - 5)
    WHERE kind = 'placeholder' AND anchor IS NULL AND dn GLOB 'CN={[A-Z]*_*}'
        AND NOT EXISTS (
            SELECT 1 FROM cs_object other WHERE other.connector = cs_object.connector
                AND other.anchor = substr(cs_object.dn, 5, length(cs_object.dn) - 5)
        )
    """,
)
"""The other form of the DN, of a known sourceAnchor, is hexadecimal and so holds no underscore."""
