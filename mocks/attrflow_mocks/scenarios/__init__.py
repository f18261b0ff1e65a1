"""Scenarios: directories and a tenant, filled with people, groups and the classic faults."""
