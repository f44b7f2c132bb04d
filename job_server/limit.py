"""Changes what an owner may have: by the running server, or in its store where none runs."""

from __future__ import annotations

from job_server.config import JobConfig
from job_server.service.workers.limits import answer_of, changed
from job_server.service.workers.secret import FILE, open_secret
from job_server.store.open import open_store
from swath.client.call import ask
from swath.errors import Unavailable
from swath.worker.v1 import admin_pb2 as pb

SET_LIMITS = "/swath.worker.v1.AdminService/SetLimits"
TIMEOUT_S = 10.0


def limit(config: JobConfig, asked: pb.SetLimitsRequest) -> pb.SetLimitsResponse:
    """What the owner has and may have after it.

    Raises:
        InvalidArgument: no name of an owner. Unavailable: neither a server nor the store answers.
    """
    address = _address(config)
    try:
        return _by_server(config, address, asked)
    except Unavailable:
        return _alone(config, address, asked)


def _address(config: JobConfig) -> str:
    socket = config.worker_socket()
    return f"unix:{socket.absolute()}" if socket is not None else config.worker_address


def _alone(config: JobConfig, address: str, asked: pb.SetLimitsRequest) -> pb.SetLimitsResponse:
    # No server has the store, or it would hold the lock of the file: then this is refused.
    try:
        store = open_store(config.store())
    except Unavailable as error:
        raise Unavailable(
            f"No job server listens for workers at {address}: if one does elsewhere, say where with"
            f" --worker-address. Without it: {error.problem}"
        ) from error
    try:
        with store.transaction() as transaction:
            return answer_of(changed(transaction, asked, config.limits()))
    finally:
        store.close()


def _by_server(config: JobConfig, address: str, asked: pb.SetLimitsRequest) -> pb.SetLimitsResponse:
    secret = open_secret(config.folder() / FILE)
    answer = ask(address, SET_LIMITS, asked.SerializeToString(), TIMEOUT_S, secret)
    return pb.SetLimitsResponse.FromString(answer)
