"""Clients of servers behind TLS: whom they trust, and what they say where they do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

import swath as wf
from swath.client import InspectClient, channel
from swath.errors import InvalidArgument, Unavailable
from tests.integration.conftest import Served
from tests.integration.tls import tls_before

TWO = wf.Int(1) + 1


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Signed the certificate of the server."""
    return trustme.CA()


@pytest.fixture
def address(served: Served, authority: trustme.CA) -> Iterator[str]:
    """Where the server has TLS."""
    with tls_before(served.address, authority) as found:
        yield found
        channel.close(f"grpcs://{found}")


def trusted(authority: trustme.CA, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SWATH_CA", str(path))


def test_a_server_whose_authority_is_trusted_answers(
    address: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted(authority, tmp_path, monkeypatch)
    assert TWO.inspect(client=InspectClient(f"grpcs://{address}")) == 2


def test_a_server_whose_authority_is_another_gets_no_question(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted(trustme.CA(), tmp_path, monkeypatch)
    with pytest.raises(Unavailable, match=f"{address} .* trusted here.* SWATH_CA"):
        TWO.inspect(client=InspectClient(f"grpcs://{address}"))


def test_a_server_without_tls_is_said_to_have_none(served: Served) -> None:
    with pytest.raises(Unavailable, match=f"{served.address} has no TLS"):
        TWO.inspect(client=InspectClient(f"grpcs://{served.address}"))
    channel.close(f"grpcs://{served.address}")


def test_a_server_with_tls_is_not_reached_without(address: str) -> None:
    with pytest.raises(Unavailable, match=address):
        TWO.inspect(client=InspectClient(address))


def test_an_authority_that_cannot_be_read_is_named(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWATH_CA", str(tmp_path / "none.pem"))
    with pytest.raises(InvalidArgument, match=r"none\.pem"):
        TWO.inspect(client=InspectClient(f"grpcs://{address}"))


def test_an_authority_without_a_certificate_is_named(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "authority.der"
    path.write_bytes(bytes(100))
    monkeypatch.setenv("SWATH_CA", str(path))
    with pytest.raises(InvalidArgument, match=r"authority\.der .* certificate"):
        TWO.inspect(client=InspectClient(f"grpcs://{address}"))
