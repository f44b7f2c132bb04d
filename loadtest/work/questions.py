"""Questions to the inspect server."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import ClassVar

import swath as wf
from loadtest.imagery import imagery_of
from loadtest.link import Link
from loadtest.scenario import Work
from loadtest.work.kind import Message
from swath.client.question import question
from swath.errors import InvalidArgument
from swath.wire.inspect import INSPECT, encode_question


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

    NEEDS = "imagery"

    async def prepare(self, link: Link) -> None:
        """Encode some, to be sent in turns."""
        name = imagery_of(self.options).product
        days = [f"{year}-01-01" for year in range(2000, 2020)]
        counts = [wf.ImageCollection.from_id(name, day).length() for day in days]
        self._requests = [encode_question(question(count)) for count in counts]

    def request(self, number: int) -> bytes:
        """One of them."""
        return self._requests[number % len(self._requests)]


class Ndvi(Question):
    """NDVI of a square of `size_px`, somewhere in the image; each seed has its own order of them.

    `cold`: the share of them that is computed without the cache of answers, each place once until
    all were; the others are one place, over and over.
    """

    LEAST: ClassVar[Mapping[str, float]] = {"size_px": 1, "within_px": 1, "cold": 0}
    NEEDS = "imagery"

    def __init__(self, work: Work, to: str, seed: int) -> None:
        super().__init__(work, to, seed)
        self._imagery = imagery_of(self.options)
        self._size = int(self.options.get("size_px", 256))
        self._within = int(self.options.get("within_px", self._imagery.side_px))
        if self._within < self._size:
            raise InvalidArgument(f"ndvi: {self._size} px do not fit into {self._within} px.")

    async def prepare(self, link: Link) -> None:
        """Draw the places."""
        self._cold = float(self.options.get("cold", 1.0))
        across = self._within // self._size
        self._places = [(row, col) for row in range(across) for col in range(across)]
        dice = random.Random(self.seed)  # noqa: S311 - repeatable, hides nothing
        dice.shuffle(self._places)
        self._ndvi = self._imagery.ndvi()
        self._dice = dice

    def request(self, number: int) -> bytes:
        """The n-th square."""
        is_cold = self._dice.random() < self._cold
        row, col = self._places[number % len(self._places)] if is_cold else self._places[0]
        where = self._imagery.square(row, col, self._size)
        return encode_question(question(self._ndvi, where, {}, "native", not is_cold))


class Whole(Question):
    """All pixels of a square of `size_px` at full resolution, as a stream; the first of the image.

    Without `size_px`: the whole image.
    """

    LEAST: ClassVar[Mapping[str, float]] = {"size_px": 1}
    NEEDS = "imagery"

    async def prepare(self, link: Link) -> None:
        """Encode it once."""
        imagery = imagery_of(self.options)
        where = imagery.square(0, 0, int(self.options.get("size_px", imagery.side_px)))
        pixels = imagery.pixels() * 1.0
        self._request = encode_question(question(pixels, where, {}, "native", False))

    def request(self, number: int) -> bytes:
        """Always the same."""
        return self._request
