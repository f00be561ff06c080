"""A command is stored once, whole and in order, and its sender gets the answer or is told that there is none."""

import json
import threading
import time

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.live_state import control as control_module
from arbitrage_core.storage.live_state.command import (
    COMMAND_BYTES_MAX,
    SUPPORTED,
    WITH_TARGET,
    Answer,
    AnswerStatus,
    CommandKind,
    OperatorCommand,
)
from arbitrage_core.storage.live_state.connection import (
    BLOCK_MAX_MS,
    FencedOff,
    LiveStateRefused,
    LiveStateUnreachable,
    connect,
)
from arbitrage_core.storage.live_state.control import BEGINNING, Acknowledged, ControlStream, entries_of
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.spelling import digest_of
from arbitrage_core.storage.live_state.state_store import LiveState

SESSION = "paper-mixed-3f9a2c1b"
NOW_NS = 1_700_000_000_000_000_000


def command(command_id: str = "c-1", kind: str = "pause", **fields: object) -> OperatorCommand:
    """A command issued at NOW_NS; of one that needs a target, BTCUSDT."""
    if kind in WITH_TARGET:
        fields.setdefault("target", "BTCUSDT")
    return OperatorCommand.of(command_id=command_id, kind=kind, issued_ns=NOW_NS, **fields)


def answer(command_id: str = "c-1", epoch: int = 1, text: str = "") -> Answer:
    """An answer to it."""
    return Answer(command_id=command_id, status=AnswerStatus.ACCEPTED, text=text, epoch=epoch, answered_ns=NOW_NS)


@pytest.fixture
def control(client: redis.Redis, namespace: Namespace) -> ControlStream:
    """The commands of a session, none yet."""
    return ControlStream(client, namespace, SESSION)


def test_commands_are_read_in_order_each_once(control: ControlStream):
    places = [control.send(command(f"c-{number}", kind.value)) for number, kind in enumerate(sorted(SUPPORTED))]
    received = control.read()
    assert [one.place for one in received] == places
    assert [one.command.kind for one in received] == sorted(SUPPORTED)
    assert control.read(after=received[1].place) == received[2:]
    assert control.read(after=received[-1].place) == []
    assert control.last_place() == places[-1]


def test_an_empty_stream_has_no_commands_and_no_place(control: ControlStream):
    assert control.read() == []
    assert control.unanswered() == []
    assert control.last_place() == BEGINNING


def test_a_command_sent_again_is_the_same_command(control: ControlStream):
    first = control.send(command())
    assert [control.send(command()) for _ in range(5)] == [first] * 5
    assert len(control.read()) == 1
    control.answer(answer())
    assert control.send(command()) == first  # after its answer, too
    with pytest.raises(BadInput, match="used for another command"):
        control.send(command(kind="stop"))
    assert len(control.read()) == 1


def test_racing_senders_of_one_command_store_it_once(server, namespace: Namespace, control: ControlStream):
    places: list[str] = []
    begin = threading.Barrier(8)

    def send() -> None:
        own = connect(server.url)
        stream = ControlStream(own, namespace, SESSION)
        begin.wait()
        places.extend(stream.send(command(f"c-{number}")) for number in range(20))
        own.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(places) == 160
    assert len(set(places)) == 20
    assert sorted(one.command_id for one in control.read()) == sorted(f"c-{number}" for number in range(20))


