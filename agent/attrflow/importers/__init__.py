"""Other tools' configuration and state -> nouns of attrflow and findings; and rules back to other tools.

Texts and octets come in, nouns and diagnostics go out. Nothing here opens a file, asks a directory or
executes what it reads. What cannot be read is a finding with file and line, and the rest is still read.
"""
