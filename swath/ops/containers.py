"""Lists, tuples, dicts, access to members, functions over elements, and choice (rules S1–S5)."""

from __future__ import annotations

from swath.errors import InvalidArgument
from swath.graph.subtype import as_dict, fits, join
from swath.graph.type import (
    ANY,
    BOOL,
    COLLECTION,
    DATETIME,
    GEOCONTEXT,
    IMAGE,
    INT,
    NONE,
    STR,
    TIMEDELTA,
    Type,
    dict_of,
    known_dict_of,
    list_of,
    tuple_of,
)
from swath.ops.members import MEMBERS, member_type
from swath.ops.op import ABSENT, Argument, Op
from swath.ops.row import (
    DICT,
    KNOWN_DICT,
    LIST,
    SCALAR,
    TUPLE,
    always,
    function,
    given,
    named,
    on,
    others,
    rest,
)

_ANYTHING = (ANY,)
_SEQUENCES = (LIST, COLLECTION)
_ORDERED = frozenset(
    {"Int", "Float", "Bool", "Str", "Datetime", "Timedelta", "Tuple", "List", "Any"}
)


def element(type_: Type) -> Type:
    """What one is, of a List, Tuple, Str, ImageCollection; `Any` where that is not known."""
    if type_ == COLLECTION:
        return IMAGE
    if type_ == STR:
        return STR
    if type_.name == "Tuple":
        return join(type_.args)
    return type_.args[0] if type_.name == "List" and type_.args else ANY


def key_and_value(type_: Type) -> tuple[Type, Type]:
    """The types of keys and values of a Dict or KnownDict."""
    if type_.name == "KnownDict" and type_.args:
        type_ = as_dict(type_)
    return (type_.args[0], type_.args[1]) if type_.args else (ANY, ANY)


def _element_once(obj: Argument, *_: Argument) -> tuple[Type, ...]:
    return (element(obj.type),)


def _list(items: tuple[Argument, ...]) -> Type:
    return list_of(join({item.type for item in items}))


def _tuple(items: tuple[Argument, ...]) -> Type:
    return tuple_of(*(item.type for item in items))


def _dict(pairs: tuple[Argument, ...], fields: dict[str, Argument]) -> Type:
    if len(pairs) % 2:
        raise InvalidArgument("dict.create takes key, value, key, value, …").at(argument="pairs")
    keys, values = pairs[::2], pairs[1::2]
    key = join({k.type for k in keys} | ({STR} if fields else set()))
    types = {v.type for v in values} | {v.type for v in fields.values()}
    common = join(types)
    is_mixed = common == ANY and bool(types) and ANY not in types
    if is_mixed and all(type(k.value) is str for k in keys):
        known = {k.value: v.type for k, v in zip(keys, values, strict=True)}
        return known_dict_of(known | {name: v.type for name, v in fields.items()})
    return dict_of(key, common)


def _from_pairs(pairs: Argument) -> Type:
    pair = element(pairs.type)
    if pair == ANY or not pair.args:
        return dict_of(ANY, ANY)
    if pair.name != "Tuple" or len(pair.args) != 2:
        raise pairs.mismatch("List[Tuple[K, V]]")
    return dict_of(*pair.args)


def _keys(obj: Argument) -> Type:
    return list_of(key_and_value(obj.type)[0])


def _values(obj: Argument) -> Type:
    return list_of(key_and_value(obj.type)[1])


def _items(obj: Argument) -> Type:
    return list_of(tuple_of(*key_and_value(obj.type)))


def _get(obj: Argument, key: Argument, default: Argument) -> Type:
    found = _found(obj, key)
    if default.value is ABSENT:
        return found
    if obj.type.name not in ("Dict", "KnownDict", "Any"):
        raise InvalidArgument(f"{obj.type} has no default").at(argument="default")
    return join((found, default.type))


def _found(obj: Argument, key: Argument) -> Type:
    of = obj.type
    if of == ANY:
        return ANY
    if of.name in ("Dict", "KnownDict"):
        return _found_by_key(obj, key)
    if not fits(key.type, INT):
        raise key.mismatch("Int")
    if of.name == "Tuple" and type(key.value) is int:
        return _found_in_tuple(of, key)
    return element(of)


def _found_by_key(obj: Argument, key: Argument) -> Type:
    if not obj.type.args:
        return ANY
    if not fits(key.type, obj.type.args[0]):
        raise key.mismatch(str(obj.type.args[0]))
    if obj.type.name == "KnownDict" and type(key.value) is str:
        return dict(obj.type.fields).get(key.value, obj.type.args[1])
    return key_and_value(obj.type)[1]


