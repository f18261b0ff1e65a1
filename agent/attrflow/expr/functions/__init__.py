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

__all__ = ["FUNCTIONS", "Form", "Function", "OnNull", "Parameter"]

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        function.name: function
        for family in (TEXT, CUTTING, LOGIC, MULTIVALUE, CONVERSION, ENCODING, MOMENT, DIRECTORY, CERTIFICATE)
        for function in family
    }
)
