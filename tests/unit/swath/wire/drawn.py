"""Strategies that draw what travels: values, types, graphs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from swath.geocontext import GeoContextValue
from swath.graph.graph import (
    Call,
    Function,
    FunctionRef,
    Graph,
    Line,
    Literal,
    Node,
    Parameter,
    ParameterRef,
)
from swath.graph.type import ANY, FLOAT, IMAGE, INT, NONE, STR, Type, known_dict_of, list_of
from swath.grid import Affine, Grid, Shape2d
from swath.wire.packed import DTYPES

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
integers = st.integers(-(2**63), 2**63 - 1)
instants = st.datetimes(timezones=st.just(UTC))
durations = st.integers(-(2**62), 2**62).map(lambda us: timedelta(microseconds=us))
plain = st.one_of(
    st.none(), st.booleans(), integers, st.floats(allow_nan=False), text, instants, durations
)
sizes = st.floats(-1e7, 1e7)
grids = st.builds(
    Grid,
    st.sampled_from(["EPSG:32613", "EPSG:4326", ""]),
    st.builds(lambda c, f, s: Affine(s, 0.0, c, 0.0, -s, f), sizes, sizes, st.floats(0.1, 100)),
    st.builds(Shape2d, st.integers(1, 9000), st.integers(1, 9000)),
)
geocontexts = st.builds(
    GeoContextValue,
    geometry=st.none() | text,
    resolution=st.none() | sizes,
    crs=st.none() | text,
    align_pixels=st.booleans(),
    bounds=st.none() | st.tuples(sizes, sizes, sizes, sizes),
    bounds_crs=text,
    shape=st.none() | st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 9)),
    all_touched=st.booleans(),
    resampler=st.none() | text,
    tile=st.none() | st.tuples(*[st.integers(0, 99)] * 3),
    key=st.none() | text,
    transform=st.none() | st.tuples(*[sizes] * 6),
)
arrays = st.sampled_from(sorted(DTYPES)).flatmap(
    lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=0, max_dims=3, min_side=0))
)
columns = st.one_of(
    *[st.lists(st.none() | kind) for kind in (st.booleans(), integers, text, instants, durations)]
)
records = st.lists(text, unique=True, max_size=3).flatmap(
    lambda keys: st.lists(st.fixed_dictionaries(dict.fromkeys(keys, plain)), max_size=4)
)
keys = st.one_of(text, integers, instants, st.tuples(integers, text))
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(plain, columns, records, grids, geocontexts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
    ),
    max_leaves=12,
)
types: st.SearchStrategy[Type] = st.recursive(
    st.sampled_from([ANY, NONE, INT, FLOAT, STR, IMAGE]),
    lambda inner: st.one_of(
        inner.map(list_of),
        st.builds(lambda k, v: Type("Dict", (k, v)), inner, inner),
        st.lists(inner, max_size=3).map(lambda a: Type("Tuple", tuple(a))),
        st.lists(inner, min_size=1, max_size=3).map(lambda a: Type("Function", tuple(a))),
        st.dictionaries(text, inner, max_size=3).map(known_dict_of),
    ),
    max_leaves=8,
)
parameters = st.lists(
    st.builds(Parameter, text.filter(bool), types), max_size=3, unique_by=lambda p: p.name
).map(tuple)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs that keep the rules, with ops that need not exist."""
    count = draw(st.integers(1, 8))
    functions = tuple(
        Function(draw(parameters), draw(st.integers(0, count - 1)))
        for _ in range(draw(st.integers(0, 3)))
    )
    own = draw(parameters)
    nodes = tuple(draw(_nodes(index, functions, own)) for index in range(count))
    lines = st.builds(Line, st.integers(0, count - 1), text, st.integers(0, 99), text)
    return Graph(
        nodes,
        functions,
        own,
        draw(st.integers(0, count - 1)),
        draw(st.integers(1, 3)),
        tuple(draw(st.lists(lines, max_size=2))),
    )


def _nodes(
    index: int, functions: tuple[Function, ...], own: tuple[Parameter, ...]
) -> st.SearchStrategy[Node]:
    kinds: list[st.SearchStrategy[Node]] = [st.builds(Literal, values, types)]
    if index:
        earlier = st.integers(0, index - 1)
        keywords = st.dictionaries(text, earlier, max_size=2).map(lambda d: tuple(d.items()))
        args = st.lists(earlier, max_size=3).map(tuple)
        kinds.append(st.builds(Call, text.filter(bool), args, keywords))
    scopes = [(-1, own), *((i, f.parameters) for i, f in enumerate(functions))]
    bound = [(scope, i) for scope, of in scopes for i in range(len(of))]
    if bound:
        kinds.append(st.sampled_from(bound).map(lambda at: ParameterRef(*at)))
    ready = [i for i, f in enumerate(functions) if f.result < index]
    if ready:
        kinds.append(st.sampled_from(ready).map(FunctionRef))
    return st.one_of(kinds)


def same(a: Any, b: Any) -> bool:
    """Equal in type and value all the way down: 1, 1.0 and True differ."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    return bool(a == b)


def some_instants(count: int) -> list[datetime]:
    """`count` datetimes, a day apart."""
    return [datetime(1990, 1, 1, tzinfo=UTC) + timedelta(days=i) for i in range(count)]
