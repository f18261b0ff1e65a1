"""The function table: every function of the language, by its exact name. No function does I/O."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrflow.expr.functions.binding import Form, Function, OnNull, Parameter
from attrflow.expr.functions.certificate import CERTIFICATE
from attrflow.expr.functions.conversion import CONVERSION
from attrflow.expr.functions.cutting import CUTTING
from attrflow.expr.functions.directory import DIRECTORY
from attrflow.expr.functions.encoding import ENCODING
from attrflow.expr.functions.logic import LOGIC
from attrflow.expr.functions.moment import MOMENT
from attrflow.expr.functions.multivalue import MULTIVALUE
from attrflow.expr.functions.text import TEXT

__all__ = ["FAMILIES", "FUNCTIONS", "Form", "Function", "OnNull", "Parameter"]

FAMILIES: Mapping[str, tuple[Function, ...]] = MappingProxyType(
    {
        "Text": (*TEXT, *CUTTING),
        "Conditions, program flow and bits": LOGIC,
        "Several values": MULTIVALUE,
        "Conversion": (*CONVERSION, *ENCODING),
        "Date and time": MOMENT,
        "Directory": DIRECTORY,
        "Certificates": CERTIFICATE,
    }
)
"""The functions by what they are about, in the order of the documentation."""
FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {function.name: function for family in FAMILIES.values() for function in family}
)
