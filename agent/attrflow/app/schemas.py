"""The schemas that directories stated at their last import: one JSON file a connector, in the project folder.

Rules are compiled against them, so that a synchronization needs no directory at hand; the product
calls this refreshing the schema.
"""

from __future__ import annotations

from pathlib import Path

import orjson

from attrflow.model.errors import SettingsError
from attrflow.model.schema import AttributeType, ObjectType, Schema, Syntax

__all__ = ["read_schema_file", "schema_json", "write_schema_file"]


def schema_json(schema: Schema) -> bytes:
    """The schema as canonical JSON: object types and attributes sorted by name."""
    types = {
        name: {
            a.name: {"syntax": a.syntax.value, "multi": a.multi, "read-only": a.read_only}
            for a in sorted(type_.attributes.values(), key=lambda a: a.name)
        }
        for name, type_ in sorted(schema.object_types.items())
    }
    document = {"schema": "attrflow.directory-schema/1", "object-types": types}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def read_schema_file(path: Path) -> Schema | None:
    """The schema of a file, or None where no import has written one yet.

    Raises:
        SettingsError: the file is not what `write_schema_file` wrote.
    """
    try:
        document = orjson.loads(path.read_bytes())
        return Schema(
            {
                type_: ObjectType(
                    type_,
                    {
                        name: AttributeType(name, Syntax(a["syntax"]), a["multi"], a["read-only"])
                        for name, a in attributes.items()
                    },
                )
                for type_, attributes in document["object-types"].items()
            }
        )
    except FileNotFoundError:
        return None
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(
            f"{path} is no schema file: {error}", help="Delete it; the next import writes it again."
        ) from error


def write_schema_file(path: Path, schema: Schema) -> bool:
    """Write the schema where it differs from what the file says; returns whether it did."""
    text = schema_json(schema)
    if path.exists() and path.read_bytes() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    return True
