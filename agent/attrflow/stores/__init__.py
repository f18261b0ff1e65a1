"""Stores: where attrflow remembers. `memory.MemoryStore` for cases and tests, `sqlite.open_sqlite` for files.

A store keeps objects in the model's nouns and answers `ports.store`. It knows no rules, no expressions
and no directory; which one is used is chosen in `app` alone.
"""
