"""Exports as texts, made for these tests: a library (of books) with one directory and one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from attrflow.importers.connectors import Known, Remapping
from attrflow.importers.finishing import ImportedRule, finish_rules
from attrflow.importers.reading import Reading, Source, read_sources
from attrflow.model.diagnostics import Diagnostic
from attrflow.rules.rule import AttributeMapping, Rule

BOOKS = "2f1d7c3a-90b4-4a6e-8f52-3b7d1e0c4a01"
"""The directory's connector on the server that the exports are from."""
RULE = "2f1d7c3a-90b4-4a6e-8f52-3b7d1e0c4b{:02d}"
HUB = Known("books", BOOKS, "ad")
CLOUD = Known("entra", "b891884f-051e-4a83-95af-2544101c9083", "entra")


def xml_rule(
    number: int = 1, mappings: str = "", scope: str = "", join: str = "", also: str = "", **fields: Any
) -> str:
    """A rule file; a field that is None is left out."""
    stated: dict[str, str | None] = {
        "id": f"{{{RULE.format(number)}}}",
        "name": f"In from AD - Reader {number}",
        "description": "",
        "direction": "Inbound",
        "disabled": "False",
        "connector": f"{{{BOOKS.upper()}}}",
        "sourceObjectType": "user",
        "targetObjectType": "person",
        "linkType": "Join",
        "precedence": str(40 + number),
        "EnablePasswordSync": "false",
    }
    stated |= {key.replace("_", "-"): value for key, value in fields.items()}
    lines = "\n".join(f"  <{key}>{value}</{key}>" for key, value in stated.items() if value is not None)
    return f"""<synchronizationRule>
{lines}
  <attribute-mappings>{mappings}</attribute-mappings>
  <relationshipCriteria>{join}</relationshipCriteria>
  <synchronizationCriteria>{scope}</synchronizationCriteria>{also}
</synchronizationRule>
"""


def mapping(destination: str, source: str = "", expression: str = "", merge: str = "Update", once: str = "") -> str:
    """A mapping element; `source` is the inside of `src`."""
    text = f"<expression>{expression}</expression>" if expression else ""
    return (
        f"<mapping{once}><dest>{destination}</dest><src>{source}</src>{text}"
        f"<valueMergeType>{merge}</valueMergeType></mapping>"
    )


def finished(
    *files: str | bytes,
    names: Mapping[str, str] | None = None,
    project: Sequence[Known] | None = (HUB, CLOUD),
) -> tuple[list[ImportedRule], list[Diagnostic], Reading]:
    """The rules of files that are called file1, file2 …, all findings, and the reading."""
    reading = read_sources(
        Source(f"file{number}", file.encode() if isinstance(file, str) else file)
        for number, file in enumerate(files, start=1)
    )
    remapping = Remapping(names or {}, reading.connectors, project, reading.findings)
    rules = finish_rules(reading.drafts, remapping, lambda *_: None, reading.findings)
    remapping.tell()
    return rules, reading.findings.all, reading


def told(findings: Sequence[Diagnostic]) -> list[str]:
    """Findings as `code file:line`, in order."""
    return [f"{f.code} {f.file or '-'}:{f.span.line if f.span else 0}" for f in findings]


def _dsml(classes: Mapping[str, Sequence[str]], types: Mapping[str, str]) -> str:
    """A schema; `types` are the syntax or its last number, `*` for many values, `!` for what nobody may write."""
    inside = "".join(
        f'<d:class id="{name}"><d:name>{name}</d:name>'
        + "".join(f'<d:attribute ref="#{attribute}" required="false"/>' for attribute in attributes)
        + "</d:class>"
        for name, attributes in classes.items()
    )
    inside += "".join(
        f'<d:attribute-type id="{name}" single-value="{str("*" not in syntax).lower()}"'
        + ' user-modification="false"' * ("!" in syntax)
        + f"><d:name>{name}</d:name>"
        + f"<d:syntax>{'' if '.' in syntax else '1.3.6.1.4.1.1466.115.121.1.'}{syntax.rstrip('*!')}</d:syntax>"
        + "</d:attribute-type>"
        for name, syntax in types.items()
    )
    spaces = 'xmlns:d="http://www.dsml.org/DSML" xmlns:m="http://www.microsoft.com/MMS/DSML"'
    return f"<schema><d:dsml {spaces}><d:directory-schema>{inside}</d:directory-schema></d:dsml></schema>"


