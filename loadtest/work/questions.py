"""Questions to the inspect server."""

from __future__ import annotations

import random

import swath as wf
from loadtest.link import Link
from loadtest.work.kind import Message
from swath.client.question import question
from swath.grid import Affine, Grid, Shape2d
from swath.wire.inspect import INSPECT, encode_question

PRODUCT = "loadtest"
"""The product that `loadtest.imagery` makes."""


class Question(Message):
    """A question, whose answer is a stream."""

    path = INSPECT
    is_stream = True


class Constant(Question):
    """A number and one operation: what a server costs that has nothing to do."""

    async def prepare(self, link: Link) -> None:
        """Encode it once: the load is not to be the encoder."""
        self._request = encode_question(question(wf.Int(1) + 1))

    def request(self, number: int) -> bytes:
        """Always the same."""
        return self._request


class Metadata(Question):
    """How many images there are since some day; nothing is read."""

    async def prepare(self, link: Link) -> None:
        """Encode some, to be sent in turns."""
        name = str(self.options.get("product", PRODUCT))
        days = [f"{year}-01-01" for year in range(2000, 2020)]
        counts = [wf.ImageCollection.from_id(name, day).length() for day in days]
        self._requests = [encode_question(question(count)) for count in counts]

    def request(self, number: int) -> bytes:
        """One of them."""
        return self._requests[number % len(self._requests)]


class Ndvi(Question):
    """NDVI of a square of `size_px`, somewhere in an image of `side_px`; each seed has its squares.

    `cold`: the share of them that is asked for without the cache of answers, each place once until
    all were; the others are one place, over and over.
    """

    async def prepare(self, link: Link) -> None:
        """Draw the places."""
        options = self.options
        self._size = int(options.get("size_px", 256))
        self._cold = float(options.get("cold", 1.0))
        across = int(options.get("side_px", 4096)) // self._size
        self._places = [(row, col) for row in range(across) for col in range(across)]
        dice = random.Random(self.seed)  # noqa: S311 - repeatable, hides nothing
        dice.shuffle(self._places)
        image = wf.Image.from_id(str(options.get("image", f"{PRODUCT}:2021-06-01")))
        self._ndvi = wf.normalized_difference(image.pick_bands("nir"), image.pick_bands("red"))
        self._dice = dice

    def request(self, number: int) -> bytes:
        """The n-th square."""
        is_cold = self._dice.random() < self._cold
        row, col = self._places[number % len(self._places)] if is_cold else self._places[0]
        where = area(row, col, self._size)
        return encode_question(question(self._ndvi, where, {}, "native", not is_cold))


class Whole(Question):
    """All pixels of an image at full resolution, as a stream."""

    async def prepare(self, link: Link) -> None:
        """Encode it once."""
        options = self.options
        side = int(options.get("side_px", 4096))
        image = wf.Image.from_id(str(options.get("image", f"{PRODUCT}:2021-06-01")))
        where = area(0, 0, side)
        self._request = encode_question(question(image * 1.0, where, {}, "native", False))

    def request(self, number: int) -> bytes:
        """Always the same."""
        return self._request


def area(row: int, col: int, size_px: int) -> wf.GeoContext:
    """A square of the grid of `loadtest.imagery`."""
    west, north = 5e5 + col * size_px * 10.0, 5e6 - row * size_px * 10.0
    transform = Affine(10.0, 0.0, west, 0.0, -10.0, north)
    found: wf.GeoContext = wf.GeoContext.from_grid(
        Grid("EPSG:32633", transform, Shape2d(size_px, size_px))
    )
    return found
