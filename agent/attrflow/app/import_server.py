"""The server's global parameters and metaverse schema -> features, engine options and own attributes of a project."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from attrflow.app.import_scheduler import SCHEDULER_PARAMETERS, scheduler_settings
from attrflow.app.library import metaverse_schema
from attrflow.app.settings_template import DEFAULT_SCHEDULER, NewScheduler
from attrflow.app.settings_values import ATTRIBUTE_NAME
from attrflow.importers.findings import Findings, Place
from attrflow.importers.reading import Reading
from attrflow.importers.xml_metaverse import ServerConfiguration
from attrflow.model.configuration import EngineOptions
from attrflow.model.schema import AttributeType, Schema
from attrflow.rules.features import DEFAULT_FEATURES, Features

__all__ = ["ServerSettings", "server_settings", "tell_left"]

_JOINS: Final = {
    "objectsid": "object-sid",
    "mail": "mail",
    "samaccountname": "sam-account-name",
    "onlyonce": "only-once",
    "alwaysprovision": "only-once",
}
_IN_RULES: Final = ("SynchronizationOption.", "DirectoryExtension.", "OptionalFeature.DirectoryExtension")
"""What the wizard turned into rules, which are imported themselves."""
_PASSED: Final = (
    *("Synchronize.NextStartTime", "Synchronize.ServerConfigurationVersion", "Synchronize.StagingMode"),
    *("Version.SynchronizationRuleImmutableTag", "OptionalFeature.AutoUpgradeState"),
    *("OptionalFeature.ExportDeletionThreshold", "OptionalFeature.ExportDeletionThresholdValue"),
    *("OptionalFeature.HybridExchange", "OptionalFeature.GroupFiltering", "OptionalFeature.FilterAAD"),
    *("AADFilter.AttributeExclusionList", "OptionalFeature.DeviceWriteUp"),
)
_NOTHING: Final = ("", "false", "0", "none")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What holds for the project as a whole."""

    features: Features = DEFAULT_FEATURES
    options: EngineOptions = field(default_factory=EngineOptions)
    metaverse: Mapping[str, tuple[AttributeType, tuple[str, ...]]] = field(default_factory=dict)
    """The project's own metaverse attributes: their type, and the object types that have them."""
    scheduler: NewScheduler = DEFAULT_SCHEDULER


def server_settings(reading: Reading, names: Mapping[str, str], folder: Path) -> ServerSettings:
    """The settings for what MV.xml and the connectors state.

    `names` are the connectors' by id; `folder` is where the project will be.
    """
    features = _from_connectors(reading, names)
    server = reading.server
    if server is None:
        message = "no MV.xml among the files: metaverse attributes, features and limits are the defaults"
        reading.findings.note(Place(""), "no-metaverse-file", message)
        return ServerSettings(features)
    _tell_parameters(server, reading.findings)
    features = _from_parameters(features, server, reading.findings)
    return ServerSettings(
        features,
        _options(server, reading.findings),
        _metaverse(server, reading.findings, metaverse_schema()),
        scheduler_settings(server, reading.findings, folder),
    )


def _from_connectors(reading: Reading, names: Mapping[str, str]) -> Features:
    """What schema and rules show: Exchange, Lync, devices, and the group that an import was limited to."""
    rules = {draft.text("name").casefold() for draft in reading.drafts}
    groups = {
        names[one.id]: (text, Place(one.file, one.line))
        for one in reading.connectors
        for key, text in one.parameters.items()
        if key.casefold() == "connector.groupfilteringgroupdn" and text and one.id in names
    }
    for name, (group, place) in groups.items():
        message = f"{name}: the server imports only members of {group}; imported rules do not say so"
        help = "[features] has it as group-filter: default rules that are written anew keep to it"
        reading.findings.warn(place, "no-counterpart", message, help=help)
    return replace(
        DEFAULT_FEATURES,
        exchange=any("exchange" in name for name in rules) or not rules,
        lync=any("lync" in name and name.startswith("in from ad") for name in rules),
        devices=any("computer" in name or "device" in name for name in rules),
        group_filter={name: group for name, (group, _) in groups.items()},
    )