BAD = [
    ("an unknown field", {"volume": 1}, "volume"),
    ("no such kind", {"kind": "panic"}, "kind"),
    ("a kind in capitals", {"kind": "PAUSE"}, "kind"),
    ("no id", {"command_id": ""}, "command_id"),
    ("an id with a space", {"command_id": "a b"}, "command_id"),
    ("an id that ends in a new line", {"command_id": "a\n"}, "command_id"),
    ("an id too long", {"command_id": "x" * 81}, "command_id"),
    ("a time that is text", {"issued_ns": "now"}, "issued_ns"),
    ("a number as text", {"issued_ns": "5"}, "issued_ns"),
    ("a number as a truth", {"valid_ms": True}, "valid_ms"),
    ("a time that is a fraction", {"issued_ns": 1.5}, "issued_ns"),
    ("a time before time", {"issued_ns": -1}, "issued_ns"),
    ("a time past 63 bits", {"issued_ns": 2**63}, "issued_ns"),
    ("good for no time", {"valid_ms": 0}, "valid_ms"),
    ("good for ever", {"valid_ms": 10**12}, "valid_ms"),
    ("a reason that moves the cursor", {"reason": "\x1b[2J"}, "reason"),
    ("a reason without end", {"reason": "x" * 201}, "reason"),
    ("a target where there is none", {"target": "BTC/USDT"}, "no target"),
    ("no target where one is needed", {"kind": "symbol_off"}, "needs a target"),
    ("NaN", {"valid_ms": float("nan")}, "cannot be stored"),
]


@pytest.mark.parametrize("fields, named", [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_command_is_refused_with_the_field_that_is_bad(fields: dict[str, object], named: str):
    good = {"command_id": "c-1", "kind": "pause", "issued_ns": NOW_NS}
    OperatorCommand.of(**good)
    with pytest.raises(BadInput, match=named):
        OperatorCommand.of(**{**good, **fields})


@pytest.mark.parametrize("missing", ["command_id", "kind", "issued_ns"])
def test_a_command_without_what_it_needs_is_refused(missing: str):
    fields = {"command_id": "c-1", "kind": "pause", "issued_ns": NOW_NS}
    with pytest.raises(BadInput, match=missing):
        OperatorCommand.of(**{name: value for name, value in fields.items() if name != missing})


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | st.just(b"{" * (COMMAND_BYTES_MAX + 1)))
def test_bytes_that_are_no_command_are_refused_and_never_raise_otherwise(data: bytes):
    with pytest.raises(BadInput):
        OperatorCommand.parsed(data)


def test_more_bytes_than_a_command_may_have_are_not_looked_at():
    data = command().packed()
    assert OperatorCommand.parsed(data + b" " * (COMMAND_BYTES_MAX - len(data))) == command()
    with pytest.raises(BadInput, match="at most"):
        OperatorCommand.parsed(data + b" " * (COMMAND_BYTES_MAX - len(data) + 1))


@given(
    st.builds(
        OperatorCommand,
        command_id=st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,79}\Z"),
        kind=st.sampled_from(sorted(SUPPORTED - WITH_TARGET)),
        issued_ns=st.integers(0, 2**63 - 1),
        valid_ms=st.integers(1, 86_400_000),
        operator=st.text(max_size=200).filter(str.isprintable),
        reason=st.text(max_size=200).filter(str.isprintable),
    )
)
def test_a_command_comes_back_as_it_was_sent(one: OperatorCommand):
    assert OperatorCommand.parsed(one.packed()) == one


@pytest.mark.parametrize(
    "now_ns, expired", [(0, False), (59_999, False), (60_000, False), (60_001, True), (-60_000, False), (-60_001, True)]
)
def test_a_command_is_good_for_its_time(now_ns: int, expired: bool):
    assert command(valid_ms=60_000).expired(NOW_NS + now_ns * 1_000_000) is expired


