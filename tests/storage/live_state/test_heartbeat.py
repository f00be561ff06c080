"""A heartbeat says which sessions are alive: it expires, and nothing but silence and its own end removes it."""

import time

import pytest
import redis

from arbitrage_core.storage.live_state.connection import FencedOff
from arbitrage_core.storage.live_state.heartbeat import Heartbeat, Heartbeats, fresh_sessions
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.projection import Position, Projection
from arbitrage_core.storage.live_state.state_store import LiveState

BEAT = Heartbeat(pid=12, epoch=3, host="desk", started_ns=5, last_row_ns=6, beat_ns=7)


@pytest.fixture
def heartbeats(client: redis.Redis, namespace: Namespace) -> Heartbeats:
    """Of a checkout where nothing runs."""
    return Heartbeats(client, namespace)


def test_who_beats_is_alive_until_silent_for_too_long(heartbeats: Heartbeats, client, namespace: Namespace):
    assert heartbeats.fresh() == {}
    heartbeats.beat("a", BEAT, time_to_live_ms=60_000)
    heartbeats.beat("b: with *", BEAT, time_to_live_ms=150)
    assert client.exists(f"arb:{namespace.checkout_id}:heartbeat:a")
    assert fresh_sessions(client, namespace) == {"a": BEAT, "b: with *": BEAT}
    time.sleep(0.25)
    assert fresh_sessions(client, namespace) == {"a": BEAT}


def test_who_ends_is_not_alive(heartbeats: Heartbeats):
    heartbeats.beat("a", BEAT)
    heartbeats.end("a", epoch=3)
    assert heartbeats.fresh() == {}


def test_an_older_epoch_neither_beats_nor_ends(heartbeats: Heartbeats, client, namespace: Namespace):
    assert LiveState(client, namespace).claim_epoch("a", 4) == 4
    newer = BEAT.model_copy(update={"epoch": 4})
    heartbeats.beat("a", newer)
    with pytest.raises(FencedOff):
        heartbeats.beat("a", BEAT)
    with pytest.raises(FencedOff):
        heartbeats.end("a", epoch=3)
    assert heartbeats.fresh() == {"a": newer}


@pytest.mark.parametrize("value", [b"", b"\xff", b"{}", b'{"pid": NaN}', b"[]"])
def test_a_heartbeat_that_is_not_understood_is_one_all_the_same(
    heartbeats: Heartbeats, client, namespace, value: bytes
):
    client.set(namespace.heartbeat("a"), value)
    assert heartbeats.fresh() == {"a": None}


def test_a_heartbeat_of_a_foreign_type_is_one_until_the_session_beats(heartbeats: Heartbeats, client, namespace):
    client.lpush(namespace.heartbeat("a"), "x")
    assert heartbeats.fresh() == {"a": None}
    heartbeats.beat("a", BEAT)
    assert heartbeats.fresh() == {"a": BEAT}


def test_other_checkouts_do_not_count(heartbeats: Heartbeats, client):
    Heartbeats(client, Namespace("ba9876543210")).beat("a", BEAT)
    assert heartbeats.fresh() == {}


def test_a_full_server_does_not_make_a_session_look_dead(heartbeats: Heartbeats, client):
    client.config_set("maxmemory", "1mb")
    heartbeats.beat("a", BEAT)
    assert heartbeats.fresh() == {"a": BEAT}
    client.config_set("maxmemory", "0")


def test_a_beat_says_which_position_is_stored(heartbeats: Heartbeats, client, namespace: Namespace):
    assert heartbeats.beat("a", BEAT).position is None
    LiveState(client, namespace).write(Projection("a", Position(3, 9), 0, 0, {}))
    assert heartbeats.beat("a", BEAT).position == Position(3, 9)
    client.hset(namespace.state("a"), "fence", "junk")
    standing = heartbeats.beat("a", BEAT)
    assert (standing.position, standing.torn) == (None, 1)
