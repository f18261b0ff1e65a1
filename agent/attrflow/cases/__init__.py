"""Cases: one file that says what a synchronization is given, what happens, and what must come of it.

The unit of reproduction. This package reads such files, drives a `Laboratory` through the
steps and compares. It chooses no adapter: directories and stores are the laboratory's.
"""
