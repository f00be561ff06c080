"""Evaluation: each set leaves what a backtest of it leaves, and nothing that it decides looks ahead."""

import numpy as np
import pytest

from arbitrage_core.domain.errors import AnomalyFound, BadInput
from arbitrage_core.domain.record import one
from arbitrage_core.domain.row import FeedStatus, RowKind, row_dtype
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.output import TRADE_OUT, output_dtype
from arbitrage_core.session.session import Session
from arbitrage_core.tuning.course import joined
from arbitrage_core.tuning.envelope import BLOCK_ROWS, Envelope
from arbitrage_core.tuning.evaluation import Evaluator
from arbitrage_core.tuning.figures import TradeColumns, figures_of
from arbitrage_core.tuning.leaping_session import LeapingSession
from arbitrage_core.tuning.splits import PERIODS_A_PIECE, WalkForward
from tests.tuning.conftest import Given, config_of, market_feed

SETS = (
    ["entry_spread_bps=18"],
    ["entry_spread_bps=30", "cooldown_ms=30000"],
    ["entry_spread_bps=60", "latency_jitter_ms=15"],
    ["entry_spread_bps=90"],
    ["entry_spread_bps=400"],
    ["entry_spread_bps=40", "entry_order=post_only", "working_max_ms=3000"],
    ["entry_spread_bps=40", "drawdown_max_quote=5", "portfolio_daily_loss_max_quote=4"],
    ["entry_spread_bps=40", "losses_in_a_row_max=1", "guard_pause_ms=60000", "symbol_exposure_max_quote=200"],
    ["entry_spread_bps=40", "stop_loss_bps=off", "hold_max_ms=400000"],
    ["entry_spread_bps=60", "quote_currency=EUR", "reporting_currency=USDT"],
    ["entry_spread_bps=60", "fee_currency=BNB"],
)


def plain_and_leaping(rows: np.ndarray, settings: list[str], name: str = "mixed") -> tuple[Session, LeapingSession]:
    """The same rows through `Session` and through `LeapingSession`."""
    config = config_of(settings, name)
    plain, leaping = Session(config, 7), LeapingSession(config, 7)
    plain.feed(rows)
    plain.end()
    rates = leaping.state[0].symbols["rates"][: len(config.symbols)]
    leaping.run(rows, Envelope.of(rows, rates))
    leaping.end()
    return plain, leaping


def must_be_equal(plain: Session, leaping: LeapingSession) -> None:
    """State, parameters, the venue's account, and every log but the marks, byte for byte."""
    assert leaping.state_hash == plain.state_hash
    assert leaping.account.tobytes() == plain.account.tobytes()
    for name in ("orders", "changes", "fills", "trades", "incidents", "guards", "reports", "report_positions"):
        assert getattr(leaping.log, name).tobytes() == getattr(plain.log, name).tobytes(), name


@pytest.mark.parametrize("settings", SETS, ids=" ".join)
def test_a_set_leaves_the_state_of_a_backtest_of_it(settings: list[str]):
    must_be_equal(*plain_and_leaping(joined(market_feed()), settings))


@pytest.mark.parametrize("settings", SETS[:5], ids=" ".join)
def test_so_it_does_where_a_day_begins(settings: list[str]):
    rows = joined(market_feed())
    day_ns = 86_400_000_000_000
    shift = day_ns - 400_000_000_000 - int(rows["now_ns"][0]) % day_ns
    rows["now_ns"] += shift
    rows["received_ns"] += shift
    must_be_equal(*plain_and_leaping(rows, settings))


@pytest.mark.parametrize("kind", [RowKind.TIMER, RowKind.FEED, RowKind.PRINT, RowKind.COMMAND])
def test_rows_that_are_no_quotes_are_never_passed_by(kind: RowKind):
    rows = joined(market_feed())
    for at in range(500, len(rows), 1_501):
        row = rows[at]
        row["kind"], row["status"] = kind, FeedStatus.DOWN if at % 2 else FeedStatus.UP
        row["bid_px"] = 1.0
    must_be_equal(*plain_and_leaping(rows, ["entry_spread_bps=60"]))


def test_prices_that_are_none_are_never_passed_by():
    rows = joined(market_feed())
    for at, price in zip(range(700, len(rows), 3_001), (np.nan, -1.0, 0.0, np.inf) * 9, strict=False):
        rows[at]["bid_px" if at % 2 else "ask_px"] = price
    must_be_equal(*plain_and_leaping(rows, ["entry_spread_bps=60"]))


