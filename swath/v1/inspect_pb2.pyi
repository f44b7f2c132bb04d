from swath.v1 import geocontext_pb2 as _geocontext_pb2
from swath.v1 import graph_pb2 as _graph_pb2
from swath.v1 import raster_pb2 as _raster_pb2
from swath.v1 import type_pb2 as _type_pb2
from swath.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Format(_message.Message):
    __slots__ = ("name", "options")
    class OptionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    name: str
    options: _containers.MessageMap[str, _value_pb2.Value]
    def __init__(self, name: _Optional[str] = ..., options: _Optional[_Mapping[str, _value_pb2.Value]] = ...) -> None: ...

class InspectRequest(_message.Message):
    __slots__ = ("graph", "geocontext", "arguments", "format", "no_cache")
    class ArgumentsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    GRAPH_FIELD_NUMBER: _ClassVar[int]
    GEOCONTEXT_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    NO_CACHE_FIELD_NUMBER: _ClassVar[int]
    graph: _graph_pb2.Graph
    geocontext: _geocontext_pb2.GeoContext
    arguments: _containers.MessageMap[str, _value_pb2.Value]
    format: Format
    no_cache: bool
    def __init__(self, graph: _Optional[_Union[_graph_pb2.Graph, _Mapping]] = ..., geocontext: _Optional[_Union[_geocontext_pb2.GeoContext, _Mapping]] = ..., arguments: _Optional[_Mapping[str, _value_pb2.Value]] = ..., format: _Optional[_Union[Format, _Mapping]] = ..., no_cache: bool = ...) -> None: ...

class InspectResponse(_message.Message):
    __slots__ = ("header", "chunks", "data", "trailer")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    TRAILER_FIELD_NUMBER: _ClassVar[int]
    header: ResultHeader
    chunks: _containers.RepeatedCompositeFieldContainer[_raster_pb2.Chunk]
    data: bytes
    trailer: ResultTrailer
    def __init__(self, header: _Optional[_Union[ResultHeader, _Mapping]] = ..., chunks: _Optional[_Iterable[_Union[_raster_pb2.Chunk, _Mapping]]] = ..., data: _Optional[bytes] = ..., trailer: _Optional[_Union[ResultTrailer, _Mapping]] = ...) -> None: ...

class ResultHeader(_message.Message):
    __slots__ = ("type", "value", "rasters", "geocontext", "format")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    RASTERS_FIELD_NUMBER: _ClassVar[int]
    GEOCONTEXT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    type: _type_pb2.Type
    value: _value_pb2.Value
    rasters: _containers.RepeatedCompositeFieldContainer[_raster_pb2.RasterHeader]
    geocontext: _geocontext_pb2.GeoContext
    format: str
    def __init__(self, type: _Optional[_Union[_type_pb2.Type, _Mapping]] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., rasters: _Optional[_Iterable[_Union[_raster_pb2.RasterHeader, _Mapping]]] = ..., geocontext: _Optional[_Union[_geocontext_pb2.GeoContext, _Mapping]] = ..., format: _Optional[str] = ...) -> None: ...

class ResultTrailer(_message.Message):
    __slots__ = ("crc32", "timings_s", "pixels_read", "bytes_read")
    class TimingsSEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    CRC32_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_S_FIELD_NUMBER: _ClassVar[int]
    PIXELS_READ_FIELD_NUMBER: _ClassVar[int]
    BYTES_READ_FIELD_NUMBER: _ClassVar[int]
    crc32: int
    timings_s: _containers.ScalarMap[str, float]
    pixels_read: int
    bytes_read: int
    def __init__(self, crc32: _Optional[int] = ..., timings_s: _Optional[_Mapping[str, float]] = ..., pixels_read: _Optional[int] = ..., bytes_read: _Optional[int] = ...) -> None: ...

class ValidateRequest(_message.Message):
    __slots__ = ("graph",)
    GRAPH_FIELD_NUMBER: _ClassVar[int]
    graph: _graph_pb2.Graph
    def __init__(self, graph: _Optional[_Union[_graph_pb2.Graph, _Mapping]] = ...) -> None: ...

class ValidateResponse(_message.Message):
    __slots__ = ("type", "digest")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    type: _type_pb2.Type
    digest: bytes
    def __init__(self, type: _Optional[_Union[_type_pb2.Type, _Mapping]] = ..., digest: _Optional[bytes] = ...) -> None: ...

