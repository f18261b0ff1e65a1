"""The nouns: names, values, schema, delta, changes, entry, connector space, metaverse, provenance.

Pure data and functions from data to data. Imports nothing else of attrflow; does no I/O, keeps no
time, rolls no dice.
"""