AD_TYPES = {"sn": "15", "badges": "27*", "manager": "12", "senders": "1.2.840.113556.1.4.1221*", "memberOf": "12*!"}
"""`senders` has the syntax of the lists of allowed senders (OR-Name): DNs, as `memberOf` has them."""


HQ_PARTITION, OTHER_PARTITION = "0C1D0A11-0000-4A6E-8F52-3B7D1E0C4C01", "0C1D0A11-0000-4A6E-8F52-3B7D1E0C4C02"
"""The ids of the directory's partitions, by which the steps of run profiles name them."""


def run_profile(name: str, *steps: str) -> str:
    """A run profile of steps as `run_step` makes them."""
    return f"""<run-configuration><id>{{{RULE.format(90)}}}</id><name>{name}</name><version>1</version>
<configuration>{"".join(steps)}</configuration></run-configuration>
"""


def run_step(type_: str, subtypes: str = "", partition: str = f"{{{HQ_PARTITION}}}", **inside: str) -> str:
    """A step; `subtypes` are the inside of `step-type`, `inside` the contents of `threshold` and `custom_data`."""
    of = f"<partition>{partition}</partition>" if partition else ""
    parts = "".join(f"<{key.replace('_', '-')}>{text}</{key.replace('_', '-')}>" for key, text in inside.items())
    return f'<step><step-type type="{type_}">{subtypes}</step-type>{of}{parts}</step>\n'


TO_CS = "<import-subtype>to-cs</import-subtype>"
NIGHTLY = run_profile("Nightly", '<step><step-type type="full-import"/></step>')


def ad_connector(also: str = "", profiles: str = NIGHTLY) -> str:
    """The connector file of the directory, with a secret, a cookie and a watermark that must not be taken over."""
    schema = _dsml({"user": ["sn"], "container": ["sn"], "stamped": ["badges", "manager", "memberOf"]}, AD_TYPES)
    rules = (
        '<m:dit-content-rule id="user"><d:attribute ref="#senders"/><m:aux-class ref="#stamped"/></m:dit-content-rule>'
    )
    schema = schema.replace("</d:directory-schema>", rules + "</d:directory-schema>")
    return f"""<ma-data><id>{{{BOOKS.upper()}}}</id><name>books.test</name><category>AD</category>{schema}
<private-configuration><adma-configuration><forest-name>books.test</forest-name><forest-login-domain>BOOKS
</forest-login-domain><forest-login-user>svc_sync</forest-login-user><parameter-values>
<parameter name="Forest.FQDN">books.test</parameter><parameter name="Password" encrypted="1">c2VjcmV0</parameter>
<parameter name="ADS_UF_ACCOUNTDISABLE" intrinsic="1">0x2</parameter><parameter name="Connector.GroupFilteringGroupDn"/>
</parameter-values></adma-configuration></private-configuration>
<attribute-inclusion><attribute>sn</attribute><attribute>badges</attribute><attribute>manager</attribute>
</attribute-inclusion><ma-partition-data><partition><id>{{{HQ_PARTITION}}}</id><name>DC=books,DC=test</name><selected>1</selected>
<filter><object-classes><object-class>user</object-class><object-class>container</object-class>
<object-class>printQueue</object-class></object-classes><containers>
<exclusions><exclusion>DC=books,DC=test</exclusion><exclusion>OU=Gone,OU=Readers,DC=books,DC=test</exclusion></exclusions>
<inclusions><inclusion>OU=Readers,DC=books,DC=test</inclusion></inclusions></containers></filter>
<custom-data><adma-partition-data><cookie>Y29va2ll</cookie></adma-partition-data></custom-data>
<parameter-values><parameter name="cookie">Y29va2ll</parameter><parameter name="Domain.FQDN">books.test</parameter>
<parameter name="Domain.Netbios">BKS</parameter></parameter-values></partition>
<partition><id>{{{OTHER_PARTITION}}}</id><name>CN=Configuration,DC=books,DC=test</name><selected>0</selected></partition></ma-partition-data>
<ma-run-data>{profiles}</ma-run-data>{also}</ma-data>"""


