"""One store, several agents: one writes, the others are told who does, and may read."""

from __future__ import annotations

import os
from contextlib import closing

import pytest

from attrflow.app.operations import running
from attrflow.app.project import opened_project
from attrflow.model.errors import StoreBusy

from .project import EVERYBODY, Story, succeeded


def test_a_second_agent_is_told_that_the_store_is_busy(story: Story) -> None:
    cycle = running.cycle(story.project, initial=True)
    first = next(cycle)
    with opened_project(story.folder) as second:
        with pytest.raises(StoreBusy, match=rf"cycle --initial \(process {os.getpid()} ") as caught:
            running.run(second, "corp", "full-import")
        assert (caught.value.code, caught.value.exit_code) == ("store-busy", 4)
        with pytest.raises(StoreBusy):
            list(running.cycle(second, initial=False))
        assert [run.number for run in running.runs(second, limit=10).runs] == [first.record.number], "reading works"
    with opened_project(story.folder, read_only=True) as reader:
        assert len(running.runs(reader, limit=10).runs) == 1
    succeeded([first, *cycle])
    with opened_project(story.folder) as second:
        succeeded(list(running.cycle(second, initial=False)))
    assert story.cloud.users() == EVERYBODY


def test_a_cycle_that_is_given_up_lets_go_of_the_store(story: Story) -> None:
    with closing(running.cycle(story.project, initial=True)) as cycle:  # type: ignore[type-var]  # it is a generator
        next(cycle)
    with opened_project(story.folder) as second:
        succeeded(list(running.cycle(second, initial=True)))
    assert story.cloud.users() == EVERYBODY
