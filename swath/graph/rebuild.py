"""A graph made an expression again: what a stored job computes, to look at and to compute anew."""

from __future__ import annotations

from swath.graph.check import check
from swath.graph.expression import Apply, Constant, Expression, Lambda, Variable
from swath.graph.graph import Call, FunctionRef, Graph, Literal, Node, ParameterRef
from swath.graph.limits import LIMITS, Limits
from swath.graph.type import Type


def rebuild(graph: Graph, limits: Limits = LIMITS) -> Expression:
    """The expression of a graph; parameters of the graph are global variables of their names.

    `build` of it gives an equal graph, but for nodes that nothing needs and the source lines.

    Raises:
        SwathError: as `check`, where the graph is not well formed.
    """
    rebuilder = _Rebuilder(graph)
    for node, type_ in zip(graph.nodes, check(graph, limits), strict=True):
        rebuilder.expressions.append(rebuilder.expression(node, type_))
    return rebuilder.expressions[graph.result]


class _Rebuilder:
    """The expressions of the nodes so far, and the variables of all functions."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.expressions: list[Expression] = []
        own = tuple(Variable(p.name, p.type, is_global=True) for p in graph.parameters)
        self.variables = {-1: own}
        for number, function in enumerate(graph.functions):
            self.variables[number] = tuple(Variable(p.name, p.type) for p in function.parameters)

    def expression(self, node: Node, type_: Type) -> Expression:
        if isinstance(node, Literal):
            return Constant(node.value, node.type)
        if isinstance(node, ParameterRef):
            return self.variables[node.function][node.position]
        if isinstance(node, FunctionRef):
            body = self.expressions[self.graph.functions[node.function].result]
            return Lambda(self.variables[node.function], body, type_)
        assert isinstance(node, Call)
        args = tuple([self.expressions[index] for index in node.args])
        kwargs = tuple([(name, self.expressions[index]) for name, index in node.kwargs])
        return Apply(node.op, args, kwargs, type_)
