"""The SQL that several modules of the SQLite store share. Rows are read and written in these orders.

Objects are read with the references of their delta layers as one more column, so that an object is
one statement, and so of one moment.
"""

from __future__ import annotations

__all__ = [
    "CS_INSERT",
    "CS_SELECT",
    "CS_UPDATE",
    "DUE_DELETE",
    "DUE_INSERT",
    "HELD_DELETE",
    "HELD_INSERT",
    "LOOKUP_PART",
    "LOOKUP_WHOLE",
    "MV_INSERT",
    "MV_SELECT",
    "MV_UPDATE",
]

CS_SELECT = """
SELECT id, connector, partition, object_type, dn, dn_key, anchor, kind, transient, state,
    mv_id, link_origin, link_rule, link_since_run, disconnection, applied_rules,
    image, pending_import, unconfirmed, escrowed, unapplied, reference_sets,
    import_error, export_error, provenance,
    CASE WHEN reference_sets IS NOT NULL THEN (
        SELECT json_group_array(json_array(layer, attribute, target, sign)) FROM reference
        WHERE owner = cs_object.id AND layer > 1
    ) END
FROM cs_object
"""

CS_INSERT = """
INSERT INTO cs_object (id, connector, partition, object_type, dn, dn_key, anchor, kind, transient, state,
    mv_id, link_origin, link_rule, link_since_run, disconnection, applied_rules,
    image, pending_import, unconfirmed, escrowed, unapplied, reference_sets,
    import_error, export_error, provenance, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
    ?21, ?22, ?23, ?24, ?25, ?26)
"""

CS_UPDATE = """
UPDATE cs_object SET connector = ?2, partition = ?3, object_type = ?4, dn = ?5, dn_key = ?6, anchor = ?7,
    kind = ?8, transient = ?9, state = ?10, mv_id = ?11, link_origin = ?12, link_rule = ?13,
    link_since_run = ?14, disconnection = ?15, applied_rules = ?16, image = ?17, pending_import = ?18,
    unconfirmed = ?19, escrowed = ?20, unapplied = ?21, reference_sets = ?22, import_error = ?23,
    export_error = ?24, provenance = ?25, hash = ?26
WHERE id = ?1
"""

MV_SELECT = "SELECT id, object_type, attributes, reference_sets, retry FROM mv_object"

MV_INSERT = """
INSERT INTO mv_object (id, object_type, attributes, reference_sets, retry, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
"""

MV_UPDATE = """
UPDATE mv_object SET object_type = ?2, attributes = ?3, reference_sets = ?4, retry = ?5, hash = ?6
WHERE id = ?1
"""

HELD_DELETE = """
DELETE FROM held_reference WHERE owner = ? AND connector = ? AND inbound = ? AND attribute = ? AND target = ?
"""
HELD_INSERT = "INSERT OR IGNORE INTO held_reference VALUES (?, ?, ?, ?, ?)"
DUE_DELETE = """
DELETE FROM due_reference
WHERE owner = ? AND target = ? AND connector = ? AND inbound = ? AND before = ? AND dropped = ?
"""
DUE_INSERT = "INSERT OR IGNORE INTO due_reference VALUES (?, ?, ?, ?, ?, ?)"

LOOKUP_WHOLE = "SELECT owner FROM lookup WHERE folded = :text"

LOOKUP_PART = """
SELECT owner FROM lookup WHERE folded = :text OR (kind <> 'anchor' AND folded LIKE :pattern ESCAPE '\\')
"""
