"""Random rule sets for the simulation: two forests that know some of the same people, a tenant, a written directory."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.unit.engine.lab_rules import constant, expression, flow, rule

from attrflow.rules.rule import AttributeMapping, LinkType, MergeType, Rule

__all__ = ["FORESTS", "SINGLE", "TARGET", "WORDS", "rule_sets"]

FORESTS = ("contoso", "fabrikam")
TARGET = "target"
WORDS = ("a", "b", "filtered", "wrong", "nothing")
"""Values that edits choose from; the last three are what some rules look at."""
MENDED = tuple(word for word in WORDS if word != "wrong")
"""What is left of them when whatever makes objects fail is mended."""
SINGLE = ("title", "department", "displayName")

_GIVING = (
    "[{}]",
    '[{}] & "!"',
    'IIF([{}] = "b", NULL, [{}])',
    'IIF([{}] = "nothing", AuthoritativeNull, [{}])',
    'IIF([{}] = "a", AuthoritativeNull, [{}])',
)
_FAILING = 'IIF([{}] = "wrong", Error("no"), [{}])'
_STATEFUL = ('IIF([{}] = "nothing", IgnoreThisFlow, [{}])', 'IIF([{}] = "b", IgnoreThisFlow, NULL)')


class DrawnRules(tuple[Rule, ...]):
    """Rules that print as one line each."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "".join(f"\n  {_shown(rule)}" for rule in self)


def _shown(rule: Rule) -> str:
    scope = " or ".join(" and ".join(f"{c.attribute} {c.operator} {c.value}".strip() for c in g) for g in rule.scope)
    flows = ", ".join(
        f"{m.destination}{' once' if m.execute_once else ''} <- {m.source if m.flow != 'constant' else repr(m.source)}"
        f"{f' ({m.merge})' if m.merge != 'update' else ''}"
        for m in rule.mappings
    )
    types = f"{rule.source_type} -> {rule.target_type}"
    return f"{rule.precedence} {rule.name} [{rule.link}, {types}{f', if {scope}' if scope else ''}]: {flows}"


@st.composite
def rule_sets(draw: st.DrawFn, *, stateful: bool, writing: bool) -> DrawnRules:
    """Rules in which every join rule also projects: a disconnector is then never waiting for somebody else's change.

    `stateful` lets in what depends on history: IgnoreThisFlow, apply-once, StickyJoin. With `writing` there
    are rules to the directory `target`.
    """
    numbers = draw(st.permutations(range(1, 40)))
    merge: MergeType = draw(st.sampled_from(["update", "merge", "merge-case-insensitive"]))
    found: list[Rule] = []

    def number() -> int:
        return numbers[len(found)]

    for forest in FORESTS:
        scope = draw(
            st.sampled_from([(), ("department NOTEQUAL nothing",), ("title ISNOTNULL", "department ISNOTNULL")])
        )
        found.append(
            rule(
                f"{forest} person",
                number(),
                flow("mail", "mail"),
                flow("sourceAnchor", "mail"),
                *_mappings(draw, merge, stateful=stateful),
                connector=forest,
                link="provision",
                scope=scope,
                join=("mail = mail",),
            )
        )
        for index in range(draw(st.integers(0, 2))):
            found.append(
                rule(
                    f"{forest} extra {index}",
                    number(),
                    *_mappings(draw, merge, stateful=stateful),
                    connector=forest,
                    link=draw(st.sampled_from(["join", "join-no-flow", "sticky-join"] if stateful else ["join"])),
                    scope=draw(st.sampled_from([(), ("title EQUAL a",), ("department ISNOTNULL; title NOTEQUAL b",)])),
                )
            )
    found.append(
        rule(
            "contoso group",
            number(),
            flow("cn", "cn"),
            flow("sourceAnchor", "cn"),
            flow("member", "member"),
            connector="contoso",
            source="group",
            target="group",
            link="provision",
            join=("cn = cn",),
        )
    )
    found += _outbound(draw, numbers[len(found) :], "entra", stateful=stateful)
    if writing:
        found += _outbound(draw, numbers[len(found) :], TARGET, stateful=stateful)
    if draw(st.booleans()):
        found.append(
            rule(
                "entra person",
                number(),
                flow("extensionAttribute1", draw(st.sampled_from(["extensionAttribute1", "title", "displayName"]))),
                connector="entra",
                join=("sourceAnchor = sourceAnchor",),
            )
        )
    return DrawnRules(sorted(found, key=lambda one: one.precedence))


