from swath.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ComputationError(_message.Message):
    __slots__ = ("node", "op", "argument", "image", "source", "window", "line", "fields")
    class FieldsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    NODE_FIELD_NUMBER: _ClassVar[int]
    OP_FIELD_NUMBER: _ClassVar[int]
    ARGUMENT_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    node: int
    op: str
    argument: str
    image: str
    source: str
    window: str
    line: str
    fields: _containers.MessageMap[str, _value_pb2.Value]
    def __init__(self, node: _Optional[int] = ..., op: _Optional[str] = ..., argument: _Optional[str] = ..., image: _Optional[str] = ..., source: _Optional[str] = ..., window: _Optional[str] = ..., line: _Optional[str] = ..., fields: _Optional[_Mapping[str, _value_pb2.Value]] = ...) -> None: ...
