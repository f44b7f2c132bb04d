"""Which function a node belongs to: the innermost one whose parameters it depends on."""

from __future__ import annotations

from swath.graph.graph import FunctionRef, Graph, Node, ParameterRef, operands

OUTERMOST = -1
"""Owner of nodes that depend on no function's parameters."""


def owners(graph: Graph) -> tuple[int, ...]:
    """For each node the index of the function that it belongs to, or OUTERMOST.

    The graph must have passed `swath.graph.check`. Cost: one pass, a bit per function and node.
    """
    free: list[int] = []
    depth = [0] * len(graph.functions)
    found: list[int] = []
    for node in graph.nodes:
        bits = _free_of(graph, node, free, depth)
        free.append(bits)
        found.append(_innermost(bits, depth))
    # A parameter may be met before the depth of its function is known: look again.
    return tuple(_innermost(bits, depth) for bits in free)


def _free_of(graph: Graph, node: Node, free: list[int], depth: list[int]) -> int:
    if isinstance(node, ParameterRef):
        return 0 if node.function < 0 else 1 << node.function
    if isinstance(node, FunctionRef):
        outer = free[graph.functions[node.function].result] & ~(1 << node.function)
        depth[node.function] = 1 + max((depth[f] for f in _bits(outer)), default=-1)
        return outer
    bits = 0
    for index in operands(node):
        bits |= free[index]
    return bits


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


def _innermost(mask: int, depth: list[int]) -> int:
    return max(_bits(mask), key=lambda f: depth[f], default=OUTERMOST)