def _found_in_tuple(of: Type, key: Argument) -> Type:
    if not of.args:
        return ANY
    if not -len(of.args) <= key.value < len(of.args):
        problem = f"a tuple of {len(of.args)} has no item {key.value}"
        raise InvalidArgument(problem).at(argument=key.name)
    index: int = key.value
    return of.args[index]


def _contains(obj: Argument, other: Argument) -> Type:
    of = obj.type
    if of == ANY or (not of.args and of != STR):
        return BOOL
    wanted = key_and_value(of)[0] if of.name in ("Dict", "KnownDict") else element(of)
    if not fits(other.type, wanted) and not fits(wanted, other.type):
        raise other.mismatch(str(wanted))
    return BOOL


def _reversed(obj: Argument) -> Type:
    return tuple_of(*reversed(obj.type.args)) if obj.type.name == "Tuple" else obj.type


def _sorted(obj: Argument, key: Argument, _reverse: Argument) -> Type:
    by = element(obj.type) if key.type == NONE else key.result
    if by.name not in _ORDERED:
        problem = "a key" if key.type == NONE else "a function that gives something with an order"
        raise key.mismatch(problem)
    return list_of(element(obj.type)) if obj.type.name == "Tuple" else obj.type


def _map(obj: Argument, func: Argument) -> Type:
    if obj.type == ANY:
        return ANY
    if obj.type == COLLECTION and func.result in (IMAGE, ANY):
        return COLLECTION if func.result == IMAGE else ANY
    return list_of(func.result)


def _filter(obj: Argument, func: Argument) -> Type:
    if not fits(func.result, BOOL):
        raise func.mismatch("a function that gives a Bool")
    return obj.type


def _folded(obj: Argument, func: Argument, initial: Argument) -> Type:
    """The type that is carried along: wide enough for the start and for what the function gives."""
    start = element(obj.type) if initial.value is ABSENT else initial.type
    is_typed = func.type.name == "Function" and func.type.args
    return join((start, func.result)) if is_typed and func.result != ANY else start


def _called_by_fold(obj: Argument, func: Argument, initial: Argument) -> tuple[Type, ...]:
    return _folded(obj, func, initial), element(obj.type)


def _range(_start: Argument, _stop: Argument, step: Argument) -> Type:
    if step.is_known and step.value == 0:
        raise InvalidArgument("step is not 0").at(argument="step")
    return list_of(INT)


def _zip(sequences: tuple[Argument, ...]) -> Type:
    return list_of(tuple_of(*(element(s.type) for s in sequences)))


def _without_arguments(*_: Argument) -> tuple[Type, ...]:
    return ()


def _chosen(_condition: Argument, true_value: Argument, false_value: Argument) -> Type:
    return join((true_value.result, false_value.result))


def _attribute(obj: Argument, name: Argument) -> Type:
    if obj.type == ANY or type(name.value) is not str:
        return ANY
    return member_type(obj.type, name.value)


_OBJ = given("obj", (LIST, TUPLE, STR, COLLECTION, DICT, KNOWN_DICT), "A container or text.")
_MAPPING = given("obj", (DICT, KNOWN_DICT), "A dict.")
_SEQUENCE = given("obj", _SEQUENCES, "A list or collection.")
_LENGTHS = "List Tuple Str Dict KnownDict ImageCollection Any"

MAKING = (
    Op("list", "A list of the arguments.", (rest("items", _ANYTHING, "Elements, in order."),),
       _list, ("List.__init__",)),
    Op("tuple", "A tuple of the arguments.", (rest("items", _ANYTHING, "Items, in order."),),
       _tuple, ("Tuple.__init__",)),
    Op(
        "dict.create", "A dict of keys and values in that order, then of named values by name.",
        (
            rest("pairs", _ANYTHING, "Key, value, key, value, …; a later key replaces an earlier."),
            others("fields", _ANYTHING, "Values by key."),
        ),
        _dict, ("Dict.__init__", "KnownDict.__init__"), reads_values=True,
    ),
    Op("dict.from_pairs", "A dict of (key, value) tuples.",
       (given("pairs", LIST, "List[Tuple[K, V]]; a later key replaces an earlier."),),
       _from_pairs, ("Dict.from_pairs",)),
    Op(
        "range", "Ints from start, by step, before stop; with one argument from 0 before that.",
        (given("start", INT, "First value, or the end when stop is None."),
         given("stop", (INT, NONE), "First value that is too far.", default=None),
         named("step", INT, "Distance, not 0.", default=1)),
        _range, ("range",), reads_values=True,
    ),
    Op("zip", "Tuples of the first elements, of the second, …, as long as the shortest.",
       (rest("sequences", (LIST, COLLECTION, TUPLE), "What to go through side by side."),),
       _zip, ("zip",)),
)  # fmt: skip