def test_an_inventory_is_marked_all_the_time():
    settings = ["entry_spread_bps=60", "kind=spot", "initial_base=0.1"]
    must_be_equal(*plain_and_leaping(joined(market_feed()), settings))


def test_most_rows_of_a_quiet_set_are_passed_by():
    plain, leaping = plain_and_leaping(joined(market_feed()), ["entry_spread_bps=400"])
    assert len(leaping.log.equity) < len(plain.log.equity) / 20


def test_a_fold_that_leaps_over_an_entry_would_be_found_out():
    rows = joined(market_feed())
    config = config_of(["entry_spread_bps=60"])
    leaping = LeapingSession(config, 7)
    around = Envelope.of(rows, leaping.state[0].symbols["rates"][: len(config.symbols)])
    around.ratios[around.ratios < np.inf] = 0.0
    leaping.run(rows, around)
    leaping.end()
    with pytest.raises(AssertionError):
        must_be_equal(plain_and_leaping(rows, ["entry_spread_bps=60"])[0], leaping)


def test_sets_are_evaluated_in_threads_as_one_by_one(evaluator: Evaluator):
    configs = [config_of(settings) for settings in SETS[:9]] * 2
    evaluations = evaluator.evaluate(configs, threads=4)
    assert evaluations[:9] == evaluations[9:] == [evaluator.evaluate_one(one) for one in configs[:9]]
    feed = market_feed()
    for config, evaluation in list(zip(configs, evaluations, strict=True))[:2]:
        session = Session(config, config.session_key(evaluator.data_digest))
        for rows in feed:
            session.feed(rows)
        session.end()
        assert evaluation.state_hash == session.state_hash


def test_a_used_output_and_logs_that_are_thrown_away_change_nothing(evaluator: Evaluator):
    output = one(output_dtype(1))
    for settings in (SETS[0], SETS[3], SETS[6]):
        config = config_of(settings)
        whole = evaluator.run(config)
        must_be_equal(whole, evaluator.courses[0].run(config, output=output))
        short = evaluator.courses[0].run(config, trades_only=True, output=output)
        assert short.state_hash == whole.state_hash
        assert short.account.tobytes() == whole.account.tobytes()
        assert short.log.trades.tobytes() == whole.log.trades.tobytes()
        assert len(short.log.fills) < len(whole.log.fills) / 4