def _from_parameters(features: Features, server: ServerConfiguration, findings: Findings) -> Features:
    anchor = server.parameter("SynchronizationOption.AnchorAttribute") or features.anchor
    upn = server.parameter("SynchronizationOption.UPNAttribute") or features.upn_attribute
    criteria = (server.parameter("SynchronizationOption.JoinCriteria") or "").strip()
    custom = server.parameter("SynchronizationOption.CustomAttribute") or ""
    join = _JOINS.get(criteria.casefold()) or (custom if ATTRIBUTE_NAME.fullmatch(custom) else features.join)
    if criteria and criteria.casefold() not in _JOINS and not custom:
        message = f"the join criteria {criteria!r} are not known; [features] has join = {join!r}"
        findings.warn(
            server.place("SynchronizationOption.JoinCriteria"),
            "no-counterpart",
            message,
            help="the imported rules themselves join as on the server",
        )
    excluded = server.parameter("AADFilter.AttributeExclusionList") or ""
    names = [name for name in re.split(r"[,;|\s]+", excluded) if ATTRIBUTE_NAME.fullmatch(name)]
    if names:
        message = f"{len(names)} attributes are kept from the cloud by the server: {', '.join(names[:8])}"
        help = "imported rules still flow them; take these mappings out where it matters"
        findings.warn(server.place("AADFilter.AttributeExclusionList"), "no-counterpart", message, help=help)
    return replace(
        features,
        anchor=anchor if ATTRIBUTE_NAME.fullmatch(anchor) else features.anchor,
        upn_attribute=upn if ATTRIBUTE_NAME.fullmatch(upn) else features.upn_attribute,
        join=join,
        hybrid_exchange=(server.parameter("OptionalFeature.HybridExchange") or "").casefold() == "true",
        excluded_attributes=tuple(dict.fromkeys(names)),
    )


def _options(server: ServerConfiguration, findings: Findings) -> EngineOptions:
    options = EngineOptions()
    on = (server.parameter("OptionalFeature.ExportDeletionThreshold") or "true").casefold()
    value = server.parameter("OptionalFeature.ExportDeletionThresholdValue") or ""
    if on == "false":
        options = replace(options, export_deletion_threshold=0)
        findings.warn(
            server.place("OptionalFeature.ExportDeletionThreshold"),
            "taken-over",
            "the guard against mass deletion is off on the server, and so it is here",
        )
    elif value.isdecimal() and int(value) > 0:
        options = replace(options, export_deletion_threshold=int(value))
    staging = (server.parameter("Synchronize.StagingMode") or "").casefold()
    if staging == "false":
        message = "the server exports; the project starts in staging mode and writes to no directory"
        findings.note(
            server.place("Synchronize.StagingMode"),
            "staging-mode",
            message,
            help="staging-mode = false in attrflow.toml lets a cycle export",
        )
    return options


def _tell_parameters(server: ServerConfiguration, findings: Findings) -> None:
    """What the parameters say that has no home in the settings."""
    for name, text in server.parameters.items():
        short = name.removeprefix("Microsoft.")
        if short in _PASSED or short.startswith(_IN_RULES) or text.casefold() in _NOTHING:
            continue
        if short.casefold() not in SCHEDULER_PARAMETERS:
            findings.note(server.place(short), "no-counterpart", f"{name} = {text} has no counterpart here")


def tell_left(reading: Reading, metaverse: Schema) -> None:
    """What of an export an import of rules leaves: connectors, parameters, and attributes that the project lacks."""
    if reading.server is None and not any(one.partitions for one in reading.connectors):
        return
    place = reading.server.place("") if reading.server is not None else Place(reading.connectors[0].file, 1)
    message = "only rules are imported; connectors and the server's parameters stay as the project has them"
    reading.findings.note(
        place, "rules-only", message, help="`attrflow init DIR --from PATH` makes a project of all of it"
    )
    if reading.server is None:
        return
    for name, (found, types) in _metaverse(reading.server, reading.findings, metaverse).items():
        message = f"the server's metaverse has {name} on {', '.join(types)}, and the project's has not"
        multi, words = str(found.multi).lower(), ", ".join(f'"{one}"' for one in types)
        line = f'{name} = {{ type = "{found.syntax.value}", multi = {multi}, object-types = [{words}] }}'
        reading.findings.warn(place, "metaverse-attribute", message, help=f"under [metaverse.attributes]: {line}")


def _metaverse(
    server: ServerConfiguration, findings: Findings, default: Schema
) -> dict[str, tuple[AttributeType, tuple[str, ...]]]:
    """The attributes that a metaverse lacks."""
    extra: dict[str, tuple[AttributeType, tuple[str, ...]]] = {}
    place = server.place("")
    for type_name, object_type in server.metaverse.object_types.items():
        known = default.object_types.get(type_name)
        if known is None:
            message = f"the metaverse has the object type {type_name!r} on the server, which it lacks here"
            findings.warn(place, "no-counterpart", message)
            continue
        for attribute in object_type.attributes.values():
            there = known.attribute(attribute.name)
            if there is None and ATTRIBUTE_NAME.fullmatch(attribute.name):
                first, types = extra.get(attribute.name, (attribute, ()))
                extra[attribute.name] = (first, (*types, type_name))
            elif there is None:
                message = f"the metaverse attribute {attribute.name!r} has no name that can be used; it is left out"
                findings.warn(place, "no-counterpart", message)
            elif (there.syntax, there.multi) != (attribute.syntax, attribute.multi):
                message = f"{type_name}.{attribute.name} is {_kind(attribute)} on the server and {_kind(there)} here"
                findings.warn(place, "metaverse-differs", message)
    return extra


def _kind(attribute: AttributeType) -> str:
    return f"{attribute.syntax.value}{', many values' if attribute.multi else ''}"
