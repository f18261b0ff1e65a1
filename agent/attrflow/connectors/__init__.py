"""Connectors: how attrflow reads and writes connected directories. They know wires and no rules."""
