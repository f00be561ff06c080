"""The inbox: one order of rows, commands and time, which never runs back; every command is handed over or told of."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.domain.row import Command, RowKind, row_dtype
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.session.inbox import COMMANDS_WAITING_MAX, TIMER_EVERY_NS, Inbox, Told
from tests.engine.small_market import START_NS


def quotes(*at_ns: int) -> np.ndarray:
    """Quotes at nanoseconds after the start."""
    rows = np.zeros(len(at_ns), row_dtype(1))
    rows["now_ns"] = START_NS + np.array(at_ns)
    return rows


def taken(
    inbox: Inbox, rows: np.ndarray | None, now_ns: int, in_vain: str = ""
) -> tuple[np.ndarray | None, list[Told]]:
    """All it hands over at once, as one array, and whom to tell. `in_vain`: what is said of every command."""
    batches = list(inbox.batches(rows, now_ns, lambda command, symbol: in_vain))
    joined = None
    if batches:
        joined = np.concatenate([opaque(batch) for batch, _ in batches]).view(batches[0][0].dtype)
    return joined, [handed for _, handed in batches if handed is not None]


def begun(levels: int = 1) -> Inbox:
    """An inbox that has handed over a row, so that there is time."""
    inbox = Inbox(levels)
    taken(inbox, quotes(0), START_NS)
    return inbox


def test_rows_come_first_then_commands_in_their_order_at_the_time_of_the_source() -> None:
    inbox, told = begun(), []
    for command in (Command.PAUSE, Command.FLATTEN):
        inbox.command(command, lambda command=command: told.append(command))
    batch, tell = taken(inbox, quotes(10, 20), START_NS + 30)
    assert batch["kind"].tolist() == [RowKind.QUOTE, RowKind.QUOTE, RowKind.COMMAND, RowKind.COMMAND]
    assert batch["status"][2:].tolist() == [Command.PAUSE, Command.FLATTEN]
    assert (batch["now_ns"] - START_NS).tolist() == [10, 20, 30, 30]
    assert told == [], "told before the engine has it"
    for handed in tell:
        handed()
    assert told == [Command.PAUSE, Command.FLATTEN]
    assert (inbox.sequence, inbox.last_ns, inbox.waiting) == (5, START_NS + 30, 0)


def test_a_command_in_vain_is_not_handed_over_and_whoever_sent_it_is_told_why() -> None:
    inbox, told = begun(), []
    inbox.command(Command.RESUME, lambda: told.append("handed"), refused=told.append)
    inbox.command(Command.RESUME)  # nobody wants to know
    assert taken(inbox, None, START_NS, in_vain="it is not paused") == (None, [])
    assert told == ["it is not paused"]
    assert (inbox.sequence, inbox.waiting) == (1, 0)


def test_whether_a_command_is_in_vain_is_asked_once_the_one_before_it_was_handed_over() -> None:
    inbox, heard = begun(), []
    for command in (Command.PAUSE, Command.RESUME):
        inbox.command(command)

    def in_vain(command: Command, symbol: int) -> str:
        heard.append(command)
        return ""

    batches = inbox.batches(quotes(10), START_NS + 10, in_vain)
    assert next(batches)[0]["kind"].tolist() == [RowKind.QUOTE]
    assert heard == []
    assert next(batches)[0]["status"].tolist() == [Command.PAUSE]
    assert heard == [Command.PAUSE]
    assert next(batches)[0]["status"].tolist() == [Command.RESUME]
    assert list(batches) == []


def test_a_command_never_takes_a_time_before_the_last_row() -> None:
    inbox = begun()
    inbox.command(Command.PAUSE)
    batch, _ = taken(inbox, quotes(50), START_NS + 20)
    assert (batch["now_ns"] - START_NS).tolist() == [50, 50]


def test_before_the_first_row_there_is_no_time_and_commands_wait_for_it() -> None:
    inbox = Inbox(1)
    inbox.command(Command.PAUSE)
    assert taken(inbox, None, 0) == (None, [])
    assert inbox.waiting == 1
    batch, _ = taken(inbox, quotes(0, 7), START_NS + 7)
    assert batch["kind"].tolist() == [RowKind.COMMAND, RowKind.QUOTE, RowKind.QUOTE], "it holds from the first row on"
    assert (batch["now_ns"] - START_NS).tolist() == [0, 0, 7]


def test_a_timer_comes_only_in_silence() -> None:
    inbox = begun()
    assert taken(inbox, None, START_NS + TIMER_EVERY_NS - 1)[0] is None
    batch, _ = taken(inbox, None, START_NS + TIMER_EVERY_NS)
    assert (batch["kind"].tolist(), batch["now_ns"].tolist()) == ([RowKind.TIMER], [START_NS + TIMER_EVERY_NS])
    assert taken(inbox, None, START_NS + TIMER_EVERY_NS + 1)[0] is None
    batch, _ = taken(inbox, quotes(2 * TIMER_EVERY_NS), START_NS + 3 * TIMER_EVERY_NS)
    assert batch["kind"].tolist() == [RowKind.QUOTE]


def test_a_row_from_before_what_was_handed_over_breaks_the_session() -> None:
    inbox = begun()
    taken(inbox, None, START_NS + TIMER_EVERY_NS)
    with pytest.raises(InvariantBroken, match="time must not run back"):
        taken(inbox, quotes(TIMER_EVERY_NS - 1), START_NS + TIMER_EVERY_NS)


def test_rows_get_the_levels_of_the_session() -> None:
    batch, _ = taken(Inbox(3), quotes(0), START_NS)
    assert batch.dtype == row_dtype(3)


def test_too_many_commands_are_refused_but_not_the_runners_own() -> None:
    inbox = begun()
    for _ in range(COMMANDS_WAITING_MAX):
        inbox.command(Command.PAUSE)
    with pytest.raises(BadInput, match="wait already"):
        inbox.command(Command.PAUSE)
    inbox.command(Command.STORES_SILENT, bounded=False)
    batch, _ = taken(inbox, None, START_NS)
    assert len(batch) == COMMANDS_WAITING_MAX + 1
    assert batch["status"][-1] == Command.STORES_SILENT


def test_a_closed_inbox_takes_nothing_and_says_whose_command_is_dropped() -> None:
    inbox, told = begun(), []
    inbox.command(Command.PAUSE, lambda: told.append("handed"), dropped=lambda: told.append("dropped"))
    for dropped in inbox.close():
        dropped()
    assert told == ["dropped"]
    assert inbox.close() == []
    with pytest.raises(BadInput, match="the session is ending"):
        inbox.command(Command.PAUSE)


def test_the_last_rows_are_numbered_like_others() -> None:
    inbox = begun()
    batch = inbox.last((quotes(1), quotes(5)))
    assert len(batch) == 2
    assert (inbox.sequence, inbox.last_ns) == (3, START_NS + 5)


@given(
    turns=st.lists(
        st.tuples(st.lists(st.integers(0, 400_000_000), max_size=3), st.integers(0, 2), st.integers(0, 400_000_000)),
        max_size=25,
    )
)
def test_times_never_run_back_and_every_row_has_its_number(turns: list[tuple[list[int], int, int]]) -> None:
    inbox, at_ns, came = Inbox(1), 0, []
    for gaps_ns, commands, idle_ns in turns:
        rows = None
        if gaps_ns:
            rows = quotes(*(at_ns + np.cumsum(gaps_ns)))
            at_ns += sum(gaps_ns)
        at_ns += idle_ns
        for _ in range(commands):
            inbox.command(Command.RESUME)
        batch, _ = taken(inbox, rows, START_NS + at_ns if inbox.last_ns or rows is not None else 0)
        if batch is not None:
            came.append(batch["now_ns"])
            assert inbox.last_ns == batch["now_ns"][-1]
    times = np.concatenate(came) if came else np.zeros(0)
    assert np.all(np.diff(times) >= 0)
    assert inbox.sequence == len(times)
    assert inbox.last_ns == 0 or inbox.waiting == 0


def test_commands_from_many_threads_are_each_handed_over_once() -> None:
    inbox, told = begun(), []
    threads = [
        threading.Thread(target=lambda: [inbox.command(Command.PAUSE, lambda: told.append(1)) for _ in range(100)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    handed = 0
    while any(thread.is_alive() for thread in threads) or inbox.waiting:
        batch, tell = taken(inbox, None, START_NS)
        handed += 0 if batch is None else len(batch)
        for one in tell:
            one()
    assert handed == len(told) == 400
