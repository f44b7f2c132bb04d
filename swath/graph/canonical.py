"""Canonical bytes of a graph: equal for equal expressions, however they were typed.

The format is specified in `docs/canonical.md`. It does not see the order of nodes, nodes that the
result does not need, how nodes are shared, names of function parameters, defaults that were left
out or written, or source lines.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from swath.errors import InvalidGraph
from swath.geocontext import GeoContextValue
from swath.graph.graph import Call, FunctionRef, Graph, Literal, Node, ParameterRef, operands
from swath.graph.type import Type
from swath.graph.value import type_of
from swath.grid import Grid
from swath.ops.op import ABSENT, OpParameter, bind
from swath.ops.table import OPS

MAGIC = b"swath\x01"
"""First bytes of every canonical form: the name and the version of the format."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_NAN = struct.pack("<d", math.nan)

Entry = tuple[bytes, tuple[int, ...]]
"""A node without its place: its own bytes, and the entries it refers to."""


def digest(graph: Graph) -> str:
    """SHA-256 of the canonical bytes, as 64 hex digits."""
    return hashlib.sha256(canonical_bytes(graph)).hexdigest()


def canonical_bytes(graph: Graph) -> bytes:
    """The canonical bytes of a graph that `check` has passed.

    Raises:
        InvalidGraph: text that is not Unicode.
    """
    entries, result = _Entries(graph).all()
    try:
        parameters = b"".join(
            text(parameter.name) + type_bytes(parameter.type)
            for parameter in sorted(graph.parameters, key=lambda p: p.name)
        )
    except UnicodeEncodeError:
        raise _not_unicode() from None
    head = MAGIC + varint(graph.language_version) + varint(len(graph.parameters)) + parameters
    order = _post_order(entries, result)
    number = {entry: i for i, entry in enumerate(order)}
    body = [varint(len(order))]
    for entry in order:
        own, parts = entries[entry]
        body.append(own)
        body.extend(varint(number[part]) for part in parts)
    return head + b"".join(body)


def _not_unicode() -> InvalidGraph:
    return InvalidGraph("a text of the graph is not Unicode")


def _post_order(entries: list[Entry], result: int) -> list[int]:
    """Entries in the order in which a walk from the result leaves them, parts in order."""
    order: list[int] = []
    seen: set[int] = set()
    stack: list[tuple[int, Iterator[int]]] = [(result, iter(entries[result][1]))]
    seen.add(result)
    while stack:
        entry, left = stack[-1]
        part = next((p for p in left if p not in seen), None)
        if part is None:
            order.append(entry)
            stack.pop()
        else:
            seen.add(part)
            stack.append((part, iter(entries[part][1])))
    return order


class _Entries:
    """Each needed node as an entry; nodes with equal entries are one."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.entries: list[Entry] = []
        self.index: dict[Entry, int] = {}

    def all(self) -> tuple[list[Entry], int]:
        """The entries, and that of the result."""
        graph, needed = self.graph, _needed(self.graph)
        levels = _levels(graph, needed)
        of_node: dict[int, int] = {}
        try:
            for number in needed:
                of_node[number] = self._entry(graph.nodes[number], of_node, levels)
        except UnicodeEncodeError:
            raise _not_unicode() from None
        return self.entries, of_node[graph.result]

    def _entry(self, node: Node, of_node: dict[int, int], levels: dict[int, int]) -> int:
        if isinstance(node, Literal):
            return self._add(b"L" + type_bytes(node.type) + value_bytes(node.value))
        if isinstance(node, ParameterRef):
            if node.function == -1:
                return self._add(b"P" + text(self.graph.parameters[node.position].name))
            return self._add(b"V" + varint(levels[node.function]) + varint(node.position))
        if isinstance(node, FunctionRef):
            function = self.graph.functions[node.function]
            own = b"F" + varint(levels[node.function]) + varint(len(function.parameters))
            own += b"".join(type_bytes(p.type) for p in function.parameters)
            return self._add(own, (of_node[function.result],))
        return self._call(node, of_node)

    def _call(self, node: Call, of_node: dict[int, int]) -> int:
        """A call with all its arguments in the order of the op's parameters."""
        op = OPS[node.op]
        args = [of_node[i] for i in node.args]
        kwargs = {name: of_node[i] for name, i in node.kwargs}
        bound = bind(op, args, kwargs, self._default)
        own: list[bytes] = [b"C", text(op.name)]
        parts: list[int] = []
        for one in bound:
            if isinstance(one, tuple):
                own.append(varint(len(one)))
                parts.extend(one)
            elif isinstance(one, dict):
                own.append(varint(len(one)))
                own.extend(map(text, one))
                parts.extend(one.values())
            else:
                own.append(b"\0" if one is None else b"\1")
                parts.extend(() if one is None else (one,))
        return self._add(b"".join(own), tuple(parts))

    def _default(self, parameter: OpParameter) -> int | None:
        """The entry of a default; None for an argument that has none and was left out."""
        if parameter.default is ABSENT:
            return None
        type_ = type_bytes(type_of(parameter.default))
        return self._add(b"L" + type_ + value_bytes(parameter.default))

    def _add(self, own: bytes, parts: tuple[int, ...] = ()) -> int:
        entry = own, parts
        found = self.index.get(entry)
        if found is None:
            found = self.index[entry] = len(self.entries)
            self.entries.append(entry)
        return found


