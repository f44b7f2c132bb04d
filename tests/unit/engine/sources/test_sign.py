"""Signing agrees with the example that the store's documentation publishes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.sources.config import S3Access
from engine.sources.sign import object_url, signed_headers

EXAMPLE = S3Access(key_id="AKIAIOSFODNN7EXAMPLE", secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def test_the_published_example_of_a_ranged_get_has_its_signature() -> None:
    headers = signed_headers(
        "https://examplebucket.s3.amazonaws.com/test.txt",
        {"Range": "bytes=0-9"},
        EXAMPLE,
        datetime(2013, 5, 24, tzinfo=UTC),
    )
    assert headers["authorization"].endswith(
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_without_a_key_nothing_is_signed() -> None:
    headers = {"Range": "bytes=0-9"}
    assert signed_headers("https://a/b", headers, S3Access(), datetime.now(UTC)) == headers


def test_a_session_token_is_signed_with_the_rest() -> None:
    access = S3Access(key_id="k", secret="s", token="t")
    headers = signed_headers("https://a/b", {}, access, datetime.now(UTC))
    assert headers["x-amz-security-token"] == "t"
    assert "x-amz-security-token" in headers["authorization"]


@pytest.mark.parametrize(
    ("url", "access", "expected"),
    [
        ("s3://b/k/a b.tif", S3Access(region="eu-central-1"),
         "https://b.s3.eu-central-1.amazonaws.com/k/a%20b.tif"),
        ("s3://b.c/k.tif", S3Access(), "https://s3.us-east-1.amazonaws.com/b.c/k.tif"),
        ("s3://b/k.tif", S3Access(endpoint="http://127.0.0.1:9/"), "http://127.0.0.1:9/b/k.tif"),
    ],
)  # fmt: skip
def test_an_object_has_the_https_address_of_its_store(
    url: str, access: S3Access, expected: str
) -> None:
    assert object_url(url, access) == expected
