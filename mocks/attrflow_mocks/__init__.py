"""Directories to try things on: a mock Active Directory over LDAP and a mock Entra tenant over HTTP.

A product of its own: it never imports `attrflow`, and shares no codec with it, so that
agent and mock cannot be wrong together.
"""