def _mappings(draw: st.DrawFn, merge: MergeType, *, stateful: bool) -> list[AttributeMapping]:
    texts = [*_GIVING, _FAILING, _FAILING, *(_STATEFUL if stateful else [])]
    found = []
    for destination in draw(st.lists(st.sampled_from(SINGLE), unique=True)):
        source, kind = draw(st.sampled_from(SINGLE)), draw(st.integers(0, 4))
        once = stateful and draw(st.integers(0, 4)) == 0
        if kind == 0:
            found.append(constant(destination, draw(st.sampled_from(MENDED)), once=once))
        elif kind == 1:
            found.append(flow(destination, source, once=once))
        else:
            found.append(expression(destination, _of(draw, texts, source), once=once))
    if draw(st.booleans()):
        found.append(flow("proxyAddresses", draw(st.sampled_from(["proxyAddresses", "otherTelephone"])), merge=merge))
    if draw(st.booleans()):
        found.append(flow("manager", "manager"))
    if draw(st.integers(0, 2)) == 0:
        found.append(expression("cloudFiltered", 'IIF([title] = "filtered", True, NULL)'))
    return found


def _of(draw: st.DrawFn, texts: list[str], source: str) -> str:
    return draw(st.sampled_from(texts)).replace("{}", source)


def _outbound(draw: st.DrawFn, numbers: list[int], connector: str, *, stateful: bool) -> list[Rule]:
    """Rules to one connector: users by Provision or (to `target`) by Join alone, groups, and to the tenant contacts."""
    texts = [*_GIVING, _FAILING, *(_STATEFUL if stateful else [])]
    mappings = [flow("sourceAnchor", "sourceAnchor")]
    if draw(st.integers(0, 3)):
        merge: MergeType = "merge" if connector == TARGET and stateful and draw(st.booleans()) else "update"
        mappings.append(flow("proxyAddresses", "proxyAddresses", merge=merge))
    for destination in draw(st.lists(st.sampled_from(SINGLE), unique=True)):
        mappings.append(expression(destination, _of(draw, texts, draw(st.sampled_from(SINGLE)))))
    mappings.append(flow("manager", "manager"))
    scope = "sourceAnchor ISNOTNULL; cloudFiltered NOTEQUAL True"
    more = draw(st.sampled_from(["", "; department ISNOTNULL", "; displayName NOTEQUAL b"]))
    link: LinkType = draw(st.sampled_from(["provision", "provision", "join"])) if connector == TARGET else "provision"
    contacts = connector == "entra" and draw(st.integers(0, 2)) == 0
    name, group = _names(connector)
    users = f"{scope}{more}; title NOTEQUAL a" if contacts else f"{scope}{more}"
    named = [expression("dn", name), *mappings] if link == "provision" else mappings
    found = [
        _out(f"{connector} out person", numbers[0], *named, connector=connector, link=link, scope=users),
        _out(
            f"{connector} out group",
            numbers[1],
            expression("dn", group),
            flow("sourceAnchor", "sourceAnchor"),
            flow("member", "member"),
            connector=connector,
            source="group",
            target="group",
        ),
    ]
    if contacts:
        found.append(
            _out(
                f"{connector} out contact",
                numbers[2],
                *named,
                connector=connector,
                target="contact",
                scope=f"{scope}; title EQUAL a",
            )
        )
    if draw(st.integers(0, 2)):
        extra = [expression(n, _of(draw, texts, draw(st.sampled_from(SINGLE)))) for n in draw(st.sets(_singles))]
        found.append(
            _out(
                f"{connector} out more",
                numbers[3],
                *extra,
                connector=connector,
                link="join",
                scope=draw(st.sampled_from(["title NOTEQUAL b", "department EQUAL a", scope])),
                join=(),
            )
        )
    return found


_singles = st.sampled_from(SINGLE)


def _names(connector: str) -> tuple[str, str]:
    """The DNs that rules compute of a person and of a group; in the written directory a person's follows the title."""
    if connector != TARGET:
        return ('IIF(True, "CN={" & [sourceAnchor] & "}", NULL)',) * 2
    below = ",OU=People,DC=target,DC=test"
    person = f'"CN=" & [sourceAnchor] & IIF(IsPresent([title]), "-" & [title], "") & "{below}"'
    return person, f'IIF(True, "CN=" & [sourceAnchor] & "{below}", NULL)'


def _out(
    name: str,
    number: int,
    *mappings: AttributeMapping,
    connector: str,
    source: str = "person",
    target: str = "user",
    link: LinkType = "provision",
    scope: str = "",
    join: tuple[str, ...] = ("sourceAnchor = sourceAnchor",),
) -> Rule:
    return rule(
        name,
        number,
        *mappings,
        direction="outbound",
        connector=connector,
        source=source,
        target=target,
        link=link,
        scope=(scope,) if scope else (),
        join=join,
    )
