"""The mock's other profile: a directory that behaves as OpenLDAP's slapd does, for clients of LDAP at large.

It shares the wire (BER, messages, filters as data) with the mock Active Directory, and nothing of its state.
"""
