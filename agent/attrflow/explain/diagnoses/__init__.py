"""The diagnosis table (behaviour.md §8): detectors in order, each a cause that it can recognise.

All that fire are reported; the first is the primary one. A new cause is a function from a `Case` to a
`Found` and a row here.
"""

from __future__ import annotations

from attrflow.explain.diagnoses import after_metaverse as after
from attrflow.explain.diagnoses import at_the_cloud as cloud
from attrflow.explain.diagnoses import before_metaverse as before
from attrflow.explain.diagnoses import inbound_flow as flow
from attrflow.explain.diagnoses.case import Case, Detector, Diagnosis, Found, Surroundings

__all__ = ["DETECTORS", "Case", "Detector", "Diagnosis", "Found", "Surroundings", "diagnose"]

DETECTORS: tuple[Detector, ...] = (
    Detector("DIAG-03", "The object's container is not selected", "object", before.container_excluded),
    Detector("DIAG-04", "The object's type is not imported", "object", before.type_not_included),
    Detector("DIAG-15", "Imported, but not synchronized yet", "object", before.import_waits),
    Detector("DIAG-16", "The object has a stored synchronization error", "object", before.stored_sync_error),
    Detector("DIAG-17", "No Provision rule is in scope", "object", before.provisioning_out_of_scope),
    Detector("DIAG-18", "No join attribute has a value", "object", before.no_join_value),
    Detector("DIAG-20", "No rule carries the attribute", "attribute", flow.no_inbound_mapping),
    Detector("DIAG-21", "The mapping's rule is disabled", "attribute", flow.rule_disabled),
    Detector("DIAG-22", "The mapping's rule is out of scope", "attribute", flow.rule_out_of_scope),
    Detector("DIAG-24", "Another rule has precedence", "attribute", flow.higher_precedence),
    Detector("DIAG-25", "AuthoritativeNull empties the attribute", "attribute", flow.authoritative_null),
    Detector("DIAG-26", "An empty value lets another one win", "attribute", flow.empty_lets_lower_win),
    Detector("DIAG-30", "An expression fails", "object", flow.expression_fails),
    Detector("DIAG-35", "The reference's target is not in the metaverse", "attribute", flow.reference_held),
    Detector("DIAG-36", "The rules changed since the last full synchronization", "attribute", flow.rules_changed),
    Detector("DIAG-38", "cloudFiltered is True", "object", after.cloud_filtered),
    Detector("DIAG-39", "The object has no sourceAnchor", "object", after.anchor_missing),
    Detector("DIAG-41", "An outbound scope clause is false", "object", after.outbound_scope_false),
    Detector("DIAG-42", "The object is mastered in the cloud", "object", after.cloud_mastered),
    Detector("DIAG-43", "No outbound rule carries the attribute", "attribute", after.no_outbound_mapping),
    Detector("DIAG-48", "The export has not run", "object", after.export_waits),
    Detector("DIAG-50", "The export fails", "object", cloud.export_failed),
    Detector("DIAG-51", "The value is in quarantine", "attribute", cloud.quarantined),
    Detector("DIAG-52", "The domain is not verified", "attribute", cloud.unverified_domain),
    Detector("DIAG-55", "The cloud drops a value with such a character", "attribute", cloud.dropped_characters),
    Detector("DIAG-63", "The object is over a limit of the tenant", "object", cloud.limit_exceeded),
)


def diagnose(case: Case) -> tuple[Diagnosis, ...]:
    """Every cause that applies to the case, in the table's order."""
    found = (detector.diagnose(case) for detector in DETECTORS)
    return tuple(diagnosis for diagnosis in found if diagnosis is not None)
