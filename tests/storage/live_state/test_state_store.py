"""A projection is stored whole or not at all, by the newest epoch only, and read with a verdict that is right."""

import threading
import time
from collections.abc import Callable

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.live_state import projection as projection_module
from arbitrage_core.storage.live_state.connection import (
    ANSWER_TIMEOUT_S,
    FencedOff,
    LiveStateRefused,
    LiveStateUnreachable,
    connect,
    must_serve,
)
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.projection import Position, Projection, Soundness
from arbitrage_core.storage.live_state.scripts import POSITION_MAX
from arbitrage_core.storage.live_state.spelling import unspelled
from arbitrage_core.storage.live_state.state_store import LiveState, Outcome

SESSION = "paper-mixed-3f9a2c1b"
SECTIONS = {"positions": {"BTC/USDT": {"alpha": 3, "beta": -3}}, "pnl": {"realised_amount": -12}, "books": {}}


def projection(epoch: int, sequence: int, **sections: object) -> Projection:
    """A projection of SESSION."""
    return Projection(SESSION, Position(epoch, sequence), 1_000, 2_000, sections or SECTIONS)


@pytest.fixture
def store(client: redis.Redis, namespace: Namespace) -> LiveState:
    """The state store of an empty server."""
    return LiveState(client, namespace)


def test_what_is_written_is_read(store: LiveState):
    assert store.read(SESSION).soundness is Soundness.MISSING
    assert store.write(projection(2, 7)).outcome is Outcome.WRITTEN
    reading = store.read(SESSION)
    assert (reading.soundness, reading.position, reading.row_ns, reading.written_ns) == (
        Soundness.SOUND,
        Position(2, 7),
        1_000,
        2_000,
    )
    assert reading.sections == SECTIONS
    assert reading.is_sound
    assert store.sessions() == [SESSION]


def test_a_projection_replaces_the_one_before_whole(store: LiveState):
    store.write(projection(1, 1, positions={"a": 1}, pnl={}))
    store.write(projection(1, 2, cooldowns={"b": 2}))
    assert store.read(SESSION).sections == {"cooldowns": {"b": 2}}


def test_no_state_key_expires(store: LiveState, client: redis.Redis, namespace: Namespace):
    store.claim_epoch(SESSION)
    store.write(projection(1, 1))
    assert {key: client.pttl(key) for key in client.scan_iter()} == {
        namespace.state(SESSION).encode(): -1,
        namespace.epoch(SESSION).encode(): -1,
    }


ORDERS = [
    ("a newer sequence", (1, 5), (1, 6), "written"),
    ("the same again, as after an answer that was lost", (1, 5), (1, 5), "written"),
    ("an older sequence", (1, 5), (1, 4), "older"),
    ("a newer epoch, whatever its sequence", (1, 5), (2, 0), "written"),
    ("an older epoch, whatever its sequence", (2, 0), (1, 9), "fenced"),
    ("the greatest numbers", (POSITION_MAX, POSITION_MAX - 1), (POSITION_MAX, POSITION_MAX), "written"),
    ("the greatest numbers, back by one", (POSITION_MAX, POSITION_MAX), (POSITION_MAX, POSITION_MAX - 1), "older"),
    ("an epoch that is less as text only", (9, 1), (10, 1), "written"),
]


@pytest.mark.parametrize("first, second, outcome", [case[1:] for case in ORDERS], ids=[case[0] for case in ORDERS])
def test_only_what_is_not_older_is_written(store: LiveState, first, second, outcome: str):
    store.write(projection(*first, counters={"n": 1}))
    if outcome == "fenced":
        with pytest.raises(FencedOff) as fenced:
            store.write(projection(*second, counters={"n": 2}))
        assert (fenced.value.epoch, fenced.value.newest) == (second[0], first[0])
    else:
        written = store.write(projection(*second, counters={"n": 2}))
        assert written.outcome.value == outcome
        assert written.found.position == Position(*first)
    standing = second if outcome == "written" else first
    reading = store.read(SESSION)
    assert (reading.position, reading.sections) == (
        Position(*standing),
        {"counters": {"n": 2 if outcome == "written" else 1}},
    )


