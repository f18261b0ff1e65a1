"""The run profiles of a new connector as text; `settings_profiles` reads it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from attrflow.model.configuration import RunStep
from attrflow.rules.writing import toml_string

__all__ = ["profile_lines"]

_SOLE: Final = "default"
"""The only partition of a tenant: a step need not name it."""


def profile_lines(key: str, profiles: Mapping[str, tuple[RunStep, ...]], partition: str | None = None) -> list[str]:
    """The tables of the connector's own profiles, or what one would look like where it has none.

    Args:
        key: the connector's name as TOML writes it.
        profiles: its own, by name.
        partition: one for the example; None for a connector that has no partitions to choose from.
    """
    step = [] if partition is None else [f"# partition = {toml_string(partition)}   # left out: all of them"]
    example = [
        f"# [[connectors.{key}.profiles.nightly]]",
        '# type = "full-import-delta-sync"',
        *step,
        "# object-limit = 1000   # 0: no limit; also batch-size, page-size, error-limit",
    ]
    own = [line for name, steps in profiles.items() for one in steps for line in ("", *_step(key, name, one))]
    return [
        "# Run profiles of its own, each table one step; and limits of the guard against accidental exports.",
        *([] if own else example),
        f"# [connectors.{key}.guards]",
        "# deletes = 500   # also disables, identity-changes, membership-removals",
        "# deletes-percent = 10   # of the connector's objects",
        *own,
    ]


def _step(key: str, name: str, step: RunStep) -> Iterator[str]:
    yield f"[[connectors.{key}.profiles.{toml_string(name)}]]"
    yield f'type = "{step.type}"'
    if step.partition != _SOLE:
        yield f"partition = {toml_string(step.partition)}"
    for word, value in (
        ("batch-size", step.batch_size),
        ("page-size", step.page_size),
        ("timeout-seconds", step.timeout_seconds),
        ("object-limit", step.object_limit or None),
        ("error-limit", step.error_limit),
    ):
        if value is not None:
            yield f"{word} = {value}"
