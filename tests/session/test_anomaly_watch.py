"""The anomaly watch: every pattern stops a session with a defect, and no honest session, however awkward its market."""

from collections.abc import Iterator

import numpy as np
import pytest

from arbitrage_core.domain.errors import AnomalyFound
from arbitrage_core.domain.order import Action, OrderState, Purpose
from arbitrage_core.domain.row import Command, timer_row
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.output import ORDER_OUT, TRADE_OUT
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.laws import terms_of
from arbitrage_core.session import anomaly_watch, backtest
from arbitrage_core.session.anomaly import Pattern
from arbitrage_core.session.anomaly_watch import AnomalyWatch
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.entry_pace import EntryPace
from arbitrage_core.session.feed_silence import MOMENT_S, FeedSilence
from arbitrage_core.session.live_runner import ANOMALIES_EVERY_S
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.session import Session
from tests.engine.small_market import KEY, MS, QUIET, START_NS, WEST, Tape, pulses, small_config
from tests.markets import seeded_case
from tests.session.anomalies import ANOMALIES, Planted, going_on
from tests.session.plain_session import plain_session
from tests.session.test_backtest_and_replay import MadeRows

PRESETS = ("mixed", "high", "low", "thin", "calm")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with np.errstate(**QUIET):
        yield


def watched(config: SessionConfig, rows: np.ndarray, at_once: int = 1, **parts: object) -> Session:
    """A session of plain Python functions that was looked at after every few rows, and after it was ended."""
    session = Session(config, KEY, interpreted=True, **parts)
    watch = AnomalyWatch(session)
    session.on_drain = watch.take
    for start in range(0, len(rows), at_once):
        session.feed(rows[start : start + at_once])
        watch.look()
    session.end()
    watch.look()
    return session


@pytest.mark.parametrize("fault", ANOMALIES.values(), ids=ANOMALIES)
def test_a_defect_stops_the_session_and_the_pattern_is_named(fault: Planted) -> None:
    with pytest.raises(AnomalyFound) as found:
        watched(fault.config, fault.rows, replaced=fault.replaced)
    assert found.value.pattern == fault.pattern
    assert fault.words in found.value.finding
    assert f"(row {found.value.row}, time {found.value.now_ns} ns)" in str(found.value)


@pytest.mark.parametrize("fault", ANOMALIES.values(), ids=ANOMALIES)
def test_without_the_defect_the_same_rows_pass(fault: Planted) -> None:
    watched(fault.config, fault.rows)


def test_what_comes_in_bulk_is_found_in_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest, "Session", plain_session)
    fault = ANOMALIES["PnL flattered everywhere"]
    for batch_rows in (7, 10_000):
        with pytest.raises(AnomalyFound, match=Pattern.PNL):
            run_backtest(fault.config, MadeRows(fault.rows, batch_rows), replaced=fault.replaced)


def test_a_backtest_is_looked_at_between_bulks_not_only_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest, "Session", plain_session)
    monkeypatch.setattr(anomaly_watch, "LOOK_ROWS", 30)
    fault = ANOMALIES["no wish to leave"]
    with pytest.raises(AnomalyFound) as found:
        run_backtest(fault.config, MadeRows(fault.rows, 10), replaced=fault.replaced)
    assert found.value.row % 30 == 0
    assert found.value.row < len(fault.rows)


def test_the_watch_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    config, rows = small_config(take_profit="32:0.4", stop_loss_bps=60.0), pulses(4)
    alone = Session(config, KEY, interpreted=True)
    alone.feed(rows)
    alone.end()
    assert watched(config, rows).state_hash == alone.state_hash


@pytest.mark.parametrize("seed", range(12))
def test_no_honest_session_in_an_awkward_market_is_stopped(seed: int) -> None:
    config, rows = seeded_case(seed)
    watched(config, rows, at_once=20)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_no_honest_session_on_a_synthetic_market_is_stopped(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anomaly_watch, "LOOK_ROWS", 1)
    chosen = preset(name)
    for seed in range(1, 4):
        feed = SyntheticQuotes(
            chosen.market, venues=chosen.venues, symbols=chosen.symbols, rows=40_000, seed=seed, chunk_rows=2_000
        )
        config = plan_session(Offer.of(feed), params=chosen.params, market_overrides=chosen.market_overrides, seed=seed)
        assert run_backtest(config, feed).violations == []


@pytest.mark.parametrize("command", [Command.PAUSE, Command.KILL, Command.SYMBOL_OFF])
def test_a_session_the_operator_stopped_from_entering_goes_on(command: Command) -> None:
    before = pulses(1)[:8]
    at_ms = (int(before["now_ns"][-1]) - START_NS) / MS
    told = np.concatenate([before.view(np.uint8), Tape().command(at_ms, command, symbol=0).rows.view(np.uint8)])
    watched(small_config(hold_max_ms=1_000.0), going_on(told.view(before.dtype), 200.0))