def test_an_epoch_once_claimed_refuses_the_older_one_before_it_has_written(store: LiveState):
    first = store.claim_epoch(SESSION)
    store.write(projection(first, 100))
    second = store.claim_epoch(SESSION)
    assert second == first + 1
    with pytest.raises(FencedOff):
        store.write(projection(first, 101))
    reading = store.read(SESSION)
    assert reading.soundness is Soundness.STALE
    assert "has taken over" in reading.why
    assert reading.sections == SECTIONS
    store.write(projection(second, 0))
    assert store.read(SESSION).is_sound


def test_an_epoch_is_above_what_the_record_knows_and_above_what_is_here(store: LiveState):
    assert store.claim_epoch(SESSION, at_least=40) == 40
    assert store.claim_epoch(SESSION, at_least=7) == 41
    store.write(projection(60, 1))  # an epoch handed in by the record
    assert store.claim_epoch(SESSION) == 61
    assert store.newest_epoch(SESSION) == 61
    assert store.claim_epoch("another") == 1


def test_epochs_claimed_at_once_differ(store: LiveState, server, namespace: Namespace):
    claimed: list[int] = []

    def claim() -> None:
        own = connect(server.url)
        claimed.extend(LiveState(own, namespace).claim_epoch(SESSION) for _ in range(25))
        own.close()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == list(range(1, 101))


def test_there_is_a_last_epoch(store: LiveState):
    assert store.claim_epoch(SESSION, POSITION_MAX) == POSITION_MAX
    with pytest.raises(BadInput, match="no epoch is left"):
        store.claim_epoch(SESSION)
    with pytest.raises(BadInput, match="no epoch"):
        store.claim_epoch(SESSION, 0)


def test_a_reader_that_knows_of_more_says_stale(store: LiveState):
    store.write(projection(3, 10))
    assert store.read(SESSION, at_least=Position(3, 10)).is_sound
    for known in (Position(3, 11), Position(4, 0)):
        assert store.read(SESSION, at_least=known).soundness is Soundness.STALE


Damage = Callable[[redis.Redis, str], object]


def flip(field: str, position: int) -> Damage:
    """Turns one bit of a field."""

    def damage(client: redis.Redis, key: str) -> None:
        value = bytearray(client.hget(key, field))
        value[position] ^= 1
        client.hset(key, field, bytes(value))

    return damage


