"""The expression language: text to tree, tree to text, tree to something that can be evaluated.

Pure: it imports the nouns of `attrflow.model` and nothing else of attrflow, does no I/O, keeps no time
and rolls no dice; the world comes in through `EvaluationContext`.
"""

from __future__ import annotations

from attrflow.expr.ast import Expression
from attrflow.expr.checker import Checked, check, respelled
from attrflow.expr.compiler import Compiled, NodeText, compile_expression
from attrflow.expr.context import EvaluationContext
from attrflow.expr.errors import ErrorCode, ExpressionError
from attrflow.expr.functions import FAMILIES, FUNCTIONS, Function
from attrflow.expr.layout import print_edited, replaced
from attrflow.expr.options import DEFAULT_OPTIONS, OPTIONS, ExpressionOptions, Option
from attrflow.expr.parser import Parsed, parse
from attrflow.expr.printer import print_expression
from attrflow.expr.results import AUTHORITATIVE_NULL, IGNORE_THIS_FLOW, FlowWord, Many, Result, Scalar
from attrflow.expr.usage import Usage, usage_of

__all__ = [
    "AUTHORITATIVE_NULL",
    "DEFAULT_OPTIONS",
    "FAMILIES",
    "FUNCTIONS",
    "IGNORE_THIS_FLOW",
    "OPTIONS",
    "Checked",
    "Compiled",
    "ErrorCode",
    "EvaluationContext",
    "Expression",
    "ExpressionError",
    "ExpressionOptions",
    "FlowWord",
    "Function",
    "Many",
    "NodeText",
    "Option",
    "Parsed",
    "Result",
    "Scalar",
    "Usage",
    "check",
    "compile_expression",
    "parse",
    "print_edited",
    "print_expression",
    "replaced",
    "respelled",
    "usage_of",
]
