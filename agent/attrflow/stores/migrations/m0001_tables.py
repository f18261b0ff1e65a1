"""Schema version 1, the tables. `agent/docs/store.md` describes them for people.

Texts in JSON are for SQLite's json functions and for reading by hand. In `dn_key` columns U+0000 is
stored as two U+0001 (see `codec.stored_key`), because many tools end a text at U+0000.
"""

from __future__ import annotations

__all__ = ["STATEMENTS"]

_OBJECTS = (
    """
    CREATE TABLE cs_object (
        id INTEGER PRIMARY KEY,
        connector TEXT NOT NULL,
        partition TEXT NOT NULL,
        object_type TEXT,
        dn TEXT NOT NULL,
        dn_key TEXT NOT NULL,
        anchor TEXT,
        kind TEXT NOT NULL,
        transient INTEGER NOT NULL,
        state TEXT NOT NULL,
        mv_id INTEGER,
        link_origin TEXT,
        link_rule TEXT,
        link_since_run INTEGER,
        disconnection TEXT,
        applied_rules TEXT NOT NULL,
        image TEXT,
        pending_import TEXT,
        unconfirmed TEXT,
        escrowed TEXT,
        unapplied TEXT,
        reference_sets TEXT,
        import_error TEXT,
        export_error TEXT,
        provenance TEXT NOT NULL,
        hash BLOB NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX cs_object_dn ON cs_object (dn_key, connector) WHERE transient = 0",
    "CREATE INDEX cs_object_transient ON cs_object (connector) WHERE transient = 1",
    "CREATE UNIQUE INDEX cs_object_anchor ON cs_object (connector, anchor) WHERE anchor IS NOT NULL",
    "CREATE INDEX cs_object_connector ON cs_object (connector)",
    "CREATE INDEX cs_object_linked ON cs_object (mv_id) WHERE mv_id IS NOT NULL",
    """
    CREATE INDEX cs_object_pending ON cs_object (connector)
    WHERE pending_import IS NOT NULL OR import_error IS NOT NULL
    """,
    "CREATE INDEX cs_object_unconfirmed ON cs_object (connector) WHERE unconfirmed IS NOT NULL",
    "CREATE INDEX cs_object_escrowed ON cs_object (connector) WHERE escrowed IS NOT NULL",
    "CREATE INDEX cs_object_unapplied ON cs_object (connector) WHERE unapplied IS NOT NULL",
    "CREATE INDEX cs_object_export_error ON cs_object (connector) WHERE export_error IS NOT NULL",
    """
    CREATE TABLE mv_object (
        id INTEGER PRIMARY KEY,
        object_type TEXT NOT NULL,
        attributes TEXT NOT NULL,
        reference_sets TEXT,
        retry TEXT,
        hash BLOB NOT NULL
    )
    """,
    "CREATE INDEX mv_object_retry ON mv_object (id) WHERE retry IS NOT NULL",
)

_BESIDE_OBJECTS = (
    """
    CREATE TABLE reference (
        owner INTEGER NOT NULL,
        layer INTEGER NOT NULL,
        attribute TEXT NOT NULL,
        target INTEGER NOT NULL,
        sign INTEGER NOT NULL,
        PRIMARY KEY (owner, layer, attribute, target)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX reference_target ON reference (target, owner, layer)",
    """
    CREATE TABLE held_reference (
        owner INTEGER NOT NULL,
        connector TEXT NOT NULL,
        inbound INTEGER NOT NULL,
        attribute TEXT NOT NULL,
        target INTEGER NOT NULL,
        PRIMARY KEY (owner, connector, inbound, attribute, target)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX held_reference_target ON held_reference (target, inbound)",
    """
    CREATE TABLE join_attribute (
        space TEXT NOT NULL,
        attribute TEXT NOT NULL,
        PRIMARY KEY (space, attribute)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE join_key (
        owner INTEGER NOT NULL,
        attribute TEXT NOT NULL,
        folded TEXT NOT NULL,
        space TEXT NOT NULL,
        PRIMARY KEY (owner, attribute, folded)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX join_key_value ON join_key (folded, attribute, space)",
    """
    CREATE TABLE lookup (
        owner INTEGER NOT NULL,
        kind TEXT NOT NULL,
        folded TEXT NOT NULL,
        PRIMARY KEY (owner, kind, folded)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX lookup_value ON lookup (folded, kind)",
    """
    CREATE TABLE origin (
        id INTEGER PRIMARY KEY,
        connector TEXT NOT NULL,
        rule_id TEXT NOT NULL,
        destination TEXT NOT NULL,
        ordinal INTEGER NOT NULL,
        UNIQUE (connector, rule_id, destination, ordinal)
    )
    """,
    """
    CREATE TABLE tombstone (
        sequence INTEGER PRIMARY KEY,
        id INTEGER NOT NULL UNIQUE,
        space TEXT NOT NULL,
        name TEXT NOT NULL,
        connector TEXT,
        object_type TEXT,
        run INTEGER NOT NULL,
        document TEXT NOT NULL,
        texts TEXT NOT NULL
    )
    """,
    "CREATE TABLE id_sequence (highest INTEGER NOT NULL)",
    "INSERT INTO id_sequence VALUES (0)",
)

_HISTORY = (
    "CREATE TABLE ruleset (hash TEXT PRIMARY KEY, text TEXT NOT NULL)",
    "CREATE TABLE configuration (hash TEXT PRIMARY KEY, text TEXT NOT NULL)",
    """
    CREATE TABLE run (
        number INTEGER PRIMARY KEY,
        connector TEXT NOT NULL,
        profile TEXT NOT NULL,
        started TEXT NOT NULL,
        ended TEXT,
        result TEXT NOT NULL,
        ruleset_hash TEXT NOT NULL REFERENCES ruleset (hash),
        configuration_hash TEXT NOT NULL REFERENCES configuration (hash),
        cycle INTEGER
    )
    """,
    """
    CREATE TABLE run_step (
        run INTEGER NOT NULL REFERENCES run (number),
        number INTEGER NOT NULL,
        type TEXT NOT NULL,
        partition TEXT NOT NULL,
        started TEXT NOT NULL,
        ended TEXT,
        result TEXT NOT NULL,
        counters TEXT NOT NULL,
        detail TEXT,
        PRIMARY KEY (run, number)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE run_object (
        sequence INTEGER PRIMARY KEY,
        run INTEGER NOT NULL,
        step INTEGER NOT NULL,
        counter TEXT NOT NULL,
        object INTEGER,
        dn TEXT NOT NULL,
        error TEXT,
        detail TEXT,
        FOREIGN KEY (run, step) REFERENCES run_step (run, number)
    )
    """,
    "CREATE INDEX run_object_step ON run_object (run, step, counter)",
    "CREATE INDEX run_object_object ON run_object (object) WHERE object IS NOT NULL",
    """
    CREATE TABLE wire_attempt (
        sequence INTEGER PRIMARY KEY,
        run INTEGER NOT NULL,
        step INTEGER NOT NULL,
        operation TEXT NOT NULL,
        number INTEGER NOT NULL,
        result TEXT NOT NULL,
        waited REAL NOT NULL,
        FOREIGN KEY (run, step) REFERENCES run_step (run, number)
    )
    """,
    "CREATE INDEX wire_attempt_step ON wire_attempt (run, step)",
    """
    CREATE TABLE watermark (
        connector TEXT NOT NULL,
        partition TEXT NOT NULL,
        value TEXT NOT NULL,
        run INTEGER NOT NULL,
        PRIMARY KEY (connector, partition)
    ) WITHOUT ROWID
    """,
)

STATEMENTS = (*_OBJECTS, *_BESIDE_OBJECTS, *_HISTORY)