DAMAGES: dict[str, Damage] = {
    "a digit of a section": flip("pnl", -2),
    "the head": flip("head", 10),
    "the checksum": flip("checksum", 0),
    "a byte that is no text": lambda client, key: client.hset(key, "pnl", b"\xff\xfe"),
    "a section gone": lambda client, key: client.hdel(key, "books"),
    "a section more": lambda client, key: client.hset(key, "guards", "{}"),
    "the head gone": lambda client, key: client.hdel(key, "head"),
    "the fence gone": lambda client, key: client.hdel(key, "fence"),
    "the fence of another write": lambda client, key: client.hset(key, "fence", "1 5 00"),
    "another session's": lambda client, key: client.hset(
        key, mapping=Projection("other", Position(1, 4), 1, 1, SECTIONS).packed()
    ),
    "another type": lambda client, key: (client.delete(key), client.set(key, "x")),
    "empty values": lambda client, key: client.hset(key, mapping={"head": b"", "checksum": b""}),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_and_the_next_write_heals_it(store: LiveState, client, namespace: Namespace, name: str):
    store.write(projection(1, 4))
    assert store.read(SESSION).is_sound
    DAMAGES[name](client, namespace.state(SESSION))
    reading = store.read(SESSION)
    assert reading.soundness is Soundness.TORN
    assert reading.why
    assert reading.sections == {}
    store.write(projection(1, 5))
    assert store.read(SESSION).is_sound


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_flipped_anywhere_is_found(store: LiveState, client, namespace: Namespace, data):
    client.flushall()
    store.write(projection(1, 4))
    key = namespace.state(SESSION)
    field = data.draw(st.sampled_from(sorted(client.hkeys(key))))
    value = bytearray(client.hget(key, field))
    value[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
    client.hset(key, field, bytes(value))
    assert store.read(SESSION).soundness is Soundness.TORN or field == b"fence"
    found = store.write(projection(1, 5)).found
    assert found.torn == (field == b"fence")
    assert store.read(SESSION).is_sound


@pytest.mark.parametrize("damaged", ["epoch", "state", "both"])
def test_a_damaged_fence_fences_nobody_and_the_sound_one_counts(store, client, namespace: Namespace, damaged: str):
    store.claim_epoch(SESSION, 5)
    store.write(projection(5, 1))
    if damaged in ("epoch", "both"):
        client.set(namespace.epoch(SESSION), b"9" + client.get(namespace.epoch(SESSION))[1:])
    if damaged in ("state", "both"):
        client.hset(namespace.state(SESSION), "fence", b"9" + client.hget(namespace.state(SESSION), "fence")[1:])
    if damaged != "both":
        with pytest.raises(FencedOff):
            store.write(projection(4, 1))
    written = store.write(projection(5, 2))
    assert (written.outcome, written.found.torn) == (Outcome.WRITTEN, 2 if damaged == "both" else 1)
    assert store.write(projection(5, 3)).found.torn == 0
    with pytest.raises(FencedOff):
        store.write(projection(4, 9))


def test_a_projection_of_another_schema_is_not_understood(store: LiveState, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(projection_module, "SCHEMA", 2)
        store.write(projection(1, 4))
        assert store.read(SESSION).is_sound
    reading = store.read(SESSION)
    assert (reading.soundness, reading.sections) == (Soundness.TORN, {})
    assert "schema 2" in reading.why


def test_a_damaged_epoch_makes_no_sound_projection_stale(store: LiveState, client, namespace: Namespace):
    store.write(projection(1, 4))
    client.set(namespace.epoch(SESSION), b"9" + client.get(namespace.epoch(SESSION))[1:])
    assert store.read(SESSION).is_sound


NOT_STORED = [
    ("NaN", {"pnl": {"equity": float("nan")}}, "cannot be stored"),
    ("infinity", {"pnl": {"equity": [1.0, float("-inf")]}}, "cannot be stored"),
    ("what JSON cannot say", {"pnl": {"equity": object()}}, "cannot be stored"),
    ("a section nobody knows", {"profit": {}}, "no section 'profit'"),
    ("too much", {"books": ["x" * 2_000]}, "at most"),
]


@pytest.mark.parametrize("sections, why", [case[1:] for case in NOT_STORED], ids=[case[0] for case in NOT_STORED])
def test_what_cannot_be_stored_is_refused_and_leaves_what_was_there(store, monkeypatch, sections, why: str):
    monkeypatch.setattr(projection_module, "PROJECTION_BYTES_MAX", 1_500)
    store.write(projection(1, 1))
    with pytest.raises(BadInput, match=why):
        store.write(projection(1, 2, **sections))
    assert store.read(SESSION).position == Position(1, 1)


@pytest.mark.parametrize("text", [b"NaN", b"[Infinity]", b"-Infinity", b"{", b"\xff", b"[" * 100_000])
def test_what_json_should_not_say_is_not_read(text: bytes):
    assert unspelled(b"[1.5]") == [1.5]
    with pytest.raises(ValueError, match=r".+"):
        unspelled(text)


@pytest.mark.parametrize("epoch, sequence", [(-1, 0), (0, -1), (POSITION_MAX + 1, 0), (0, 2**53), (1.0, 0), (True, 0)])
def test_a_position_that_lua_could_not_compare_exactly_is_refused(epoch, sequence):
    with pytest.raises(BadInput, match="whole number"):
        Position(epoch, sequence)


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", "a\x00b"])
def test_a_name_that_cannot_be_a_session_is_refused(store: LiveState, name: str):
    with pytest.raises(BadInput, match="cannot name a session"):
        store.read(name)


@pytest.mark.parametrize("checkout_id", ["", "a:b", "a*", "x" * 65])
def test_a_checkout_id_that_would_reach_other_keys_is_refused(checkout_id: str):
    with pytest.raises(BadInput, match="no checkout id"):
        Namespace(checkout_id)


def test_clearing_spares_other_checkouts_sessions_alive_and_every_fence(store: LiveState, client, namespace: Namespace):
    other = LiveState(client, Namespace("ba9876543210"))
    client.set("another program's", "1")
    other.write(projection(1, 1))
    store.claim_epoch(SESSION, 3)
    store.write(projection(3, 1))
    store.write(Projection("alive: *", Position(1, 1), 0, 0, SECTIONS))
    assert store.clear(but={"alive: *"}) == 1
    assert store.read(SESSION).soundness is Soundness.MISSING
    assert store.read("alive: *").is_sound
    assert other.read(SESSION).is_sound
    assert client.get("another program's") == b"1"
    with pytest.raises(FencedOff):
        store.write(projection(2, 9))
    assert store.clear(but={"alive: *"}, epochs=True) == 1
    assert store.newest_epoch(SESSION) == 0
    assert store.newest_epoch("alive: *") == 1


def test_a_full_server_refuses_a_projection_whole_and_says_so(store: LiveState, client):
    store.write(projection(1, 1))
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", "1mb")
    with pytest.raises(LiveStateRefused, match="out of memory"):
        store.write(projection(1, 2, books=["x" * 100_000]))
    assert store.read(SESSION).position == Position(1, 1)
    assert store.claim_epoch(SESSION) == 2  # a session must be able to take over nevertheless
    client.config_set("maxmemory", "0")


def test_a_server_that_hangs_costs_its_bound_and_one_that_is_gone_nothing(own_server, namespace: Namespace):
    client = connect(own_server.url)
    store = LiveState(client, namespace)
    store.write(projection(1, 1))
    own_server.pause()
    for act in (lambda: store.write(projection(1, 2)), lambda: store.read(SESSION), lambda: store.claim_epoch(SESSION)):
        began = time.monotonic()
        with pytest.raises(LiveStateUnreachable, match="no answer in time"):
            act()
        assert time.monotonic() - began < 2 * ANSWER_TIMEOUT_S + 0.3
    own_server.go_on()
    assert store.read(SESSION).position in (Position(1, 1), Position(1, 2))  # it may have done what it did not answer
    own_server.kill()
    began = time.monotonic()
    with pytest.raises(LiveStateUnreachable, match="cannot be reached"):
        store.read(SESSION)
    assert time.monotonic() - began < 0.5
    own_server.start()
    assert store.read(SESSION).soundness in (Soundness.SOUND, Soundness.STALE)
    client.close()


def test_scripts_survive_a_server_that_forgot_them(store: LiveState, client):
    store.write(projection(1, 1))
    client.script_flush()
    assert store.write(projection(1, 2)).outcome is Outcome.WRITTEN


SECRET = "s3cr3t-passw0rd"


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{SECRET}@127.0.0.1:1/0",
        f"redis://user:{SECRET}@127.0.0.1:1/0",
        f"redis://:{SECRET}@no-such-host.invalid:6379/0",
        f"http://:{SECRET}@127.0.0.1:1",
        f"redis://:{SECRET}@127.0.0.1:notaport/0",
    ],
)
def test_no_error_names_a_password(url: str):
    with pytest.raises(BadInput) as caught:
        must_serve(connect(url))
    assert SECRET not in str(caught.value) + repr(caught.value)
    assert caught.value.cure


def test_a_wrong_password_is_said_without_it(server):
    client = connect(f"redis://:{SECRET}@127.0.0.1:{server.port}/0")
    with pytest.raises(LiveStateRefused, match="does not accept the password") as caught:
        must_serve(client)
    assert SECRET not in str(caught.value)
    client.close()


def test_a_server_too_old_is_refused(client, monkeypatch):
    must_serve(client)
    monkeypatch.setattr(client, "info", lambda section: {"redis_version": "6.2.14"})
    with pytest.raises(LiveStateRefused, match=r"version 6\.2\.14"):
        must_serve(client)
