"""An agent that is killed: the next cycles end where undisturbed ones would have ended.

The agent is a process of its own, killed while a directory keeps it waiting for an answer.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from attrflow_mocks.faults import Fault
from attrflow_mocks.hosted import HostedMocks

from .conftest import NewStory, copied
from .project import Story, counters, dn_of, struck, succeeded, told

AGENT = """
import sys
from pathlib import Path
from attrflow.app.operations import running
from attrflow.app.project import opened_project

with opened_project(Path(sys.argv[1])) as project:
    print([result.record.result for result in running.cycle(project, initial=sys.argv[2] == "initial")])
"""
PATIENCE = 30.0
States = dict[str, list[tuple[object, ...]]]
HANGS = 5.0
"""Seconds that an answer is kept back: longer than a kill takes."""
BATCH, LOOK_UP, DELTA = "POST /ingest/v1/objects:batch", "GET /ingest/v1/objects", "GET /ingest/v1/delta"


def start_agent(story: Story, kind: str) -> subprocess.Popen[bytes]:
    story.close()
    command = [sys.executable, "-c", AGENT, str(story.folder), kind]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def kill_at(story: Story, kind: str, fault: Fault) -> None:
    """Start a cycle in a process of its own and kill it when the fault has struck."""
    with struck(story.tenant.mocks, fault) as event:
        agent = start_agent(story, kind)
        try:
            assert event.wait(PATIENCE), "the agent never came that far"
            assert agent.poll() is None
        finally:
            agent.kill()
            said, errors = agent.communicate(timeout=PATIENCE)
    assert (said, errors) == (b"", b""), "it was killed before it ended"
    story.tenant.mocks.call(story.tenant.world.faults.clear)


def change_things(story: Story) -> None:
    """A bit of everything: a value, a new user, a deleted one, members."""
    story.ad.modify(dn_of("Kari"), {"title": ["Boss"], "telephoneNumber": None})
    story.ad.delete(dn_of("Nils"))
    story.ad.move(dn_of("Tor", "OU=Away,DC=corp,DC=test"), dn_of("Tor"))
    story.ad.modify("CN=Staff,OU=Groups,DC=corp,DC=test", {"member": [dn_of("Per"), dn_of("Tor"), dn_of("Kari")]})


def finish(story: Story) -> list[tuple[object, ...]]:
    """Two cycles more leave nothing to do; what is in the tenant then."""
    for _ in range(2):
        succeeded(story.cycle())
    story.nothing_is_under_way()
    assert counters(succeeded(story.cycle())) == {}
    return story.cloud.state()


INITIAL = {
    "while the directory sends its second page": Fault("ldap", "search", "delay", seconds=HANGS, skip=3),
    "while the tenant is listed": Fault("ingest", DELTA, "delay", seconds=HANGS),
    "when the tenant has made the objects and not said so": Fault("ingest", BATCH, "delay", seconds=HANGS),
    "when the tenant has set the references and not said so": Fault("ingest", BATCH, "delay", seconds=HANGS, skip=1),
}
DELTA_CYCLE = {
    "while the directory tells its changes": Fault("ldap", "dirsync", "delay", seconds=HANGS),
    "when the tenant has deleted and not said so": Fault("ingest", BATCH, "delay", seconds=HANGS),
    "when the tenant has made the objects and not said so": Fault("ingest", BATCH, "delay", seconds=HANGS, skip=1),
    "when the tenant has set the references and not said so": Fault("ingest", BATCH, "delay", seconds=HANGS, skip=2),
}


def paged(story: Story) -> Story:
    story.edit_settings("# page-size = 1000\n", "page-size = 2\n")
    return story


@pytest.fixture(scope="module")
def undisturbed(small_mocks: HostedMocks, template: Path, tmp_path_factory: pytest.TempPathFactory) -> States:
    """What cycles that nobody disturbs leave in the tenant, by kind."""
    small_mocks.call(small_mocks.world.reset)
    folder = copied(template, tmp_path_factory.mktemp("undisturbed") / "project")
    with told(folder, small_mocks) as story:
        succeeded(story.cycle(initial=True))
        states = {"initial": finish(story)}
        change_things(story)
        states["delta"] = finish(story)
    return states


@pytest.mark.parametrize("moment", INITIAL)
def test_killed_in_the_initial_cycle(undisturbed: States, stories: NewStory, moment: str) -> None:
    story = paged(stories())
    kill_at(story, "initial", INITIAL[moment])
    assert story.history()[-1][2] == "in-progress", "what was killed never ended"
    succeeded(story.cycle(initial=True))
    assert finish(story) == undisturbed["initial"]


@pytest.mark.parametrize("moment", DELTA_CYCLE)
def test_killed_in_a_delta_cycle(undisturbed: States, settled: Story, moment: str) -> None:
    change_things(settled)
    kill_at(settled, "delta", DELTA_CYCLE[moment])
    assert finish(settled) == undisturbed["delta"]


def test_an_agent_that_is_killed_in_a_full_import_deletes_nothing(settled: Story) -> None:
    paged(settled)
    before, watermark = settled.space("corp"), settled.watermark("corp")
    kill_at(settled, "initial", Fault("ldap", "search", "delay", seconds=HANGS, skip=4))
    assert (settled.space("corp"), settled.watermark("corp")) == (before, watermark)
    assert not [one for one in settled.objects("corp") if one.pending_import is not None]
    results = succeeded(settled.cycle())
    assert counters(results) == {}
