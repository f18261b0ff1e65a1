"""attrflow: why an attribute did not reach Entra ID, answered in one command.

The packages are layers; imports point down only (see ARCHITECTURE.md):
`cli` > `console` > `app` > `cases` > `runs | explain | stores | connectors | importers` >
`engine` > `rules` > `expr` > `ports` > `events` > `model`.
"""
