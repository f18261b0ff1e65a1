"""A new project's `attrflow.toml` as text, with a comment to each key.

`settings` reads it again. Nothing is written to a file here; `new_project` does that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from textwrap import wrap
from typing import Literal

from attrflow.app.secrets import SecretReference
from attrflow.app.settings import option_key
from attrflow.app.settings_connectors import default_object_types
from attrflow.app.settings_expressions import expression_options_text
from attrflow.app.settings_features import features_text
from attrflow.app.settings_profiles_text import profile_lines
from attrflow.app.settings_secrets import variable_for
from attrflow.model.configuration import EngineOptions, RunStep
from attrflow.model.schema import AttributeType
from attrflow.rules.features import DEFAULT_FEATURES, Features
from attrflow.rules.writing import toml_string

__all__ = [
    "DEFAULT_SCHEDULER",
    "NOWHERE_GUID",
    "NewConnector",
    "NewDirectory",
    "NewPartition",
    "NewScheduler",
    "NewTenant",
    "connector_text",
    "example_connectors",
    "settings_text",
]

NOWHERE_GUID = "00000000-0000-0000-0000-000000000000"
"""What stands in an example for a tenant that only the reader knows."""


@dataclass(frozen=True, slots=True)
class NewPartition:
    """A naming context of a new directory."""

    dn: str
    netbios: str | None = None
    fqdn: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewDirectory:
    """A new connector of kind `ad` or `openldap`."""

    name: str
    url: str
    partitions: tuple[NewPartition, ...]
    kind: Literal["ad", "openldap"] = "ad"
    tls: Literal["none", "starttls", "ldaps"] | None = None
    """None leaves the choice to the connector: TLS, but on this machine."""
    account: str | None = None
    """None signs in anonymously."""
    secret: SecretReference | None = None
    """None, with an account, is the environment variable named after the connector."""
    ca_file: str | None = None
    object_types: tuple[str, ...] = ()
    """Empty: those usual for the kind."""
    id: str | None = None
    """None: a new one."""
    attributes: tuple[str, ...] = ()
    """What is imported; empty: all that the rules in effect read or write."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Names for %parameters%, besides those that partitions give."""
    profiles: Mapping[str, tuple[RunStep, ...]] = field(default_factory=dict)
    """Run profiles of its own by name."""


@dataclass(frozen=True, slots=True)
class NewTenant:
    """A new connector of kind `entra`."""

    name: str
    tenant_id: str
    client_id: str
    channel: Literal["graph", "ingest"] = "graph"
    secret: SecretReference | None = None
    """None is the environment variable named after the connector."""
    graph_url: str | None = None
    login_url: str | None = None
    ingest_url: str | None = None
    """The three addresses are needed for the channel `ingest`; without them they are Microsoft's."""
    id: str | None = None
    """None: a new one."""
    object_types: tuple[str, ...] = ()
    """Empty: those usual for a tenant."""
    attributes: tuple[str, ...] = ()
    """What is imported; empty: all that the rules in effect read or write."""
    profiles: Mapping[str, tuple[RunStep, ...]] = field(default_factory=dict)
    """Run profiles of its own by name; the only partition is `default`."""


@dataclass(frozen=True, slots=True)
class NewScheduler:
    """When a new project's cycles run, and how long their history stays."""

    interval_minutes: int = 30
    history_days: int = 7
    """0: for ever."""


DEFAULT_SCHEDULER = NewScheduler()
"""As the product has it."""
NewConnector = NewDirectory | NewTenant


def example_connectors() -> tuple[NewConnector, ...]:
    """An AD forest and an Entra tenant to be filled in."""
    domain = NewPartition("DC=contoso,DC=test", "CONTOSO", "contoso.test")
    directory = NewDirectory(
        "contoso", "ldap://dc1.contoso.test:389", (domain,), tls="starttls", account="svc-attrflow@contoso.test"
    )
    return (directory, NewTenant("entra", NOWHERE_GUID, NOWHERE_GUID))


