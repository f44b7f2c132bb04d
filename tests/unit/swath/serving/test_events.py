"""Events reach their subscriber in order, and never hold up who emits them."""

from __future__ import annotations

import threading

from swath.serving.events import Event, Instrument


def test_events_arrive_in_order_with_their_time():
    seen: list[Event] = []
    instrument = Instrument(seen.append, clock=lambda: 12.5)
    instrument.emit("first", {"a": 1})
    instrument.emit("second", {})
    instrument.close()
    assert seen == [Event("first", {"a": 1}, 12.5), Event("second", {}, 12.5)]


def test_a_subscriber_that_blocks_does_not_block_who_emits():
    gate = threading.Event()
    seen: list[str] = []

    def blocked(event: Event) -> None:
        gate.wait(10)
        seen.append(event.verb)

    instrument = Instrument(blocked)
    for number in range(1000):
        instrument.emit(str(number), {})
    assert not seen
    gate.set()
    instrument.close()
    assert seen == [str(number) for number in range(1000)]


def test_events_that_were_dropped_are_counted():
    gate, seen = threading.Event(), list[Event]()

    def blocked(event: Event) -> None:
        gate.wait(10)
        seen.append(event)

    instrument = Instrument(blocked, held=10)
    for number in range(100):
        instrument.emit(str(number), {})
    gate.set()
    instrument.close()
    kept = [event for event in seen if event.verb != "events_dropped"]
    dropped = sum(event.fields["count"] for event in seen if event.verb == "events_dropped")
    assert len(kept) + dropped == 100
    assert kept[-1].verb == "99"
    assert dropped >= 89
