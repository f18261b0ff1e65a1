"""The Entra connector: the product's attribute names on one side, one of two channels on the other.

`ingest` speaks to a synchronization face, `graph` to Microsoft Graph; both give the connector space
the same anchors and names. Nothing here knows rules or stores.
"""
