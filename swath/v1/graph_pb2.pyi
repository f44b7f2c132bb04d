from swath.v1 import type_pb2 as _type_pb2
from swath.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Graph(_message.Message):
    __slots__ = ("nodes", "functions", "parameters", "result", "language_version", "lines")
    NODES_FIELD_NUMBER: _ClassVar[int]
    FUNCTIONS_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_VERSION_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    nodes: _containers.RepeatedCompositeFieldContainer[Node]
    functions: _containers.RepeatedCompositeFieldContainer[Function]
    parameters: _containers.RepeatedCompositeFieldContainer[Parameter]
    result: int
    language_version: int
    lines: _containers.RepeatedCompositeFieldContainer[Line]
    def __init__(self, nodes: _Optional[_Iterable[_Union[Node, _Mapping]]] = ..., functions: _Optional[_Iterable[_Union[Function, _Mapping]]] = ..., parameters: _Optional[_Iterable[_Union[Parameter, _Mapping]]] = ..., result: _Optional[int] = ..., language_version: _Optional[int] = ..., lines: _Optional[_Iterable[_Union[Line, _Mapping]]] = ...) -> None: ...

class Node(_message.Message):
    __slots__ = ("literal", "parameter", "call", "function")
    LITERAL_FIELD_NUMBER: _ClassVar[int]
    PARAMETER_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    literal: Literal
    parameter: ParameterRef
    call: Call
    function: int
    def __init__(self, literal: _Optional[_Union[Literal, _Mapping]] = ..., parameter: _Optional[_Union[ParameterRef, _Mapping]] = ..., call: _Optional[_Union[Call, _Mapping]] = ..., function: _Optional[int] = ...) -> None: ...

class Literal(_message.Message):
    __slots__ = ("value", "type")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    value: _value_pb2.Value
    type: _type_pb2.Type
    def __init__(self, value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., type: _Optional[_Union[_type_pb2.Type, _Mapping]] = ...) -> None: ...

class ParameterRef(_message.Message):
    __slots__ = ("function", "position")
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    function: int
    position: int
    def __init__(self, function: _Optional[int] = ..., position: _Optional[int] = ...) -> None: ...

class Call(_message.Message):
    __slots__ = ("op", "args", "kwargs")
    class Keyword(_message.Message):
        __slots__ = ("name", "node")
        NAME_FIELD_NUMBER: _ClassVar[int]
        NODE_FIELD_NUMBER: _ClassVar[int]
        name: str
        node: int
        def __init__(self, name: _Optional[str] = ..., node: _Optional[int] = ...) -> None: ...
    OP_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    KWARGS_FIELD_NUMBER: _ClassVar[int]
    op: str
    args: _containers.RepeatedScalarFieldContainer[int]
    kwargs: _containers.RepeatedCompositeFieldContainer[Call.Keyword]
    def __init__(self, op: _Optional[str] = ..., args: _Optional[_Iterable[int]] = ..., kwargs: _Optional[_Iterable[_Union[Call.Keyword, _Mapping]]] = ...) -> None: ...

class Function(_message.Message):
    __slots__ = ("parameters", "result")
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    parameters: _containers.RepeatedCompositeFieldContainer[Parameter]
    result: int
    def __init__(self, parameters: _Optional[_Iterable[_Union[Parameter, _Mapping]]] = ..., result: _Optional[int] = ...) -> None: ...

class Parameter(_message.Message):
    __slots__ = ("name", "type")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: _type_pb2.Type
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[_type_pb2.Type, _Mapping]] = ...) -> None: ...

class Line(_message.Message):
    __slots__ = ("node", "file", "number", "text")
    NODE_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    node: int
    file: str
    number: int
    text: str
    def __init__(self, node: _Optional[int] = ..., file: _Optional[str] = ..., number: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...
