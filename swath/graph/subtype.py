"""When a value of one type may be used where another is asked for, and what types have in common.

Rule T3: `Int` is used where `Float` is asked for; nothing else converts by itself. `Any` fits
everywhere, and everything fits `Any`: the question is asked again when the value is known.
"""

from __future__ import annotations

from collections.abc import Iterable

from swath.graph.type import ANY, FLOAT, INT, Type, dict_of, function_of, list_of

NUMBERS = frozenset({INT, FLOAT})


def fits(got: Type, wanted: Type) -> bool:
    """Whether a value of type `got` may be used where `wanted` is asked for.

    Laws: fits(t, t); fits(t, ANY); fits(ANY, t); containers item by item; functions take more and
    give less: fits(A → R, B → S) when fits(B, A) and fits(R, S).
    """
    if got == wanted or got is ANY or wanted is ANY or ANY in (got, wanted):
        return True
    if wanted == FLOAT:
        return got == INT
    if got.name == "KnownDict" and wanted.name == "Dict":
        return not wanted.args or fits(as_dict(got), wanted)
    if got.name != wanted.name:
        return False
    if not wanted.args and not wanted.fields:
        # A bare generic name stands for all its types, but Tuple[] is the empty tuple too.
        return True
    if got.name == "Function":
        return _function_fits(got, wanted)
    return _parts_fit(got, wanted)


def _function_fits(got: Type, wanted: Type) -> bool:
    if len(got.args) != len(wanted.args):
        return False
    takes = zip(wanted.args[:-1], got.args[:-1], strict=True)
    return all(fits(w, g) for w, g in takes) and fits(got.args[-1], wanted.args[-1])


def _parts_fit(got: Type, wanted: Type) -> bool:
    if len(got.args) != len(wanted.args):
        return False
    known = dict(got.fields)
    default = got.args[1] if got.name == "KnownDict" else ANY
    return all(fits(g, w) for g, w in zip(got.args, wanted.args, strict=True)) and all(
        fits(known.get(name, default), type_) for name, type_ in wanted.fields
    )


def as_dict(type_: Type) -> Type:
    """The `Dict` that a `KnownDict` is when the names of its fields are forgotten."""
    if not type_.args:
        return dict_of(ANY, ANY)
    key, value = type_.args
    return dict_of(key, join((*(t for _, t in type_.fields), value)))


def join(types: Iterable[Type]) -> Type:
    """The narrowest type that all of `types` fit: `Int, Float` give `Float`; strangers give `Any`.

    `Any` among them gives `Any`; of no types it is `Any`.
    Laws: join((t,)) = t; independent of order; fits(t, join(ts)) for each t of ts.
    """
    distinct = set(types)
    if len(distinct) == 1:
        return distinct.pop()
    if not distinct or ANY in distinct:
        return ANY
    if distinct <= NUMBERS:
        return FLOAT
    return _join_generic(distinct)


def _join_generic(distinct: set[Type]) -> Type:
    if {t.name for t in distinct} == {"Dict", "KnownDict"}:
        return join(as_dict(t) if t.name == "KnownDict" else t for t in distinct)
    names, lengths = {t.name for t in distinct}, {len(t.args) for t in distinct}
    if len(names) > 1 or len(lengths) > 1 or lengths == {0}:
        return ANY
    (name,) = names
    if name == "KnownDict":
        return _join_known(distinct)
    parts = tuple(join(column) for column in zip(*(t.args for t in distinct), strict=True))
    if name == "List":
        return list_of(*parts)
    if name == "Function":
        return _join_functions(distinct, parts[-1])
    return Type(name, parts)


def _join_known(distinct: set[Type]) -> Type:
    if len({tuple(name for name, _ in t.fields) for t in distinct}) > 1:
        return join(as_dict(t) for t in distinct)
    names = [name for name, _ in next(iter(distinct)).fields]
    fields = tuple((name, join(dict(t.fields)[name] for t in distinct)) for name in names)
    args = tuple(join(column) for column in zip(*(t.args for t in distinct), strict=True))
    return Type("KnownDict", args, fields)


def _join_functions(distinct: set[Type], result: Type) -> Type:
    parameters = {t.args[:-1] for t in distinct}
    return function_of(parameters.pop(), result) if len(parameters) == 1 else ANY
