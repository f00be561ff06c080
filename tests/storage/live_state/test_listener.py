"""Every command gets an answer: from the session if it can obey it, from the listener if not."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from arbitrage_core.storage.live_state.command import SUPPORTED, Answer, AnswerStatus, CommandKind, OperatorCommand
from arbitrage_core.storage.live_state.connection import BLOCK_MAX_MS, connect
from arbitrage_core.storage.live_state.control import ControlStream
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.listener import ControlListener, place_key
from arbitrage_core.storage.live_state.spelling import digest_of
from arbitrage_core.storage.live_state.state_store import LiveState
from arbitrage_core.storage.live_state.writer import LiveStateWriter, Pace
from tests.storage.live_state.patience import eventually
from tests.storage.live_state.valkey_server import ValkeyServer

SESSION = "paper-mixed-3f9a2c1b"


class Obedient:
    """A session that obeys and answers at once; `heard` is what it was told, `silent` keeps it from answering."""

    def __init__(self, server: ValkeyServer, namespace: Namespace, epoch: int = 1) -> None:
        pace = Pace(write_every_s=0.01, beat_every_s=0.1, scrub_every_s=0.2)
        self.heard: list[str] = []
        self.silent = False
        self.writer = LiveStateWriter(server.url, namespace, SESSION, epoch, pace=pace)
        self.listener = ControlListener(server.url, namespace, self.writer, self.obey, block_ms=100)

    def obey(self, command: OperatorCommand) -> None:
        """Notes the command and answers it."""
        self.heard.append(command.command_id)
        if not self.silent:
            self.writer.answer(
                Answer(
                    command_id=command.command_id,
                    status=AnswerStatus.ACCEPTED,
                    text=command.kind.value,
                    epoch=self.writer.epoch,
                    answered_ns=time.time_ns(),
                )
            )


@contextmanager
def listening(
    server: ValkeyServer,
    namespace: Namespace,
    epoch: int = 1,
    silent: bool = False,
    supported: frozenset[CommandKind] = SUPPORTED,
) -> Iterator[Obedient]:
    """A session that listens."""
    session = Obedient(server, namespace, epoch)
    session.silent, session.listener._supported = silent, supported
    session.writer.start()
    session.listener.start()
    try:
        yield session
    finally:
        assert session.listener.close()
        session.writer.close(timeout_s=0.5)


def command(command_id: str = "c-1", kind: str = "pause", **fields: object) -> OperatorCommand:
    """A command issued just now."""
    return OperatorCommand.of(**{"command_id": command_id, "kind": kind, "issued_ns": time.time_ns(), **fields})


@pytest.fixture
def control(client: redis.Redis, namespace: Namespace) -> ControlStream:
    """An operator's view of the session."""
    return ControlStream(client, namespace, SESSION)


def status_of(control: ControlStream, sent: OperatorCommand) -> AnswerStatus:
    """Sends a command and gives what became of it."""
    control.send(sent)
    answer = control.wait_for_answer(sent.command_id, 5)
    assert answer is not None
    return answer.status


@pytest.mark.parametrize("kind", sorted(CommandKind))
def test_every_kind_is_obeyed_or_turned_down_and_never_dropped(server, namespace, control: ControlStream, kind):
    target = "BTC/USDT" if kind in ("symbol_on", "symbol_off", "guard_release") else ""
    with listening(server, namespace) as session:
        status = status_of(control, command(kind=kind, target=target))
        assert status is (AnswerStatus.ACCEPTED if kind in SUPPORTED else AnswerStatus.NOT_SUPPORTED)
        assert session.heard == (["c-1"] if kind in SUPPORTED else [])


def test_what_a_session_cannot_do_it_says(server, namespace: Namespace, control: ControlStream):
    with listening(server, namespace, supported=frozenset({CommandKind.PAUSE})) as session:
        assert status_of(control, command("r-1", "resume")) is AnswerStatus.NOT_SUPPORTED
        assert session.heard == []


def test_what_came_too_late_is_not_done(server, namespace: Namespace, control: ControlStream):
    control.send(command("late", "resume", issued_ns=time.time_ns() - 10**9, valid_ms=500))
    with listening(server, namespace) as session:
        assert control.wait_for_answer("late", 5).status is AnswerStatus.EXPIRED
        assert session.heard == []


