"""Requests to an S3 store: the https address of an object, and the headers that sign a GET.

Source: AWS Signature Version 4 for S3, header form, payload not signed.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from engine.sources.config import S3Access

_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


def object_url(url: str, access: S3Access) -> str:
    """The https address of `s3://bucket/key`.

    A bucket whose name has dots, or at another endpoint, is the first part of the path: its host
    name would not match the certificate.
    """
    bucket, _, key = url.removeprefix("s3://").partition("/")
    path = quote(key, safe="/~")
    if access.endpoint:
        return f"{access.endpoint.rstrip('/')}/{bucket}/{path}"
    if "." in bucket:
        return f"https://s3.{access.region}.amazonaws.com/{bucket}/{path}"
    return f"https://{bucket}.s3.{access.region}.amazonaws.com/{path}"


def signed_headers(
    url: str, headers: dict[str, str], access: S3Access, now: datetime
) -> dict[str, str]:
    """`headers` of a GET of `url` and those that sign them; unchanged without a key id."""
    if not access.key_id:
        return headers
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    signed = {k.lower(): v for k, v in headers.items()}
    signed |= {"host": parts.netloc, "x-amz-date": stamp, "x-amz-content-sha256": _EMPTY_SHA256}
    if access.token:
        signed["x-amz-security-token"] = access.token
    names = ";".join(sorted(signed))
    lines = "".join(f"{k}:{signed[k]}\n" for k in sorted(signed))
    request = f"GET\n{parts.path}\n\n{lines}\n{names}\n{_EMPTY_SHA256}"
    scope = f"{stamp[:8]}/{access.region}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    signature = hmac.new(_signing_key(access, stamp[:8]), text.encode(), "sha256").hexdigest()
    signed["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access.key_id}/{scope},"
        f"SignedHeaders={names},Signature={signature}"
    )
    return signed


def _signing_key(access: S3Access, day: str) -> bytes:
    key = ("AWS4" + access.secret).encode()
    for part in (day, access.region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return key
