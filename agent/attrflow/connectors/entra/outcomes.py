"""What became of an export, in the product's words: from a service's status and code to an outcome.

The codes of behaviour.md §7.6 pass as they come; what is Graph's own is put into the words of §4.5.
"""

from __future__ import annotations

from attrflow.model.entry import ExportChange, ExportOutcome

__all__ = ["rejected", "source_anchor_of"]

_BY_STATUS = {403: "permission-issue", 404: "cd-missing-object", 409: "cd-existing-object"}
_OWN_WORDS = {
    "Authorization_RequestDenied": "permission-issue",
    "ResourceNotFound": "cd-missing-object",
    "Request_ResourceNotFound": "cd-missing-object",
    "Request_BadRequest": "cd-error",
    "BadRequest": "cd-error",
    "UnknownAttribute": "schema-violation",
    "InvalidRequest": "cd-error",
    "TooManyRequests": "cd-error",
    "ServiceUnavailable": "cd-error",
}


def source_anchor_of(change: ExportChange) -> str | None:
    """The sourceAnchor of the object to write, from the change itself or from its attribute."""
    if change.source_anchor:
        return change.source_anchor
    delta = change.attributes.get("sourceAnchor")
    value = delta.added[0] if delta is not None and delta.added else None
    return value if isinstance(value, str) and value else None


def rejected(
    change: ExportChange,
    *,
    status: int,
    code: str,
    message: str,
    attribute: str | None = None,
) -> ExportOutcome:
    """The outcome of a change that the service refused.

    A missing object that is named beside an attribute is the target of a reference, not the object.
    """
    error = _OWN_WORDS.get(code) or code or _BY_STATUS.get(status, "cd-error")
    if error == "cd-missing-object" and attribute is not None:
        error = "dn-attributes-failure"
    detail = message or f"HTTP status {status}"
    return ExportOutcome(
        change.cs_id,
        error=error,
        cd_error_code=code or str(status),
        detail=f"{attribute}: {detail}" if attribute and attribute not in detail else detail,
    )
