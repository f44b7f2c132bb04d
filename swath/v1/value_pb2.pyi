from swath.v1 import geocontext_pb2 as _geocontext_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Value(_message.Message):
    __slots__ = ("null", "boolean", "integer", "number", "text", "datetime_us", "timedelta_us", "list", "tuple", "dict", "column", "records", "geocontext", "grid", "array", "raster")
    NULL_FIELD_NUMBER: _ClassVar[int]
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DATETIME_US_FIELD_NUMBER: _ClassVar[int]
    TIMEDELTA_US_FIELD_NUMBER: _ClassVar[int]
    LIST_FIELD_NUMBER: _ClassVar[int]
    TUPLE_FIELD_NUMBER: _ClassVar[int]
    DICT_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    GEOCONTEXT_FIELD_NUMBER: _ClassVar[int]
    GRID_FIELD_NUMBER: _ClassVar[int]
    ARRAY_FIELD_NUMBER: _ClassVar[int]
    RASTER_FIELD_NUMBER: _ClassVar[int]
    null: bool
    boolean: bool
    integer: int
    number: float
    text: str
    datetime_us: int
    timedelta_us: int
    list: Items
    tuple: Items
    dict: Pairs
    column: Column
    records: Records
    geocontext: _geocontext_pb2.GeoContext
    grid: _geocontext_pb2.Grid
    array: Array
    raster: int
    def __init__(self, null: bool = ..., boolean: bool = ..., integer: _Optional[int] = ..., number: _Optional[float] = ..., text: _Optional[str] = ..., datetime_us: _Optional[int] = ..., timedelta_us: _Optional[int] = ..., list: _Optional[_Union[Items, _Mapping]] = ..., tuple: _Optional[_Union[Items, _Mapping]] = ..., dict: _Optional[_Union[Pairs, _Mapping]] = ..., column: _Optional[_Union[Column, _Mapping]] = ..., records: _Optional[_Union[Records, _Mapping]] = ..., geocontext: _Optional[_Union[_geocontext_pb2.GeoContext, _Mapping]] = ..., grid: _Optional[_Union[_geocontext_pb2.Grid, _Mapping]] = ..., array: _Optional[_Union[Array, _Mapping]] = ..., raster: _Optional[int] = ...) -> None: ...

class Items(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Value]
    def __init__(self, items: _Optional[_Iterable[_Union[Value, _Mapping]]] = ...) -> None: ...

class Pairs(_message.Message):
    __slots__ = ("pairs",)
    class Pair(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: Value
        value: Value
        def __init__(self, key: _Optional[_Union[Value, _Mapping]] = ..., value: _Optional[_Union[Value, _Mapping]] = ...) -> None: ...
    PAIRS_FIELD_NUMBER: _ClassVar[int]
    pairs: _containers.RepeatedCompositeFieldContainer[Pairs.Pair]
    def __init__(self, pairs: _Optional[_Iterable[_Union[Pairs.Pair, _Mapping]]] = ...) -> None: ...

class Column(_message.Message):
    __slots__ = ("booleans", "integers", "numbers", "texts", "datetimes", "timedeltas", "valid")
    class Bools(_message.Message):
        __slots__ = ("items",)
        ITEMS_FIELD_NUMBER: _ClassVar[int]
        items: _containers.RepeatedScalarFieldContainer[bool]
        def __init__(self, items: _Optional[_Iterable[bool]] = ...) -> None: ...
    class Integers(_message.Message):
        __slots__ = ("items",)
        ITEMS_FIELD_NUMBER: _ClassVar[int]
        items: _containers.RepeatedScalarFieldContainer[int]
        def __init__(self, items: _Optional[_Iterable[int]] = ...) -> None: ...
    class Numbers(_message.Message):
        __slots__ = ("items",)
        ITEMS_FIELD_NUMBER: _ClassVar[int]
        items: _containers.RepeatedScalarFieldContainer[float]
        def __init__(self, items: _Optional[_Iterable[float]] = ...) -> None: ...
    class Texts(_message.Message):
        __slots__ = ("items",)
        ITEMS_FIELD_NUMBER: _ClassVar[int]
        items: _containers.RepeatedScalarFieldContainer[str]
        def __init__(self, items: _Optional[_Iterable[str]] = ...) -> None: ...
    class Microseconds(_message.Message):
        __slots__ = ("items",)
        ITEMS_FIELD_NUMBER: _ClassVar[int]
        items: _containers.RepeatedScalarFieldContainer[int]
        def __init__(self, items: _Optional[_Iterable[int]] = ...) -> None: ...
    BOOLEANS_FIELD_NUMBER: _ClassVar[int]
    INTEGERS_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    DATETIMES_FIELD_NUMBER: _ClassVar[int]
    TIMEDELTAS_FIELD_NUMBER: _ClassVar[int]
    VALID_FIELD_NUMBER: _ClassVar[int]
    booleans: Column.Bools
    integers: Column.Integers
    numbers: Column.Numbers
    texts: Column.Texts
    datetimes: Column.Microseconds
    timedeltas: Column.Microseconds
    valid: bytes
    def __init__(self, booleans: _Optional[_Union[Column.Bools, _Mapping]] = ..., integers: _Optional[_Union[Column.Integers, _Mapping]] = ..., numbers: _Optional[_Union[Column.Numbers, _Mapping]] = ..., texts: _Optional[_Union[Column.Texts, _Mapping]] = ..., datetimes: _Optional[_Union[Column.Microseconds, _Mapping]] = ..., timedeltas: _Optional[_Union[Column.Microseconds, _Mapping]] = ..., valid: _Optional[bytes] = ...) -> None: ...

class Records(_message.Message):
    __slots__ = ("count", "fields")
    class Field(_message.Message):
        __slots__ = ("name", "values")
        NAME_FIELD_NUMBER: _ClassVar[int]
        VALUES_FIELD_NUMBER: _ClassVar[int]
        name: str
        values: Value
        def __init__(self, name: _Optional[str] = ..., values: _Optional[_Union[Value, _Mapping]] = ...) -> None: ...
    COUNT_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    count: int
    fields: _containers.RepeatedCompositeFieldContainer[Records.Field]
    def __init__(self, count: _Optional[int] = ..., fields: _Optional[_Iterable[_Union[Records.Field, _Mapping]]] = ...) -> None: ...

class Array(_message.Message):
    __slots__ = ("dtype", "shape", "data")
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    dtype: str
    shape: _containers.RepeatedScalarFieldContainer[int]
    data: bytes
    def __init__(self, dtype: _Optional[str] = ..., shape: _Optional[_Iterable[int]] = ..., data: _Optional[bytes] = ...) -> None: ...