def settings_text(
    name: str,
    connectors: Iterable[NewConnector],
    *,
    guid: Callable[[], str],
    staging_mode: bool = True,
    scheduler: NewScheduler = DEFAULT_SCHEDULER,
    features: Features = DEFAULT_FEATURES,
    options: EngineOptions | None = None,
    metaverse: Mapping[str, tuple[AttributeType, tuple[str, ...]]] | None = None,
) -> str:
    """The text of a settings file; it loads again, with the connectors in this order."""
    blocks = [_project(name, scheduler, staging_mode=staging_mode), features_text(features)]
    blocks += [_engine(options or EngineOptions()), expression_options_text(), _metaverse(metaverse or {})]
    given = list(connectors)
    examples = given == list(example_connectors())
    if features.devices:
        given = [_with_devices(connector) for connector in given]
    blocks += [connector_text(connector, guid=guid) for connector in given]
    if examples:  # a person is going to fill it in
        blocks.append(_further(guid=guid))
    return "\n".join(blocks)


def _with_devices(connector: NewConnector) -> NewConnector:
    """The connector with the object types of the feature `devices`, where it names none itself."""
    if connector.object_types:
        return connector
    kind = "entra" if isinstance(connector, NewTenant) else connector.kind
    return replace(connector, object_types=default_object_types(kind, devices=True))


def connector_text(connector: NewConnector, *, guid: Callable[[], str]) -> str:
    """The table of one connector, as it is put at the end of a settings file."""
    if isinstance(connector, NewTenant):
        return _tenant(connector, connector.id or guid())
    return _directory(connector, connector.id or guid())


_FURTHER = """\
# A further directory is a further table. For an OpenLDAP server take away the first mark of each line below;
# for a second forest copy the one above and give it another name and id. `attrflow rules defaults` then writes
# the default rules of the new connector.
#
"""


def _further(*, guid: Callable[[], str]) -> str:
    """A connector of the other kind, commented out line by line, so that taking the marks away leaves what loads."""
    domain = NewPartition(
        "dc=example,dc=test", include=("ou=people,dc=example,dc=test", "ou=groups,dc=example,dc=test")
    )
    example = NewDirectory(
        "openldap", "ldap://ldap.example.test:389", (domain,), "openldap", "starttls", "cn=attrflow,dc=example,dc=test"
    )
    lines = connector_text(example, guid=guid).splitlines()
    return _FURTHER + "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _project(name: str, scheduler: NewScheduler, *, staging_mode: bool) -> str:
    interval, history = f"interval-minutes = {scheduler.interval_minutes}", f"history-days = {scheduler.history_days}"
    return f"""\
# An attrflow project. Keys are checked when the file is read; what is wrong is told with its line.
# Paths are relative to this file.

[project]
name = {toml_string(name)}
store = "attrflow.sqlite"         # the state of all runs, one SQLite file
rules = "rules"                   # one TOML file a synchronization rule
schema = "schema"                 # what the directories said of their schema at the last import
# true: imports and syncs run, and a cycle exports nothing. A directory is then written only by
# `attrflow run CONNECTOR export`.
staging-mode = {_toml(staging_mode)}

[scheduler]
{interval:<23} # from the start of a cycle to the start of the next, as `attrflow scheduler run` runs them
{history:<23} # how long runs stay in the history; 0: for ever
"""


