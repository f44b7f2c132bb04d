"""Tokens: who calls, as a file in the data folder says."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.catalog import command as catalog_command
from swath.errors import InvalidArgument, PermissionDenied, Unauthenticated, Unavailable
from swath.serving import tokens
from swath.serving.command import token as command
from swath.serving.config import DEFAULT_DATA
from swath.serving.tokens import Tokens, require_loopback


def bearer(secret: str) -> str:
    return f"Bearer {secret}"


def test_without_a_file_everyone_is_the_local_owner(tmp_path: Path):
    assert Tokens(tmp_path).owner_of(None) == "local"


def test_a_token_is_its_owner(tmp_path: Path):
    secret = tokens.create(tmp_path, "alice", 7)
    assert Tokens(tmp_path).owner_of(bearer(secret)) == "alice"


def test_two_tokens_of_one_owner_are_both_valid(tmp_path: Path):
    secrets = [tokens.create(tmp_path, "alice", 7) for _ in range(2)]
    assert {Tokens(tmp_path).owner_of(bearer(s)) for s in secrets} == {"alice"}


@pytest.mark.parametrize("header", [None, "", "Bearer ", "Bearer swath_wrong", "Basic YTpi", "ü"])
def test_where_there_are_tokens_a_call_without_one_is_refused(tmp_path: Path, header):
    tokens.create(tmp_path, "alice", 7)
    with pytest.raises(Unauthenticated):
        Tokens(tmp_path).owner_of(header)


def test_the_hash_of_a_token_is_no_token(tmp_path: Path):
    tokens.create(tmp_path, "alice", 7)
    digest = tokens.read(tmp_path / "tokens")[0].digest
    with pytest.raises(Unauthenticated):
        Tokens(tmp_path).owner_of(bearer(digest))


def test_the_file_has_no_token_and_nobody_else_may_read_it(tmp_path: Path):
    secret = tokens.create(tmp_path, "alice", 7)
    file = tmp_path / "tokens"
    assert secret not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_running_server_notices_a_new_token(tmp_path: Path):
    known = Tokens(tmp_path)
    assert known.owner_of(None) == "local"
    secret = tokens.create(tmp_path, "alice", 7)
    assert known.owner_of(bearer(secret)) == "alice"
    with pytest.raises(Unauthenticated):
        known.owner_of(None)


def test_a_running_server_notices_a_revoked_token(tmp_path: Path):
    secret = tokens.create(tmp_path, "alice", 7)
    known = Tokens(tmp_path)
    tokens.revoke(tmp_path, "alice")
    with pytest.raises(Unauthenticated):
        known.owner_of(bearer(secret))


def test_when_the_last_token_is_revoked_nobody_is_let_in(tmp_path: Path):
    tokens.create(tmp_path, "alice", 7)
    tokens.revoke(tmp_path, "alice")
    with pytest.raises(Unauthenticated):
        Tokens(tmp_path).owner_of(None)


def test_a_file_that_vanishes_lets_nobody_in(tmp_path: Path):
    secret = tokens.create(tmp_path, "alice", 7)
    known = Tokens(tmp_path)
    (tmp_path / "tokens").unlink()
    with pytest.raises(Unauthenticated):
        known.owner_of(bearer(secret))
    with pytest.raises(Unauthenticated):
        known.owner_of(None)


def test_a_token_is_revoked_by_its_id_alone(tmp_path: Path):
    kept = tokens.create(tmp_path, "alice", 7)
    gone = tokens.create(tmp_path, "alice", 8)
    tokens.revoke(tmp_path, tokens.hash_of(gone)[:12])
    assert Tokens(tmp_path).owner_of(bearer(kept)) == "alice"


def test_revoking_what_is_not_there_says_so(tmp_path: Path):
    with pytest.raises(InvalidArgument, match="bob"):
        tokens.revoke(tmp_path, "bob")


@pytest.mark.parametrize("owner", ["", "a b", "../x", "x" * 65, "-x", "a\n"])
def test_a_name_that_is_none_gets_no_token(tmp_path: Path, owner):
    with pytest.raises(InvalidArgument):
        tokens.create(tmp_path, owner, 7)


def test_a_file_that_is_none_of_tokens_is_an_error_and_not_an_open_door(tmp_path: Path):
    (tmp_path / "tokens").write_text("hello\n")
    with pytest.raises(Unavailable):
        Tokens(tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_without_tokens_a_server_may_listen_on_loopback(tmp_path: Path, host):
    require_loopback(host, Tokens(tmp_path))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_without_tokens_a_server_may_listen_nowhere_else(tmp_path: Path, host):
    with pytest.raises(PermissionDenied, match="swath token create"):
        require_loopback(host, Tokens(tmp_path))


def test_with_tokens_a_server_may_listen_anywhere(tmp_path: Path):
    tokens.create(tmp_path, "alice", 7)
    require_loopback("0.0.0.0", Tokens(tmp_path))


def test_the_command_makes_lists_and_revokes(tmp_path: Path):
    run = CliRunner().invoke
    data = ["--data", str(tmp_path)]
    secret = run(command, ["create", "alice", *data]).output.strip()
    assert Tokens(tmp_path).owner_of(bearer(secret)) == "alice"
    listed = run(command, ["list", *data]).output
    assert "alice" in listed
    assert secret not in listed
    assert "revoked" in run(command, ["revoke", listed.split()[0], *data]).output
    assert run(command, ["list", *data]).output == ""


def test_tokens_are_where_the_catalog_is():
    assert DEFAULT_DATA == catalog_command.DEFAULT_DATA