def test_venues_that_reject_every_exit_are_not_entries_without_exits() -> None:
    config = small_config(hold_max_ms=1_000.0, market={"reject_rate": 0.6}, session={"seed": 3})
    session = watched(config, going_on(pulses(6), 300.0))
    assert OrderState.REJECTED in session.log.changes["after"]


def test_a_venue_that_never_answers_freezes_its_trade_and_no_more() -> None:
    config = small_config(hold_max_ms=1_000.0, market={"report_loss_rate": 1.0})
    session = watched(config, going_on(pulses(3), 300.0))
    assert OrderState.UNKNOWN in session.log.changes["after"]


# -------------------------------------------------------------------------------------------------- on the very bound


def entries_at(*at_ms: float) -> np.ndarray:
    """First legs of entries of one symbol, as orders at one venue."""
    orders = np.zeros(len(at_ms), ORDER_OUT)
    orders["action"], orders["purpose"] = Action.SUBMIT, Purpose.ENTRY
    orders["now_ns"], orders["venue"] = [START_NS + round(one * MS) for one in at_ms], WEST
    return orders


@pytest.mark.parametrize(
    "at_ms, runs_away", [((0.0, 30.0), False), ((0.0, 29.999999), True), ((0.0, 40.0, 69.0), True), ((5.0,), False)]
)
@pytest.mark.parametrize("apart", [False, True])
def test_entries_are_a_cooldown_apart(at_ms: tuple[float, ...], runs_away: bool, apart: bool) -> None:
    pace = EntryPace(terms_of(small_config()))
    orders = entries_at(*at_ms)
    for batch in np.array_split(orders, len(orders)) if apart else [orders]:
        pace.take(batch, np.zeros(0, TRADE_OUT))
    assert (pace.found is not None) == runs_away


def test_a_trade_that_ended_makes_room_at_that_very_instant() -> None:
    pace = EntryPace(terms_of(small_config(cooldown_ms=0.0, max_open_trades=1)))
    trades = np.zeros(1, TRADE_OUT)
    trades["ended_ns"] = START_NS + 20 * MS
    pace.take(entries_at(10.0, 20.0), trades)
    assert pace.found is None
    pace.take(entries_at(30.0), trades[:0])
    assert pace.found.figures["open_trades"] == 2


@pytest.mark.parametrize("last_ms, runs_away", [(1_000.0, False), (999.999999, True)])
def test_a_venue_gets_no_more_orders_a_second_than_it_may(last_ms: float, runs_away: bool) -> None:
    config = small_config(cooldown_ms=0.0, max_open_trades=16, venue={"orders_per_s_max": 3})
    pace = EntryPace(terms_of(config))
    for at_ms in (0.0, 500.0, 600.0, last_ms):
        pace.take(entries_at(at_ms), np.zeros(0, TRADE_OUT))
    assert (pace.found is not None) == runs_away


def looks(silence: FeedSilence, *looks: tuple[float, bool]) -> bool:
    """Whether the last of these looks (seconds since the one before, silent) finds an anomaly; none before it does."""
    clock_s, found = 100.0, None
    for after_s, silent in looks:
        assert found is None
        clock_s += after_s
        found = silence.look(clock_s, silent=silent)
    return found is not None


def test_silence_counts_from_the_last_row_up_to_its_limit() -> None:
    assert not looks(FeedSilence(3_000.0), (0, True), (1, True), (1, True), (1, True))
    assert looks(FeedSilence(3_000.0), (0, True), (1, True), (1, True), (1, True), (0.001, True))
    assert not looks(FeedSilence(3_000.0), (0, True), (1, True), (1, False), (1, True), (1, True), (1, True))


def test_a_process_that_slept_gives_its_feeds_time_to_come_back() -> None:
    assert not looks(FeedSilence(6_000.0), (0, True), (3_600.0, True))
    assert ANOMALIES_EVERY_S < MOMENT_S < 6.0


@pytest.mark.parametrize("late_ns, found", [(0, False), (1, True)])
def test_a_trade_may_stand_until_its_very_last_deadline(late_ns: int, found: bool) -> None:
    fault = ANOMALIES["no wish to leave"]
    session = Session(fault.config, KEY, interpreted=True, replaced=fault.replaced)
    watch = AnomalyWatch(session)
    session.on_drain = watch.take
    for number in range(len(fault.rows)):
        session.feed(fault.rows[number : number + 1])
        trades = session.state[0].symbols[0].trades
        if np.any(trades["phase"] == Phase.OPEN):
            break
    opened_ns = int(trades["opened_ns"][trades["phase"] == Phase.OPEN][0])
    params = fault.config.params
    deadline_ns = opened_ns + round((params.hold_max_ms + params.exit_wait_max_ms) * MS) + 60_000 * MS
    session.feed(timer_row(deadline_ns + late_ns, 1))
    if not found:
        watch.look()
        return
    with pytest.raises(AnomalyFound, match="stands OPEN"):
        watch.look()
