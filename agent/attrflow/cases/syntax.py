"""Values as a schema has them: case files, LDIF and JSON know fewer types than directories."""

from __future__ import annotations

from attrflow.model.schema import Syntax
from attrflow.model.values import Value

__all__ = ["in_syntax"]


def in_syntax(syntax: Syntax | None, value: Value) -> Value:
    """The value in the schema's syntax. What does not fit stays as it is.

    >>> in_syntax(Syntax.INTEGER, "512"), in_syntax(Syntax.BOOLEAN, "TRUE"), in_syntax(Syntax.INTEGER, "many")
    (512, True, 'many')
    """
    if isinstance(value, str):
        if syntax is Syntax.INTEGER and value.lstrip("-").isdecimal():
            return int(value)
        if syntax is Syntax.BOOLEAN and value.casefold() in ("true", "false"):
            return value.casefold() == "true"
        if syntax is Syntax.BINARY:
            return value.encode("utf-8")
    return value
