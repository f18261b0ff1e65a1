"""The source of authority of an object: switched to the cloud, synchronization passes it by; and back.

Documented as `onPremisesSyncBehavior.isCloudManaged`. Takes no lock: callers hold it.
"""

from __future__ import annotations

from dataclasses import replace

from attrflow_mocks.entra.objects import DirectoryObject
from attrflow_mocks.entra.state import TenantState

__all__ = ["switch_authority"]


def switch_authority(tenant: TenantState, found: DirectoryObject, cloud: bool) -> DirectoryObject:
    """Let the cloud (or the directory again) master a synchronized object.

    Raises:
        ValueError: the object was never synchronized, so there is nothing to switch.
    """
    if found.cloud_managed == cloud:
        return found
    if cloud and not found.synced:
        raise ValueError(f"The source of authority of {found.kind} {found.id} is the cloud already.")
    return tenant.store.commit(replace(found, cloud_managed=cloud, synced=not cloud))
