"""Whether a graph is well formed, and the type of each of its nodes.

The server runs this on every graph before anything else, and trusts nothing that a client says
about types. One pass, no recursion: the cost is linear in the size of the graph.
"""

from __future__ import annotations

from swath.errors import InvalidGraph, SwathError
from swath.graph.graph import (
    LANGUAGE_VERSION,
    Call,
    FunctionRef,
    Graph,
    Literal,
    Node,
    Parameter,
    ParameterRef,
)
from swath.graph.limits import LIMITS, Limits, check_limits
from swath.graph.type import Type, function_of, is_well_formed
from swath.graph.value import check_value
from swath.ops.op import UNKNOWN, Argument, Op, OpParameter, bind, infer
from swath.ops.table import OPS


def check(graph: Graph, limits: Limits = LIMITS) -> tuple[Type, ...]:
    """The type of each node of a well-formed graph, by the op table.

    A well-formed graph is within the limits; names only ops and arguments that there are; refers
    only to earlier nodes; uses the parameters of a function only inside it. Nodes that nothing
    needs are checked too.

    Raises:
        RequestTooLarge: over a limit.
        InvalidGraph: not well formed, or of another language version.
        TypeMismatch, InvalidArgument: with the node, op, argument and source line.
    """
    if graph.language_version != LANGUAGE_VERSION:
        raise InvalidGraph(
            f"the graph is of language version {graph.language_version},"
            f" this is version {LANGUAGE_VERSION}"
        )
    check_limits(graph, limits)
    _check_signatures(graph)
    checker = _Checker(graph)
    for number, node in enumerate(graph.nodes):
        try:
            checker.add(number, node)
        except SwathError as error:
            error.at(node=number, line=graph.line_of(number))
            raise
    checker.finish()
    return tuple(checker.types)


def _check_signatures(graph: Graph) -> None:
    for signature in (graph.parameters, *(f.parameters for f in graph.functions)):
        names = [parameter.name for parameter in signature]
        if len(set(names)) < len(names):
            raise InvalidGraph(f"two parameters have one name, of {', '.join(names)}")
        for parameter in signature:
            if not is_well_formed(parameter.type):
                problem = f"parameter {parameter.name} has no type of the language"
                raise InvalidGraph(problem)


class _Checker:
    """Types and free functions of the nodes so far.

    `free[n]` has bit f set when node n depends on a parameter of function f from outside of it.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.types: list[Type] = []
        self.free: list[int] = []
        self.arguments: list[Argument] = []
        self.known: dict[tuple[object, ...], Type] = {}

    def add(self, number: int, node: Node) -> None:
        kind = type(node)
        value: object = UNKNOWN
        if kind is Call:
            type_, free, value = self._call(number, node)  # type: ignore[arg-type]
        elif isinstance(node, Literal):
            if not is_well_formed(node.type):
                raise InvalidGraph("a literal has no type of the language")
            check_value(node.value, node.type)
            type_, free, value = node.type, 0, node.value
        elif isinstance(node, ParameterRef):
            type_, free = self._parameter(node)
        elif isinstance(node, FunctionRef):
            type_, free = self._function(number, node)
        else:
            raise InvalidGraph("there is no such kind of node")
        self.types.append(type_)
        self.free.append(free)
        self.arguments.append(Argument("", type_, value))

    def _call(self, number: int, node: Call) -> tuple[Type, int, object]:
        op = OPS.get(node.op)
        if op is None:
            raise InvalidGraph(f"there is no op {node.op!r}").at(op=node.op)
        free = 0
        for operand in (*node.args, *(index for _, index in node.kwargs)):
            if not 0 <= operand < number:
                raise InvalidGraph(f"node {number} refers to node {operand}").at(op=node.op)
            free |= self.free[operand]
        if len({name for name, _ in node.kwargs}) < len(node.kwargs):
            raise InvalidGraph(f"an argument of {node.op} is given twice").at(op=node.op)
        if node.op == "list" and not node.kwargs:
            return self._infer(op, node), free, self._list_value(node)
        return self._infer(op, node), free, UNKNOWN

    def _infer(self, op: Op, node: Call) -> Type:
        """The type by the op's rule; remembered where it depends on types alone."""
        if op.reads_values:
            return infer(op, self._bound(op, node))
        types = (*(self.types[i] for i in node.args),)
        named = (*((name, self.types[i]) for name, i in node.kwargs),)
        key = (op.name, types, named)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = infer(op, self._bound(op, node))
        return found

    def _bound(self, op: Op, node: Call) -> tuple[object, ...]:
        arguments = self.arguments
        bound = bind(
            op,
            [arguments[i] for i in node.args],
            {name: arguments[i] for name, i in node.kwargs},
            _omitted,
        )
        return tuple(map(named_as, op.parameters, bound))

    def _list_value(self, node: Call) -> object:
        """A list of literals is as good as a literal list: `axis=["images", name]`."""
        values = [self.arguments[i].value for i in node.args]
        is_long = len(values) > 16  # no rule looks into longer ones
        return UNKNOWN if is_long or any(v is UNKNOWN for v in values) else values

    def _parameter(self, node: ParameterRef) -> tuple[Type, int]:
        signature = self._signature(node.function)
        if not 0 <= node.position < len(signature):
            raise InvalidGraph(f"there is no parameter {node.position}")
        free = 0 if node.function == -1 else 1 << node.function
        return signature[node.position].type, free

    def _signature(self, function: int) -> tuple[Parameter, ...]:
        if function == -1:
            return self.graph.parameters
        if not 0 <= function < len(self.graph.functions):
            raise InvalidGraph(f"there is no function {function}")
        return self.graph.functions[function].parameters

    def _function(self, number: int, node: FunctionRef) -> tuple[Type, int]:
        signature = self._signature(node.function)
        if node.function == -1:
            raise InvalidGraph("there is no function -1")
        result = self.graph.functions[node.function].result
        if not 0 <= result < number:
            raise InvalidGraph(f"the result of function {node.function} is not an earlier node")
        type_ = function_of(tuple(p.type for p in signature), self.types[result])
        return type_, self.free[result] & ~(1 << node.function)

    def finish(self) -> None:
        """The result is there, and depends on no function's parameter from outside.

        A function whose parameters a *needed* node uses outside shows in the free set of the
        result; a dead node cannot be computed, so it does no harm.
        """
        result = self.graph.result
        if not 0 <= result < len(self.types):
            raise InvalidGraph(f"the result, node {result}, is not there")
        for number, function in enumerate(self.graph.functions):
            if not 0 <= function.result < len(self.types):
                raise InvalidGraph(f"the result of function {number} is not there")
        if self.free[result]:
            problem = "a parameter of a function is used outside of it"
            raise InvalidGraph(problem).at(node=result, line=self.graph.line_of(result))


def _omitted(parameter: OpParameter) -> Argument:
    return parameter.omitted


def named_as(parameter: OpParameter, bound: object) -> object:
    """Bound arguments with the name of the parameter they are bound to."""
    name = parameter.name
    if isinstance(bound, Argument):
        return Argument(name, bound.type, bound.value)
    if isinstance(bound, tuple):
        return tuple(Argument(name, one.type, one.value) for one in bound)
    assert isinstance(bound, dict)
    return {key: Argument(key, one.type, one.value) for key, one in bound.items()}
