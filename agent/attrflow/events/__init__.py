"""Words for what happened: a closed set of frozen events, and the observer that is told of them.

An event has an id, the id of the event that it belongs to, and says what was decided about which
object by which rule and mapping; also a decision not to do something is an event. `explain` reads
them; the plain engine never makes one (DECISIONS 26). Pure: imports nothing but `model`.
"""

from attrflow.events.observer import Observer, Recording
from attrflow.events.words import (
    STATUS_WORDS,
    Disconnected,
    Event,
    ExportStaged,
    GuardTripped,
    Joined,
    JoinTried,
    LinkKept,
    Looped,
    MappingEvaluated,
    NodeEvaluated,
    ObjectFailed,
    PrecedenceDecided,
    Projected,
    ProvisioningDecided,
    Recalled,
    ReferenceHeld,
    ScopeTested,
    Status,
)

__all__ = [
    "STATUS_WORDS",
    "Disconnected",
    "Event",
    "ExportStaged",
    "GuardTripped",
    "JoinTried",
    "Joined",
    "LinkKept",
    "Looped",
    "MappingEvaluated",
    "NodeEvaluated",
    "ObjectFailed",
    "Observer",
    "PrecedenceDecided",
    "Projected",
    "ProvisioningDecided",
    "Recalled",
    "Recording",
    "ReferenceHeld",
    "ScopeTested",
    "Status",
]
