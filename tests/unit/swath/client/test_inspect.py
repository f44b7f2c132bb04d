from __future__ import annotations

import io
import signal
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swath.client import InspectClient, estimate, inspect, validate
from swath.errors import (
    BandNotFound,
    DeadlineExceeded,
    InternalError,
    InvalidArgument,
    ResultTooLarge,
    ServerBusy,
    Transient,
    TypeMismatch,
    Unavailable,
    UnsupportedFormat,
)
from swath.estimate import Estimate
from swath.graph.type import COLLECTION, INT
from swath.grid import Affine, Grid, Shape2d
from swath.stream import Chunk, Data, Event, Header, RasterHeader, RasterRef, Trailer
from swath.types import GeoContext, Int, parameter
from swath.wire.inspect import (
    ESTIMATE,
    INSPECT,
    VALIDATE,
    decode_estimate_question,
    decode_question,
    decode_validate_question,
    encode_estimate,
    encode_verdict,
)
from swath.wire.stream import write_stream

N: Any = Int  # its operators come from the op table
ONE = N(1) + 1
WHERE = GeoContext(bounds=(0, 0, 1, 1), crs="EPSG:4326", resolution=0.5)


def answer(server: Any, *events: Event) -> InspectClient:
    server.answers[INSPECT] = lambda request, cancelled: write_stream(events)
    return InspectClient(server.address)


def refuse(server: Any, error: Exception) -> InspectClient:
    def answers(request: bytes, cancelled: threading.Event) -> Iterator[bytes]:
        raise error
        yield b""

    server.answers[INSPECT] = answers
    return InspectClient(server.address)


def test_a_number_is_the_number(server: Any) -> None:
    assert answer(server, Header(INT, 2), Trailer()).inspect(ONE) == 2


