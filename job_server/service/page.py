"""Tokens that say where the next page of a list begins: opaque, signed, bound to their list."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct

from job_server.store.record import Filter, Place
from swath.errors import InvalidArgument

_PLACE = struct.Struct("<q16s")
_SIGNED_BYTES = 16


def write_token(place: Place, owner: str, only: Filter, key: bytes) -> str:
    """The token of the page that follows `place` in an owner's list."""
    body = _PLACE.pack(place.created_us, bytes.fromhex(place.id))
    return base64.urlsafe_b64encode(body + _signature(body, owner, only, key)).decode()


def read_token(token: str, owner: str, only: Filter, key: bytes) -> Place:
    """The place that a token says.

    Raises:
        InvalidArgument: it was not made for this list.
    """
    try:
        data = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        data = b""
    body, signature = data[: _PLACE.size], data[_PLACE.size :]
    if not hmac.compare_digest(signature, _signature(body, owner, only, key)):
        raise InvalidArgument("The page token is not from this list: begin without one.").at(
            argument="page_token"
        )
    created_us, id_ = _PLACE.unpack(body)
    return Place(created_us, id_.hex())


def _signature(body: bytes, owner: str, only: Filter, key: bytes) -> bytes:
    about = repr((owner, only.stage, only.status, sorted(only.labels.items())))
    signed = body + about.encode("utf-8", "surrogatepass")
    return hmac.new(key, signed, hashlib.sha256).digest()[:_SIGNED_BYTES]
