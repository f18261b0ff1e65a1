"""The LDAP connector: Active Directory and OpenLDAP, read and written over LDAP v3.

ldap3 opens connections, binds, builds requests and controls, and writes; what comes back from a
search is decoded here (`decode`), since that is where an import spends its time. Nothing in this
package knows rules, the metaverse or a store.
"""

from __future__ import annotations

from attrflow.connectors.ldap.connector import LdapConnector

__all__ = ["LdapConnector"]