def test_a_proxy_asks_the_server_of_the_environment(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(server, Header(INT, 2), Trailer())
    monkeypatch.setenv("SWATH_INSPECT", server.address)
    assert ONE.inspect() == 2


def test_the_question_says_what_was_asked(server: Any) -> None:
    client = answer(server, Header(INT, 2), Trailer())
    client.inspect(parameter("n", N) + 1, WHERE, cache=False, n=41)
    asked = decode_question(server.asked[0])
    assert (asked.geocontext, asked.arguments, asked.cache) == (WHERE.value, {"n": 41}, False)
    assert asked.graph.parameters[0].name == "n"


def test_several_answers_at_once_are_one_question(server: Any) -> None:
    client = answer(server, Header(INT, [2, 2]), Trailer())
    assert client.inspect([ONE, ONE]) == [2, 2]
    assert len(server.asked) == 1


def test_the_source_line_travels(server: Any) -> None:
    answer(server, Header(INT, 2), Trailer()).inspect(N(1) + 2)  # this very line
    (line,) = decode_question(server.asked[0]).graph.lines
    assert "this very line" in line.text


def test_a_function_as_client_asks_the_client_given(server: Any) -> None:
    client = answer(server, Header(INT, 2), Trailer())
    assert inspect(ONE, client=client) == 2


@pytest.mark.parametrize("arguments", [{}, {"n": 1, "m": 2}, {"n": "text"}])
def test_wrong_arguments_are_a_type_error_before_anything_is_sent(arguments: Any) -> None:
    with pytest.raises(TypeError):
        InspectClient("127.0.0.1:1").inspect(parameter("n", N) + 1, **arguments)


@pytest.mark.parametrize("geoctx", [3, "EPSG:4326", (0, 0, 1, 1), Int(3)])
def test_what_is_no_geocontext_is_a_type_error(geoctx: Any) -> None:
    with pytest.raises(TypeMismatch, match="geoctx"):
        InspectClient("127.0.0.1:1").inspect(ONE, geoctx)


def test_a_format_may_have_options(server: Any) -> None:
    client = answer(server, Header(INT, None, format="json"), Data(b"2"), Trailer())
    assert client.inspect(ONE, format={"type": "json", "indent": 2}) == b"2"
    asked = decode_question(server.asked[0])
    assert (asked.format, asked.options) == ("json", {"indent": 2})


def test_a_file_gets_the_bytes(server: Any, tmp_path: Path) -> None:
    client = answer(server, Header(INT, None, format="json"), Data(b"2"), Trailer())
    out = tmp_path / "two.json"
    assert client.inspect(ONE, format="json", file=out) is None
    assert out.read_bytes() == b"2"
    assert list(tmp_path.iterdir()) == [out]


def test_an_open_file_gets_the_bytes(server: Any) -> None:
    client = answer(server, Header(INT, None, format="json"), Data(b"2"), Trailer())
    out = io.BytesIO()
    client.inspect(ONE, format="json", file=out)
    assert out.getvalue() == b"2"


def test_a_file_keeps_what_it_held_when_the_answer_breaks_off(server: Any, tmp_path: Path) -> None:
    client = answer(server, Header(INT, None, format="json"), Data(b"2"))
    out = tmp_path / "two.json"
    out.write_bytes(b"before")
    with pytest.raises(Transient):
        client.inspect(ONE, format="json", file=out)
    assert out.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [out]


def test_a_file_needs_a_format(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match="geotiff"):
        InspectClient("127.0.0.1:1").inspect(ONE, file=tmp_path / "x")


def test_an_answer_in_another_format_is_an_internal_error(server: Any, tmp_path: Path) -> None:
    client = answer(server, Header(INT, 2), Trailer())
    with pytest.raises(InternalError):
        client.inspect(ONE, format="json", file=tmp_path / "x")


def test_an_error_is_raised_as_its_class_with_its_place(server: Any) -> None:
    client = refuse(server, BandNotFound("No.", band="x", available=["a"]).at(node=2, op="pick"))
    with pytest.raises(BandNotFound) as caught:
        client.inspect(ONE)
    assert (caught.value.available, caught.value.where.op) == (["a"], "pick")


def test_a_fault_of_the_server_is_an_internal_error_without_its_text(server: Any) -> None:
    with pytest.raises(InternalError) as caught:
        refuse(server, KeyError("secret")).inspect(ONE)
    assert "secret" not in str(caught.value)
    assert caught.value.error_id in str(caught.value)


def test_too_large_for_inspect_says_what_it_would_take_and_what_to_call(server: Any) -> None:
    client = refuse(server, ResultTooLarge("Too large.", projected_bytes=10, limit_bytes=5))
    with pytest.raises(ResultTooLarge) as caught:
        client.inspect(ONE)
    assert (caught.value.projected_bytes, caught.value.limit_bytes) == (10, 5)
    assert "compute" in caught.value.use


def test_a_busy_server_says_how_long_to_wait(server: Any) -> None:
    with pytest.raises(ServerBusy) as caught:
        refuse(server, ServerBusy("Busy.", retry_after_ms=250)).inspect(ONE)
    assert caught.value.retry_after_ms == 250


def test_no_server_says_how_to_start_one() -> None:
    with pytest.raises(Unavailable, match="swath serve --data DIR") as caught:
        InspectClient("127.0.0.1:1").inspect(ONE)
    assert caught.value.address == "127.0.0.1:1"


def wait(request: bytes, cancelled: threading.Event) -> Iterator[bytes]:
    cancelled.wait(20)
    yield b""


def test_a_timeout_is_deadline_exceeded_and_stops_the_work(server: Any) -> None:
    server.answers[INSPECT] = wait
    with pytest.raises(DeadlineExceeded, match=r"within 0\.2 s") as caught:
        InspectClient(server.address).inspect(ONE, timeout=0.2)
    assert caught.value.timeout_s == 0.2
    assert server.cancelled.wait(5)


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan")])
def test_a_timeout_is_more_than_nothing(server: Any, timeout: float) -> None:
    with pytest.raises(InvalidArgument):
        InspectClient(server.address).inspect(ONE, timeout=timeout)


@pytest.mark.parametrize("timeout", [float("inf"), 1e12, 10**20])
def test_a_timeout_of_ages_is_none(server: Any, timeout: float) -> None:
    assert answer(server, Header(INT, 2), Trailer()).inspect(ONE, timeout=timeout) == 2


@pytest.mark.parametrize("said", [{"timeout": "60"}, {"cache": "no"}])
def test_what_is_no_timeout_and_no_truth_is_a_type_error(said: Any) -> None:
    with pytest.raises(TypeMismatch) as caught:
        InspectClient("127.0.0.1:1").inspect(ONE, **said)
    assert caught.value.where.argument in said


def test_ctrl_c_comes_through_and_stops_the_work(server: Any) -> None:
    started = threading.Event()

    def answers(request: bytes, cancelled: threading.Event) -> Iterator[bytes]:
        started.set()
        return wait(request, cancelled)

    server.answers[INSPECT] = answers

    def interrupt() -> None:
        started.wait(5)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    other = threading.Thread(target=interrupt)
    other.start()
    with pytest.raises(KeyboardInterrupt):
        InspectClient(server.address).inspect(ONE)
    other.join()
    assert server.cancelled.wait(5)


GRID = Grid("EPSG:4326", Affine(0.5, 0.0, 0.0, 0.0, -0.5, 1.0), Shape2d(512, 512))
RASTER = RasterHeader("collection", GRID, ("a",), ("float32",), ({},) * 40, ({},))


def many() -> Iterator[Event]:
    yield Header(COLLECTION, RasterRef(0), (RASTER,))
    for i in range(40):
        values = np.full((1, 1, 512, 512), i, np.float32)
        yield Chunk(0, (i, i + 1), (0, 1), GRID.whole, values, None)
    yield Trailer()


def test_a_stream_gives_events_and_stops_the_work_when_it_is_dropped(server: Any) -> None:
    sent = []

    def answers(request: bytes, cancelled: threading.Event) -> Iterable[bytes]:
        for message in write_stream(many()):
            sent.append(message)
            yield message

    server.answers[INSPECT] = answers
    events = InspectClient(server.address).stream(ONE)
    kinds = [type(next(events)) for _ in range(3)]
    events.close()
    assert kinds == [Header, Chunk, Chunk]
    assert server.cancelled.wait(5)
    assert len(sent) < 40


def test_large_pixels_arrive_whole(server: Any) -> None:
    result = answer(server, *many()).inspect(ONE, WHERE)
    assert result.ndarray.shape == (40, 1, 512, 512)
    assert (result.ndarray == np.arange(40)[:, None, None, None]).all()


def test_an_answered_call_is_not_cancelled_but_ended(server: Any) -> None:
    ended = threading.Event()

    def answers(request: bytes, cancelled: threading.Event) -> Iterator[bytes]:
        yield from write_stream([Header(INT, 2), Trailer()])
        ended.set()

    server.answers[INSPECT] = answers
    assert InspectClient(server.address).inspect(ONE) == 2
    assert ended.is_set()


def test_an_estimate_is_a_value(server: Any) -> None:
    known = Estimate(10, 20, 1, 2, 3, 4, 0.5, is_lower_bound=True, fits=False)
    server.answers[ESTIMATE] = lambda request, cancelled: [encode_estimate(known)]
    client = InspectClient(server.address)
    assert estimate(parameter("n", N) + 1, WHERE, client=client, n=2) == known
    asked = decode_estimate_question(server.asked[0])
    assert (asked.geocontext, asked.arguments) == (WHERE.value, {"n": 2})


def test_validate_gives_the_type(server: Any) -> None:
    server.answers[VALIDATE] = lambda request, cancelled: [encode_verdict(INT, b"d" * 32)]
    assert validate(ONE, client=InspectClient(server.address)) == INT
    assert decode_validate_question(server.asked[0]).result == 1


def test_a_closed_client_opens_again(server: Any) -> None:
    client = answer(server, Header(INT, 2), Trailer())
    assert client.inspect(ONE) == 2
    client.close()
    assert client.inspect(ONE) == 2


def test_a_result_says_where_to_ask_the_next_question(server: Any) -> None:
    result = answer(server, *many()).inspect(ONE, WHERE)
    answer(server, Header(INT, 2), Trailer()).inspect(ONE, result.geocontext)
    asked = decode_question(server.asked[1]).geocontext
    assert asked is not None
    assert (asked.crs, asked.transform, asked.shape) == ("EPSG:4326", GRID.transform, (512, 512))


def test_the_token_goes_with_every_call(server: Any) -> None:
    answer(server, Header(INT, 2), Trailer())
    server.answers[VALIDATE] = lambda request, over: [encode_verdict(INT, b"d" * 32)]
    client = InspectClient(server.address, token="s3cret")
    client.inspect(ONE), client.validate(ONE)
    assert [sent["authorization"] for sent in server.metadata] == ["Bearer s3cret"] * 2
