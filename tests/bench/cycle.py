"""The section `cycle`: import from a real slapd, sync, export to the mock tenant, and a cycle that does nothing."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.rows import Row, timed

from attrflow.app.laboratory import AnnouncedTenant, mock_process
from attrflow.app.operations.projects import init_project
from attrflow.app.operations.running import cycle, run
from attrflow.app.project import Project, opened_project
from attrflow.app.settings_template import NewDirectory, NewPartition, NewTenant
from attrflow.model.changes import ChangeSet
from attrflow.stores.sqlite import open_sqlite
from attrflow_mocks.openldap import RunningSlapd, running_slapd
from attrflow_mocks.openldap_example import example_ldif

__all__ = ["rows"]

IMPORT_TARGET = 5.0
"""Times the C client's dump of the same entries (the roadmap's aim)."""
SYNC_TARGET = 6.0
"""Times one rewrite of the store (the roadmap's aim)."""


def rows(objects: int) -> Sequence[Row]:
    """Measure one project with `objects` users and a tenth as many groups."""
    suffix = "dc=example,dc=test"
    ldif = example_ldif(objects, max(1, objects // 10), suffix=suffix)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_slapd(ldif, suffix) as slapd,
        mock_process("contoso-small", "tenant") as announced,
    ):
        assert announced.tenant is not None, "a tenant was asked for"
        where = Path(folder) / "project"
        _make(where, slapd, announced.tenant, suffix)
        with opened_project(where) as project:
            return _measure(project, slapd, Path(folder))


def _make(where: Path, slapd: RunningSlapd, tenant: AnnouncedTenant, suffix: str) -> None:
    directory = NewDirectory(
        "openldap",
        slapd.url,
        (NewPartition(suffix, fqdn="example.test"),),
        kind="openldap",
        tls="none",
        account=slapd.admin_dn,
    )
    cloud = NewTenant(
        "entra",
        tenant.tenant_id,
        tenant.client_id,
        channel="ingest",
        graph_url=tenant.graph_url,
        login_url=tenant.login_url,
        ingest_url=tenant.ingest_url,
    )
    secrets = {"openldap": slapd.password, "entra": tenant.client_secret}
    init_project(where, "bench", (directory, cloud), staging_mode=False, secrets=secrets)


def _measure(project: Project, slapd: RunningSlapd, folder: Path) -> list[Row]:
    dump, _ = timed(lambda: _dump(slapd))
    importing, _ = timed(lambda: run(project, "openldap", "full-import"))
    run(project, "entra", "full-import")
    syncing, synced = timed(lambda: run(project, "openldap", "full-sync"))
    assert synced.record.result == "success", project.store.run_objects(synced.record.number, 1, limit=3)
    counted = sum(project.store.counts().values())
    rewriting, _ = timed(lambda: _rewrite(project, folder / "copy.sqlite"))
    again, _ = timed(lambda: run(project, "openldap", "full-sync"))
    exporting, exported = timed(lambda: run(project, "entra", "export"))
    assert exported.record.result == "success", exported.record
    for _ in range(2):
        list(cycle(project, initial=False))
    idle, _ = timed(lambda: list(cycle(project, initial=False)))
    return [
        Row("objects in the store", counted, "objects"),
        Row("full import from slapd", importing, "s", "ldapsearch's paged dump", importing / dump, IMPORT_TARGET),
        Row("full sync, everything new", syncing, "s", "one rewrite of the store", syncing / rewriting, SYNC_TARGET),
        Row("full sync, nothing changed", again, "s", "full sync, everything new", again / syncing),
        Row("export to the tenant, everything new", exporting, "s", "full sync, everything new", exporting / syncing),
        Row("delta cycle, nothing changed", idle, "s", "full import from slapd", idle / importing),
    ]


def _dump(slapd: RunningSlapd) -> None:
    """What the C client takes to read the same entries."""
    command = ["ldapsearch", "-x", "-LLL", "-H", slapd.url, "-D", slapd.admin_dn, "-w", slapd.password]
    command += ["-E", "pr=1000/noprompt", "-b", slapd.suffix, "(objectClass=*)", "*", "+"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _rewrite(project: Project, path: Path) -> None:
    """Read every object and write it into a new store, in batches of 500."""
    source, copy = project.store, open_sqlite(path)
    copy.set_join_attributes(project.joins.cs, project.joins.mv)
    try:
        for connector in project.connector_names():
            after = 0
            while ids := source.cs_ids(connector, after=after, limit=500):
                after = ids[-1]
                objects = {id_: source.cs(id_) for id_ in ids}
                linked = {o.link.mv_id for o in objects.values() if o is not None and o.link is not None}
                copy.commit(ChangeSet(objects, {mv_id: source.mv(mv_id) for mv_id in linked}))
    finally:
        copy.close()
