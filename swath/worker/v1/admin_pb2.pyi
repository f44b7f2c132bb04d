from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class SetLimitsRequest(_message.Message):
    __slots__ = ("owner", "outstanding_limit", "running_limit")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    OUTSTANDING_LIMIT_FIELD_NUMBER: _ClassVar[int]
    RUNNING_LIMIT_FIELD_NUMBER: _ClassVar[int]
    owner: str
    outstanding_limit: int
    running_limit: int
    def __init__(self, owner: _Optional[str] = ..., outstanding_limit: _Optional[int] = ..., running_limit: _Optional[int] = ...) -> None: ...

class SetLimitsResponse(_message.Message):
    __slots__ = ("outstanding", "outstanding_limit", "running", "running_limit")
    OUTSTANDING_FIELD_NUMBER: _ClassVar[int]
    OUTSTANDING_LIMIT_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    RUNNING_LIMIT_FIELD_NUMBER: _ClassVar[int]
    outstanding: int
    outstanding_limit: int
    running: int
    running_limit: int
    def __init__(self, outstanding: _Optional[int] = ..., outstanding_limit: _Optional[int] = ..., running: _Optional[int] = ..., running_limit: _Optional[int] = ...) -> None: ...