FOREIGN = {
    "no fields of ours": {"hello": "world"},
    "no digest": {"id": "c-9", "body": command("c-9").packed()},
    "another digest": {"id": "c-9", "body": command("c-9").packed(), "digest": "0" * 64},
    "another's id": {"id": "c-9", "body": command("c-8").packed(), "digest": digest_of(command("c-8").packed())},
    "bytes": {"id": b"\xff", "body": b"\xff\xfe", "digest": b"\xff"},
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_others_put_into_the_stream_comes_with_a_complaint_and_stops_nothing(
    control: ControlStream, client, namespace: Namespace, name: str
):
    control.send(command("c-1"))
    client.xadd(namespace.control(SESSION), FOREIGN[name])
    control.send(command("c-2"))
    first, foreign, second = control.read()
    assert (first.command_id, second.command_id) == ("c-1", "c-2")
    assert foreign.command is None
    assert foreign.complaint
    assert len(control.unanswered()) == 3


def test_a_command_changed_in_the_store_is_not_believed(control: ControlStream, client, namespace: Namespace):
    stop = command("c-1", "stop")
    place = control.send(stop)
    [entry] = client.xrange(namespace.control(SESSION))
    client.delete(namespace.control(SESSION))
    changed = {**entry[1], b"body": entry[1][b"body"].replace(b"stop", b"pause")}
    client.xadd(namespace.control(SESSION), changed, id=place)
    [received] = control.read()
    assert (received.command, received.command_id) == (None, "c-1")
    assert "not as it was sent" in received.complaint


def test_the_sender_gets_the_answer(server, namespace: Namespace, control: ControlStream):
    control.send(command())
    answered_at: list[float] = []

    def reply() -> None:
        own = connect(server.url)
        time.sleep(0.3)
        ControlStream(own, namespace, SESSION).answer(answer(text="paused"))
        answered_at.append(time.monotonic())
        own.close()

    thread = threading.Thread(target=reply)
    thread.start()
    got = control.wait_for_answer("c-1", timeout_s=5)
    late_s = time.monotonic() - answered_at[0] if answered_at else 0.0
    thread.join()
    assert got == answer(text="paused")
    assert late_s < 0.2
    assert control.wait_for_answer("c-1", timeout_s=0) == got  # and whoever asks later
    assert control.unanswered() == []


def test_several_wait_for_one_answer(server, namespace: Namespace, control: ControlStream):
    got: list[Answer | None] = []

    def wait() -> None:
        own = connect(server.url, block_ms=BLOCK_MAX_MS)
        got.append(ControlStream(own, namespace, SESSION).wait_for_answer("c-1", timeout_s=5))
        own.close()

    threads = [threading.Thread(target=wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    control.send(command())
    control.answer(answer("c-0"))
    control.answer(answer())
    for thread in threads:
        thread.join()
    assert got == [answer()] * 4


def test_without_an_answer_the_wait_ends_in_time(control: ControlStream):
    control.send(command())
    began = time.monotonic()
    assert control.wait_for_answer("c-1", timeout_s=0.4) is None
    assert 0.3 < time.monotonic() - began < 1.0


def test_the_first_answer_stands(control: ControlStream):
    control.send(command())
    assert control.answer(answer(text="first")) is Acknowledged.STORED
    assert control.answer(answer(text="second")) is Acknowledged.DOUBLED
    assert control.answer_to("c-1").text == "first"


def test_an_answer_by_an_older_epoch_is_refused(control: ControlStream, client, namespace: Namespace):
    control.send(command())
    LiveState(client, namespace).claim_epoch(SESSION, 2)
    with pytest.raises(FencedOff):
        control.answer(answer(epoch=1))
    assert control.answer_to("c-1") is None
    assert control.answer(answer(epoch=2)) is Acknowledged.STORED


def test_an_answer_to_a_command_that_was_lost_reaches_who_waits_and_is_not_kept(control, server, namespace: Namespace):
    got: list[Answer | None] = []

    def wait() -> None:
        own = connect(server.url, block_ms=BLOCK_MAX_MS)
        got.append(ControlStream(own, namespace, SESSION).wait_for_answer("lost", timeout_s=5))
        own.close()

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.2)
    assert control.answer(answer("lost")) is Acknowledged.UNKNOWN
    thread.join()
    assert got == [answer("lost")]
    assert control.answer_to("lost") is None


def test_what_waits_is_never_dropped_and_what_was_answered_makes_room(control, client, namespace, monkeypatch):
    monkeypatch.setattr(control_module, "WAITING_MAX", 3)
    monkeypatch.setattr(control_module, "COMMANDS_KEPT", 5)
    for number in range(3):
        control.send(command(f"c-{number}"))
    with pytest.raises(LiveStateRefused, match="3 commands it has not answered"):
        control.send(command("c-3"))
    control.answer(answer("c-1"))
    for number in range(3, 40):
        control.send(command(f"c-{number}"))
        control.answer(answer(f"c-{number}"))
    kept = [one.command_id for one in control.read()]
    assert kept == ["c-0", "c-2", "c-37", "c-38", "c-39"]
    assert [one.command_id for one in control.unanswered()] == ["c-0", "c-2"]
    assert client.hlen(namespace.command_ids(SESSION)) == 5
    assert client.hlen(namespace.answers(SESSION)) == 3


def test_foreign_entries_make_room_too(control: ControlStream, client, namespace: Namespace, monkeypatch):
    monkeypatch.setattr(control_module, "WAITING_MAX", 3)
    monkeypatch.setattr(control_module, "COMMANDS_KEPT", 5)
    for _ in range(20):
        client.xadd(namespace.control(SESSION), {"junk": "x"})
    control.send(command())
    assert client.xlen(namespace.control(SESSION)) == 5


def test_an_operator_is_heard_by_a_full_server(control: ControlStream, client):
    client.config_set("maxmemory", "1mb")
    control.send(command())
    control.answer(answer())
    assert control.wait_for_answer("c-1", timeout_s=1) == answer()
    client.config_set("maxmemory", "0")


def test_a_session_hears_only_its_own(control: ControlStream, client, namespace: Namespace):
    ControlStream(client, namespace, "another").send(command())
    ControlStream(client, Namespace("ba9876543210"), SESSION).send(command())
    assert control.read() == []


def test_a_server_that_hangs_ends_a_blocking_read_in_its_bound(own_server, namespace: Namespace):
    client = connect(own_server.url, block_ms=BLOCK_MAX_MS)
    control = ControlStream(client, namespace, SESSION)
    control.send(command())
    own_server.pause()
    began = time.monotonic()
    with pytest.raises(LiveStateUnreachable):
        control.read(control_module.BEGINNING, BLOCK_MAX_MS)
    assert time.monotonic() - began < 3.5
    own_server.go_on()
    assert len(control.read()) == 1
    client.close()


def test_a_read_that_blocks_gets_what_comes(control: ControlStream, server, namespace: Namespace):
    def send() -> None:
        own = connect(server.url)
        time.sleep(0.2)
        ControlStream(own, namespace, SESSION).send(command())
        own.close()

    thread = threading.Thread(target=send)
    thread.start()
    received = control.read(block_ms=BLOCK_MAX_MS)
    thread.join()
    assert [one.command_id for one in received] == ["c-1"]
    began = time.monotonic()
    assert control.read(received[0].place, block_ms=200) == []
    assert 0.15 < time.monotonic() - began < 0.6


SHAPES = [
    ("a map of lists of lists", {b"s": [[(b"1-0", {b"a": b"1"})]]}),
    ("a map of lists", {b"s": [(b"1-0", {b"a": b"1"})]}),
    ("a list of pairs", [[b"s", [(b"1-0", {b"a": b"1"})]]]),
]


@pytest.mark.parametrize("shape", [case[1] for case in SHAPES], ids=[case[0] for case in SHAPES])
def test_every_shape_a_client_gives_a_stream_in_is_understood(shape: object):
    assert list(entries_of(shape)) == [("1-0", {b"a": b"1"})]


@pytest.mark.parametrize("nothing", [None, [], {}, {b"s": []}])
def test_nothing_is_understood_in_every_shape(nothing: object):
    assert list(entries_of(nothing)) == []


def test_a_command_names_no_secret_of_its_sender():
    with pytest.raises(BadInput) as caught:
        OperatorCommand.parsed(json.dumps({"command_id": "c-1", "kind": "s3cr3t", "issued_ns": 1}).encode())
    assert "s3cr3t" not in str(caught.value)


def test_all_kinds_are_obeyed():
    assert set(CommandKind) == SUPPORTED
