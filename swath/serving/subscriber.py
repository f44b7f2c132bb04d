"""Turns events into what operators read: one line of JSON each, and Prometheus metrics."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TextIO

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from swath.serving.events import Event, as_line

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Bounds of the histogram of times: most answers take one to five milliseconds."""

Sample = tuple[str, str, dict[str, str], float]
"""Name, documentation, labels and value of something that is measured when it is asked for."""


class _Gauges(Collector):
    """Asks for the values when a scrape comes."""

    def __init__(self, read: Callable[[], Iterable[Sample]]) -> None:
        self._read = read

    def collect(self) -> Iterable[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        for name, doc, labels, value in self._read():
            if name not in families:
                families[name] = GaugeMetricFamily(name, doc, labels=list(labels))
            families[name].add_metric(list(labels.values()), value)
        return families.values()


class LogAndMetrics:
    """The subscriber of a server: a structured log on `stream` and a registry of metrics."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.registry = CollectorRegistry()
        self._stream = stream or sys.stderr
        self._requests = Counter(
            "swath_requests", "Requests answered.", ["method", "code"], registry=self.registry
        )
        self._seconds = Histogram(
            "swath_request_seconds",
            "Time from the arrival of a request to the end of its answer.",
            ["method", "lane"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._bytes = Counter(
            "swath_response_bytes", "Bytes of answers.", ["method"], registry=self.registry
        )
        self._others = Counter(
            "swath_events", "Events that are not requests.", ["verb"], registry=self.registry
        )

    def watch(self, read: Callable[[], Iterable[Sample]]) -> None:
        """Add gauges whose values `read` gives; it is called from the scrape's thread."""
        self.registry.register(_Gauges(read))

    def __call__(self, event: Event) -> None:
        """Count an event and write its line."""
        self._count(event)
        try:
            self._stream.write(as_line(event) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return  # nobody listens any more

    def _count(self, event: Event) -> None:
        fields = event.fields
        if "code" not in fields:
            self._others.labels(event.verb).inc()
            return
        self._requests.labels(event.verb, fields["code"]).inc()
        self._seconds.labels(event.verb, fields["lane"]).observe(fields["seconds"])
        self._bytes.labels(event.verb).inc(fields["response_bytes"])
