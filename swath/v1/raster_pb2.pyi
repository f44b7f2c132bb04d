from swath.v1 import geocontext_pb2 as _geocontext_pb2
from swath.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RasterHeader(_message.Message):
    __slots__ = ("kind", "grid", "bands", "properties")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[RasterHeader.Kind]
        KIND_IMAGE: _ClassVar[RasterHeader.Kind]
        KIND_COLLECTION: _ClassVar[RasterHeader.Kind]
    KIND_UNSPECIFIED: RasterHeader.Kind
    KIND_IMAGE: RasterHeader.Kind
    KIND_COLLECTION: RasterHeader.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    GRID_FIELD_NUMBER: _ClassVar[int]
    BANDS_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    kind: RasterHeader.Kind
    grid: _geocontext_pb2.Grid
    bands: _containers.RepeatedCompositeFieldContainer[RasterBand]
    properties: _value_pb2.Value
    def __init__(self, kind: _Optional[_Union[RasterHeader.Kind, str]] = ..., grid: _Optional[_Union[_geocontext_pb2.Grid, _Mapping]] = ..., bands: _Optional[_Iterable[_Union[RasterBand, _Mapping]]] = ..., properties: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...

class RasterBand(_message.Message):
    __slots__ = ("name", "dtype", "bandinfo")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    BANDINFO_FIELD_NUMBER: _ClassVar[int]
    name: str
    dtype: str
    bandinfo: _value_pb2.Value
    def __init__(self, name: _Optional[str] = ..., dtype: _Optional[str] = ..., bandinfo: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...

class Window(_message.Message):
    __slots__ = ("row", "column", "rows", "columns")
    ROW_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    row: int
    column: int
    rows: int
    columns: int
    def __init__(self, row: _Optional[int] = ..., column: _Optional[int] = ..., rows: _Optional[int] = ..., columns: _Optional[int] = ...) -> None: ...

class Chunk(_message.Message):
    __slots__ = ("raster", "first_image", "images", "first_band", "bands", "window", "dtype", "data", "mask")
    RASTER_FIELD_NUMBER: _ClassVar[int]
    FIRST_IMAGE_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    FIRST_BAND_FIELD_NUMBER: _ClassVar[int]
    BANDS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    raster: int
    first_image: int
    images: int
    first_band: int
    bands: int
    window: Window
    dtype: str
    data: bytes
    mask: bytes
    def __init__(self, raster: _Optional[int] = ..., first_image: _Optional[int] = ..., images: _Optional[int] = ..., first_band: _Optional[int] = ..., bands: _Optional[int] = ..., window: _Optional[_Union[Window, _Mapping]] = ..., dtype: _Optional[str] = ..., data: _Optional[bytes] = ..., mask: _Optional[bytes] = ...) -> None: ...