_OPTION_NOTES: Mapping[str, str] = {
    "bit_not_set_when_absent": "ISBITNOTSET holds where the attribute is absent",
    "case_sensitive_scope": "scope filters tell upper from lower case",
    "join_on_any_value": "any value of a multi-valued attribute may join; else one with several joins nothing",
    "strict_single_join": "more than one rule that could join an object is an error",
    "project_without_join_criteria": "a Provision rule without join criteria projects",
    "join_rules_keep_provisioned": "a Join rule in scope keeps what a Provision rule made",
    "refuse_equal_precedence": "rules of equal precedence keep a synchronization from starting",
    "ignored_flow_survives_recall": "IgnoreThisFlow keeps a value whose contributor is gone",
    "authoritative_null_stops_merge": "AuthoritativeNull in a merge stops those after it; else it adds nothing",
    "once_waits_for_a_value": "a mapping marked once is evaluated until it gives a value",
    "outbound_error_rolls_back": "an error of an outbound rule undoes the inbound result too",
    "delta_sync_changed_flows_only": "a delta synchronization evaluates only mappings whose source changed",
    "retry_failed_objects": "a delta synchronization tries failed objects again without a new import",
    "outbound_change_syncs_contributors": "a changed outbound rule needs a full sync of all that project its type",
    "rename_descendants_at_once": "objects below a renamed container show their new DNs at once",
    "export_deletes_first": "an export begins with the deletes; else it ends with them",
    "skip_objects_at_rest": "a full synchronization passes over objects whose inputs are what they were",
    "length_limit": "characters in a single-valued metaverse string",
    "loop_limit": "rounds of sync for one object before it fails",
    "export_deletion_threshold": "more staged deletes stop an export; 0 switches this guard off",
    "error_limit": "object errors at which a run stops",
}


def _engine(options: EngineOptions) -> str:
    lines = ["# How the engine decides where the product's behaviour is a choice. These are the defaults.", "[engine]"]
    for option in fields(EngineOptions):
        line = f"{option_key(option.name)} = {_toml(getattr(options, option.name))}"
        lines.append(f"{line:<33} # {_OPTION_NOTES[option.name]}")
    return "\n".join((*lines, ""))


_METAVERSE = """\
# The project's own metaverse attributes, besides the product's.
# type: string, integer, boolean, binary or reference; multi: whether it may hold many values.
[metaverse.attributes]
# badgeNumber = { type = "string", multi = false, object-types = ["person"] }
"""


def _metaverse(attributes: Mapping[str, tuple[AttributeType, tuple[str, ...]]]) -> str:
    """The project's own metaverse attributes, each with its type and the object types that have it."""
    lines = [
        f"{_key(name)} = {{ type = {toml_string(found.syntax.value)}, multi = {_toml(found.multi)}, "
        f"object-types = {_list(types)} }}\n"
        for name, (found, types) in attributes.items()
    ]
    return _METAVERSE + "".join(lines)


def _directory(connector: NewDirectory, id_: str) -> str:
    key = _key(connector.name)
    is_ad = connector.kind == "ad"
    lines = [
        f"# {'An Active Directory forest' if is_ad else 'An OpenLDAP server'}, read and written over LDAP.",
        f"[connectors.{key}]",
        f'kind = "{connector.kind}"',
        f'id = "{id_}"   # the rules of this connector take their ids from it: keep it',
        f"url = {toml_string(connector.url)}   # ldap://host:port, ldaps://host or ldapi://socket",
    ]
    if connector.tls is not None:
        lines.append(f'tls = "{connector.tls}"   # none, starttls or ldaps; certificates are verified')
    if connector.ca_file is not None:
        lines.append(f"ca-file = {toml_string(connector.ca_file)}   # the authority of the server's certificate, PEM")
    else:
        lines.append('# ca-file = "ca.pem"   # the authority of the server\'s certificate, if the system lacks it')
    if connector.account is not None:
        secret = connector.secret or SecretReference("env", variable_for(connector.name, "password"))
        lines.append(f"account = {toml_string(connector.account)}   # a DN, a UPN or DOMAIN\\name")
        lines += _secret("password", secret)
    types = connector.object_types or default_object_types(connector.kind)
    lines += [
        f"object-types = {_list(types)}",
        *_attributes(connector.attributes),
        *_EXTRAS,
        *(
            ["# object-security = true   # DirSync without the right to replicate: only what the account may read"]
            if is_ad
            else _OPENLDAP_EXTRAS
        ),
    ]
    for partition in connector.partitions:
        lines += ["", *_partition(key, partition)]
    lines += ["", *profile_lines(key, connector.profiles, connector.partitions[0].dn)]
    lines += ["", "# Further names for %parameters% in expressions, besides Domain.*, Forest.* and Connector.ID."]
    lines += [f"[connectors.{key}.parameters]", '# "Site.Code" = "OSL"']
    lines += [f"{toml_string(name)} = {toml_string(text)}" for name, text in connector.parameters.items()]
    return "\n".join((*lines, ""))