def test_a_row_earlier_than_the_one_before_stops_a_set_that_would_leap_over_it():
    rows = joined(market_feed())
    rows["now_ns"][30_050:] -= 3_600_000_000_000
    leaping = LeapingSession(config_of(["entry_spread_bps=400"]), 7)
    around = Envelope.of(rows, leaping.state[0].symbols["rates"][:3])
    assert np.isinf(around.ratios[30_050 // BLOCK_ROWS]).all()
    with pytest.raises(AnomalyFound, match="time must not run back"):
        leaping.run(rows, around)


def test_sets_of_other_markets_are_refused(evaluator: Evaluator):
    with pytest.raises(BadInput, match="same markets"):
        evaluator.evaluate([config_of([]), config_of([], "calm")])


def test_no_rows_are_refused():
    with pytest.raises(BadInput, match="no rows"):
        joined([])


def test_shifting_future_rows_changes_no_past_decision(evaluator: Evaluator):
    feed, config = market_feed(), config_of(["entry_spread_bps=40"])
    rows = joined(feed)
    boundary_ns = evaluator.splits[-1].in_sample.until_ns
    later = rows["now_ns"] >= boundary_ns
    changed = rows.copy()
    for name in ("bid_px", "ask_px"):
        changed[name][later] = rows[name][later] * np.where(rows["venue"][later] == 0, 1.004, 1.0)[:, None]
    other = Evaluator(Given(feed, changed), evaluator.walk_forward)
    other.prepare(config)
    before, after = evaluator.run(config).log, other.run(config).log
    for name, time in (("orders", "now_ns"), ("trades", "ended_ns"), ("fills", "now_ns")):
        mine, theirs = getattr(before, name), getattr(after, name)
        assert mine[mine[time] < boundary_ns].tobytes() == theirs[theirs[time] < boundary_ns].tobytes()
        assert mine.tobytes() != theirs.tobytes()
    one, two = evaluator.evaluate_one(config), other.evaluate_one(config)
    assert one.in_sample == two.in_sample
    assert one.out_of_sample != two.out_of_sample


def test_a_trade_that_lasts_over_a_boundary_counts_on_neither_side():
    trades = np.zeros(5, TRADE_OUT)
    trades["phase"] = [Phase.CLOSED, Phase.CLOSED, Phase.CLOSED, Phase.VOID, Phase.UNWOUND]
    trades["decided_ns"], trades["ended_ns"] = [10, 70, 101, 20, 120], [20, 110, 115, 30, 190]
    trades["realised_amount"] = [4, 100, 1_000, 7, -3]
    split = WalkForward(count=1, embargo_ms=5e-6).splits(0, 199)[0]
    edges_ns = WalkForward(count=1).edges_ns(0, 199)
    columns = TradeColumns.of(trades, 0.5)
    inside, outside = (figures_of(columns, window, edges_ns) for window in (split.in_sample, split.out_of_sample))
    assert (inside["trades"], inside["pnl_quote"], inside["win_rate"]) == (1, 2.0, 1.0)
    assert (outside["trades"], outside["pnl_quote"], outside["max_drawdown_quote"]) == (1, -1.5, 1.5)
    assert columns.by_period(edges_ns).sum() == 0.5 * (4 + 100 + 1_000 - 3)


def test_figures_of_no_trades_are_zero():
    window = WalkForward(count=1, embargo_ms=0).splits(0, 199)[0].in_sample
    none = TradeColumns.of(np.zeros(0, TRADE_OUT), 1.0)
    assert set(figures_of(none, window, WalkForward(count=1).edges_ns(0, 199)).values()) == {0}


def test_what_is_given_of_a_set_is_that_of_its_last_split(evaluator: Evaluator):
    evaluation = evaluator.evaluate_one(config_of(["entry_spread_bps=40"]))
    assert len(evaluation.splits) == 3
    assert (evaluation.in_sample, evaluation.out_of_sample) == evaluation.splits[-1]
    assert evaluation.in_sample["trades"] > 10 < evaluation.out_of_sample["trades"]
    assert len(evaluation.period_pnl_quote) == 4 * PERIODS_A_PIECE


def test_an_envelope_covers_a_last_block_that_is_not_full():
    rows = np.zeros(BLOCK_ROWS + 3, row_dtype(1))
    rows["bid_px"], rows["ask_px"] = 100.0, 101.0
    rows["venue"][BLOCK_ROWS:] = 1
    rows["bid_px"][-1], rows["ask_px"][-1] = 102.0, 103.0
    around = Envelope.of(rows, np.ones((1, 2)))
    assert around.ratios[:, 0] == pytest.approx([0.0, 102 / 101])
    assert around.last.tolist() == [[[BLOCK_ROWS - 1, -1]], [[BLOCK_ROWS - 1, BLOCK_ROWS + 2]]]


def test_the_last_piece_is_out_of_sample_and_begins_after_the_embargo():
    splits = WalkForward(count=2, embargo_ms=1e-3).splits(1_000_000, 1_299_999)
    assert [(one.in_sample.until_ns, one.out_of_sample.first_ns, one.out_of_sample.until_ns) for one in splits] == [
        (1_100_000, 1_101_000, 1_200_000),
        (1_200_000, 1_201_000, 1_300_000),
    ]


def test_a_time_too_short_for_its_embargo_is_refused():
    with pytest.raises(BadInput, match="too short to be split"):
        WalkForward(count=3, embargo_ms=60_000).splits(0, 100_000_000_000)


@pytest.mark.parametrize(
    "bid, ask",
    [(101.0, 100.0), (0.0, 101.0), (100.0, 0.0), (100.0, 202.0)],
    ids=["crossed", "no bid", "no ask", "far off"],
)
def test_a_block_with_a_quote_that_no_venue_deals_at_or_an_empty_side_is_not_passed_by(bid: float, ask: float):
    rows = np.zeros(3 * BLOCK_ROWS, row_dtype(1))
    rows["bid_px"], rows["ask_px"], rows["venue"][1::2] = 100.0, 101.0, 1
    rows["bid_px"][BLOCK_ROWS + 5], rows["ask_px"][BLOCK_ROWS + 5] = bid, ask
    ratios = Envelope.of(rows, np.ones((1, 2))).ratios[:, 0]
    assert np.isfinite(ratios).tolist() == [True, False, True]
