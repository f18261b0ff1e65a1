"""The API under the command line and the console: one function an operation, documents in and out."""
