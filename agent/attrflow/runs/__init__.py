"""Use cases that change things: run profiles, import, sync and export steps, the cycle.

Loop, batch, transaction, watermark, history: what to decide is the engine's.
"""
