"""Names of Entra objects: the cloudAnchor, which is the anchor, and the DN made from the sourceAnchor.

A cloudAnchor is `User_`, `Group_`, `Contact_` or `Device_` and the object's id. The DN is `CN={hex}` with the
upper-case hex of the sourceAnchor's UTF-8 bytes, or `CN={cloudAnchor}` where no sourceAnchor is known
(behaviour.md §1.1). Pure text; knows no wire.
"""

from __future__ import annotations

from attrflow.model.entry import ReferenceTarget

__all__ = [
    "OBJECT_TYPES",
    "PARTITION",
    "cloud_anchor",
    "named_anchor",
    "object_dn",
    "reference_target",
    "split_anchor",
]

PARTITION = "default"
"""The one partition of an Entra connector."""

OBJECT_TYPES = ("user", "group", "contact", "device")
_PREFIXES = {"user": "User_", "group": "Group_", "contact": "Contact_", "device": "Device_"}


def cloud_anchor(object_type: str, id_: str) -> str:
    """The cloudAnchor of an object.

    >>> cloud_anchor("user", "9f3c")
    'User_9f3c'
    """
    return _PREFIXES[object_type] + id_


def split_anchor(anchor: str) -> tuple[str, str] | None:
    """Object type and id of a cloudAnchor, or None where the text is none.

    >>> split_anchor("Group_77")
    ('group', '77')
    """
    for object_type, prefix in _PREFIXES.items():
        if anchor.startswith(prefix) and len(anchor) > len(prefix):
            return object_type, anchor[len(prefix) :]
    return None


def object_dn(source_anchor: str | None, anchor: str) -> str:
    """The DN of an object in the Entra connector space.

    >>> object_dn("Kari", "User_1"), object_dn(None, "User_1")
    ('CN={4B617269}', 'CN={User_1}')
    """
    return f"CN={{{source_anchor.encode().hex().upper() if source_anchor else anchor}}}"


def named_anchor(dn: str) -> str | None:
    """The cloudAnchor by which a DN names its object, or None where it holds a sourceAnchor.

    >>> named_anchor("CN={User_1}"), named_anchor("CN={4B617269}")
    ('User_1', None)
    """
    anchor = dn.removeprefix("CN={").removesuffix("}")
    return anchor if split_anchor(anchor) is not None and dn == object_dn(None, anchor) else None


def reference_target(anchor: str) -> ReferenceTarget:
    """Where a reference value points; the anchor decides, the DN is only its text."""
    return ReferenceTarget(dn=object_dn(None, anchor), anchor=anchor)
