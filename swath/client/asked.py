"""What a job was asked for: it never changes, and comes back as what went in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from swath.geocontext import GeoContextValue
from swath.graph.expression import Constant
from swath.graph.rebuild import rebuild
from swath.graph.type import GEOCONTEXT
from swath.job import JobSpec
from swath.types.proxy import Proxy, proxy_of


class Asked(ABC):
    """Properties of whatever has the specification of a job."""

    __slots__ = ()

    @abstractmethod
    def _specification(self) -> JobSpec:
        """It may have to be asked for; raises as that does."""

    @property
    def object(self) -> Proxy:
        """The expression, to look at or to compute anew; parameters in it are open again."""
        return proxy_of(rebuild(self._specification().graph))

    @property
    def geoctx(self) -> Proxy | None:
        """Where it is computed: a GeoContext; None: nowhere in particular."""
        value: GeoContextValue | None = self._specification().geocontext
        return None if value is None else proxy_of(Constant(value, GEOCONTEXT))

    @property
    def arguments(self) -> dict[str, Any]:
        """The value of each parameter, by name."""
        return dict(self._specification().arguments)

    @property
    def format(self) -> dict[str, Any]:
        """Its format as `type`, and the options that were given."""
        spec = self._specification()
        return {"type": spec.format, **spec.options}

    @property
    def destination(self) -> dict[str, Any]:
        """Where its result goes, as `type`, and the options that were given."""
        spec = self._specification()
        return {"type": spec.destination.name, **spec.destination.options}

    @property
    def url(self) -> str | None:
        """Where its result can be had by other means than `result`; None: nowhere.

        Always None for the destination `download`, which job servers keep to themselves.
        """
        return None

    @property
    def cache_enabled(self) -> bool:
        """False: a job always computes afresh."""
        return False

    @property
    def version(self) -> str:
        """Version of the client that created it, such as `0.1.0`; empty: that did not say."""
        return self._specification().client.partition("/")[2]

    @property
    def channel(self) -> str:
        """Version of the language that its expression is written in, such as `v1`."""
        return f"v{self._specification().graph.language_version}"