def test_a_command_damaged_on_its_way_is_refused(server, namespace: Namespace, client, control: ControlStream):
    sent = command("bad")
    client.xadd(namespace.control(SESSION), {"id": "bad", "digest": "0" * 64, "body": sent.packed()})
    client.xadd(namespace.control(SESSION), {"junk": "x"})
    client.xadd(namespace.control(SESSION), {"id": b"\xff", "body": b""})
    with listening(server, namespace) as session:
        assert status_of(control, command("good")) is AnswerStatus.ACCEPTED
        assert session.heard == ["good"]
        health = session.listener.health
        assert (health.turned_down, health.unreadable, health.heard) == (1, 2, 1)


def test_who_takes_over_hears_what_has_no_answer_and_only_that(server, namespace, client, control: ControlStream):
    with listening(server, namespace) as first:
        status_of(control, command("answered"))
        first.silent = True
        control.send(command("unanswered", "stop"))
        eventually(lambda: "unanswered" in first.heard)
    epoch = LiveState(client, namespace).claim_epoch(SESSION)
    with listening(server, namespace, epoch) as second:
        assert control.wait_for_answer("unanswered", 5).epoch == epoch
        assert second.heard == ["unanswered"]


def test_doubled_commands_are_obeyed_once(server, namespace: Namespace, control: ControlStream):
    sent = command()
    with listening(server, namespace) as session:
        for _ in range(20):
            control.send(sent)
        assert status_of(control, command("last")) is AnswerStatus.ACCEPTED
        assert session.heard == ["c-1", "last"]


def test_a_command_the_server_lost_and_its_sender_sent_again_is_answered_and_not_obeyed_twice(
    server, namespace: Namespace, client, control: ControlStream
):
    sent = command()
    with listening(server, namespace) as session:
        assert status_of(control, sent) is AnswerStatus.ACCEPTED
        client.flushdb()
        assert status_of(control, sent) is AnswerStatus.ACCEPTED
        assert session.heard == ["c-1"]


def test_a_stream_numbered_anew_is_read_from_its_beginning(server, namespace: Namespace, client, control):
    with listening(server, namespace) as session:
        assert status_of(control, command("c-1")) is AnswerStatus.ACCEPTED
        client.flushdb()
        sent = command("c-2")
        ids = {"id": "c-2", "digest": digest_of(sent.packed()), "body": sent.packed()}
        client.xadd(namespace.control(SESSION), ids, id="5-1")  # as after a clock that was set back
        eventually(lambda: session.heard == ["c-1", "c-2"])


@pytest.mark.parametrize("fault", ["killed", "hung"])
def test_a_server_away_for_a_while_loses_no_command(own_server: ValkeyServer, namespace: Namespace, fault: str):
    client = connect(own_server.url, block_ms=BLOCK_MAX_MS)
    control = ControlStream(client, namespace, SESSION)
    with listening(own_server, namespace) as session:
        assert status_of(control, command("before")) is AnswerStatus.ACCEPTED
        if fault == "killed":
            own_server.kill()
        else:
            own_server.pause()
        eventually(lambda: session.listener.health.failures)
        assert own_server.password not in session.listener.health.last_error
        if fault == "killed":
            own_server.start()
        else:
            own_server.go_on()
        eventually(lambda: client_serves(client))
        assert status_of(control, command("after")) is AnswerStatus.ACCEPTED
        assert session.heard == ["before", "after"]
    client.close()


def client_serves(client: redis.Redis) -> bool:
    """Whether the server answers this client."""
    try:
        return client.ping()
    except redis.exceptions.ConnectionError:
        return False


def test_closing_leaves_what_was_not_handed_on_for_the_next(server, namespace: Namespace, control: ControlStream):
    session = Obedient(server, namespace)
    session.listener.start()
    assert session.listener.close()
    control.send(command())
    assert [one.command_id for one in control.unanswered()] == ["c-1"]
    session.writer.start()
    session.writer.close()


def test_places_compare_as_numbers():
    assert place_key("9-2") < place_key("10-1") < place_key("10-11")
    assert place_key("0-0") < place_key("1")
