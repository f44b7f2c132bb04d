"""The gate to files and the network opens for what is allowed, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.sources.address import LocalFile, RemoteFile, resolve_href, shown_name
from engine.sources.config import SourceConfig
from swath.errors import InvalidSource

REMOTE = SourceConfig(
    roots=(), remote=("https://good.example/open/", "s3://bucket/", "http://127.0.0.1:9/")
)


@pytest.mark.parametrize(
    "href",
    [
        "https://good.example/open/a.tif",
        "https://good.example/open/a b/ü.tif?sig=x%2Fy",
        "s3://bucket/deep/a.tif",
        "http://127.0.0.1:9/a.tif",
    ],
)
def test_an_address_under_a_listed_prefix_is_allowed(href: str) -> None:
    assert isinstance(resolve_href(href, REMOTE), RemoteFile)


def test_a_file_under_a_root_is_allowed_through_links_inside(tmp_path: Path) -> None:
    real = tmp_path / "a.tif"
    real.touch()
    link = tmp_path / "link.tif"
    link.symlink_to(real)
    address = resolve_href(str(link), SourceConfig(roots=(tmp_path,)))
    assert address == LocalFile(str(real.resolve()), "link.tif")


def test_a_root_that_is_a_link_allows_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "real")
    config = SourceConfig(roots=(tmp_path / "root",))
    assert isinstance(resolve_href(str(tmp_path / "root" / "a.tif"), config), LocalFile)


def test_empty_roots_allow_no_local_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidSource, match="outside the folders"):
        resolve_href(str(tmp_path / "a.tif"), REMOTE)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["", "/", "https://good.example/open/", "s3://bucket/", "file://", "/vsi"]),
    st.text(max_size=40),
)
@example("https://good.example/open/", "\\..\\..\\x")
@example("https://", "[::1/a.tif")
@example("/", "\ud800")
@example("/", "a" * 5000)
def test_any_text_gives_an_allowed_address_or_invalid_source(start: str, rest: str) -> None:
    try:
        address = resolve_href(start + rest, REMOTE)
    except InvalidSource:
        return
    assert isinstance(address, RemoteFile)
    assert address.url.startswith(REMOTE.remote)


@pytest.mark.parametrize("prefix", ["https://host", "ftp://host/", "host/", "/data/", "file:///"])
def test_a_prefix_that_could_match_another_host_is_no_configuration(prefix: str) -> None:
    with pytest.raises(ValueError, match="slash"):
        SourceConfig(remote=(prefix,))


@pytest.mark.parametrize(
    ("href", "name"),
    [
        ("/secret/folder/a.tif", "a.tif"),
        ("https://h/p/a.tif?token=secret", "a.tif"),
        ("/a/\x1b[31mred\n.tif", "?[31mred?.tif"),
        ("C:\\data\\a.tif", "a.tif"),
        ("", "?"),
        ("/", "?"),
    ],
)
def test_the_name_that_errors_show_has_no_folder_query_or_control_characters(
    href: str, name: str
) -> None:
    assert shown_name(href) == name
