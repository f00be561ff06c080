"""Whatever befalls the server, the session does not wait for it, and what the server should have it has again."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.live_state import writer as writer_module
from arbitrage_core.storage.live_state.backoff import Backoff
from arbitrage_core.storage.live_state.command import Answer, AnswerStatus, OperatorCommand
from arbitrage_core.storage.live_state.connection import BLOCK_MAX_MS, connect
from arbitrage_core.storage.live_state.control import ControlStream
from arbitrage_core.storage.live_state.delivery import Delivery
from arbitrage_core.storage.live_state.heartbeat import fresh_sessions
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.projection import Position, Projection, Reading, Soundness
from arbitrage_core.storage.live_state.state_store import LiveState
from arbitrage_core.storage.live_state.writer import LiveStateWriter, Pace
from tests.storage.live_state.patience import eventually
from tests.storage.live_state.valkey_server import ValkeyServer

SESSION = "paper-mixed-3f9a2c1b"
QUICK = Pace(write_every_s=0.01, beat_every_s=0.1, scrub_every_s=0.2, time_to_live_ms=2_000)
INSTANT_S = 0.05
"""What a call of the hot path may take on a busy machine; a wait for a server would take a second."""


@contextmanager
def writing(server: ValkeyServer, namespace: Namespace, epoch: int = 1, pace: Pace = QUICK, **more) -> Iterator:
    """A writer at work, closed in the end, however long the server takes."""
    writer = LiveStateWriter(server.url, namespace, SESSION, epoch, pace=pace, **more)
    writer.start()
    try:
        yield writer
    finally:
        writer.close(timeout_s=0.5)


def stored(server: ValkeyServer, namespace: Namespace) -> Reading:
    """What a reader finds now."""
    client = connect(server.url)
    try:
        return LiveState(client, namespace).read(SESSION)
    finally:
        client.close()


def stands_at(server: ValkeyServer, namespace: Namespace, sequence: int, epoch: int = 1) -> bool:
    """Whether a reader finds a sound projection of this position."""
    reading = stored(server, namespace)
    return reading.is_sound and reading.position == Position(epoch, sequence)


def answer(command_id: str, epoch: int = 1) -> Answer:
    """An answer to a command."""
    return Answer(command_id=command_id, status=AnswerStatus.ACCEPTED, epoch=epoch, answered_ns=1)


def test_what_is_offered_is_stored_and_the_session_is_alive(server: ValkeyServer, namespace: Namespace, client):
    with writing(server, namespace) as writer:
        writer.offer(5, 1_000, {"pnl": {"realised_amount": 3}})
        eventually(lambda: stands_at(server, namespace, 5))
        eventually(lambda: fresh_sessions(client, namespace)[SESSION].last_row_ns == 1_000)
        writer.saw_row(1_500)
        eventually(lambda: fresh_sessions(client, namespace)[SESSION].last_row_ns == 1_500)
        health = writer.health
        assert (health.away_s, health.fenced_by, health.last_error, health.running) == (0.0, 0, "", True)
        assert health.deliveries.written == 1
        assert writer.close()
    assert fresh_sessions(client, namespace) == {}
    assert stands_at(server, namespace, 5)


def test_the_newest_offer_wins_and_the_last_is_written_at_the_end(server: ValkeyServer, namespace: Namespace):
    with writing(server, namespace, pace=Pace(write_every_s=30)) as writer:
        for sequence in range(1, 501):
            writer.offer(sequence, sequence, {"counters": {"n": sequence}})
        assert writer.close()
        health = writer.health
    assert stored(server, namespace).sections == {"counters": {"n": 500}}
    assert health.deliveries.written + health.conflated == 500
    assert health.deliveries.written <= 3


def test_an_offer_is_due_when_it_would_be_written_soon(server: ValkeyServer, namespace: Namespace):
    with writing(server, namespace, pace=Pace(write_every_s=0.4)) as writer:
        assert writer.is_due
        writer.offer(1, 1, {})
        eventually(lambda: stands_at(server, namespace, 1))
        assert not writer.is_due
        eventually(lambda: writer.is_due)
        writer.offer(2, 2, {})
        eventually(lambda: stands_at(server, namespace, 2), within_s=1.0)


def test_sections_are_made_in_the_writers_thread(server: ValkeyServer, namespace: Namespace):
    threads: list[str] = []

    def made() -> dict[str, object]:
        threads.append(threading.current_thread().name)
        return {"pnl": {}}

    with writing(server, namespace) as writer:
        writer.offer(1, 1, made)
        eventually(lambda: stands_at(server, namespace, 1))
    assert threads == [f"live-state {SESSION}"]


def test_a_projection_that_cannot_be_stored_is_counted_and_the_next_one_is(server: ValkeyServer, namespace: Namespace):
    with writing(server, namespace) as writer:
        writer.offer(1, 1, {"pnl": {"equity": float("nan")}})
        eventually(lambda: writer.health.invalid == 1)
        assert "pnl" in writer.health.last_error
        writer.offer(2, 2, {"pnl": {}})
        eventually(lambda: stands_at(server, namespace, 2))


def test_a_defect_in_what_makes_sections_ends_the_writer_and_shows(server, namespace, monkeypatch):
    seen: list[type] = []
    monkeypatch.setattr(threading, "excepthook", lambda hooked: seen.append(hooked.exc_type))
    with writing(server, namespace) as writer:
        writer.offer(1, 1, lambda: 1 / 0)
        eventually(lambda: not writer.health.running)
        assert "ZeroDivisionError" in writer.health.last_error
        assert seen == [ZeroDivisionError]


def offers_take(writer: LiveStateWriter, first: int) -> float:
    """Seconds the slowest of 50 offers, answers and looks at the health took."""
    slowest = 0.0
    for sequence in range(first, first + 50):
        began = time.perf_counter()
        writer.offer(sequence, sequence, {"counters": {"n": sequence}})
        _ = writer.health
        slowest = max(slowest, time.perf_counter() - began)
    return slowest


def test_killed_and_started_again(own_server: ValkeyServer, namespace: Namespace):
    with writing(own_server, namespace) as writer:
        writer.offer(1, 1, {"counters": {}})
        eventually(lambda: stands_at(own_server, namespace, 1))
        own_server.kill()
        assert offers_take(writer, 2) < INSTANT_S
        eventually(lambda: writer.health.away_s > 0.3)
        assert writer.health.unreachable > 0
        assert own_server.password not in writer.health.last_error
        own_server.start()
        eventually(lambda: stands_at(own_server, namespace, 51))
        eventually(lambda: writer.health.away_s == 0.0)


def test_hung_and_woken(own_server: ValkeyServer, namespace: Namespace):
    with writing(own_server, namespace) as writer:
        writer.offer(1, 1, {"counters": {}})
        eventually(lambda: stands_at(own_server, namespace, 1))
        own_server.pause()
        assert offers_take(writer, 2) < INSTANT_S
        eventually(lambda: writer.health.unreachable >= 2)
        assert writer.health.away_s > 1.0
        own_server.go_on()
        eventually(lambda: stands_at(own_server, namespace, 51))
        eventually(lambda: writer.health.away_s == 0.0)


def test_closing_on_a_hung_server_ends_in_its_bound_and_says_what_was_not_done(own_server, namespace: Namespace):
    with writing(own_server, namespace) as writer:
        eventually(lambda: writer.health.deliveries.beats)
        own_server.pause()
        writer.offer(1, 1, {"counters": {}})
        began = time.monotonic()
        assert not writer.close(timeout_s=1.0)
        assert time.monotonic() - began < 3.5
        own_server.go_on()


def test_flushed_under_it_while_nothing_happens(server: ValkeyServer, namespace: Namespace, client):
    with writing(server, namespace) as writer:
        writer.offer(7, 1, {"counters": {}})
        eventually(lambda: stands_at(server, namespace, 7))
        client.flushdb()
        eventually(lambda: stands_at(server, namespace, 7))
        eventually(lambda: SESSION in fresh_sessions(client, namespace))
        counts = writer.health.deliveries
        assert (counts.losses, counts.rebuilds, counts.torn) == (1, 1, 0)
        assert LiveState(client, namespace).newest_epoch(SESSION) == 1  # the fence, too


def test_a_value_changed_under_it_while_nothing_happens(server: ValkeyServer, namespace: Namespace, client):
    with writing(server, namespace) as writer:
        writer.offer(7, 1, {"pnl": {"realised_amount": 100}})
        eventually(lambda: stands_at(server, namespace, 7))
        client.hset(namespace.state(SESSION), "pnl", '{"realised_amount":900}')
        eventually(lambda: stands_at(server, namespace, 7))
        assert writer.health.deliveries.torn == 1
        assert stored(server, namespace).sections == {"pnl": {"realised_amount": 100}}


@pytest.mark.parametrize("torn", ["epoch", "fence"])
def test_a_fence_damaged_under_it_while_nothing_happens(server, namespace: Namespace, client, torn: str):
    with writing(server, namespace, pace=Pace(0.01, 0.1, 30)) as writer:  # beats alone must find it
        writer.offer(7, 1, {"counters": {}})
        eventually(lambda: stands_at(server, namespace, 7))
        if torn == "epoch":
            client.set(namespace.epoch(SESSION), "9 00")
        else:
            client.hset(namespace.state(SESSION), "fence", "9 9 00")
        eventually(lambda: writer.health.deliveries.rebuilds)
        counts = writer.health.deliveries
        assert (counts.torn, counts.losses, counts.rebuilds) == (1, 0, 1)
        assert stands_at(server, namespace, 7)
        assert LiveState(client, namespace).claim_epoch(SESSION) == 2


def test_full_it_goes_on_living_and_answering_and_catches_up(server: ValkeyServer, namespace: Namespace, client):
    with writing(server, namespace) as writer:
        writer.offer(1, 1, {"counters": {}})
        eventually(lambda: stands_at(server, namespace, 1))
        client.config_set("maxmemory", "1mb")
        writer.offer(2, 2, {"counters": {}})
        writer.answer(answer("c-1"))
        eventually(lambda: writer.health.refused >= 2)
        beats = writer.health.deliveries.beats
        eventually(lambda: writer.health.deliveries.beats > beats)
        health = writer.health
        assert (health.answers_waiting, health.deliveries.answered, health.unreachable) == (0, 1, 0)
        assert "out of memory" in health.last_error
        assert health.away_s > 0
        assert stands_at(server, namespace, 1)
        client.config_set("maxmemory", "0")
        eventually(lambda: stands_at(server, namespace, 2))


def test_the_tail_of_its_file_lost_it_is_rolled_back_and_rebuilt(own_server: ValkeyServer, namespace: Namespace):
    with writing(own_server, namespace, pace=Pace(0.01, 30, 30)) as writer:
        for sequence in range(1, 4):
            writer.offer(sequence, sequence, {"counters": {"n": sequence}})
            eventually(lambda at=sequence: stands_at(own_server, namespace, at))
        own_server.kill()
        file = own_server.append_file()
        data = file.read_bytes()
        last_hset = [found.start() for found in re.finditer(rb"HSET\r\n", data)][-1]
        file.write_bytes(data[: last_hset + 40])
        own_server.start()
        rolled_back = stored(own_server, namespace)
        assert (rolled_back.soundness, rolled_back.position) == (Soundness.SOUND, Position(1, 2))
        client = connect(own_server.url)
        knowing = LiveState(client, namespace).read(SESSION, at_least=Position(1, 3))
        client.close()
        assert knowing.soundness is Soundness.STALE
        writer.offer(4, 4, {"counters": {"n": 4}})
        eventually(lambda: stands_at(own_server, namespace, 4))
        assert writer.health.deliveries.losses == 1


def test_a_value_edited_in_its_file_loads_without_a_word_and_is_found(own_server: ValkeyServer, namespace: Namespace):
    with writing(own_server, namespace) as writer:
        writer.offer(1, 1, {"pnl": {"realised_amount": 777_777}})
        eventually(lambda: stands_at(own_server, namespace, 1))
        writer.close()
    own_server.kill()
    file = own_server.append_file()
    data = file.read_bytes()
    assert data.count(b"777777") == 1
    file.write_bytes(data.replace(b"777777", b"977777"))
    own_server.start()
    reading = stored(own_server, namespace)
    assert (reading.soundness, reading.sections) == (Soundness.TORN, {})


def test_an_older_epoch_that_wakes_up_stops_and_changes_nothing(server: ValkeyServer, namespace: Namespace, client):
    told: list[int] = []
    with writing(server, namespace, epoch=1, on_fenced=told.append) as old:
        old.offer(100, 1, {"counters": {"by": 1}})
        eventually(lambda: stands_at(server, namespace, 100))
        newer = LiveState(client, namespace).claim_epoch(SESSION)
        with writing(server, namespace, epoch=newer) as new:
            new.offer(1, 2, {"counters": {"by": 2}})
            eventually(lambda: stands_at(server, namespace, 1, epoch=newer))
            old.offer(101, 3, {"counters": {"by": 1}})
            old.answer(answer("c-1"))
            eventually(lambda: not old.health.running)
            assert told == [newer]
            assert old.health.fenced_by == newer
            assert not old.close()
            assert stored(server, namespace).sections == {"counters": {"by": 2}}
            assert fresh_sessions(client, namespace)[SESSION].epoch == newer
            assert new.health.running


def test_no_answer_is_dropped_while_the_server_is_away(own_server: ValkeyServer, namespace: Namespace):
    client = connect(own_server.url, block_ms=BLOCK_MAX_MS)
    control = ControlStream(client, namespace, SESSION)
    for number in range(30):
        control.send(OperatorCommand.of(command_id=f"c-{number}", kind="pause", issued_ns=1))
    with writing(own_server, namespace) as writer:
        own_server.kill()
        for number in range(30):
            writer.answer(answer(f"c-{number}"))
        assert writer.health.answers_waiting == 30
        own_server.start()
        for number in range(30):
            assert control.wait_for_answer(f"c-{number}", 10) is not None
        eventually(lambda: writer.health.answers_waiting == 0)
        client.close()


def test_answers_a_server_lost_are_given_again(server: ValkeyServer, namespace: Namespace, client):
    control = ControlStream(client, namespace, SESSION)
    command = OperatorCommand.of(command_id="c-1", kind="pause", issued_ns=1)
    control.send(command)
    with writing(server, namespace) as writer:
        writer.offer(1, 1, {})
        writer.answer(answer("c-1"))
        assert control.wait_for_answer("c-1", 5)
        eventually(lambda: stands_at(server, namespace, 1))
        client.flushdb()
        control.send(command)
        assert control.wait_for_answer("c-1", 5) == answer("c-1")
        assert writer.answer_again("c-1")
        assert not writer.answer_again("c-2")


def test_answers_that_wait_are_bounded_and_the_first_to_a_command_counts(server, namespace, client, monkeypatch):
    monkeypatch.setattr(writer_module, "ANSWERS_WAITING_MAX", 2)
    writer = LiveStateWriter(server.url, namespace, SESSION, 1)
    control = ControlStream(client, namespace, SESSION)
    control.send(OperatorCommand.of(command_id="b", kind="pause", issued_ns=1))
    for command_id, text in (("a", ""), ("b", "first"), ("b", "second")):
        writer.answer(answer(command_id).model_copy(update={"text": text}))
    with pytest.raises(BadInput, match="2 answers wait"):
        writer.answer(answer("c"))
    writer.start()
    assert writer.close()
    assert control.answer_to("b").text == "first"


def test_a_server_that_is_not_there_from_the_start_is_found_when_it_comes(own_server, namespace: Namespace):
    own_server.kill()
    with writing(own_server, namespace) as writer:
        writer.offer(1, 1, {})
        eventually(lambda: writer.health.unreachable)
        own_server.start()
        eventually(lambda: stands_at(own_server, namespace, 1))


def test_a_write_that_took_place_unanswered_is_not_taken_back(server: ValkeyServer, namespace: Namespace, client):
    delivery = Delivery(client, namespace, SESSION, 1, started_ns=0)
    delivery.write(Projection(SESSION, Position(1, 4), 0, 0, {}))
    LiveState(client, namespace).write(Projection(SESSION, Position(1, 5), 0, 0, {}))  # its answer was lost
    delivery.must_rebuild = True
    delivery.rebuild()
    assert (delivery.counts.older, delivery.must_rebuild) == (1, False)
    assert stands_at(server, namespace, 5)


def test_a_time_before_time_stops_no_heartbeat(server: ValkeyServer, namespace: Namespace, client):
    with writing(server, namespace) as writer:
        writer.saw_row(-(2**62))
        beats = writer.health.deliveries.beats
        eventually(lambda: writer.health.deliveries.beats > beats + 1)
        assert fresh_sessions(client, namespace)[SESSION].last_row_ns == 0


def test_a_backoff_grows_to_its_cap_and_starts_anew():
    backoff = Backoff(first_s=0.1, cap_s=1.0, least_s=0.02)
    waits = [[backoff.next_s() for _ in range(10)] for _ in range(50)]
    assert all(0.02 <= wait <= 1.0 for row in waits for wait in row)
    assert max(max(row) for row in waits[1:]) > 0.5
    backoff.reset()
    assert backoff.next_s() <= 0.1
    with pytest.raises(ValueError, match="no backoff"):
        Backoff(first_s=2.0, cap_s=1.0)
