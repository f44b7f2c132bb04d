"""Events as lines of JSON and as metrics."""

from __future__ import annotations

import io
import json
import urllib.request

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from swath.errors import Unavailable
from swath.serving.events import Event
from swath.serving.metrics import MetricsEndpoint
from swath.serving.subscriber import LogAndMetrics

ANSWERED = {"code": "OK", "lane": "loop", "seconds": 0.002, "response_bytes": 40}


def samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_an_event_is_one_line_of_json_with_its_time():
    stream = io.StringIO()
    LogAndMetrics(stream)(Event("inspect", ANSWERED, 0.25))
    (line,) = stream.getvalue().splitlines()
    said = json.loads(line)
    assert said == {"time": "1970-01-01T00:00:00.250+00:00", "verb": "inspect", **ANSWERED}


def test_a_text_with_line_breaks_stays_on_one_line():
    stream = io.StringIO()
    LogAndMetrics(stream)(Event("x", {"traceback": "a\nb"}, 0.0))
    assert len(stream.getvalue().splitlines()) == 1


def test_a_log_that_nobody_reads_does_not_matter():
    stream = io.StringIO()
    subscriber = LogAndMetrics(stream)
    stream.close()
    subscriber(Event("inspect", ANSWERED, 0.0))
    found = samples(generate_latest(subscriber.registry).decode())
    assert found["swath_requests_total", "OK", "inspect"] == 1


def test_requests_are_counted_timed_and_summed():
    subscriber = LogAndMetrics(io.StringIO())
    for _ in range(3):
        subscriber(Event("inspect", ANSWERED, 0.0))
    subscriber(Event("engine_lost", {"pid": 1}, 0.0))
    found = samples(generate_latest(subscriber.registry).decode())
    assert found["swath_requests_total", "OK", "inspect"] == 3
    assert found["swath_request_seconds_count", "inspect", "loop"] == 3
    assert found["swath_response_bytes_total", "inspect"] == 120
    assert found["swath_events_total", "engine_lost"] == 1


def test_gauges_are_read_when_they_are_asked_for():
    subscriber, value = LogAndMetrics(io.StringIO()), [1.0]
    subscriber.watch(lambda: [("swath_waiting", "Waiting.", {"lane": "a"}, value[0])])
    value[0] = 4.0
    found = samples(generate_latest(subscriber.registry).decode())
    assert found["swath_waiting", "a"] == 4


def test_the_endpoint_serves_the_registry_until_it_is_closed():
    endpoint = MetricsEndpoint(LogAndMetrics(io.StringIO()).registry, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{endpoint.port}/metrics"
    with urllib.request.urlopen(address, timeout=5) as reply:
        assert b"swath_requests" in reply.read()
    endpoint.close()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(address, timeout=5)


def test_a_port_that_is_taken_is_named():
    registry = LogAndMetrics(io.StringIO()).registry
    endpoint = MetricsEndpoint(registry, "127.0.0.1", 0)
    with pytest.raises(Unavailable, match=str(endpoint.port)):
        MetricsEndpoint(registry, "127.0.0.1", endpoint.port)
    endpoint.close()
