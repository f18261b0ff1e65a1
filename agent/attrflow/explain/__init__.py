"""Explain: use cases that only read.

Stored facts, and the events of one observed re-evaluation in a working set that is dropped
(DECISIONS 2, 16). Nothing here writes to a store or a directory; directories are read through
callables that `app` passes in.
"""
