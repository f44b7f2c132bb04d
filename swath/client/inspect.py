"""Asking an inspect server: the value of an expression, now."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from typing import Any

from swath.client import channel
from swath.client.call import ask, stream
from swath.client.config import client_token, inspect_address
from swath.client.question import question
from swath.client.save import File, require_encoded, save
from swath.errors import ResultTooLarge
from swath.estimate import Estimate
from swath.graph.type import Type
from swath.results.assemble import assemble, encoded
from swath.stream import Event
from swath.types.graphs import build_graph
from swath.wire.inspect import (
    ESTIMATE,
    INSPECT,
    VALIDATE,
    Question,
    decode_estimate,
    decode_verdict,
    encode_estimate_question,
    encode_question,
    encode_validate_question,
)
from swath.wire.stream import read_stream

TIMEOUT_S = 60.0
"""How long an answer is awaited unless the caller says otherwise."""

Format = str | Mapping[str, Any]


class InspectClient:
    """Asks one inspect server. Safe to use from several threads; opening it sends nothing."""

    def __init__(self, address: str | None = None, token: str | None = None) -> None:
        """A client of the server at an address.

        Args:
            address: `host:port`, or `grpcs://host:port` where it has TLS; absent: `SWATH_INSPECT`,
                the configuration file, loopback.
            token: says who asks; absent: `SWATH_TOKEN`, the configuration file, nobody.
        """
        self.address = inspect_address(address)
        self._token = client_token(token)

    def __repr__(self) -> str:
        return f"InspectClient({self.address!r})"

    def inspect(
        self,
        obj: Any,
        geoctx: Any = None,
        format: Format = "native",
        file: File | None = None,
        cache: bool = True,
        timeout: float | None = TIMEOUT_S,
        **arguments: Any,
    ) -> Any:
        """As the function `inspect`."""
        asked = question(obj, geoctx, arguments, format, cache)
        if file is not None:
            require_encoded(asked.format)
        with closing(self._events(asked, timeout)) as events:
            if file is None:
                return assemble(events)
            save(encoded(events), file)
            return None

    def stream(
        self,
        obj: Any,
        geoctx: Any = None,
        format: Format = "native",
        cache: bool = True,
        timeout: float | None = TIMEOUT_S,
        **arguments: Any,
    ) -> Generator[Event, None, None]:
        """The answer event by event, for results that are larger than memory.

        A header, chunks of pixels (or bytes of a format) as they are computed, a trailer. Reading
        slowly slows the work; dropping the iterator stops it. Raises as `inspect`.
        """
        return self._events(question(obj, geoctx, arguments, format, cache), timeout)

    def estimate(
        self,
        obj: Any,
        geoctx: Any = None,
        timeout: float | None = TIMEOUT_S,
        **arguments: Any,
    ) -> Estimate:
        """As the function `estimate`."""
        asked = encode_estimate_question(question(obj, geoctx, arguments))
        return decode_estimate(ask(self.address, ESTIMATE, asked, timeout, self._token))

    def validate(self, obj: Any, timeout: float | None = TIMEOUT_S) -> Type:
        """As the function `validate`."""
        asked = encode_validate_question(build_graph(obj))
        return decode_verdict(ask(self.address, VALIDATE, asked, timeout, self._token))[0]

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        channel.close(self.address)

    def _events(self, asked: Question, timeout_s: float | None) -> Generator[Event, None, None]:
        request = encode_question(asked)
        with closing(stream(self.address, INSPECT, request, timeout_s, self._token)) as messages:
            try:
                yield from read_stream(messages)
            except ResultTooLarge as error:
                error.fields.setdefault("use", "swath.compute(obj, geoctx)")
                raise


def inspect(
    obj: Any,
    geoctx: Any = None,
    format: Format = "native",
    file: File | None = None,
    cache: bool = True,
    timeout: float | None = TIMEOUT_S,
    client: InspectClient | None = None,
    **arguments: Any,
) -> Any:
    """The value of an expression, computed now.

    Args:
        obj: a proxy; or a list or tuple of proxies, for several answers at once.
        geoctx: where: a GeoContext, or the `geocontext` of a result. Needed for pixels.
        format: `native`: Python values, ImageResult and ImageCollectionResult. `json` or
            `geotiff`: bytes. A dict of `type` and options sets options of the format.
        file: path or open binary file to write the bytes to, instead of returning them. A path
            never holds a part of a result.
        cache: whether an answer that was computed before will do.
        timeout: seconds until DeadlineExceeded; None: none.
        client: which server to ask; absent: that of the configuration.
        arguments: a value for each parameter that `obj` depends on, by name.

    Raises:
        TypeMismatch: missing or extra arguments, or no expression: before anything is sent.
        Unavailable: no server answers. DeadlineExceeded: the timeout passed.
        ResultTooLarge: use compute; it carries what it would take.
        SwathError: whatever the server raised, as the same class.
    """
    asked = client or InspectClient()
    return asked.inspect(obj, geoctx, format, file, cache, timeout, **arguments)


def estimate(
    obj: Any,
    geoctx: Any = None,
    timeout: float | None = TIMEOUT_S,
    client: InspectClient | None = None,
    **arguments: Any,
) -> Estimate:
    """What `inspect` would read and hold, without reading a pixel. Arguments as for `inspect`.

    Raises:
        SwathError: as `inspect`, except ResultTooLarge: `fits` says it.
    """
    return (client or InspectClient()).estimate(obj, geoctx, timeout, **arguments)


def validate(
    obj: Any, timeout: float | None = TIMEOUT_S, client: InspectClient | None = None
) -> Type:
    """The type that the server infers for an expression; nothing is computed.

    Raises:
        TypeMismatch, InvalidArgument, InvalidGraph: what is wrong with it. Unavailable.
    """
    return (client or InspectClient()).validate(obj, timeout)
