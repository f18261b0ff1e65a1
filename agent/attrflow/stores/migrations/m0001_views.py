"""Schema version 1, the views for people: `agent/docs/store.md` shows what to ask of them."""

from __future__ import annotations

__all__ = ["STATEMENTS"]

_METAVERSE = """
CREATE VIEW metaverse AS
WITH value AS (
    SELECT o.id AS object, o.object_type AS type, a.key AS attribute,
        CASE v.type
            WHEN 'true' THEN 'True'
            WHEN 'false' THEN 'False'
            WHEN 'object' THEN coalesce(json_extract(v.value, '$.b64'), '#' || json_extract(v.value, '$.ref'))
            ELSE v.value
        END AS value,
        coalesce(json_extract(a.value, '$[3][' || v.key || ']'), json_extract(a.value, '$[1]')) AS origin,
        json_extract(a.value, '$[2]') AS since_run
    FROM mv_object o, json_each(o.attributes) a, json_each(a.value, '$[0]') v
    UNION ALL
    SELECT o.id, o.object_type, r.attribute, '#' || r.target,
        json_extract(s.value, '$[2]'), json_extract(s.value, '$[3]')
    FROM mv_object o, json_each(o.reference_sets) s
    JOIN reference r ON r.owner = o.id AND r.layer = 0 AND r.attribute = s.key
)
SELECT value.object, value.type, value.attribute, value.value,
    origin.connector AS connector, origin.rule_id AS rule,
    value.since_run, run.started AS since
FROM value
LEFT JOIN origin ON origin.id = value.origin
LEFT JOIN run ON run.number = value.since_run
"""

_CONNECTOR_SPACE = """
CREATE VIEW connector_space AS
SELECT id AS object, connector, dn, object_type AS type, anchor,
    CASE
        WHEN kind = 'placeholder' THEN 'placeholder'
        WHEN mv_id IS NOT NULL AND state = 'explicit' THEN 'explicit connector'
        WHEN mv_id IS NOT NULL THEN 'connector'
        WHEN state = 'explicit' THEN 'explicit disconnector'
        WHEN state = 'stay' THEN 'filtered disconnector'
        ELSE 'disconnector'
    END || CASE transient WHEN 1 THEN ', transient' ELSE '' END AS state,
    mv_id AS metaverse_object,
    json_extract(pending_import, '$.operation') AS pending_import,
    json_extract(unapplied, '$.operation') AS pending_export,
    json_extract(escrowed, '$.operation') AS escrowed_export,
    json_extract(unconfirmed, '$.operation') AS unconfirmed_export,
    json_extract(import_error, '$.type') AS import_error,
    json_extract(export_error, '$.type') AS export_error
FROM cs_object
"""

_CONNECTOR_SPACE_VALUES = """
CREATE VIEW connector_space_values AS
SELECT o.id AS object, o.connector, o.dn, a.key AS attribute,
    CASE v.type
        WHEN 'true' THEN 'True'
        WHEN 'false' THEN 'False'
        WHEN 'object' THEN coalesce(json_extract(v.value, '$.b64'), '#' || json_extract(v.value, '$.ref'))
        ELSE v.value
    END AS value
FROM cs_object o, json_each(o.image) a, json_each(a.value) v
UNION ALL
SELECT o.id, o.connector, o.dn, r.attribute, coalesce(t.dn, '#' || r.target)
FROM cs_object o
JOIN reference r ON r.owner = o.id AND r.layer = 1
LEFT JOIN cs_object t ON t.id = r.target
"""

_LINEAGE = """
CREATE VIEW lineage AS
SELECT o.id AS object, o.connector, o.dn, o.mv_id AS metaverse_object, m.object_type AS metaverse_type,
    o.link_origin AS link, o.link_rule AS rule, o.link_since_run AS since_run, run.started AS since
FROM cs_object o
LEFT JOIN mv_object m ON m.id = o.mv_id
LEFT JOIN run ON run.number = o.link_since_run
WHERE o.mv_id IS NOT NULL
"""

_RUNS = """
CREATE VIEW runs AS
SELECT run.number AS run, run.connector, run.profile, s.number AS step, s.type, s.partition,
    coalesce(s.started, run.started) AS started, s.ended, coalesce(s.result, run.result) AS result,
    (SELECT group_concat(key || '=' || value, ' ') FROM json_each(s.counters)) AS counters,
    s.detail, run.result AS run_result, run.cycle
FROM run
LEFT JOIN run_step s ON s.run = run.number
"""

STATEMENTS = (_METAVERSE, _CONNECTOR_SPACE, _CONNECTOR_SPACE_VALUES, _LINEAGE, _RUNS)
