"""The command line: a face over `app.operations`. It shows documents; it decides nothing."""
