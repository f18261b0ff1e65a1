"""Which attribute flows where: edges by rule, narrowed to the ways of an attribute, and drawn."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from attrflow.app.graph_drawing import dot, svg
from attrflow.app.library import default_rules
from attrflow.rules.attribute_graph import AttributeEdge, AttributeGraph, attribute_graph
from attrflow.rules.document import read_rules

RULES = default_rules([("contoso", "1", "ad"), ("entra", "2", "entra")])
ODD = """
[[rule]]
name = 'A "quoted" <rule> & more'
id = "00000000-0000-4000-8000-000000000001"
direction = "inbound"
connector = "hq"
source-type = "user"
target-type = "person"
link = "join"
precedence = 1
[rule.flows]
description = { constant = 'x < "y" & \\z' }
domain = { expression = '"<" & %Domain.FQDN%' }
mail = "mail"
"""


def shown(edge: AttributeEdge) -> str:
    source, target = edge.source, edge.target
    return f"{source.space} {source.object_type} {source.name} > {target.space} {target.object_type} {target.name}"


def test_the_ways_of_one_attribute() -> None:
    graph = attribute_graph(RULES, attributes=["telephonenumber"], object_type="user")
    assert [shown(edge) for edge in graph.edges] == [
        "contoso user telephoneNumber >  person telephoneNumber",
        " person telephoneNumber > entra user telephoneNumber",
    ]
    assert [[flow.precedence for flow in edge.rules] for edge in graph.edges] == [[104, 106], [120]]


def test_a_name_on_either_side_shows_the_whole_way() -> None:
    for name in ("alias", "mailNickname"):
        edges = [shown(edge) for edge in attribute_graph(RULES, attributes=[name], object_type="group").edges]
        assert "contoso group mailNickname >  group mailNickname" in edges
        assert " group mailNickname > entra group alias" in edges


def test_filters_and_what_is_left_out() -> None:
    whole = attribute_graph(RULES)
    only = attribute_graph(RULES, connector="entra")
    assert 0 < len(only.edges) < len(whole.edges)
    assert {edge.source.space or edge.target.space for edge in only.edges} == {"entra"}
    assert attribute_graph(RULES, attributes=["nothing"]).edges == ()
    odd, _ = read_rules(ODD.replace('link = "join"', 'link = "join-no-flow"'))
    assert attribute_graph(odd).edges == ()


def test_sources_that_are_no_attributes() -> None:
    odd, diagnostics = read_rules(ODD)
    assert not diagnostics
    graph = attribute_graph(odd)
    assert [(e.source.kind, e.source.name) for e in graph.edges] == [
        ("constant", 'x < "y" & \\z'),
        ("expression", '"<" & %Domain.FQDN%'),
        ("attribute", "mail"),
    ]


@pytest.mark.parametrize("graph", [attribute_graph(RULES), attribute_graph(read_rules(ODD)[0])])
def test_drawings_are_well_formed_and_hold_every_edge(graph: AttributeGraph) -> None:
    root = ElementTree.fromstring(svg(graph, 'A <title> & "more"'))  # noqa: S314 - drawn a line above
    name = "{http://www.w3.org/2000/svg}"
    lines = [path for path in root.iter(f"{name}path") if path.find(f"{name}title") is not None]
    assert len(lines) == len(graph.edges)
    width, height = (float(root.get(side, "0")) for side in ("width", "height"))
    for text in root.iter(f"{name}text"):
        assert 0 <= float(text.get("x", "-1")) <= width
        assert 0 <= float(text.get("y", "-1")) <= height
    drawn = dot(graph, 'A "title"')
    assert drawn.count(" -> ") == len(graph.edges)
    assert all(len(re.findall(r'(?<!\\)"', line)) % 2 == 0 for line in drawn.splitlines())
