"""A mock Active Directory: a domain controller's behaviour over LDAP, in memory, from one seed."""
