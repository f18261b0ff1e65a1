"""Every key of a case file with what it says: one table for the reader, its suggestions and the docs page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = [
    "BASES",
    "CASE_KEYS",
    "CONNECTOR_KEYS",
    "CS_KEYS",
    "EXPECT_KEYS",
    "GIVEN_CHANGE_KEYS",
    "GIVEN_CS_KEYS",
    "GIVEN_ERROR_KEYS",
    "GIVEN_KEYS",
    "GIVEN_MV_KEYS",
    "NEEDS",
    "OBJECT_KEYS",
    "RULE_CHANGE_KEYS",
    "SCHEMAS",
    "STEP_KEYS",
    "TABLES",
    "VALUE_KEYS",
]

BASES: Final = ("documented", "observed", "inferred", "assumed")
"""How it is known that the product does what a case expects."""

NEEDS: Final = ("ingest", "wire", "memory")
"""`ingest`: what the service does with an export; `wire`: LDAP and HTTP; `memory`: what no server would let in."""

SCHEMAS: Final = ("ad", "openldap", "entra", "memory")
"""The short schemas of connectors; `memory` has only what the case declares or uses."""

CASE_KEYS: Final[Mapping[str, str]] = {
    "title": "What the case decides, as a sentence.",
    "basis": "How that is known: `documented`, `observed`, `inferred` or `assumed`.",
    "source": "Where it is written or was seen, such as `behaviour.md §3.7`.",
    "needs": "What the directories must be able to do: `ingest`, `wire` or `memory`.",
    "seed": "The number that ids follow from; 1 where it is not given.",
    "clock": "The time at which the case begins, as a TOML date and time in UTC.",
    "connectors": "The connectors by name: a short schema, or a table. `contoso` (AD) and `entra` without it.",
    "metaverse": "Attributes that the metaverse has beside the default ones, by object type and syntax.",
    "options": "Engine options, such as `length-limit = 100`.",
    "rules": "`default`, `none`, a path of rule files, or a list of them; `default` without it.",
    "disable": "Names of rules that are disabled from the start.",
    "rule": "Rules of the case's own, written as in a rule file; `id` and `precedence` may be left out.",
    "objects": "What the directories hold, by a short name of each object.",
    "ldif": "Objects in LDIF, by connector: the text itself, or a path.",
    "given": "What stands in the store before the first step; the store is empty without it.",
    "step": "What happens, one table after the other: edits, then runs, then what must be so.",
}

CONNECTOR_KEYS: Final[Mapping[str, str]] = {
    "schema": "`ad`, `openldap`, `entra` or `memory`: which attributes there are, and which rules are the default.",
    "id": "The connector's GUID; it follows from its name without it.",
    "naming-context": "The naming context's DN; `DC=<name>,DC=test` without it.",
    "containers": "Selected containers; the whole naming context without it.",
    "exclude": "Containers below those that are not selected.",
    "object-types": "Selected object types; users, groups and contacts (or the schema's own) without it.",
    "selected": "The attribute inclusion list; all that the rules read or write without it.",
    "attributes": 'Types of attributes that the schema lacks: `{ badge = "string", tags = "strings" }`.',
    "parameters": "Parameters for expressions, such as `Forest.FQDN`.",
}

OBJECT_KEYS: Final[Mapping[str, str]] = {
    "connector": "The directory that holds it; the first one without it.",
    "type": "The object type; `user` (or `inetOrgPerson`) without it.",
    "dn": "Its DN, whole or without the naming context; `CN=<short name>,OU=People` without it.",
    "attributes": "Its attributes. An AD object gets what AD would set: cn, objectGUID, objectSid, and for users a "
    "sAMAccountName, userPrincipalName and userAccountControl.",
    "without": "Attributes that it does not get by itself.",
    "at-start": "`false`: it is not there until a step adds it.",
    "anchor": "The anchor that the directory gives it, to plant what no real directory does (memory only).",
    "quarantined": "Values that the tenant holds back: an import returns them, the cloud `attributes` (memory only).",
}

GIVEN_KEYS: Final[Mapping[str, str]] = {
    "cs": "Connector-space objects, by short name; other objects were imported, not synchronized.",
    "mv": "Metaverse objects, each by the short name of an object that is linked to it.",
}

GIVEN_CS_KEYS: Final[Mapping[str, str]] = {
    "image": "Values where the synchronized image differs from what the directory holds; `false` is no image.",
    "pending-import": "The import that no synchronization has processed: a table, or a word such as `delete`.",
    "unconfirmed": "The export that no import has confirmed yet, likewise.",
    "escrowed": "The export that was handed to the directory without a known outcome, likewise.",
    "pending-export": "The export that waits, likewise.",
    "link": "How it was linked: `projection-rules`, `join-rules`, `provisioning-rules` or `joiner-rule`.",
    "rule": "The name of the rule that linked it.",
    "state": "`normal`, `explicit` or `stay`; `normal` without it.",
    "applied": "Names of the rules that the last synchronization applied; those in scope without it.",
    "anchor": "Its anchor, where it is not that of the object in its directory.",
    "transient": "`true`: another object took over its DN.",
    "error": "The stored import or synchronization error: a table, or its type.",
    "export-error": "The stored export error: a table, or its type.",
}

GIVEN_CHANGE_KEYS: Final[Mapping[str, str]] = {
    "operation": "`add`, `replace`, `update`, `delete`, `delete-add` or `obsolete`; `update` without it.",
    "attributes": "The attributes that change, with their values after it; `[]` is no value.",
    "new-dn": "The DN that an export renames the object to.",
}

GIVEN_ERROR_KEYS: Final[Mapping[str, str]] = {
    "type": "The error's type, such as `sync-rule-error-function-triggered` or `AttributeValueMustBeUnique`.",
    "step": "The step of the algorithm that failed, such as `import-flow`.",
    "detail": "What the error says.",
    "first": "When it first occurred, as ISO 8601 in UTC; the case's clock without it.",
    "last": "When it last occurred, likewise.",
    "retry-count": "In how many earlier runs the same error was met.",
    "rule": "The name of the rule that failed.",
    "attribute": "The attribute that it is about.",
    "cd-error": "The directory's own error code.",
}

GIVEN_MV_KEYS: Final[Mapping[str, str]] = {
    "type": "The metaverse object type; that of the rules in scope without it.",
    "links": "The objects that are linked to it; the one that names it without it.",
    "attributes": "Its values, stale ones too; short names in reference attributes.",
    "flowed": "`true`: attributes that are not given are what the inbound rules give.",
    "winner": "The rule that contributed an attribute, by attribute; `fabrikam: NAME` says whose.",
    "retry": "Why a later synchronization must look at it again, such as `reference`.",
}

STEP_KEYS: Final[Mapping[str, str]] = {
    "title": "What the step is about.",
    "add": "Objects that appear in their directories.",
    "set": "Attributes that are replaced, by object; an empty list clears one.",
    "clear": "Attributes that lose their values, by object.",
    "add-values": "Values that are added to attributes, by object.",
    "remove-values": "Values that are taken from attributes, by object.",
    "rename": "New RDNs, by object; what is below moves with it.",
    "move": "New containers or whole new DNs, by object; what is below moves with it.",
    "delete": "Objects that go.",
    "undelete": "Deleted objects that come back as they were (memory only).",
    "advance": "Seconds by which the clock moves on.",
    "rules": "Rules that are disabled, enabled, removed, added or replaced.",
    "options": "Engine options from now on.",
    "containers": "Selected containers from now on, by connector.",
    "selected": "Attribute inclusion lists from now on, by connector.",
    "lose-connection": "The next import of a connector breaks off after so many objects (memory only).",
    "refuse": "Exports of an object are refused with this error type; an empty one takes it back (memory only).",
    "forget": "`true`: the store is emptied, and everything is to be imported anew.",
    "run": "Run profiles: `contoso full-import full-sync`, or a list of such lines.",
    "cycle": "The scheduler's cycles: `initial` or `delta`, or a list of them.",
    "expect": "What must be so after all that.",
}

RULE_CHANGE_KEYS: Final[Mapping[str, str]] = {
    "disable": "Names of rules that are disabled.",
    "enable": "Names of rules that are enabled.",
    "remove": "Names of rules that are deleted.",
    "add": "Rules that are added, written as in a rule file.",
    "replace": "Rules that take the place of those of the same name.",
}

EXPECT_KEYS: Final[Mapping[str, str]] = {
    "mv": "Metaverse values by object; `[]` is no value, `false` no metaverse object.",
    "type": "The metaverse object type, by object.",
    "winner": "The rule that contributed a metaverse value, by object and attribute; `fabrikam: NAME` says whose.",
    "status": "What becomes of the mappings to an attribute next: a status word, or one for each rule.",
    "links": "The connectors in which an object's metaverse object has an object, by object; `[]` is not linked.",
    "together": "Lists of objects that are linked to one metaverse object.",
    "apart": "Lists of objects that are linked to different metaverse objects.",
    "cs": "The connector-space object, by object; `false` is none.",
    "held": "References that are held back, by object and attribute.",
    "cloud": "What the tenant holds of an object, by object; `false` is nothing.",
    "directory": "What its own directory holds, by object; `false` is nothing.",
    "pending": "Pending exports by kind, by connector; `{}` is none.",
    "counters": "Counters of the last run of `CONNECTOR PROFILE`.",
    "result": "The result of the last run of `CONNECTOR PROFILE`; one that is no success must be expected.",
    "count": "How many objects there are in `mv` and in connector spaces, placeholders not counted.",
}

CS_KEYS: Final[Mapping[str, str]] = {
    "attributes": "Values with everything that is exported or waits for it; `[]` is no value.",
    "imported": "Values as the directory is known to hold them.",
    "pending-export": "The kind of the pending export: `add`, `update`, `delete`, `delete-add`, or `none`.",
    "export": "Attributes in the pending export with their values after it; those that are not named must not change.",
    "pending-import": "The kind of the pending import: `add`, `update`, `delete`, `delete-add`, `obsolete`, or `none`.",
    "unconfirmed": "The kind of the export that no import has confirmed yet, or `none`.",
    "linked": "Whether it is linked to a metaverse object.",
    "link": "How it was linked: `projection-rules`, `join-rules` or `provisioning-rules`.",
    "error": "The type of its import or synchronization error, or `none`.",
    "error-detail": "A part of what the error says.",
    "retry-count": "In how many earlier runs the same error was met.",
    "export-error": "The type of its export error, or `none`.",
    "placeholder": "Whether it is a placeholder.",
    "transient": "Whether it is a transient.",
    "dn": "Its DN, whole or without the naming context.",
    "new-dn": "The DN that the pending export renames it to.",
    "type": "Its object type.",
    "anchored": "Whether it has an anchor.",
    "applied": "Names of rules that are among its applied ones.",
    "not-applied": "Names of rules that are not.",
}

VALUE_KEYS: Final[Mapping[str, str]] = {
    "b64": "Bytes in base64.",
    "hex": "Bytes in hexadecimal.",
    "guid": "A GUID as AD stores it: 16 bytes, the first three groups turned round.",
    "sid": "A security identifier such as `S-1-5-21-1-2-3-1001`.",
    "text": "A text that is repeated, with `times`.",
    "times": "How often.",
    "numbered": "A text that gives many values, with `times`: `#` is the number of each, from 1.",
}

TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "The case": CASE_KEYS,
    "A connector": CONNECTOR_KEYS,
    "An object": OBJECT_KEYS,
    "The starting state": GIVEN_KEYS,
    "A connector-space object that is given": GIVEN_CS_KEYS,
    "A pending change": GIVEN_CHANGE_KEYS,
    "A stored error": GIVEN_ERROR_KEYS,
    "A metaverse object that is given": GIVEN_MV_KEYS,
    "A value that is no text, number or truth value": VALUE_KEYS,
    "A step": STEP_KEYS,
    "Changes of rules": RULE_CHANGE_KEYS,
    "Expectations": EXPECT_KEYS,
    "A connector-space object": CS_KEYS,
}
"""The tables by the heading under which the docs page shows them."""
