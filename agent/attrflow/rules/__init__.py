"""Rules as data: what a synchronisation rule is, its file form, a set of them, and the default library.

Pure: texts come in, nouns and diagnostics go out. What a rule does is the engine's affair.
"""
