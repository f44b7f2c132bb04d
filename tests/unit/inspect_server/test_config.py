"""Settings of the inspect server that fit each other, and those that do not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inspect_server.config import MIB, InspectConfig
from swath.errors import InvalidArgument


def test_the_defaults_fit_each_other():
    config = InspectConfig().validate()
    assert (config.inspect_host, config.inspect_port) == ("127.0.0.1", 7070)
    assert config.pixel_engines() == os.cpu_count()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("inspect_port", 65536),
        ("inspect_port", -1),
        ("metrics_port", 70000),
        ("engines", -1),
        ("max_waiting", -1),
        ("max_request_s", 0),
        ("drain_s", -1),
        ("engine_memory_bytes", 512 * MIB),
        ("allow_prefix", ("ftp://x/",)),
        ("allow_prefix", ("https://x/no-slash",)),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(field, value):
    with pytest.raises(InvalidArgument):
        InspectConfig(**{field: value}).validate()


def test_without_roots_every_local_file_may_be_read():
    assert InspectConfig().sources().roots is None


def test_roots_are_resolved(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    sources = InspectConfig(root=(tmp_path / "link",)).sources()
    assert sources.roots == ((tmp_path / "real").resolve(),)


def test_a_number_of_engines_is_taken_as_it_is():
    assert InspectConfig(engines=7).pixel_engines() == 7
