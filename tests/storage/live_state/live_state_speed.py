"""What live state costs: `python -m tests.storage.live_state.live_state_speed`, on a server of its own."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from arbitrage_core.engine.genesis import fresh_state
from arbitrage_core.engine.params import params_record, shape_of
from arbitrage_core.storage.live_state.command import Answer, AnswerStatus, OperatorCommand
from arbitrage_core.storage.live_state.connection import BLOCK_MAX_MS, connect
from arbitrage_core.storage.live_state.control import ControlStream
from arbitrage_core.storage.live_state.engine_view import quick_copy, sections_of
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.listener import ControlListener
from arbitrage_core.storage.live_state.projection import Position, Projection
from arbitrage_core.storage.live_state.state_store import LiveState
from arbitrage_core.storage.live_state.writer import LiveStateWriter
from tests.engine.small_market import KEY, small_config
from tests.storage.live_state.valkey_server import ValkeyServer

SESSION = "speed"
ROWS_PER_S = 1_000
SECONDS = 5


def milliseconds(act: Callable[[], object], times: int) -> str:
    """Median and worst of `times` calls."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append((time.perf_counter() - began) * 1e3)
    return f"{statistics.median(taken):.3f} ms (worst of {times}: {max(taken):.3f})"


def of_a_core(act: Callable[[int], object]) -> str:
    """The share of a core this process takes while `act` is done for each row of SECONDS."""
    began, cpu = time.perf_counter(), time.process_time()
    for row in range(1, ROWS_PER_S * SECONDS + 1):
        act(row)
        time.sleep(max(0.0, began + row / ROWS_PER_S - time.perf_counter()))
    return f"{(time.process_time() - cpu) / (time.perf_counter() - began):.1%} of a core"


def measure(server: ValkeyServer) -> None:
    """Prints a line for each figure."""
    config = small_config(symbols=tuple(f"S{number}" for number in range(50)))
    shape = shape_of(config)
    state = fresh_state(config, shape, params_record(config, shape, KEY)[0])
    namespace = Namespace("speed")
    client = connect(server.url, block_ms=BLOCK_MAX_MS)
    store, control = LiveState(client, namespace), ControlStream(client, namespace, SESSION)
    projection = Projection(SESSION, Position(1, 1), 0, 0, sections_of(state, config))
    print(f"copy of a state of {state.nbytes:,} bytes  {milliseconds(lambda: quick_copy(state), 200)}")
    print(f"its sections                       {milliseconds(lambda: sections_of(state, config), 50)}")
    print(f"write of {sum(map(len, projection.packed().values())):,} bytes              "
          f"{milliseconds(lambda: store.write(projection), 200)}")  # fmt: skip
    print(f"read, verified                     {milliseconds(lambda: store.read(SESSION), 200)}")

    writer = LiveStateWriter(server.url, namespace, SESSION, 1)

    def obey(command: OperatorCommand) -> None:
        writer.answer(
            Answer(command_id=command.command_id, status=AnswerStatus.ACCEPTED, epoch=1, answered_ns=time.time_ns())
        )

    listener = ControlListener(server.url, namespace, writer, obey)
    writer.start()
    listener.start()
    numbers = iter(range(1_000))

    def command() -> None:
        sent = OperatorCommand.of(command_id=f"c-{next(numbers)}", kind="pause", issued_ns=time.time_ns())
        control.send(sent)
        control.wait_for_answer(sent.command_id, 5)

    print(f"command, from sending to answer    {milliseconds(command, 100)}")

    def offer(row: int) -> None:
        copy = quick_copy(state)
        writer.offer(row, row, lambda: sections_of(copy, config))

    def offer_if_due(row: int) -> None:
        if writer.is_due:
            offer(row)
        else:
            writer.saw_row(row)

    print(f"a loop of {ROWS_PER_S} rows/s             {of_a_core(lambda row: None)}")
    print(f"  offering each                    {of_a_core(offer)}")
    print(f"  offering when it is due          {of_a_core(offer_if_due)}")
    listener.close()
    writer.close()
    client.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        running = ValkeyServer(Path(folder)).start()
        try:
            measure(running)
        finally:
            running.stop()
