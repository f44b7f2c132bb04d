"""Settings of the job server that fit each other, and those that do not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from job_server.config import JobConfig, microseconds
from swath.errors import InvalidArgument


def test_the_defaults_fit_each_other():
    config = JobConfig().validate()
    assert (config.jobs_host, config.jobs_port) == ("127.0.0.1", 7072)
    assert (config.limits().outstanding, config.limits().running) == (120, 0)


def test_there_are_less_than_25_settings():
    assert len(dataclasses.fields(JobConfig)) < 25


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("jobs_port", 65536),
        ("jobs_port", -1),
        ("jobs_metrics_port", 70000),
        ("outstanding_limit", 0),
        ("running_limit", -1),
        ("lease_s", 0.1),
        ("attempt_timeout_s", 0),
        ("attempt_timeout_s", 1e9),
        ("age_limit_s", 0),
        ("keep_s", -1),
        ("drain_s", -1),
        ("watch_s", 0),
        ("silence_s", 0),
        ("silence_s", 2000),
        ("max_request_s", 0),
        ("max_watchers", 0),
        ("database", "mysql://x"),
        ("database", "sqlite:jobs.db"),
        ("database", "postgresql:jobs"),
        ("worker_address", "nowhere"),
        ("worker_address", "host:port"),
        ("worker_address", "host:70000"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(field, value):
    with pytest.raises(InvalidArgument):
        JobConfig(**{field: value}).validate()


@pytest.mark.parametrize(("seconds", "whole"), [(0, 0), (1e-9, 1), (1.5, 1_500_000)])
def test_a_time_that_is_not_0_is_at_least_a_microsecond(seconds, whole):
    assert microseconds(seconds) == whole


def test_jobs_and_the_socket_of_workers_are_in_the_data_folder():
    config = JobConfig(data=Path("/x"))
    assert config.store() == "/x/jobs/jobs.db"
    assert config.worker_socket() == Path("/x/jobs/workers.sock")


def test_workers_may_have_a_port():
    config = JobConfig(worker_address="[::1]:7074").validate()
    assert config.worker_socket() is None
    assert config.worker_host() == ("::1", 7074)


def test_workers_may_have_another_socket():
    assert JobConfig(worker_address="unix:/run/w").worker_socket() == Path("/run/w")
