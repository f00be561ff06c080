"""The server that the platform brings along serves all that live state asks of it, on every system."""

from arbitrage_core.storage.live_state.command import Answer, AnswerStatus, OperatorCommand
from arbitrage_core.storage.live_state.connection import BLOCK_MAX_MS, connect, must_serve
from arbitrage_core.storage.live_state.control import ControlStream
from arbitrage_core.storage.live_state.heartbeat import Heartbeat, Heartbeats
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.projection import Position, Projection
from arbitrage_core.storage.live_state.state_store import LiveState
from tests.services.servers import redis_url  # noqa: F401

SESSION = "embedded"


def test_projection_command_and_heartbeat_on_the_platforms_own_server(redis_url: str):  # noqa: F811
    namespace = Namespace("live-state-test")
    client = connect(redis_url, block_ms=BLOCK_MAX_MS)
    must_serve(client)
    store, control = LiveState(client, namespace), ControlStream(client, namespace, SESSION)
    epoch = store.claim_epoch(SESSION)
    store.write(Projection(SESSION, Position(epoch, 1), 0, 0, {"pnl": {}}))
    assert store.read(SESSION, at_least=Position(epoch, 1)).is_sound
    control.send(OperatorCommand.of(command_id="c-1", kind="pause", issued_ns=1))
    assert [one.command_id for one in control.read(block_ms=100)] == ["c-1"]
    control.answer(Answer(command_id="c-1", status=AnswerStatus.ACCEPTED, epoch=epoch, answered_ns=1))
    assert control.wait_for_answer("c-1", 1) is not None
    heartbeats = Heartbeats(client, namespace)
    heartbeats.beat(SESSION, Heartbeat(pid=1, epoch=epoch, host="h", started_ns=0, last_row_ns=0, beat_ns=0))
    assert list(heartbeats.fresh()) == [SESSION]
    heartbeats.end(SESSION, epoch)
    assert store.clear(epochs=True) > 0
    assert list(client.scan_iter(namespace.pattern)) == []
    client.close()
