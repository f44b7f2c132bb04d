from swath.v1 import geocontext_pb2 as _geocontext_pb2
from swath.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListProductsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListProductsResponse(_message.Message):
    __slots__ = ("products", "next_page_token")
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    products: _containers.RepeatedCompositeFieldContainer[Product]
    next_page_token: str
    def __init__(self, products: _Optional[_Iterable[_Union[Product, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetProductRequest(_message.Message):
    __slots__ = ("product",)
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    product: str
    def __init__(self, product: _Optional[str] = ...) -> None: ...

class GetProductResponse(_message.Message):
    __slots__ = ("product",)
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    product: Product
    def __init__(self, product: _Optional[_Union[Product, _Mapping]] = ...) -> None: ...

class Product(_message.Message):
    __slots__ = ("id", "bands", "images", "first_us", "last_us", "bounds", "geocontext")
    ID_FIELD_NUMBER: _ClassVar[int]
    BANDS_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    FIRST_US_FIELD_NUMBER: _ClassVar[int]
    LAST_US_FIELD_NUMBER: _ClassVar[int]
    BOUNDS_FIELD_NUMBER: _ClassVar[int]
    GEOCONTEXT_FIELD_NUMBER: _ClassVar[int]
    id: str
    bands: _containers.RepeatedCompositeFieldContainer[Band]
    images: int
    first_us: int
    last_us: int
    bounds: _geocontext_pb2.Bounds
    geocontext: _geocontext_pb2.GeoContext
    def __init__(self, id: _Optional[str] = ..., bands: _Optional[_Iterable[_Union[Band, _Mapping]]] = ..., images: _Optional[int] = ..., first_us: _Optional[int] = ..., last_us: _Optional[int] = ..., bounds: _Optional[_Union[_geocontext_pb2.Bounds, _Mapping]] = ..., geocontext: _Optional[_Union[_geocontext_pb2.GeoContext, _Mapping]] = ...) -> None: ...

class Band(_message.Message):
    __slots__ = ("name", "dtype", "kind", "scale", "offset", "nodata", "data_min", "data_max")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Band.Kind]
        KIND_PHYSICAL: _ClassVar[Band.Kind]
        KIND_CLASS: _ClassVar[Band.Kind]
        KIND_FLAG: _ClassVar[Band.Kind]
    KIND_UNSPECIFIED: Band.Kind
    KIND_PHYSICAL: Band.Kind
    KIND_CLASS: Band.Kind
    KIND_FLAG: Band.Kind
    NAME_FIELD_NUMBER: _ClassVar[int]
    DTYPE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    NODATA_FIELD_NUMBER: _ClassVar[int]
    DATA_MIN_FIELD_NUMBER: _ClassVar[int]
    DATA_MAX_FIELD_NUMBER: _ClassVar[int]
    name: str
    dtype: str
    kind: Band.Kind
    scale: float
    offset: float
    nodata: float
    data_min: float
    data_max: float
    def __init__(self, name: _Optional[str] = ..., dtype: _Optional[str] = ..., kind: _Optional[_Union[Band.Kind, str]] = ..., scale: _Optional[float] = ..., offset: _Optional[float] = ..., nodata: _Optional[float] = ..., data_min: _Optional[float] = ..., data_max: _Optional[float] = ...) -> None: ...

class GetImageRequest(_message.Message):
    __slots__ = ("id",)
    ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    def __init__(self, id: _Optional[str] = ...) -> None: ...

class GetImageResponse(_message.Message):
    __slots__ = ("image",)
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    image: Image
    def __init__(self, image: _Optional[_Union[Image, _Mapping]] = ...) -> None: ...

class SearchImagesRequest(_message.Message):
    __slots__ = ("product", "start_us", "end_us", "bounds", "geometry", "geocontext", "page_size", "page_token")
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    START_US_FIELD_NUMBER: _ClassVar[int]
    END_US_FIELD_NUMBER: _ClassVar[int]
    BOUNDS_FIELD_NUMBER: _ClassVar[int]
    GEOMETRY_FIELD_NUMBER: _ClassVar[int]
    GEOCONTEXT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    product: str
    start_us: int
    end_us: int
    bounds: _geocontext_pb2.Bounds
    geometry: str
    geocontext: _geocontext_pb2.GeoContext
    page_size: int
    page_token: str
    def __init__(self, product: _Optional[str] = ..., start_us: _Optional[int] = ..., end_us: _Optional[int] = ..., bounds: _Optional[_Union[_geocontext_pb2.Bounds, _Mapping]] = ..., geometry: _Optional[str] = ..., geocontext: _Optional[_Union[_geocontext_pb2.GeoContext, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class SearchImagesResponse(_message.Message):
    __slots__ = ("images", "next_page_token")
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    images: _containers.RepeatedCompositeFieldContainer[Image]
    next_page_token: str
    def __init__(self, images: _Optional[_Iterable[_Union[Image, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Image(_message.Message):
    __slots__ = ("id", "product", "date_us", "footprint", "bands", "properties", "grid")
    ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    DATE_US_FIELD_NUMBER: _ClassVar[int]
    FOOTPRINT_FIELD_NUMBER: _ClassVar[int]
    BANDS_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    GRID_FIELD_NUMBER: _ClassVar[int]
    id: str
    product: str
    date_us: int
    footprint: str
    bands: _containers.RepeatedScalarFieldContainer[str]
    properties: _value_pb2.Value
    grid: _geocontext_pb2.Grid
    def __init__(self, id: _Optional[str] = ..., product: _Optional[str] = ..., date_us: _Optional[int] = ..., footprint: _Optional[str] = ..., bands: _Optional[_Iterable[str]] = ..., properties: _Optional[_Union[_value_pb2.Value, _Mapping]] = ..., grid: _Optional[_Union[_geocontext_pb2.Grid, _Mapping]] = ...) -> None: ...
