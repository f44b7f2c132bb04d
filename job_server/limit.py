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
    try:
        return _by_server(config, asked)
    except Unavailable:
        # No server has the store, or it would hold the lock of the file: then this is refused.
        store = open_store(config.store())
        try:
            with store.transaction() as transaction:
                return answer_of(changed(transaction, asked, config.limits()))
        finally:
            store.close()


def _by_server(config: JobConfig, asked: pb.SetLimitsRequest) -> pb.SetLimitsResponse:
    socket = config.worker_socket()
    address = f"unix:{socket.absolute()}" if socket is not None else config.worker_address
    secret = open_secret(config.folder() / FILE)
    answer = ask(address, SET_LIMITS, asked.SerializeToString(), TIMEOUT_S, secret)
    return pb.SetLimitsResponse.FromString(answer)
