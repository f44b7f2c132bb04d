"""Images and collections: methods that the table does not tell all of."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

import swath as wf
from swath.errors import InvalidArgument, TypeMismatch
from swath.graph.check import check
from swath.graph.graph import Call, Literal
from swath.grid import Affine, Grid, Shape2d

COL = wf.ImageCollection.from_id("s2")
IMG = COL[0]
GRID = Grid("EPSG:32633", Affine(10, 0, 0, 0, -10, 0), Shape2d(2, 3))


def typed(obj: Any) -> str:
    """The type that the client and the checker agree on."""
    graph = wf.build_graph(obj)
    found = str(check(graph)[graph.result])
    assert found == str(obj.expression.type)
    return found


def ops(obj: Any) -> list[str]:
    """Names of the ops, in order."""
    return [n.op for n in wf.build_graph(obj).nodes if isinstance(n, Call)]


@pytest.mark.parametrize(
    ("made", "type_"),
    [
        (lambda: IMG.properties["date"].year, "Int"),
        (IMG.properties["id"].upper, "Str"),
        (lambda: IMG.bandinfo["red"]["data_range"][0], "Float"),
        (lambda: COL.properties.map(lambda p: p["date"]), "List[Datetime]"),
        (lambda: COL.filter(lambda i: i.properties["cloud"] < 0.5), "ImageCollection"),
        (lambda: COL.filter(lambda i: i.properties["date"] < "2019-06-01"), "ImageCollection"),
        (lambda: COL.filter(lambda i: i.properties["date"] > "2019-06-01"), "ImageCollection"),
        (lambda: COL.map(lambda i: i * 2), "ImageCollection"),
        (lambda: COL.map(lambda i: i.mean()), "List[Float]"),
        (lambda: COL.map(lambda i: COL), "List[ImageCollection]"),
        (lambda: COL.sorted(lambda i: i.properties["date"], reverse=True), "ImageCollection"),
        (lambda: COL.reduce(lambda a, b: a + b), "Image"),
        (lambda: reversed(COL), "ImageCollection"),
        (lambda: COL.head(3).tail(1).length(), "Int"),
        (lambda: COL.median("images"), "Image"),
        (lambda: COL.std(axis=["images", "pixels"]), "Dict[Str, Float]"),
        (lambda: COL.reduction("count", axis="bands"), "ImageCollection"),
        (lambda: COL.mosaic(True), "Image"),
        (lambda: COL.groupby(dates="month").groups, "Dict[Int, ImageCollection]"),
        (lambda: COL.groupby(dates=("year", "month")).one(),
         "Tuple[Tuple[Int, Int], ImageCollection]"),
        (lambda: COL.groupby(lambda i: i.properties["date"].month)[6], "ImageCollection"),
        (lambda: COL.groupby(dates="month").median("images"), "ImageCollection"),
        (lambda: COL.groupby(dates="month").map(lambda k, c: c.mean("images")),
         "ImageCollection"),
        (lambda: COL.groupby(dates="month").map(lambda k, c: c.length() + k), "Dict[Int, Int]"),
        (lambda: COL.map_bands(lambda name, band: band * 2), "ImageCollection"),
        (lambda: IMG.map_bands(lambda name, band: band.mean()), "Dict[Str, Float]"),
        (lambda: IMG.mask(COL), "ImageCollection"),
        (lambda: IMG.mask(IMG > 3, replace=True).getmask(), "Image"),
        (lambda: IMG.concat_bands(IMG).nbands, "Int"),
        (lambda: wf.concat(IMG, IMG), "Image"),
        (lambda: IMG.value_at(1, 2), "Dict[Str, Float]"),
        (lambda: COL.value_at(1, 2).map(lambda d: d["red"]), "List[Float]"),
        (lambda: wf.where(IMG > 0.5, IMG, 0), "Image"),
        (lambda: wf.normalized_difference(IMG, COL), "ImageCollection"),
        (lambda: IMG.clip_values(max=1).scale_values(0, 255), "Image"),
        (lambda: IMG.log().sqrt(), "Image"),
        (lambda: wf.arctan2(IMG, 1), "Image"),
        (lambda: (IMG & 3 == 1) | ~IMG, "Image"),
        (lambda: IMG.with_properties(a=1, b="x").without_properties("a"), "Image"),
        (lambda: COL.with_bandinfo("red", x=1).without_bandinfo("red", "x"), "ImageCollection"),
        (lambda: wf.ImageCollection([IMG, IMG]), "ImageCollection"),
        (lambda: wf.ImageCollection(COL), "ImageCollection"),
        (lambda: wf.Image.from_array(np.zeros((2, 3)), GRID, nodata=0), "Image"),
    ],
)  # fmt: skip
def test_an_expression_has_one_type_here_and_on_the_server(made: Any, type_: str) -> None:
    assert typed(made()) == type_


def test_bands_are_named_in_one_text_or_in_a_list() -> None:
    assert ops(IMG.pick_bands("a b")) == ops(IMG.pick_bands(["a", "b"]))
    assert ops(IMG.pick_bands(wf.Str("a").split(","))) [-1] == "pick_bands_list"  # fmt: skip
    red, nir = COL.unpack_bands("red nir")
    assert isinstance(red, wf.ImageCollection)
    assert ops(nir - red).count("pick_bands") == 2


def test_bands_get_new_names_by_position_or_by_old_name() -> None:
    assert ops(IMG.rename_bands("x", "y"))[-1] == "rename_bands_positionally"
    assert ops(IMG.rename_bands(red="r"))[-1] == "rename_bands"
    with pytest.raises(TypeMismatch):
        IMG.rename_bands("x", red="r")


def test_the_op_of_a_map_follows_from_what_the_function_gives() -> None:
    assert ops(COL.map(lambda i: i))[-1] == "map_imagery"
    assert ops(COL.map(lambda i: 1))[-1] == "map"
    assert ops(IMG.map_bands(lambda n, b: b))[-1] == "map_bands_imagery"
    assert ops(IMG.map_bands(lambda n, b: n))[-1] == "map_bands"


def test_division_of_imagery_is_div() -> None:
    assert ops(IMG / 2)[-1] == "div"
    assert ops(2 / IMG)[-1] == "div"


def test_a_collection_is_asked_for_with_dates_as_text_or_as_datetimes() -> None:
    text = wf.ImageCollection.from_id("s2", "2019-01-01", "2020-01-01T00:00:00+01:00", limit=3)
    values = [n.value for n in wf.build_graph(text).nodes if isinstance(n, Literal)]
    assert values == [
        "s2",
        dt.datetime(2019, 1, 1, tzinfo=dt.UTC),
        dt.datetime(2019, 12, 31, 23, tzinfo=dt.UTC),
        3,
    ]
    day = wf.ImageCollection.from_id("s2", dt.date(2019, 1, 1), np.datetime64("2020-01-01"))
    assert wf.Datetime(2019, 1, 1).literal_value in [
        n.value for n in wf.build_graph(day).nodes if isinstance(n, Literal)
    ]


@pytest.mark.parametrize(
    ("made", "argument"),
    [
        (lambda: wf.ImageCollection.from_id("s2", "soon"), "start_datetime"),
        (lambda: wf.ImageCollection.from_id("s2", limit=0), "limit"),
        (lambda: wf.ImageCollection.from_id("s2", resampler="nearest"), "resampler"),
        (lambda: wf.Image.from_id("a", resampler="nearest"), "resampler"),
        (lambda: COL.median("time"), "axis"),
        (lambda: IMG.median("images"), "axis"),
        (lambda: COL.groupby(dates="week"), "dates"),
        (lambda: IMG.pick_bands(""), "bands"),
        (IMG.clip_values, "min"),
        (lambda: wf.Image.from_array(np.zeros(3), GRID), "array"),
    ],
)
def test_a_value_that_means_nothing_is_refused_while_typing(made: Any, argument: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        made()
    assert caught.value.where.argument == argument


@pytest.mark.parametrize(
    "made",
    [
        lambda: COL.map(3),
        COL.groupby,
        lambda: COL.groupby(lambda i: i),
        COL.sorted,
        lambda: COL.filter(lambda i: i.mean()),
        lambda: IMG & 0.5,
        lambda: IMG.mask(wf.Bool(True)),  # type: ignore[arg-type]
        lambda: IMG.unpack_bands(wf.Str("a").split(",")),
        lambda: wf.ImageCollection([1, 2]),
        lambda: wf.Image.from_array([[1, 2]], GRID),
        lambda: COL.mean(axes="images"),  # type: ignore[call-arg]
        lambda: wf.where(True, IMG, 0),
    ],
)
def test_a_type_that_does_not_fit_is_refused_while_typing(made: Any) -> None:
    with pytest.raises((TypeMismatch, InvalidArgument)):
        made()


def test_an_image_can_be_made_on_the_grid_of_a_geocontext() -> None:
    where = wf.GeoContext.from_grid(GRID)
    graph = wf.build_graph(wf.Image.from_array(np.zeros((2, 3)), where))
    assert GRID in [
        n.value for n in graph.nodes if isinstance(n, Literal) and n.type.name == "Grid"
    ]
