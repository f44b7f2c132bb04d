"""Image, ImageCollection, ImageCollectionGroupby: what most computations are about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from swath.errors import InvalidArgument, TypeMismatch
from swath.graph.expression import Constant, Expression
from swath.graph.type import COLLECTION, IMAGE, STR, Type
from swath.grid import Affine, Grid, Shape2d
from swath.ops.members import MEMBERS
from swath.types.alias import Alias, alias
from swath.types.apply import apply
from swath.types.derive import provide
from swath.types.promote import promote_to
from swath.types.proxy import Proxy, proxy_of
from swath.types.trace import trace


class Image(Proxy):
    """Named bands over one grid, each with a mask, with properties and bandinfo.

    Comes from `Image.from_id`, `Image.from_array`, or out of a collection.
    """

    __slots__ = ()

    @classmethod
    def from_array(cls, array: Any, grid: Any, nodata: Any = None) -> Any:
        """An image of given pixels, with bands named `band_1`, … (rule W8).

        Args:
            array: (y, x) or (band, y, x), of any real dtype.
            grid: a Grid, or a GeoContext made from one.
            nodata: pixels of this value are masked; None: none are.
        """
        return apply("Image.from_array", array, _grid(grid), nodata)

    def pick_bands(self, bands: Any, allow_missing: bool = False) -> Any:
        """The bands named, in that order: `"nir red"` or a list of names."""
        return _pick_bands(self, bands, allow_missing)

    def unpack_bands(self, bands: Any) -> tuple[Any, ...]:
        """One image for each band named: `nir, red = img.unpack_bands("nir red")`."""
        return _unpack_bands(self, bands)

    def rename_bands(self, *new_positional_names: Any, **new_names: Any) -> Any:
        """The same bands with new names, one for each in order; or those of `old=new` renamed."""
        return _rename_bands(self, new_positional_names, new_names)

    def map_bands(self, func: Callable[..., Any]) -> Any:
        """What a function of band name and one-band image gives: images joined, else a Dict."""
        return _map_bands(self, func)


class ImageCollection(Proxy):
    """Images with the same bands, in order: `ImageCollection.from_id(product)`, or of a list."""

    __slots__ = ()

    @staticmethod
    def make(wanted: Type, images: Any) -> Expression:
        """From a list of images, or a List[Image]; a collection stays what it is."""
        if isinstance(images, Proxy) and images.expression.type == COLLECTION:
            return promote_to(images, wanted)
        images = images if isinstance(images, Proxy) else list(images)
        made: Proxy = apply("ImageCollection.from_images", images)
        return made.expression

    @classmethod
    def from_id(
        cls,
        product_id: Any,
        start_datetime: Any = None,
        end_datetime: Any = None,
        limit: Any = None,
        resampler: Any = None,
        processing_level: Any = None,
    ) -> Any:
        """The images of a product, by date, then id.

        Args:
            product_id: name of the product in the catalog.
            start_datetime: first instant, text or Datetime; None: no limit.
            end_datetime: first instant that is too late; None: no limit.
            limit: most images to take, in order; None: 10,000.
            resampler: how pixels are resampled; None: as the geocontext says, else near.
            processing_level: None: that of the product.
        Raises:
            InvalidArgument: no such resampler, no such date, limit below 1.
        """
        return apply(
            "ImageCollection.from_id",
            product_id,
            **_said(
                start_datetime=start_datetime,
                end_datetime=end_datetime,
                limit=limit,
                resampler=resampler,
                processing_level=processing_level,
            ),
        )

    def pick_bands(self, bands: Any, allow_missing: bool = False) -> Any:
        """The bands named, in that order: `"nir red"` or a list of names."""
        return _pick_bands(self, bands, allow_missing)

    def unpack_bands(self, bands: Any) -> tuple[Any, ...]:
        """One collection for each band named: `nir, red = col.unpack_bands("nir red")`."""
        return _unpack_bands(self, bands)

    def rename_bands(self, *new_positional_names: Any, **new_names: Any) -> Any:
        """The same bands with new names, one for each in order; or those of `old=new` renamed."""
        return _rename_bands(self, new_positional_names, new_names)

    def map_bands(self, func: Callable[..., Any]) -> Any:
        """What a function of band name and one-band collection gives: joined, else a Dict."""
        return _map_bands(self, func)

    def map(self, func: Any) -> Any:
        """What a function gives for each image: a collection of Images, else a List."""
        traced = _traced(func, (IMAGE,))
        gives = traced.expression.type.args[-1]
        return apply("map_imagery" if gives == IMAGE else "map", self, traced)

    def groupby(self, func: Any = None, dates: Any = None) -> Any:
        """The images grouped by what a function gives for each, or by parts of their date.

        Args:
            func: called with each image; gives its key.
            dates: `"month"`, `"year"`, … or several of them, for tuples as keys.
        Raises:
            TypeMismatch: neither or both are given.
            InvalidArgument: a date has no such part.
        """
        if (func is None) == (dates is None):
            raise TypeMismatch("groupby takes a function, or dates=").at(argument="func")
        by = func if dates is None else _by_date(dates)
        return apply("ImageCollectionGroupby.create", self, by)


class ImageCollectionGroupby(Proxy):
    """A collection in groups: from `ImageCollection.groupby`. Reduce it, map it, or get a group."""

    __slots__ = ()

    def __class_getitem__(cls, arguments: Any) -> Alias:
        return alias(cls, arguments)

    @staticmethod
    def make(_wanted: Type, imgs: Any, func: Any) -> Expression:
        """From a collection and a function of an image."""
        made: Proxy = apply("ImageCollectionGroupby.create", imgs, func)
        return made.expression

    @property
    def key_type(self) -> Type:
        """Type of the keys."""
        return self.expression.type.args[0]

    def map(self, func: Any) -> Any:
        """What a function of key and collection gives: images as a collection, else a Dict."""
        traced = _traced(func, (self.key_type, COLLECTION))
        gives = traced.expression.type.args[-1]
        name = "map_ic" if gives == IMAGE else "map"
        return apply(f"ImageCollectionGroupby.{name}", self, traced)


def _said(**given: Any) -> dict[str, Any]:
    """The arguments that are not None: the others mean the same left out."""
    return {name: value for name, value in given.items() if value is not None}


def _names(bands: Any) -> list[Any] | None:
    """Names of bands one by one; None for a computed list."""
    if isinstance(bands, str):
        return bands.split()
    if isinstance(bands, Proxy):
        return [bands] if bands.expression.type == STR else None
    return [name for part in bands for name in (part.split() if isinstance(part, str) else [part])]


def _pick_bands(obj: Proxy, bands: Any, allow_missing: Any) -> Any:
    options = {} if allow_missing is False else {"allow_missing": allow_missing}
    names = _names(bands)
    if names is None:
        return apply("pick_bands_list", obj, bands, **options)
    if not names:
        raise InvalidArgument("name at least one band").at(op="pick_bands", argument="bands")
    return apply("pick_bands", obj, *names, **options)


def _unpack_bands(obj: Proxy, bands: Any) -> tuple[Any, ...]:
    names = _names(bands)
    if names is None:
        problem = "a computed list cannot be unpacked: write the names of the bands"
        raise TypeMismatch(problem).at(op="unpack_bands", argument="bands")
    return tuple(apply("pick_bands", obj, name) for name in names)


def _rename_bands(obj: Proxy, positional: Sequence[Any], named: dict[str, Any]) -> Any:
    if bool(positional) == bool(named):
        problem = "rename_bands takes a new name for each band, or old=new"
        raise TypeMismatch(problem).at(op="rename_bands")
    if named:
        return apply("rename_bands", obj, named)
    return apply("rename_bands_positionally", obj, _names(list(positional)))


def _map_bands(obj: Proxy, func: Any) -> Any:
    traced = _traced(func, (STR, obj.expression.type))
    is_imagery = traced.expression.type.args[-1] in (IMAGE, COLLECTION)
    return apply("map_bands_imagery" if is_imagery else "map_bands", obj, traced)


def _traced(func: Any, types: tuple[Type, ...]) -> Any:
    """A Function proxy; the type that it gives chooses the op."""
    if isinstance(func, Proxy) and func.expression.type.name == "Function":
        return func
    if not callable(func):
        problem = f"expected a function, got {type(func).__name__}"
        raise TypeMismatch(problem).at(argument="func")
    return proxy_of(trace(func, types))


def _by_date(dates: Any) -> Callable[[Any], Any]:
    parts = (dates,) if isinstance(dates, str) else tuple(dates)
    there = tuple(MEMBERS["Datetime"])
    for part in parts:
        if part not in there:
            problem = f"dates are {', '.join(there)}; there is no {part!r}"
            raise InvalidArgument(problem).at(op="groupby", argument="dates")

    def key(img: Any) -> Any:
        date = img.properties["date"]
        found = tuple(getattr(date, part) for part in parts)
        return found[0] if isinstance(dates, str) else found

    return key


def _grid(grid: Any) -> Any:
    """The grid that pixels are on, from a Grid or a GeoContext that names one exactly."""
    if not isinstance(grid, Proxy) or not isinstance(grid.expression, Constant):
        return grid
    value = grid.expression.value
    transform, shape = getattr(value, "transform", None), getattr(value, "shape", None)
    if transform is None or shape is None:
        return grid
    return Grid(value.crs or "", Affine(*transform), Shape2d(*shape))


for _cls in (Image, ImageCollection, ImageCollectionGroupby):
    provide(_cls)
