from swath.v1 import jobs_pb2 as _jobs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Lease(_message.Message):
    __slots__ = ("job", "fence")
    JOB_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    job: str
    fence: int
    def __init__(self, job: _Optional[str] = ..., fence: _Optional[int] = ...) -> None: ...

class Assignment(_message.Message):
    __slots__ = ("lease", "spec", "attempt", "lease_s", "timeout_s", "memory_losses", "plan", "engine_version", "pieces")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    LEASE_S_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_S_FIELD_NUMBER: _ClassVar[int]
    MEMORY_LOSSES_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    PIECES_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    spec: _jobs_pb2.JobSpec
    attempt: int
    lease_s: float
    timeout_s: float
    memory_losses: int
    plan: bytes
    engine_version: str
    pieces: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ..., spec: _Optional[_Union[_jobs_pb2.JobSpec, _Mapping]] = ..., attempt: _Optional[int] = ..., lease_s: _Optional[float] = ..., timeout_s: _Optional[float] = ..., memory_losses: _Optional[int] = ..., plan: _Optional[bytes] = ..., engine_version: _Optional[str] = ..., pieces: _Optional[_Iterable[str]] = ...) -> None: ...

class ClaimRequest(_message.Message):
    __slots__ = ("worker", "wait_s")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    WAIT_S_FIELD_NUMBER: _ClassVar[int]
    worker: str
    wait_s: float
    def __init__(self, worker: _Optional[str] = ..., wait_s: _Optional[float] = ...) -> None: ...

class ClaimResponse(_message.Message):
    __slots__ = ("assignment",)
    ASSIGNMENT_FIELD_NUMBER: _ClassVar[int]
    assignment: Assignment
    def __init__(self, assignment: _Optional[_Union[Assignment, _Mapping]] = ...) -> None: ...

class HeartbeatRequest(_message.Message):
    __slots__ = ("worker", "beats")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    BEATS_FIELD_NUMBER: _ClassVar[int]
    worker: str
    beats: _containers.RepeatedCompositeFieldContainer[Beat]
    def __init__(self, worker: _Optional[str] = ..., beats: _Optional[_Iterable[_Union[Beat, _Mapping]]] = ...) -> None: ...

class Beat(_message.Message):
    __slots__ = ("lease", "stage", "steps_done")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    STEPS_DONE_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    stage: _jobs_pb2.Stage
    steps_done: int
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ..., stage: _Optional[_Union[_jobs_pb2.Stage, str]] = ..., steps_done: _Optional[int] = ...) -> None: ...

class HeartbeatResponse(_message.Message):
    __slots__ = ("directives",)
    class Directive(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        DIRECTIVE_UNSPECIFIED: _ClassVar[HeartbeatResponse.Directive]
        DIRECTIVE_CONTINUE: _ClassVar[HeartbeatResponse.Directive]
        DIRECTIVE_CANCEL: _ClassVar[HeartbeatResponse.Directive]
        DIRECTIVE_LEASE_LOST: _ClassVar[HeartbeatResponse.Directive]
    DIRECTIVE_UNSPECIFIED: HeartbeatResponse.Directive
    DIRECTIVE_CONTINUE: HeartbeatResponse.Directive
    DIRECTIVE_CANCEL: HeartbeatResponse.Directive
    DIRECTIVE_LEASE_LOST: HeartbeatResponse.Directive
    DIRECTIVES_FIELD_NUMBER: _ClassVar[int]
    directives: _containers.RepeatedScalarFieldContainer[HeartbeatResponse.Directive]
    def __init__(self, directives: _Optional[_Iterable[_Union[HeartbeatResponse.Directive, str]]] = ...) -> None: ...

class AwaitStopRequest(_message.Message):
    __slots__ = ("lease", "wait_s")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    WAIT_S_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    wait_s: float
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ..., wait_s: _Optional[float] = ...) -> None: ...

class AwaitStopResponse(_message.Message):
    __slots__ = ("directive",)
    DIRECTIVE_FIELD_NUMBER: _ClassVar[int]
    directive: HeartbeatResponse.Directive
    def __init__(self, directive: _Optional[_Union[HeartbeatResponse.Directive, str]] = ...) -> None: ...

class PinRequest(_message.Message):
    __slots__ = ("lease", "plan", "engine_version", "steps_total")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    ENGINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    STEPS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    plan: bytes
    engine_version: str
    steps_total: int
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ..., plan: _Optional[bytes] = ..., engine_version: _Optional[str] = ..., steps_total: _Optional[int] = ...) -> None: ...

class PinResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PutPieceRequest(_message.Message):
    __slots__ = ("head", "data")
    HEAD_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    head: PieceHead
    data: bytes
    def __init__(self, head: _Optional[_Union[PieceHead, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...

class PieceHead(_message.Message):
    __slots__ = ("lease", "name", "size_bytes", "crc32", "steps_done")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CRC32_FIELD_NUMBER: _ClassVar[int]
    STEPS_DONE_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    name: str
    size_bytes: int
    crc32: int
    steps_done: int
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ..., name: _Optional[str] = ..., size_bytes: _Optional[int] = ..., crc32: _Optional[int] = ..., steps_done: _Optional[int] = ...) -> None: ...

class PutPieceResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetPieceRequest(_message.Message):
    __slots__ = ("lease", "name")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    name: str
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ..., name: _Optional[str] = ...) -> None: ...

class GetPieceResponse(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...

class CommitRequest(_message.Message):
    __slots__ = ("lease", "format", "data", "pieces", "claim_next", "worker")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    PIECES_FIELD_NUMBER: _ClassVar[int]
    CLAIM_NEXT_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    format: str
    data: bytes
    pieces: _containers.RepeatedScalarFieldContainer[str]
    claim_next: bool
    worker: str
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ..., format: _Optional[str] = ..., data: _Optional[bytes] = ..., pieces: _Optional[_Iterable[str]] = ..., claim_next: bool = ..., worker: _Optional[str] = ...) -> None: ...

class CommitResponse(_message.Message):
    __slots__ = ("next",)
    NEXT_FIELD_NUMBER: _ClassVar[int]
    next: Assignment
    def __init__(self, next: _Optional[_Union[Assignment, _Mapping]] = ...) -> None: ...

class FailRequest(_message.Message):
    __slots__ = ("lease", "kind", "error")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[FailRequest.Kind]
        KIND_TRANSIENT: _ClassVar[FailRequest.Kind]
        KIND_PERMANENT: _ClassVar[FailRequest.Kind]
        KIND_CRASH: _ClassVar[FailRequest.Kind]
        KIND_MEMORY: _ClassVar[FailRequest.Kind]
        KIND_TIMEOUT: _ClassVar[FailRequest.Kind]
        KIND_CANCELLED: _ClassVar[FailRequest.Kind]
    KIND_UNSPECIFIED: FailRequest.Kind
    KIND_TRANSIENT: FailRequest.Kind
    KIND_PERMANENT: FailRequest.Kind
    KIND_CRASH: FailRequest.Kind
    KIND_MEMORY: FailRequest.Kind
    KIND_TIMEOUT: FailRequest.Kind
    KIND_CANCELLED: FailRequest.Kind
    LEASE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    kind: FailRequest.Kind
    error: _jobs_pb2.JobError
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ..., kind: _Optional[_Union[FailRequest.Kind, str]] = ..., error: _Optional[_Union[_jobs_pb2.JobError, _Mapping]] = ...) -> None: ...

class FailResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReleaseRequest(_message.Message):
    __slots__ = ("lease",)
    LEASE_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ...) -> None: ...

class ReleaseResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