def _needed(graph: Graph) -> list[int]:
    """The nodes that the result depends on, in order."""
    seen, stack = {graph.result}, [graph.result]
    while stack:
        node = graph.nodes[stack.pop()]
        parts = operands(node)
        if isinstance(node, FunctionRef):
            parts = (graph.functions[node.function].result,)
        for part in parts:
            if part not in seen:
                seen.add(part)
                stack.append(part)
    return sorted(seen)


def _levels(graph: Graph, needed: list[int]) -> dict[int, int]:
    """The level of each needed function: one more than the deepest function it closes over.

    A function that closes over parameters of none has level 0. Every function that one closes
    over encloses it, so its reference comes later: references from the last to the first meet
    the enclosing functions first.
    """
    free: dict[int, int] = {}
    references: list[tuple[int, int]] = []
    for number in needed:
        node = graph.nodes[number]
        found = 0
        if isinstance(node, ParameterRef) and node.function >= 0:
            found = 1 << node.function
        elif isinstance(node, FunctionRef):
            result = graph.functions[node.function].result
            found = free[result] & ~(1 << node.function)
            references.append((node.function, found))
        for part in operands(node):
            found |= free[part]
        free[number] = found
    levels: dict[int, int] = {}
    for function, outer in reversed(references):
        above = [levels[f] for f in range(outer.bit_length()) if outer >> f & 1]
        levels[function] = 1 + max(above) if above else 0
    return levels


def varint(number: int) -> bytes:
    """A whole number from 0 in groups of 7 bits, the lowest first, as protobuf writes it."""
    if number < 0x80:
        return bytes((number,))
    groups = bytearray()
    while number >= 0x80:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def zigzag(number: int) -> bytes:
    """A whole number of any sign: 0, −1, 1, −2 as 0, 1, 2, 3, and so on."""
    return varint(number << 1 if number >= 0 else -number * 2 - 1)


def text(value: str) -> bytes:
    """Text: number of bytes, then UTF-8."""
    data = value.encode()
    return varint(len(data)) + data


def real(value: float) -> bytes:
    """A double: 8 bytes, the lowest first; every NaN the same."""
    return _NAN if math.isnan(value) else struct.pack("<d", value)


def type_bytes(type_: Type) -> bytes:
    """A type: name, arguments, fields by name in order."""
    found = _TYPES.get(type_)
    if found is not None:
        return found
    parts = [text(type_.name), varint(len(type_.args)), *map(type_bytes, type_.args)]
    parts.append(varint(len(type_.fields)))
    for name, field_type in type_.fields:
        parts += [text(name), type_bytes(field_type)]
    data = b"".join(parts)
    if len(_TYPES) < 1024:
        _TYPES[type_] = data
    return data


_TYPES: dict[Type, bytes] = {}


def value_bytes(value: Any) -> bytes:
    """A value of the language: one letter for its kind, then what it holds."""
    if value is None:
        return b"n"
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, int):
        return b"i" + zigzag(value)
    if isinstance(value, float):
        return b"d" + real(value)
    if isinstance(value, str):
        return b"s" + text(value)
    if isinstance(value, list | tuple):
        kind = b"l" if isinstance(value, list) else b"u"
        return kind + varint(len(value)) + b"".join(map(value_bytes, value))
    if isinstance(value, dict):
        pairs = (text(key) + value_bytes(one) for key, one in value.items())
        return b"m" + varint(len(value)) + b"".join(pairs)
    return _rare_bytes(value)


def _rare_bytes(value: Any) -> bytes:
    if isinstance(value, dt.datetime):
        return b"T" + zigzag((value - _EPOCH) // _MICROSECOND)
    if isinstance(value, dt.timedelta):
        return b"D" + zigzag(value // _MICROSECOND)
    if isinstance(value, Grid):
        rows, cols = value.shape
        terms = b"".join(map(real, map(float, value.transform)))
        return b"G" + text(value.crs) + terms + varint(rows) + varint(cols)
    if isinstance(value, GeoContextValue):
        return b"X" + _geocontext_bytes(value)
    assert isinstance(value, np.ndarray)
    data = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
    shape = b"".join(map(varint, value.shape))
    name = value.dtype.newbyteorder("=").name
    return b"A" + text(name) + varint(value.ndim) + shape + data.tobytes()


def _geocontext_bytes(value: GeoContextValue) -> bytes:
    """The fields in the order of the class, each as a value: numbers of bounds as doubles."""
    fields = (
        value.geometry,
        None if value.resolution is None else float(value.resolution),
        value.crs,
        value.align_pixels,
        None if value.bounds is None else tuple(map(float, value.bounds)),
        value.bounds_crs,
        value.shape,
        value.all_touched,
        value.resampler,
        value.tile,
        value.key,
        None if value.transform is None else tuple(map(float, value.transform)),
    )
    return b"".join(map(value_bytes, fields))
