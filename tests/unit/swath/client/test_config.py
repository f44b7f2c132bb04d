from __future__ import annotations

from pathlib import Path

import pytest

from swath.client.config import (
    DEFAULT_INSPECT,
    DEFAULT_JOBS,
    client_token,
    inspect_address,
    jobs_address,
)
from swath.errors import InvalidArgument


def config(folder: Path, text: str) -> dict[str, str]:
    file = folder / "config.toml"
    file.write_text(text)
    return {"SWATH_CONFIG": str(file)}


def test_loopback_is_the_default(tmp_path: Path) -> None:
    assert inspect_address(None, {"XDG_CONFIG_HOME": str(tmp_path)}) == DEFAULT_INSPECT


def test_the_argument_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = config(tmp_path, '[client]\ninspect = "file:3"')
    both = {"SWATH_INSPECT": "environment:2", **file}
    assert [inspect_address("argument:1", both), inspect_address(None, both)] == [
        "argument:1",
        "environment:2",
    ]
    assert inspect_address(None, file) == "file:3"


def test_a_file_in_the_users_configuration_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "swath").mkdir()
    config(tmp_path / "swath", '[client]\ninspect = "mine:4"')
    assert inspect_address(None, {"XDG_CONFIG_HOME": str(tmp_path)}) == "mine:4"


@pytest.mark.parametrize("address", ["[::1]:7070", "unix:/run/socket", "example.org:80"])
def test_addresses_of_each_kind_are_taken(address: str) -> None:
    assert inspect_address(address) == address


@pytest.mark.parametrize(
    "address",
    ["localhost", ":7070", "host:0", "host:70000", "host:http", "https://host:443", "grpcs://:443"],
)
def test_what_is_no_address_is_an_invalid_argument(address: str) -> None:
    with pytest.raises(InvalidArgument, match="host:port"):
        inspect_address(address)


@pytest.mark.parametrize("text", ["client = [", "[client]\ninspect = 7070"])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"config\.toml"):
        inspect_address(None, config(tmp_path, text))


def test_the_job_server_has_an_address_of_its_own(tmp_path: Path) -> None:
    file = config(tmp_path, '[client]\ninspect = "file:3"\njobs = "file:4"')
    assert jobs_address(None, {"XDG_CONFIG_HOME": str(tmp_path)}) == DEFAULT_JOBS
    assert jobs_address(None, file) == "file:4"
    assert jobs_address(None, {"SWATH_JOBS": "environment:2", **file}) == "environment:2"
    assert jobs_address("argument:1", {"SWATH_JOBS": "environment:2"}) == "argument:1"


def test_a_token_is_found_as_an_address_is_and_may_be_absent(tmp_path: Path) -> None:
    file = config(tmp_path, '[client]\ntoken = "of-the-file"')
    assert client_token(None, {"XDG_CONFIG_HOME": str(tmp_path)}) is None
    assert client_token(None, file) == "of-the-file"
    assert client_token(None, {"SWATH_TOKEN": "environment", **file}) == "environment"
    assert client_token("argument", {"SWATH_TOKEN": "environment"}) == "argument"


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "naïve"])
def test_what_no_header_takes_is_no_token(token: str) -> None:
    with pytest.raises(InvalidArgument, match="token"):
        client_token(token)
