"""A mock Entra tenant: one store of objects behind two faces over HTTP.

The strict face speaks public Microsoft Graph and refuses what only directory synchronization may
write; the ingest face is a made-up, clearly named stand-in for the private provisioning service.
"""