class EstimateRequest(_message.Message):
    __slots__ = ("graph", "geocontext", "arguments")
    class ArgumentsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    GRAPH_FIELD_NUMBER: _ClassVar[int]
    GEOCONTEXT_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    graph: _graph_pb2.Graph
    geocontext: _geocontext_pb2.GeoContext
    arguments: _containers.MessageMap[str, _value_pb2.Value]
    def __init__(self, graph: _Optional[_Union[_graph_pb2.Graph, _Mapping]] = ..., geocontext: _Optional[_Union[_geocontext_pb2.GeoContext, _Mapping]] = ..., arguments: _Optional[_Mapping[str, _value_pb2.Value]] = ...) -> None: ...

class EstimateResponse(_message.Message):
    __slots__ = ("projected_bytes", "limit_bytes", "images", "pixels", "bytes_read", "result_bytes", "seconds", "is_lower_bound", "fits")
    PROJECTED_BYTES_FIELD_NUMBER: _ClassVar[int]
    LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    PIXELS_FIELD_NUMBER: _ClassVar[int]
    BYTES_READ_FIELD_NUMBER: _ClassVar[int]
    RESULT_BYTES_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    IS_LOWER_BOUND_FIELD_NUMBER: _ClassVar[int]
    FITS_FIELD_NUMBER: _ClassVar[int]
    projected_bytes: int
    limit_bytes: int
    images: int
    pixels: int
    bytes_read: int
    result_bytes: int
    seconds: float
    is_lower_bound: bool
    fits: bool
    def __init__(self, projected_bytes: _Optional[int] = ..., limit_bytes: _Optional[int] = ..., images: _Optional[int] = ..., pixels: _Optional[int] = ..., bytes_read: _Optional[int] = ..., result_bytes: _Optional[int] = ..., seconds: _Optional[float] = ..., is_lower_bound: bool = ..., fits: bool = ...) -> None: ...

class ListOperationsRequest(_message.Message):
    __slots__ = ("prefix",)
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    def __init__(self, prefix: _Optional[str] = ...) -> None: ...

class ListOperationsResponse(_message.Message):
    __slots__ = ("operations", "language_version", "server_version")
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_VERSION_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    operations: _containers.RepeatedCompositeFieldContainer[Operation]
    language_version: int
    server_version: str
    def __init__(self, operations: _Optional[_Iterable[_Union[Operation, _Mapping]]] = ..., language_version: _Optional[int] = ..., server_version: _Optional[str] = ...) -> None: ...

class Operation(_message.Message):
    __slots__ = ("name", "family", "parameters", "result", "elementwise", "documentation")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FAMILY_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ELEMENTWISE_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTATION_FIELD_NUMBER: _ClassVar[int]
    name: str
    family: str
    parameters: _containers.RepeatedCompositeFieldContainer[OperationParameter]
    result: str
    elementwise: bool
    documentation: str
    def __init__(self, name: _Optional[str] = ..., family: _Optional[str] = ..., parameters: _Optional[_Iterable[_Union[OperationParameter, _Mapping]]] = ..., result: _Optional[str] = ..., elementwise: bool = ..., documentation: _Optional[str] = ...) -> None: ...

class OperationParameter(_message.Message):
    __slots__ = ("name", "kind", "accepts", "default")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[OperationParameter.Kind]
        KIND_PLAIN: _ClassVar[OperationParameter.Kind]
        KIND_VARIADIC: _ClassVar[OperationParameter.Kind]
        KIND_KEYWORD: _ClassVar[OperationParameter.Kind]
        KIND_VARIADIC_KEYWORD: _ClassVar[OperationParameter.Kind]
    KIND_UNSPECIFIED: OperationParameter.Kind
    KIND_PLAIN: OperationParameter.Kind
    KIND_VARIADIC: OperationParameter.Kind
    KIND_KEYWORD: OperationParameter.Kind
    KIND_VARIADIC_KEYWORD: OperationParameter.Kind
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ACCEPTS_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: OperationParameter.Kind
    accepts: str
    default: _value_pb2.Value
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[OperationParameter.Kind, str]] = ..., accepts: _Optional[str] = ..., default: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