def entra_connector(profiles: str = "") -> str:
    """The connector file of the tenant."""
    return f"""<ma-data><id>{{{CLOUD.id}}}</id><name>books.onmicrosoft.com - AAD</name><category>Extensible2</category>
<subtype>Windows Azure Active Directory (Microsoft)</subtype><ma-partition-data><partition><name>default</name>
<selected>1</selected><filter><object-classes><object-class>user</object-class><object-class>device</object-class><object-class>publicFolder</object-class>
</object-classes></filter></partition></ma-partition-data><ma-run-data>{profiles}</ma-run-data></ma-data>"""


def metaverse(more: Mapping[str, str] | None = None) -> str:
    """MV.xml with an attribute of the customer's own and parameters of each kind; `more` are further ones."""
    schema = _dsml({"person": ["sn", "shelf"]}, {"sn": "15", "shelf": "27"})
    parameters = {
        "Microsoft.Synchronize.StagingMode": "False",
        "Microsoft.OptionalFeature.ExportDeletionThreshold": "True",
        "Microsoft.OptionalFeature.ExportDeletionThresholdValue": "25",
        "Microsoft.SynchronizationOption.AnchorAttribute": "mS-DS-ConsistencyGuid",
        "Microsoft.SynchronizationOption.JoinCriteria": "Mail",
        "Microsoft.OptionalFeature.PasswordHashSync": "True",
        "Microsoft.AADFilter.AttributeExclusionList": "",
        **(more or {}),
    }
    values = "".join(f'<parameter name="{name}">{text}</parameter>' for name, text in parameters.items())
    return f"""<saved-mv-configuration server='SYNC1' export-date='2026-01-01'><mv-data>{schema}
<parameter-values>{values}</parameter-values></mv-data></saved-mv-configuration>"""


_LINKS = {"provision": "Provision", "join": "Join", "sticky-join": "StickyJoin", "join-no-flow": "JoinNoFlow"}
_MERGES = {
    "update": "Update",
    "replace": "Replace",
    "merge": "Merge",
    "merge-case-insensitive": "MergeCaseInsensitive",
}


def rule_as_xml(rule: Rule, ids: Mapping[str, str]) -> str:
    """The rule as the product's configuration folder has it."""
    scope = "".join(
        "<conditions>"
        + "".join(
            f"<scope><csAttribute>{c.attribute}</csAttribute><csOperator>{c.operator}</csOperator>"
            f"<csValue>{escape(c.value)}</csValue></scope>"
            for c in group
        )
        + "</conditions>"
        for group in rule.scope
    )
    join = "".join(
        "<conditions>"
        + "".join(
            f"<condition><csAttribute>{c.cs}</csAttribute><ilmAttribute>{c.mv}</ilmAttribute>"
            f"<caseSensitive>{c.case_sensitive}</caseSensitive></condition>"
            for c in group
        )
        + "</conditions>"
        for group in rule.join
    )
    return f"""<synchronizationRule><id>{{{rule.id}}}</id><name>{escape(rule.name)}</name><description />
<immutable-tag>{rule.tag or ""}</immutable-tag><direction>{rule.direction.title()}</direction><disabled>False</disabled>
<connector>{{{ids[rule.connector]}}}</connector><sourceObjectType>{rule.source_type}</sourceObjectType>
<targetObjectType>{rule.target_type}</targetObjectType><linkType>{_LINKS[rule.link]}</linkType>
<precedence>{rule.precedence}</precedence><EnablePasswordSync>false</EnablePasswordSync>
<attribute-mappings>{"".join(map(_mapping_as_xml, rule.mappings))}</attribute-mappings>
<relationshipCriteria>{join}</relationshipCriteria>
<synchronizationCriteria>{scope}</synchronizationCriteria></synchronizationRule>
"""


def _mapping_as_xml(mapping: AttributeMapping) -> str:
    once = ' execute-once="true"' if mapping.execute_once else ""
    source = f"<attr>{mapping.source}</attr>" if mapping.flow == "direct" else ""
    source = escape(mapping.source) if mapping.flow == "constant" else source
    expression = f"<expression>{escape(mapping.source)}</expression>" if mapping.flow == "expression" else ""
    return (
        f"<mapping{once}><dest>{mapping.destination}</dest><src>{source}</src>{expression}"
        f"<valueMergeType>{_MERGES[mapping.merge]}</valueMergeType></mapping>\n"
    )
