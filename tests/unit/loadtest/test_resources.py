"""What became of a process counts from a moment on, so that a warm-up is no growth."""

from __future__ import annotations

from loadtest.resources import Sample, Watch

MIB = 1 << 20


def watched() -> Watch:
    """A process that gained 50 MiB in ten seconds, then 2, with a peak; and one that went."""
    memory = [100 + 5 * n for n in range(10)] + [150, 150, 151, 155, 152, 152, 152, 152, 152, 152]
    samples = [Sample(float(n), mib * MIB, float(n)) for n, mib in enumerate(memory)]
    return Watch((), {7: samples, 8: samples[:5]}, {7: "server"})


def test_what_a_process_gained_before_does_not_count():
    (growth,) = watched().growth(10.0)
    assert (growth.pid, growth.gained_bytes, growth.processor_s) == (7, 2 * MIB, 9.0)


def test_its_peak_is_what_it_had_above_its_first_looks():
    (growth,) = watched().growth(10.0)
    assert growth.peak_bytes == 5 * MIB


def test_a_process_that_went_before_is_left_out():
    assert [growth.pid for growth in watched().growth()] == [7, 8]
    assert [growth.pid for growth in watched().growth(10.0)] == [7]
