"""The points of the language that no source decides, as named options with a default (expressions.md §5).

Every option says what it decides and on what its default rests; the settings file, the documentation and
the checker's warnings are made from these rows. Knows no function's code.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, get_args, get_type_hints

__all__ = ["DEFAULT_OPTIONS", "OPTIONS", "ExpressionOptions", "Option"]


def _open(meaning: str, evidence: str, *, default: str | bool) -> Any:
    return field(default=default, metadata={"meaning": meaning, "evidence": evidence})


@dataclass(frozen=True, slots=True)
class ExpressionOptions:
    """How to read what the documentation leaves open. The defaults are the likeliest readings."""

    # -- grammar ----------------------------------------------------------------------------------
    mixed_logic: Literal["left-to-right", "and-first"] = _open(
        "the order of && and || that stand side by side without parentheses",
        "The concept page gives all operators one priority; every real rule that mixes the two has parentheses.",
        default="left-to-right",
    )
    division: Literal["truncate", "error"] = _open(
        "whether / divides (cutting towards zero) or is refused",
        "The concept page lists the minus sign twice, presumably one is a slash; Switch speaks of division by zero.",
        default="truncate",
    )
    decimal_number: Literal["error", "truncate"] = _open(
        "a number with a decimal point",
        "No source shows one, and every documented number is whole.",
        default="error",
    )
    quote_escape: Literal["both", "doubled"] = _open(
        r'whether \" inside a text is a quote, besides ""',
        "No source escapes a quote and no real rule needs one; with doubled, a text may end in one backslash.",
        default="both",
    )
    short_circuit: bool = _open(
        "whether && and || leave out the right side when the left one decides",
        "A default rule asks Item([proxyAddresses], Contains(…)) on the right, which fails where the left is false.",
        default=True,
    )
    unknown_parameter: Literal["error", "null"] = _open(
        "a %parameter% that the connector does not have",
        "Nothing is documented; a misspelt name should not become an empty value.",
        default="error",
    )
    # -- operators --------------------------------------------------------------------------------
    string_equality: Literal["case-sensitive", "case-insensitive"] = _open(
        "whether = and <> between texts look at case",
        "No source; VBA compares binary unless told otherwise, and InStr and Contains look at case.",
        default="case-sensitive",
    )
    null_concat: Literal["empty", "null"] = _open(
        "NULL beside &: an empty text, or the whole is NULL",
        "No source; VBA's & takes Null for an empty text.",
        default="empty",
    )
    null_equals_null: bool = _open(
        "the value of NULL = NULL",
        "No source; VBA's comparisons with Null are never true.",
        default=False,
    )
    null_unequal: bool = _open(
        "whether NULL <> a value is True",
        "No source; <> is read as the negation of =.",
        default=True,
    )
    null_arithmetic: Literal["null", "zero"] = _open(
        "NULL in +, -, *, /, the minus before a value, BitAnd and BitOr",
        "No source; with NULL, BitAnd([userAccountControl],2)=0 is False for objects without the attribute.",
        default="null",
    )
    nested_flow_word: Literal["propagate", "error"] = _open(
        "IgnoreThisFlow or AuthoritativeNull inside anything but a branch",
        "No source; passing it on does what its author meant.",
        default="propagate",
    )
    # -- functions --------------------------------------------------------------------------------
    cbool_text: Literal["true-false", "error"] = _open(
        "CBool of a text: reads True and False in any case, or refuses every text",
        ".NET's conversion reads these two words.",
        default="true-false",
    )
    byte_order: Literal["little", "big"] = _open(
        "the byte order of CBin, and of CNum on bytes",
        "No source; the blobs that the one known rule reads are written little-endian.",
        default="little",
    )
    guid_text: Literal["lower", "upper", "braces"] = _open(
        "how StringFromGuid writes: lower case, upper case, or upper case in braces",
        ".NET's default format D is lower case without braces.",
        default="lower",
    )
    filetime_zero: Literal["date", "null"] = _open(
        "DateFromNum(0): the year 1601, or NULL",
        ".NET reads 0 as 1601-01-01; a default rule reads pwdLastSet, where 0 is legal.",
        default="date",
    )
    filetime_never: Literal["error", "null"] = _open(
        "DateFromNum of a number beyond the year 9999, such as AD's never, or below 0",
        ".NET refuses such numbers.",
        default="error",
    )
    single_letter_format: Literal["standard", "custom"] = _open(
        "FormatDateTime with one letter: a .NET standard format, or a custom format of one letter",
        "The examples are .NET formats, and .NET reads one letter as a standard format.",
        default="standard",
    )
    dn_component_missing: Literal["null", "empty", "error"] = _open(
        "DNComponent and DNComponentRev out of range",
        "No source; a value that is not there is NULL elsewhere.",
        default="null",
    )
    escape_hash: Literal["leading", "always"] = _open(
        "which # EscapeDNComponent escapes",
        "RFC 4514 needs it at the beginning only; the older product's page lists # without saying where.",
        default="leading",
    )
    bit_mask: Literal["any", "all"] = _open(
        "IsBitSet with a mask of several bits",
        "The one example has a mask of one bit.",
        default="any",
    )
    is_string_null: bool = _open(
        "IsString(NULL)",
        "No source; there is no value that could be a text.",
        default=False,
    )
    contains_absent: Literal["zero", "null"] = _open(
        "Contains on an absent attribute",
        "The default rules ask IsPresent first; 0 is what is documented for not found.",
        default="zero",
    )
    duplicates: Literal["case-sensitive", "case-insensitive"] = _open(
        "whether RemoveDuplicates looks at case",
        "No source; = looks at case by default as well.",
        default="case-sensitive",
    )
    long_delimiter: Literal["error", "text", "first"] = _open(
        "Split with more than one character as delimiter: refused, taken as a whole, or its first character",
        "The reference says a single character.",
        default="error",
    )
    empty_match: Literal["start", "zero"] = _open(
        "InStr and InStrRev looking for an empty text",
        "VBA gives the position where the search begins.",
        default="start",
    )
    pcase_words: Literal["spaces", "letters"] = _open(
        "where PCase sees a new word: after a space, or after anything but a letter or an apostrophe",
        "The text of the reference says spaces; the .NET member behind it also stops at hyphens.",
        default="spaces",
    )
    len_null: Literal["null", "zero"] = _open(
        "Len(NULL)",
        "No source; VBA's Len of Null is Null.",
        default="null",
    )
    replace_empty: Literal["error", "unchanged"] = _open(
        "Replace of an empty text",
        ".NET refuses an empty text to replace.",
        default="error",
    )
    undelimited_word: Literal["whole", "empty"] = _open(
        "Word(text, 1, delimiters) of a text without any delimiter",
        "The reference's sentence can be read as empty; .NET's Split gives the whole text.",
        default="whole",
    )
    thumbprint: Literal["sha256", "sha1"] = _open(
        "the hash of Thumbprint",
        "No source; the one known rule stores the length before the hash.",
        default="sha256",
    )


DEFAULT_OPTIONS: Final = ExpressionOptions()


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the list of options: what may be written, what it decides, why the default is what it is."""

    field: str
    default: str | bool
    choices: tuple[str, ...]
    """The words that may be written; empty for true and false."""
    meaning: str
    evidence: str

    @property
    def key(self) -> str:
        """The name in the settings file.

        >>> OPTIONS["null_concat"].key, OPTIONS["null_concat"].choices
        ('null-concat', ('empty', 'null'))
        """
        return self.field.replace("_", "-")


def _rows() -> dict[str, Option]:
    hints = get_type_hints(ExpressionOptions)
    return {
        row.name: Option(
            row.name,
            getattr(DEFAULT_OPTIONS, row.name),
            get_args(hints[row.name]),
            row.metadata["meaning"],
            row.metadata["evidence"],
        )
        for row in fields(ExpressionOptions)
    }


OPTIONS: Final = _rows()
"""Every option by the name of its field, in the order of the documentation."""