def _attributes(names: tuple[str, ...]) -> list[str]:
    """The attribute inclusion list, some names a line."""
    note = "# what is imported; empty: all that the rules in effect read or write"
    if not names:
        return [f"attributes = []   {note}"]
    rows = wrap(", ".join(toml_string(name) for name in names), 100)
    return [note, "attributes = [", *(f"  {row}" for row in rows), "]"]


_EXTRAS = (
    "# filter = '(!(employeeType=test))'   # an LDAP filter that imported objects must match as well",
    "# page-size = 1000",
    "# timeout-seconds = 60",
)

_OPENLDAP_EXTRAS = (
    "# Attributes whose values name other objects, and by which attribute: they become references. {}: none.",
    'reference-by = { memberUid = "uid" }',
    '# filler-member = "cn=nobody,dc=example,dc=test"   # stands in groups that must have a member; never a member',
)


def _partition(key: str, partition: NewPartition) -> list[str]:
    lines = [
        f"[[connectors.{key}.partitions]]",
        f"dn = {toml_string(partition.dn)}   # a naming context; %Domain.LDAP%",
        f"include = {_list(partition.include)}   # containers; empty: the whole partition",
        f"exclude = {_list(partition.exclude)}   # the deepest container above an object decides",
    ]
    if partition.fqdn is not None:
        lines.append(f"fqdn = {toml_string(partition.fqdn)}   # %Domain.FQDN%")
    if partition.netbios is not None:
        lines.append(f"netbios = {toml_string(partition.netbios)}   # %Domain.Netbios%")
    return lines


def _tenant(connector: NewTenant, id_: str) -> str:
    secret = connector.secret or SecretReference("env", variable_for(connector.name, "secret"))
    lines = [
        "# A Microsoft Entra tenant.",
        f"[connectors.{_key(connector.name)}]",
        'kind = "entra"',
        f'id = "{id_}"   # the rules of this connector take their ids from it: keep it',
        "# graph: a real tenant or the mock's, over Microsoft Graph; ingest: the mock tenant's sync face,",
        "# which takes all that the product writes.",
        f'channel = "{connector.channel}"',
        f"tenant = {toml_string(connector.tenant_id)}   # the tenant's id or one of its domains",
        f"client-id = {toml_string(connector.client_id)}   # the application that attrflow signs in as",
        *_secret("client-secret", secret),
    ]
    for key, url, otherwise in (
        ("graph-url", connector.graph_url, "https://graph.microsoft.com/v1.0"),
        ("login-url", connector.login_url, "https://login.microsoftonline.com"),
        ("ingest-url", connector.ingest_url, "http://127.0.0.1:8080/ingest/v1"),
    ):
        lines.append(f"{key} = {toml_string(url)}" if url is not None else f'# {key} = "{otherwise}"')
    lines += [
        f"object-types = {_list(connector.object_types or default_object_types('entra'))}",
        *_attributes(connector.attributes),
        "# page-size = 500",
        "",
        *profile_lines(_key(connector.name), connector.profiles),
    ]
    return "\n".join((*lines, ""))


def _secret(key: str, reference: SecretReference) -> list[str]:
    place = f"{reference.kind} = {toml_string(reference.name)}"
    return [
        '# Never the secret itself, but its place: { env = "VARIABLE" }, { file = "path" } or',
        '# { keyring = "service/user" }.',
        f"{key} = {{ {place} }}",
    ]


def _key(name: str) -> str:
    bare = name.isascii() and all(c.isalnum() or c in "-_" for c in name)
    return name if bare else f'"{name}"'


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(toml_string(name) for name in names)}]"


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
