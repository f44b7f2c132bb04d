from __future__ import annotations

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo, QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status

from swath import errors
from swath.errors import SwathError, Where, every_error
from swath.status import CODES, DETAILS_KEY, PUSHBACK_KEY, from_status, known, to_status

PLACE = Where(3, "div", "red", "scene", "red.tif", "0:0+2×2", "mine.py:7: red / nir")


def through(error: BaseException) -> SwathError:
    return from_status(*to_status(error))


def test_the_table_names_every_error() -> None:
    assert set(CODES) == set(every_error())


def test_every_reason_is_one_class() -> None:
    assert len({cls.REASON for cls in every_error()}) == len(every_error())


@pytest.mark.parametrize("cls", every_error())
def test_an_error_comes_back_as_it_was(cls: type[SwathError]) -> None:
    fields = dict.fromkeys(cls.FIELDS, 7)
    error = cls("Not so.", where=PLACE, **fields)
    back = through(error)
    assert type(back) is cls
    assert (back.problem, back.where, back.fields) == (error.problem, PLACE, fields)


def test_details_of_every_kind_come_back() -> None:
    back = through(errors.BandNotFound("No.", band="nir", available=("red", "blue")))
    assert (back.band, back.available) == ("nir", ["red", "blue"])


def test_the_first_detail_is_an_error_info_that_repeats_the_details_as_text() -> None:
    _, _, metadata = to_status(errors.ProductNotFound("No.", product="p").at(node=4))
    (key, data), *_ = metadata
    assert isinstance(data, bytes)
    info = ErrorInfo()
    Status.FromString(data).details[0].Unpack(info)
    assert (key, info.domain, info.reason) == (DETAILS_KEY, "swath", "PRODUCT_NOT_FOUND")
    assert dict(info.metadata) == {"product": "p", "node": "4"}


def test_an_error_that_says_how_long_to_wait_tells_grpc_too() -> None:
    code, _, metadata = to_status(errors.ResourceExhausted("Full.", retry_after_ms=1500))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert dict(metadata)[PUSHBACK_KEY] == "1500"
    kinds = [detail.TypeName() for detail in Status.FromString(bytes(metadata[0][1])).details]  # type: ignore[arg-type]
    assert {RetryInfo.DESCRIPTOR.full_name, QuotaFailure.DESCRIPTOR.full_name} <= set(kinds)


def test_a_quota_that_is_used_up_tells_clients_not_to_retry_by_themselves() -> None:
    error = errors.ResourceExhausted("Full.", quota="outstanding jobs", limit=120, used=120)
    _, _, metadata = to_status(error)
    assert dict(metadata)[PUSHBACK_KEY] == "-1"
    details = Status.FromString(bytes(metadata[0][1])).details  # type: ignore[arg-type]
    kinds = [detail.TypeName() for detail in details]
    assert RetryInfo.DESCRIPTOR.full_name not in kinds
    failure = QuotaFailure()
    details[kinds.index(QuotaFailure.DESCRIPTOR.full_name)].Unpack(failure)
    (violation,) = failure.violations
    assert (violation.quota_id, violation.quota_value) == ("outstanding jobs", 120)


def test_an_unknown_exception_is_internal_with_an_id_and_none_of_its_text() -> None:
    code, message, metadata = to_status(RuntimeError("secret"))
    assert code is grpc.StatusCode.INTERNAL
    assert b"secret" not in message.encode() + bytes(metadata[0][1])  # type: ignore[arg-type]
    back = from_status(code, message, metadata)
    assert isinstance(back, errors.InternalError)
    assert len(back.error_id) == 12


def test_an_error_of_ours_is_known_as_itself() -> None:
    error = errors.Cancelled("enough")
    assert known(error) is error


def test_an_enormous_error_fits_the_trailers_and_keeps_its_class() -> None:
    error = errors.BandNotFound("ü" * 9000, band="b" * 9000, available=["x" * 9000] * 900)
    code, message, metadata = to_status(error.at(source="s" * 9000, line="l" * 9000))
    assert len(message.encode()) <= 1024
    assert sum(len(value) for _, value in metadata) <= 3 * 1024
    assert type(from_status(code, message, metadata)) is errors.BandNotFound


def test_text_that_is_not_unicode_still_travels() -> None:
    assert type(through(errors.InvalidSource("\ud800").at(source="\ud800"))) is errors.InvalidSource


@pytest.mark.parametrize(
    ("code", "cls"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, errors.RequestTooLarge),
        (grpc.StatusCode.UNAVAILABLE, errors.Unavailable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, errors.DeadlineExceeded),
        (grpc.StatusCode.CANCELLED, errors.Unavailable),
        (grpc.StatusCode.UNIMPLEMENTED, errors.BadRequest),
        (grpc.StatusCode.DATA_LOSS, errors.InternalError),
    ],
)
def test_a_bare_status_gives_the_class_that_its_code_implies(
    code: grpc.StatusCode, cls: type[SwathError]
) -> None:
    assert type(from_status(code, "text", None)) is cls


@pytest.mark.parametrize("text", ["Locally cancelled by application!", "Channel closed!"])
def test_a_call_that_the_client_itself_ended_was_cancelled(text: str) -> None:
    assert type(from_status(grpc.StatusCode.CANCELLED, text, None)) is errors.Cancelled


@pytest.mark.parametrize("data", [b"\xff", Status().SerializeToString()])
def test_details_of_others_do_not_count(data: bytes) -> None:
    error = from_status(grpc.StatusCode.UNAVAILABLE, "gone", [(DETAILS_KEY, data)])
    assert type(error) is errors.Unavailable


def test_a_reason_of_a_newer_version_gives_the_class_of_the_code() -> None:
    status = Status()
    status.details.add().Pack(ErrorInfo(domain="swath", reason="NOT_YET_INVENTED"))
    data = status.SerializeToString()
    error = from_status(grpc.StatusCode.NOT_FOUND, "gone", [(DETAILS_KEY, data)])
    assert type(error) is errors.BadRequest