ACCESS = (
    Op(
        "get", "The element at an index, or the value of a key.",
        (
            _OBJ,
            given("key", (INT, *SCALAR, STR, DATETIME, TIMEDELTA, TUPLE, NONE),
                  "Index from 0, negative from the end; or a key."),
            given("default", _ANYTHING, "Of dicts: what to give for a missing key; else it fails.",
                  default=ABSENT),
        ),
        _get,
        on("__getitem__", "List Tuple Str Dict KnownDict ImageCollection Any")
        + on("get", "Dict KnownDict"),
        reads_values=True,
    ),
    Op(
        "getattr", "A member of a value.",
        (
            given("obj", (IMAGE, COLLECTION, DATETIME, TIMEDELTA, GEOCONTEXT), "A value."),
            given("name", STR, "Name of the member."),
        ),
        _attribute,
        on("properties", "Image ImageCollection") + on("bandinfo", "Image ImageCollection")
        + tuple(f"Datetime.{part}" for part in
                ("year", "month", "day", "hour", "minute", "second", "microsecond"))
        + tuple(f"Timedelta.{part}" for part in ("days", "seconds", "microseconds"))
        + tuple(f"GeoContext.{name}" for name in MEMBERS["GeoContext"])
        + ("Any.__getattr__",),
        reads_values=True,
    ),
    Op("contains", "Whether an element, key or part of a text is there.",
       (given("obj", (LIST, TUPLE, STR, DICT, KNOWN_DICT), "Where to look."),
        given("other", _ANYTHING, "What to look for.")),
       _contains, on("contains", "List Str Dict KnownDict Any")),
    Op("length", "Number of elements, keys, images or characters.", (_OBJ,), always(INT),
       on("length", _LENGTHS)),
    Op("dict.keys", "The keys, in order.", (_MAPPING,), _keys, on("keys", "Dict KnownDict")),
    Op("dict.values", "The values, in order of the keys.", (_MAPPING,), _values,
       on("values", "Dict KnownDict")),
    Op("dict.items", "(key, value) tuples, in order.", (_MAPPING,), _items,
       on("items", "Dict KnownDict")),
)  # fmt: skip

ELEMENTS = (
    Op("reversed", "The elements from the last to the first.",
       (given("obj", (LIST, TUPLE, STR, COLLECTION), "What to turn round."),), _reversed,
       on("__reversed__", "List Str ImageCollection Any")),
    Op(
        "sorted", "The elements in ascending order; equal ones keep their order (rule S3).",
        (
            given("obj", (LIST, TUPLE, COLLECTION), "What to sort."),
            function("key", _element_once, "Called with each element; None: the element itself.",
                     default=None, accepts=(Type("Function"), NONE)),
            named("reverse", BOOL, "Descending; equal ones still keep their order.",
                  default=False),
        ),
        _sorted, on("sorted", "List ImageCollection"),
    ),
    Op("map", "What a function gives for each element.",
       (_SEQUENCE, function("func", _element_once, "Called with each element.")), _map,
       on("map", "List ImageCollection")),
    Op("filter", "The elements for which a function gives True.",
       (_SEQUENCE, function("func", _element_once, "Called with each element; gives a Bool.")),
       _filter, on("filter", "List ImageCollection")),
    Op(
        "reduce", "What a function makes of all elements, folding from the left.",
        (
            _SEQUENCE,
            function("func", _called_by_fold, "Called with the value so far and the next element."),
            named("initial", _ANYTHING, "Start; left out: the first element.", default=ABSENT),
        ),
        _folded, on("reduce", "List ImageCollection"),
    ),
    Op(
        "ifelse", "One of two values; only that one is computed.",
        (
            given("condition", BOOL, "True chooses the first; no value counts as False."),
            function("true_value", _without_arguments, "Function without parameters."),
            function("false_value", _without_arguments, "Function without parameters."),
        ),
        _chosen, ("ifelse",),
    ),
)  # fmt: skip

ROWS = MAKING + ACCESS + ELEMENTS
