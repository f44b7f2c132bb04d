from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Affine(_message.Message):
    __slots__ = ("a", "b", "c", "d", "e", "f")
    A_FIELD_NUMBER: _ClassVar[int]
    B_FIELD_NUMBER: _ClassVar[int]
    C_FIELD_NUMBER: _ClassVar[int]
    D_FIELD_NUMBER: _ClassVar[int]
    E_FIELD_NUMBER: _ClassVar[int]
    F_FIELD_NUMBER: _ClassVar[int]
    a: float
    b: float
    c: float
    d: float
    e: float
    f: float
    def __init__(self, a: _Optional[float] = ..., b: _Optional[float] = ..., c: _Optional[float] = ..., d: _Optional[float] = ..., e: _Optional[float] = ..., f: _Optional[float] = ...) -> None: ...

class Shape(_message.Message):
    __slots__ = ("rows", "columns")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    rows: int
    columns: int
    def __init__(self, rows: _Optional[int] = ..., columns: _Optional[int] = ...) -> None: ...

class Bounds(_message.Message):
    __slots__ = ("min_x", "min_y", "max_x", "max_y")
    MIN_X_FIELD_NUMBER: _ClassVar[int]
    MIN_Y_FIELD_NUMBER: _ClassVar[int]
    MAX_X_FIELD_NUMBER: _ClassVar[int]
    MAX_Y_FIELD_NUMBER: _ClassVar[int]
    min_x: float
    min_y: float
    max_x: float
    max_y: float
    def __init__(self, min_x: _Optional[float] = ..., min_y: _Optional[float] = ..., max_x: _Optional[float] = ..., max_y: _Optional[float] = ...) -> None: ...

class Grid(_message.Message):
    __slots__ = ("crs", "transform", "shape")
    CRS_FIELD_NUMBER: _ClassVar[int]
    TRANSFORM_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    crs: str
    transform: Affine
    shape: Shape
    def __init__(self, crs: _Optional[str] = ..., transform: _Optional[_Union[Affine, _Mapping]] = ..., shape: _Optional[_Union[Shape, _Mapping]] = ...) -> None: ...

class Tile(_message.Message):
    __slots__ = ("x", "y", "z")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    Z_FIELD_NUMBER: _ClassVar[int]
    x: int
    y: int
    z: int
    def __init__(self, x: _Optional[int] = ..., y: _Optional[int] = ..., z: _Optional[int] = ...) -> None: ...

class GeoContext(_message.Message):
    __slots__ = ("geometry", "resolution", "crs", "align_pixels", "bounds", "bounds_crs", "shape", "all_touched", "resampler", "tile", "key", "transform")
    GEOMETRY_FIELD_NUMBER: _ClassVar[int]
    RESOLUTION_FIELD_NUMBER: _ClassVar[int]
    CRS_FIELD_NUMBER: _ClassVar[int]
    ALIGN_PIXELS_FIELD_NUMBER: _ClassVar[int]
    BOUNDS_FIELD_NUMBER: _ClassVar[int]
    BOUNDS_CRS_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    ALL_TOUCHED_FIELD_NUMBER: _ClassVar[int]
    RESAMPLER_FIELD_NUMBER: _ClassVar[int]
    TILE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    TRANSFORM_FIELD_NUMBER: _ClassVar[int]
    geometry: str
    resolution: float
    crs: str
    align_pixels: bool
    bounds: Bounds
    bounds_crs: str
    shape: Shape
    all_touched: bool
    resampler: str
    tile: Tile
    key: str
    transform: Affine
    def __init__(self, geometry: _Optional[str] = ..., resolution: _Optional[float] = ..., crs: _Optional[str] = ..., align_pixels: bool = ..., bounds: _Optional[_Union[Bounds, _Mapping]] = ..., bounds_crs: _Optional[str] = ..., shape: _Optional[_Union[Shape, _Mapping]] = ..., all_touched: bool = ..., resampler: _Optional[str] = ..., tile: _Optional[_Union[Tile, _Mapping]] = ..., key: _Optional[str] = ..., transform: _Optional[_Union[Affine, _Mapping]] = ...) -> None: ...
