"""The error of a job or an attempt to the bytes of a JobError and back: the same class again."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from swath.errors import InternalError, SwathError
from swath.status import CODES, class_in_table, class_of, sentence
from swath.v1 import jobs_pb2 as pb
from swath.wire.error import decode_error, encode_error


def encode_job_error(error: SwathError) -> bytes:
    """A JobError: code, reason, sentence, place and details, each cut as in a status."""
    return fill_job_error(pb.JobError(), error).SerializeToString(deterministic=True)


def decode_job_error(data: bytes) -> SwathError:
    """The error in a JobError, of the class that was raised.

    A reason that this version does not know gives the class that its code implies; bytes that are
    no JobError give InternalError.
    """
    try:
        return read_job_error(pb.JobError.FromString(data))
    except DecodeError:
        return InternalError("The error of this job cannot be read.")


def fill_job_error(message: pb.JobError, error: SwathError) -> pb.JobError:
    """The message itself, filled with an error."""
    cls = class_in_table(error)
    message.code = CODES[cls].value[0]
    message.reason = cls.REASON
    message.message = sentence(error)
    message.details.CopyFrom(encode_error(error))
    return message


def read_job_error(message: pb.JobError) -> SwathError:
    """The error that a message says; as `decode_job_error`."""
    return decode_error(class_of(message.reason, message.code), message.message, message.details)
