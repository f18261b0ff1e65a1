"""Exports over Graph: users created, changed and deleted, as far as Graph lets an application do it.

What Graph cannot write is named in the outcome with the reason, and stays pending. A create carries
onPremisesImmutableId, by which it is looked up before it is sent again. Groups, contacts and devices
are refused here.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote

import orjson

from attrflow.connectors.entra.answers import Answer, ServiceError
from attrflow.connectors.entra.capabilities import CAPABILITIES
from attrflow.connectors.entra.graph_content import Content, content_of
from attrflow.connectors.entra.names import cloud_anchor, split_anchor
from attrflow.connectors.entra.outcomes import rejected, source_anchor_of
from attrflow.connectors.entra.wire import Wire
from attrflow.model.entry import ExportChange, ExportOutcome
from attrflow.model.schema import Schema

__all__ = ["GraphWriter"]

_REFUSALS = frozenset({400, 403, 404, 405, 409, 412})
_REQUIRED = {
    "accountEnabled": "accountEnabled",
    "displayName": "displayName",
    "userPrincipalName": "userPrincipalName",
}
_NO_DEVICES = (
    "Graph lets no application make or delete a device (documented: application permissions are not supported); a "
    "computer registers itself once the product has synchronized it. Let the outbound rule only join devices, or "
    'use channel = "ingest" with the mock tenant.'
)
_SYNCED_REASON = "directory synchronization masters the user, and Graph refuses the change"
_PROPERTY_NAMES = {row.property: name for name, row in CAPABILITIES["user"].items()}


class GraphWriter:
    """Writes users over Graph."""

    def __init__(self, wire: Wire, schema: Schema) -> None:
        self._wire = wire
        self._schema = schema

    def export(self, changes: Sequence[ExportChange]) -> Iterator[ExportOutcome]:
        """One outcome for each change, in order.

        Raises:
            ConnectorError: Graph cannot be used; the change under way may have arrived.
        """
        for change in changes:
            yield self._one(change)

    def _one(self, change: ExportChange) -> ExportOutcome:
        if change.object_type != "user":
            detail = f"The graph channel writes users only; this is a {change.object_type}."
            if change.object_type == "device":
                return ExportOutcome(change.cs_id, error="permission-issue", detail=f"{detail} {_NO_DEVICES}")
            return ExportOutcome(change.cs_id, error="cd-error", detail=detail)
        if unknown := [t.dn for r in change.references.values() for t in r.added if t.anchor is None]:
            detail = f"The change refers to {unknown[0]}, which the cloud does not have."
            return ExportOutcome(change.cs_id, error="dn-attributes-failure", detail=detail)
        try:
            return self._written(change)
        except ServiceError as error:
            return _refusal(change, error)

    def _written(self, change: ExportChange) -> ExportOutcome:
        if change.operation == "add":
            return self._create(change)
        kind = split_anchor(change.anchor or "")
        if kind is None:
            detail = f"A user without cloudAnchor cannot be found for {change.operation}."
            return ExportOutcome(change.cs_id, error="missing-anchor-component", detail=detail)
        path = f"users/{quote(kind[1])}"
        if change.operation == "update":
            return self._update(change, path)
        if change.operation == "delete":
            return self._delete(change, path)
        if isinstance(body := _creation(change, self._schema), ExportOutcome):
            return body  # nothing is deleted for an object that could not be made again
        deleted = self._delete(change, path)
        if deleted.error not in (None, "cd-missing-object"):
            return deleted
        return self._create(change)

    # -- create ------------------------------------------------------------------------------------

    def _create(self, change: ExportChange) -> ExportOutcome:
        content = _creation(change, self._schema)
        if isinstance(content, ExportOutcome):
            return content
        body = content.body
        found = self._made_before(body) if change.uncertain else None
        if found is None:
            found = self._wire.call(
                "POST user",
                lambda: self._wire.once("POST", "users", {**body, "passwordProfile": _password_profile()}),
                repeatable=False,
                look_up=lambda: self._already_there(body),
                refusals=_REFUSALS,
            )
        id_ = str(self._wire.document(found)["id"])
        outcome = content.outcome(change, anchor=cloud_anchor("user", id_))
        return self._with_manager(change, f"users/{quote(id_)}", outcome)

    def _made_before(self, body: dict[str, object]) -> Answer | None:
        """The user that an earlier run made without knowing it, brought up to date; None to make one."""
        found = self._wire.call(
            "GET users (look-up)", lambda: self._already_there(body, any_name=True), repeatable=True
        )
        if found is not None:
            changes = {name: value for name, value in body.items() if name != "onPremisesImmutableId"}
            self._patch(f"users/{quote(str(self._wire.document(found)['id']))}", changes)
        return found

    def _already_there(self, body: dict[str, object], *, any_name: bool = False) -> Answer | None:
        """One attempt: the user with the body's onPremisesImmutableId (and its user name), or None.

        After a lost POST the name counts too: a user with the same id but another name was there before,
        and Graph must have the chance to refuse a second one.
        """
        wanted = str(body["onPremisesImmutableId"]).replace("'", "''")
        query = quote(f"onPremisesImmutableId eq '{wanted}'", safe="")
        answer = self._wire.once("GET", f"users?$filter={query}&$select=id,userPrincipalName")
        found = answer.document().get("value")
        name = str(body["userPrincipalName"]).casefold()
        for item in found if isinstance(found, list) else ():
            if any_name or str(item.get("userPrincipalName")).casefold() == name:
                return Answer(200, body=orjson.dumps({"id": item["id"]}))
        return None

    # -- update and delete -------------------------------------------------------------------------

    def _update(self, change: ExportChange, path: str) -> ExportOutcome:
        content = content_of(change, self._schema, creating=False)
        try:
            self._patch(path, content.body)
        except ServiceError as error:
            if error.status != 400 or not self._is_synced(path):
                raise
            content = content_of(change, self._schema, creating=False, unwritable=_SYNCED_REASON)
            self._patch(path, content.body)
        return self._with_manager(change, path, content.outcome(change, anchor=change.anchor))

    def _patch(self, path: str, body: dict[str, object]) -> None:
        if body:
            self._write("PATCH user", "PATCH", path, body)

    def _is_synced(self, path: str) -> bool:
        answer = self._wire.get("GET user", f"{path}?$select=id,onPremisesSyncEnabled", accept=(404,))
        return answer.status == 200 and self._wire.document(answer).get("onPremisesSyncEnabled") is True

    def _delete(self, change: ExportChange, path: str) -> ExportOutcome:
        try:
            self._write("DELETE user", "DELETE", path)
        except ServiceError as error:
            if error.status == 404 and (change.uncertain or error.repeated):
                return ExportOutcome(change.cs_id)  # an earlier attempt did arrive
            return _refusal(change, error)
        return ExportOutcome(change.cs_id)

    def _with_manager(self, change: ExportChange, path: str, outcome: ExportOutcome) -> ExportOutcome:
        """Write the manager, the one reference of users that Graph takes; `outcome` is of all the rest."""
        wanted = change.references.get("manager")
        if wanted is None or "manager" in outcome.not_written:
            return outcome
        try:
            if wanted.added:
                kind = split_anchor(wanted.added[-1].anchor or "")
                assert kind is not None, "targets without anchor were refused before"
                target = {"@odata.id": f"{self._wire.base}/directoryObjects/{kind[1]}"}
                self._write("PUT manager", "PUT", f"{path}/manager/$ref", target)
            else:
                self._write("DELETE manager", "DELETE", f"{path}/manager/$ref", accept=(404,))
        except ServiceError as error:
            refused = _refusal(change, error, attribute="manager")
            return replace(refused, anchor=outcome.anchor, not_written=outcome.not_written)
        return outcome

    def _write(
        self,
        operation: str,
        method: str,
        link: str,
        body: object = None,
        *,
        accept: Collection[int] = (),
    ) -> Answer:
        return self._wire.call(
            operation,
            lambda: self._wire.once(method, link, body, accept=accept),
            repeatable=True,
            refusals=_REFUSALS,
        )


def _creation(change: ExportChange, schema: Schema) -> Content | ExportOutcome:
    """What a POST of the change would send, but for the password; or why it cannot be sent."""
    source_anchor = source_anchor_of(change)
    if source_anchor is None:
        detail = "A user without sourceAnchor is not created: onPremisesImmutableId is made from it."
        return ExportOutcome(change.cs_id, error="missing-anchor-component", detail=detail)
    content = content_of(change, schema, creating=True)
    content.body["onPremisesImmutableId"] = source_anchor
    missing = [attribute for name, attribute in _REQUIRED.items() if content.body.get(name) in (None, "")]
    if missing:
        detail = f"Graph creates no user without {', '.join(missing)}; let a rule flow it."
        return ExportOutcome(change.cs_id, error="schema-violation", detail=detail)
    # Graph asks for a mailNickname; the documented order ends with the prefix of the user name.
    name = str(content.body.get("mail") or content.body["userPrincipalName"])
    content.body.setdefault("mailNickname", name.partition("@")[0][:64])
    return content


def _password_profile() -> dict[str, object]:
    """A password that nobody knows or keeps: Graph asks for one, and the first sign-in changes it."""
    return {"password": f"{secrets.token_urlsafe(32)}aA1!", "forceChangePasswordNextSignIn": True}


def _refusal(change: ExportChange, error: ServiceError, *, attribute: str | None = None) -> ExportOutcome:
    """A refused change in the product's words; the details say which property was to blame."""
    codes = {code for code, _ in error.details}
    targets = [target for code, target in error.details if code != "ConflictingObjects" and target]
    blamed = attribute or (_PROPERTY_NAMES.get(targets[0], targets[0]) if targets else None)
    code = error.code
    if "ObjectConflict" in codes:
        code = "AttributeValueMustBeUnique"
    elif blamed is not None and error.status == 400:
        code = "invalid-attribute-value"
    outcome = rejected(change, status=error.status, code=code, message=error.text, attribute=blamed)
    return replace(outcome, cd_error_code=error.code or str(error.status))
