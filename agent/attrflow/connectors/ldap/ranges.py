"""Range retrieval: attributes with more values than AD sends at once (MS-ADTS 3.1.1.3.1.3.3).

`member;range=0-1499` brings the first 1500 values; the rest is asked for piece by piece until the
server answers with an open end, `member;range=3000-*`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from attrflow.connectors.ldap.decode import SearchEntry

__all__ = ["complete", "split_range"]

_RANGE = re.compile(r";range=([0-9]+)-([0-9]+|\*)", re.IGNORECASE)

Fetch = Callable[[str], SearchEntry | None]
"""Reads one attribute description of the same entry; None when the entry is gone, or the range is."""


def split_range(name: str) -> tuple[str, tuple[int, int | None] | None]:
    """An attribute description without its range option, and the range (None as its end is `*`).

    >>> split_range("member;range=1500-*"), split_range("cn")
    (('member', (1500, None)), ('cn', None))
    """
    if ";" not in name:
        return name, None
    found = _RANGE.search(name)
    if found is None:
        return name, None
    high = None if found[2] == "*" else int(found[2])
    return name[: found.start()] + name[found.end() :], (int(found[1]), high)


def complete(attributes: Mapping[str, Sequence[bytes]], fetch: Fetch) -> Mapping[str, Sequence[bytes]]:
    """The attributes with every range fetched to its end, under their names without ranges.

    Values that come twice, since the list changed between two pieces, count once. A list that became
    shorter ends where it ends: what changed in the meantime comes with the next delta import, whose
    watermark is older than this read.
    """
    if not any(";range=" in name or ";Range=" in name for name in attributes):
        return attributes
    whole: dict[str, Sequence[bytes]] = {}
    for sent_name, values in attributes.items():
        name, span = split_range(sent_name)
        if span is None:
            # AD sends the bare name with no values beside its first range.
            whole.setdefault(name, values)
            continue
        whole[name] = list(dict.fromkeys([*values, *_rest(name, span, fetch)]))
    return whole


def _rest(name: str, span: tuple[int, int | None], fetch: Fetch) -> list[bytes]:
    values: list[bytes] = []
    _, high = span
    while high is not None:
        low = high + 1
        entry = fetch(f"{name};range={low}-*")
        if entry is None:
            break
        answer = [
            (found, part)
            for sent, part in entry.attributes.items()
            for base, found in [split_range(sent)]
            if found is not None and base.casefold() == name.casefold()
        ]
        if not answer:
            break
        (start, high), part = answer[0]
        if start != low or (high is not None and high < low):
            break  # not what was asked for: going on would never end
        values += part
    return values
