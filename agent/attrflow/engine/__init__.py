"""The verbs: staging, synchronization and export as pure functions from nouns to plans.

Floors, lowest first: `plan program working_set`; `scope join flow precedence reference provision`;
`inbound outbound`; `sync stage export`. The engine sees the store through `ports.view` only; it does
no I/O, keeps no time and rolls no dice.
"""
