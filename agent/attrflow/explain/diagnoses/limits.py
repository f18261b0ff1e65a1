"""What a tenant takes of one object at most, and what of an object is over it.

Source: behaviour.md §7.7; the service's limits are documented, its number of addresses approximately.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from attrflow.model.delta import Image

__all__ = ["Excess", "over_limits"]

_COUNTS = {"usercertificate": 15, "usersmimecertificate": 15, "proxyaddresses": 300}
_WORDS = {"usercertificate": "certificates", "usersmimecertificate": "certificates", "proxyaddresses": "addresses"}
_PHOTO_BYTES = 100 * 1024
_EXTENSIONS = 100
_EXTENSION_CHARACTERS = 250
_EXTENSION = re.compile(r"extension_[0-9a-f]{32}_.+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Excess:
    """One limit that an object is over."""

    attribute: str
    found: str
    limit: str
    text: str
    """A sentence that names attribute and limit."""
    fix: str


def over_limits(image: Image) -> Iterator[Excess]:
    """The limits that an object, as it is or is to be exported, is over."""
    for name, values in image.attributes.items():
        limit = _COUNTS.get(name.casefold())
        if limit is not None and len(values) > limit:
            found, most = f"{len(values)} values", f"{limit}"
            what = _WORDS[name.casefold()]
            fix = f"remove {what} from {name} in the directory until {limit} are left"
            yield Excess(name, found, most, f"{name} has {found}, and the tenant takes {limit} at most.", fix)
        if name.casefold() == "thumbnailphoto":
            for value in values:
                if isinstance(value, bytes) and len(value) > _PHOTO_BYTES:
                    found, most = f"{len(value):,} bytes", f"{_PHOTO_BYTES:,} bytes"
                    text = f"{name} has {found}, and the tenant takes {most} at most."
                    yield Excess(name, found, most, text, f"put a smaller picture into {name}")
    yield from _extensions(image)


def _extensions(image: Image) -> Iterator[Excess]:
    names = [name for name in image.attributes if _EXTENSION.fullmatch(name)]
    if len(names) > _EXTENSIONS:
        found = f"{len(names)} directory extensions"
        text = f"The object has {found}, and the tenant takes {_EXTENSIONS} at most."
        yield Excess(names[-1], found, str(_EXTENSIONS), text, "flow fewer attributes to directory extensions")
    for name in names:
        longest = max((len(v) for v in image.attributes[name] if isinstance(v, str)), default=0)
        if longest > _EXTENSION_CHARACTERS:
            found, most = f"{longest} characters", f"{_EXTENSION_CHARACTERS} characters"
            text = f"{name} has a value of {found}, and the tenant takes {most} at most."
            yield Excess(name, found, most, text, f"shorten the value of {name}, or cut it in its rule with Left()")
