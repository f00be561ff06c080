"""The live runner: how a session ends, what its stores do to it, and that what it keeps is the same in every order."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arbitrage_core.domain.errors import AnomalyFound, InvariantBroken
from arbitrage_core.domain.row import Command
from arbitrage_core.engine.output import ORDER_OUT
from arbitrage_core.session import live_runner
from arbitrage_core.session.live_runner import Ending, Halt, LiveRunner
from arbitrage_core.session.session import LOGS, Session
from arbitrage_core.storage.journal_reader import JournalReader
from tests.engine.small_market import KEY, QUIET, WEST, Tape, pulses
from tests.seeded_faults import fee_skipped
from tests.session.live_bench import CONFIG, Bench, HandSource, HandStore


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with np.errstate(**QUIET):
        yield


@pytest.fixture
def rows() -> np.ndarray:
    """Four pulses."""
    return pulses(4)


def nothing() -> None:
    """A turn in which nothing happens."""


def until_open(bench: Bench) -> int:
    """How many rows the market needs until a trade is open."""
    probe = Session(CONFIG, KEY, interpreted=True)
    for number in range(len(bench.source.rows)):
        probe.feed(bench.source.rows[number : number + 1])
        if probe.state[0].symbols["in_use"].sum():
            return number + 1
    raise AssertionError("it never trades")


def test_a_source_that_ends_ends_the_session_flat_with_all_of_it_kept(tmp_path: Path, rows: np.ndarray) -> None:
    store = HandStore()
    bench = Bench(tmp_path / "j", HandSource(rows), store)
    assert bench.run() == Ending.SOURCE_ENDED
    assert bench.session.ended or bench.runner.stands
    assert bench.session.ended
    assert bench.runner.market_rows == len(rows)
    assert bench.commands() == [Command.FLATTEN]
    whole = Session(CONFIG, KEY, interpreted=True)
    whole.feed(rows)
    whole.end()
    assert bench.session.state_hash == whole.state_hash
    kept = np.concatenate([batch["fills"] for batch in store.batches])
    assert kept.tobytes() == whole.log.fills.tobytes()
    contents = JournalReader(tmp_path / "j").verify()
    assert (contents.rows, contents.intents) == (bench.runner.inbox.sequence, len(whole.log.orders))


def test_stopped_in_order_open_trades_leave_and_no_entry_is_made(tmp_path: Path, rows: np.ndarray) -> None:
    bench = Bench(tmp_path / "j", HandSource(rows, 1))
    opens = until_open(bench)
    ending = bench.run(*[nothing] * opens, bench.runner.stop)
    assert ending == Ending.STOPPED
    assert bench.session.ended
    assert bench.runner.market_rows < len(rows), "it did not wait for the end of the rows"
    stopped_ns = int(rows["now_ns"][bench.runner.market_rows - 1])
    assert bench.commands()[0] == Command.FLATTEN
    assert np.all(bench.session.log.trades["decided_ns"] <= stopped_ns)
    assert bench.session.log.trades["exit_reason"].max() > 0


def test_stopped_with_trades_to_stand_they_stand(tmp_path: Path, rows: np.ndarray) -> None:
    bench = Bench(tmp_path / "j", HandSource(rows, 1), leaves=False)
    bench.run(*[nothing] * until_open(bench), bench.runner.stop)
    assert bench.runner.open_trades > 0
    assert bench.runner.stands
    assert bench.session.ended or bench.runner.stands
    assert bench.commands() == []


def test_cut_short_nothing_more_is_handed_over(tmp_path: Path, rows: np.ndarray) -> None:
    bench = Bench(tmp_path / "j", HandSource(rows, 1))
    opens = until_open(bench)

    def twice() -> None:
        bench.runner.stop(Ending.STOPPED)
        bench.runner.stop(Ending.CUT_SHORT, "SIGINT")

    assert bench.run(*[nothing] * opens, twice) == Ending.CUT_SHORT
    assert (bench.runner.reason, bench.runner.hurried) == ("SIGINT", True)
    assert bench.runner.open_trades > 0
    assert bench.commands() == []
    assert bench.session.ended or bench.runner.stands


def test_a_source_that_says_nothing_any_more_does_not_keep_trades_from_leaving(
    tmp_path: Path, rows: np.ndarray
) -> None:
    bench = Bench(tmp_path / "j", HandSource(rows, 1))
    bench.source.pause_at = until_open(bench) + 1
    bench.run(*[nothing] * (bench.source.pause_at + 1), bench.runner.stop)
    assert bench.session.ended, "after the grace, time itself lets them leave"
    assert bench.commands() == [Command.FLATTEN, Command.FLATTEN]
    assert bench.session.ended or bench.runner.stands


def test_what_the_market_does_not_let_go_ends_the_session_open_as_a_backtest_does(tmp_path: Path) -> None:
    tape = Tape().both(0, 100.0, 100.6, qty=1.0).both(20, 100.0, 100.6, qty=1.0).quote(40, WEST, 100.59, 100.61, 0.2)
    bench = Bench(tmp_path / "j", HandSource(tape.rows))
    assert bench.run() == Ending.SOURCE_ENDED
    whole = Session(CONFIG, KEY, interpreted=True)
    whole.feed(tape.rows)
    whole.end()
    assert bench.runner.open_trades > 0
    assert (bench.session.ended, bench.session.state_hash) == (False, whole.state_hash)


def test_a_command_in_vain_is_answered_and_not_journalled(tmp_path: Path, rows: np.ndarray) -> None:
    told: list[str] = []
    bench = Bench(tmp_path / "j", HandSource(rows, 1))

    def order(command: Command) -> Callable[[], None]:
        return lambda: bench.runner.command(command, lambda: told.append(command.name), refused=told.append)

    bench.run(nothing, order(Command.PAUSE), nothing, order(Command.PAUSE), nothing, order(Command.RESUME), nothing)
    assert told == ["PAUSE", "the session is paused already", "RESUME"]
    assert bench.commands() == [Command.PAUSE, Command.RESUME, Command.FLATTEN]


def test_stopped_before_the_first_row_it_ends(tmp_path: Path, rows: np.ndarray) -> None:
    told: list[str] = []
    bench = Bench(tmp_path / "j", HandSource(rows, pause_at=0))
    bench.runner.command(Command.PAUSE, lambda: told.append("handed"), dropped=lambda: told.append("dropped"))
    assert bench.run(nothing, nothing, bench.runner.stop) == Ending.STOPPED
    assert told == ["dropped"]
    assert bench.session.rows == 0
    assert bench.session.ended or bench.runner.stands


def test_the_graver_ending_stands_and_after_the_end_none_does(tmp_path: Path, rows: np.ndarray) -> None:
    bench = Bench(tmp_path / "j", HandSource(rows))
    bench.runner.stop(Ending.MUST_END, "overflowed")
    bench.runner.stop(Ending.STOPPED, "stop")
    assert (bench.runner.ending, bench.runner.reason) == (Ending.MUST_END, "overflowed")
    assert not bench.runner.at_once
    bench.runner.stop(Ending.MUST_END, "fenced", at_once=True)
    assert (bench.runner.reason, bench.runner.at_once) == ("overflowed", True)
    bench.run()
    bench.runner.stop(Ending.CUT_SHORT, "late")
    assert bench.runner.ending == Ending.MUST_END
    assert bench.runner.hurried, "but nothing is waited for any more"


def test_stops_from_many_threads_leave_the_gravest(tmp_path: Path, rows: np.ndarray) -> None:
    bench = Bench(tmp_path / "j", HandSource(rows))
    endings = [Ending.STOPPED, Ending.MUST_END, Ending.SOURCE_ENDED] * 50
    threads = [threading.Thread(target=bench.runner.stop, args=(ending, str(ending))) for ending in endings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (bench.runner.ending, bench.runner.reason) == (Ending.MUST_END, str(Ending.MUST_END))
    bench.journal.close()


def test_a_silent_store_is_told_to_the_engine_once_and_again_when_it_answers(tmp_path: Path, rows: np.ndarray) -> None:
    record, live = HandStore(), HandStore("live state")
    bench = Bench(tmp_path / "j", HandSource(rows, 1), record, live)

    def away(store: HandStore, seconds: float) -> Any:
        return lambda: setattr(store, "away_s", seconds)

    half = live_runner.SILENT_AFTER_S
    bench.run(
        *[away(record, half)] + [nothing] * 3,
        *[away(record, half + 0.1)] + [nothing] * 7,
        *[away(live, 9.0)] + [nothing] * 3,
        *[away(record, 0.0)] + [nothing] * 7,
        away(live, 0.0),
    )
    assert bench.commands() == [Command.STORES_SILENT, Command.STORES_ANSWER, Command.FLATTEN]
    assert bench.refusals() > 0
    assert len(bench.session.log.trades) > 0


@pytest.mark.parametrize("can_wait, away_s, waits", [(True, 0.0, True), (False, 0.0, False), (True, 9.0, False)])
def test_rows_that_can_wait_wait_for_a_store_that_is_behind_but_not_for_a_silent_one(
    tmp_path: Path, rows: np.ndarray, can_wait: bool, away_s: float, waits: bool
) -> None:
    store = HandStore()
    bench = Bench(tmp_path / "j", HandSource(rows, 1), store)
    bench.source.can_wait = can_wait
    taken: list[int] = []

    def fall_behind() -> None:
        store.behind, store.away_s = True, away_s

    looked = 0

    def look(runner: LiveRunner) -> None:
        nonlocal looked
        looked += 1
        taken.append(runner.market_rows)
        if looked == 4:
            store.behind, store.away_s = False, 0.0

    bench.runner._on_look = look
    bench.run(nothing, nothing, nothing, nothing, nothing, fall_behind)
    assert (taken[1] == taken[3]) is waits
    assert bench.runner.market_rows == len(rows)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_store_that_must_not_go_on_ends_the_session(tmp_path: Path, rows: np.ndarray, at_once: bool) -> None:
    store = HandStore()
    bench = Bench(tmp_path / "j", HandSource(rows, 1), store)

    def halt() -> None:
        store.must_end = Halt("another process runs it", at_once=at_once)

    assert bench.run(*[nothing] * until_open(bench), halt) == Ending.MUST_END
    assert bench.runner.reason == "another process runs it"
    assert bench.session.ended is not at_once
    assert (Command.FLATTEN in bench.commands()) is not at_once
    assert bench.session.ended or bench.runner.stands


def test_a_command_is_answered_when_the_engine_has_it_and_refused_after_the_end(
    tmp_path: Path, rows: np.ndarray
) -> None:
    bench, told = Bench(tmp_path / "j", HandSource(rows, 1)), []

    def pause() -> None:
        bench.runner.command(Command.PAUSE, lambda: told.append(int(bench.session.rows)))

    bench.run(nothing, pause)
    assert told == [3], "two rows and the command"
    assert bench.commands()[0] == Command.PAUSE
    assert len(bench.session.log.trades) == 0
    with pytest.raises(ValueError, match="the session is ending"):
        bench.runner.command(Command.RESUME)


def test_a_broken_invariant_is_raised_and_commands_are_not_forgotten(tmp_path: Path, rows: np.ndarray) -> None:
    backward = rows.copy()
    backward["now_ns"][9] -= 10**9
    bench, told = Bench(tmp_path / "j", HandSource(backward, 1)), []

    def pause() -> None:
        bench.runner.command(Command.PAUSE, dropped=lambda: told.append("dropped"))

    with pytest.raises(InvariantBroken, match="time must not run back"):
        bench.run(*[nothing] * 9, pause)
    assert told == ["dropped"]
    bench.journal.close()


def test_more_intents_than_one_synced_write_holds_are_kept_too(tmp_path: Path, rows: np.ndarray) -> None:
    bench = Bench(tmp_path / "j", HandSource(rows))
    batch = {name: np.zeros(0, bench.session.output[0][name].dtype) for name in LOGS}
    for count in (live_runner.DURABLE_MAX, live_runner.DURABLE_MAX + 1, 16_384):
        bench.runner.keep({**batch, "orders": np.zeros(count, ORDER_OUT)})
    assert bench.journal.intents == 2 * live_runner.DURABLE_MAX + 1 + 16_384
    bench.journal.close()


def test_a_screen_that_is_gone_is_not_asked_again(tmp_path: Path, rows: np.ndarray) -> None:
    bench, asked = Bench(tmp_path / "j", HandSource(rows, 1)), []

    def gone(runner: LiveRunner) -> None:
        asked.append(runner.standing)
        raise BrokenPipeError

    bench.runner._on_look = gone
    assert bench.run() == Ending.SOURCE_ENDED
    assert len(asked) == 1


# ------------------------------------------------------------------------------------------------------- the anomalies


def gone_silent(bench: Bench, after_rows: int) -> None:
    """From so many rows on its source gives nothing and does not know why."""
    bench.source.pause_at, bench.source.silent = after_rows, True


def test_all_feeds_silent_stop_the_session_at_once(tmp_path: Path, rows: np.ndarray) -> None:
    bench = Bench(tmp_path / "j", HandSource(rows, 1), silence_max_ms=4_000.0)
    gone_silent(bench, 12)
    with pytest.raises(AnomalyFound, match="all feeds silent") as found:
        bench.run()
    assert found.value.row == bench.session.rows
    assert bench.now_s > 4.0
    bench.journal.close()


@pytest.mark.parametrize("command", [Command.PAUSE, Command.KILL])
def test_while_the_operator_has_paused_it_silence_does_not_count(
    tmp_path: Path, rows: np.ndarray, command: Command
) -> None:
    bench = Bench(tmp_path / "j", HandSource(rows, 1), silence_max_ms=4_000.0, leaves=False)
    gone_silent(bench, 12)
    for_ten_seconds = [nothing] * 250
    bench.run(*[nothing] * 5, lambda: bench.runner.command(command), *for_ten_seconds, bench.runner.stop)
    assert bench.now_s > 10.0


def test_a_source_that_knows_its_next_row_is_not_silent(tmp_path: Path, rows: np.ndarray) -> None:
    bench = Bench(tmp_path / "j", HandSource(rows, 1), silence_max_ms=4_000.0, leaves=False)
    bench.source.pause_at = 12
    assert bench.run(*[nothing] * 250, bench.runner.stop) == Ending.STOPPED
    assert bench.now_s > 10.0


def test_rows_now_and_then_are_not_silence(tmp_path: Path, rows: np.ndarray) -> None:
    bench = Bench(tmp_path / "j", HandSource(rows, 1), silence_max_ms=4_000.0, leaves=False)
    gone_silent(bench, 12)

    def one_more() -> None:
        bench.source.pause_at += 1

    bench.run(*([nothing] * 20 + [one_more]) * 8, bench.runner.stop)
    assert bench.now_s > 10.0


def test_a_defect_is_found_while_the_session_runs(tmp_path: Path, rows: np.ndarray) -> None:
    bench = Bench(tmp_path / "j", HandSource(rows, 1), replaced={"book_fee": fee_skipped})
    with pytest.raises(AnomalyFound, match="PnL that does not follow from the fills"):
        bench.run()
    assert bench.runner.market_rows < len(rows)
    bench.journal.close()
