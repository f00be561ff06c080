"""The verdict's run: the session among its own curves, break-evens that a backtest confirms, rows read as they are."""

import json
from dataclasses import replace

import numpy as np
import pytest

from arbitrage_core.domain.errors import AnomalyFound
from arbitrage_core.engine.state import SCHEMA_VERSION
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.session import verdict_run
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.journal_rows import JournalRows
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.result import SessionResult
from arbitrage_core.session.session import Session
from arbitrage_core.session.variation import with_latency, with_size, with_taker_fee
from arbitrage_core.session.verdict_document import judgement_document, verdict_document
from arbitrage_core.session.verdict_run import VerdictRun, judgement_of, verdict_of
from arbitrage_core.statistics.break_even import BreakEven, Reach
from arbitrage_core.statistics.verdict import Outcome
from arbitrage_core.storage.journal import JournalWriter
from arbitrage_core.storage.manifest import INLINE, Manifest
from tests.statistics.test_far_exits import held_until_the_end_at

PRESET = preset("high")
FEED = SyntheticQuotes(PRESET.market, venues=PRESET.venues, symbols=PRESET.symbols, rows=60_000, seed=1)
CONFIG = plan_session(Offer.of(FEED), params=PRESET.params, market_overrides=PRESET.market_overrides)


@pytest.fixture(scope="module")
def result() -> SessionResult:
    return run_backtest(CONFIG, FEED)


@pytest.fixture(scope="module")
def found(result: SessionResult) -> VerdictRun:
    return verdict_of(CONFIG, FEED, result.log)


def backtested(config) -> float:
    return run_backtest(config, FEED).document["pnl_quote"]


def test_the_session_stands_on_each_of_its_curves(found: VerdictRun, result: SessionResult):
    document = result.document
    assert document["entries"] > 100
    for points, present in ((found.fee.points, 4.0), (found.latency.points, 20.0), (found.size, 1.0)):
        here = next(point for point in points if point.value == present)
        assert here.trades == document["closed_trades"] + document["unwound"]
        assert here.pnl_quote == pytest.approx(document["pnl_quote"], abs=1e-9)


@pytest.mark.parametrize("curve", ["fee", "latency", "size"])
def test_a_point_is_what_a_backtest_with_that_value_gives(found: VerdictRun, curve: str):
    points = {"fee": found.fee.points, "latency": found.latency.points, "size": found.size}[curve]
    varied = {"fee": with_taker_fee, "latency": with_latency, "size": with_size}[curve]
    for point in (points[1], points[-2]):
        assert point.pnl_quote == pytest.approx(backtested(varied(CONFIG, point.value)), abs=1e-9)


def test_below_the_break_even_it_earns_and_just_above_it_does_not(found: VerdictRun):
    for curve, varied, tolerance in (
        (found.fee, with_taker_fee, verdict_run.FEE_TOLERANCE_BPS),
        (found.latency, with_latency, verdict_run.LATENCY_TOLERANCE_MS),
    ):
        value = curve.crossing.value
        above = min(point.value for point in curve.points if point.value > value)
        assert above - value <= tolerance
        assert backtested(varied(CONFIG, value)) > 0 >= backtested(varied(CONFIG, above))


def test_the_fee_that_would_have_left_nothing_of_just_these_trades(found: VerdictRun, result: SessionResult):
    turnover = float(np.sum(np.abs(result.log.fills["cash_reporting_amount"]))) * 1e-8
    fee_bps = found.same_trades_fee_bps
    assert fee_bps > 4.0
    assert result.document["gross_quote"] - turnover * fee_bps * 1e-4 == pytest.approx(0.0, abs=1e-6)


def test_rows_too_many_to_hold_are_read_again(monkeypatch, found: VerdictRun, result: SessionResult):
    monkeypatch.setattr(verdict_run, "HELD_ROWS_MAX", 1_000)
    assert verdict_of(CONFIG, FEED, result.log).fee == found.fee


def test_each_run_is_told(result: SessionResult, found: VerdictRun):
    told: list[int] = []
    verdict_of(CONFIG, FEED, result.log, ran=told.append)
    runs = len(found.fee.points) + len(found.latency.points) + len(found.size)
    assert told == list(range(1, runs + 1))


def test_a_run_that_the_engine_stops_has_no_figures(monkeypatch, result: SessionResult):
    fed = Session.feed

    def stopped(self: Session, rows: np.ndarray) -> None:
        if self.config.markets[0].taker_fee_bps == 8.0:
            raise AnomalyFound("law", "planted", row=1, now_ns=1)
        fed(self, rows)

    monkeypatch.setattr(Session, "feed", stopped)
    point = next(one for one in verdict_of(CONFIG, FEED, result.log).fee.points if one.value == 8.0)
    assert point.document() == {"value": 8.0, "trades": None, "pnl_quote": None, "expectancy_quote": None}


def test_books_that_do_not_hold_are_no_evidence(result: SessionResult, found: VerdictRun):
    flawed = verdict_of(CONFIG, FEED, result.log, flaws=["I2: equity differs"])
    assert found.verdict.outcome is Outcome.TRADE
    assert flawed.verdict.outcome is Outcome.NOT_ENOUGH_EVIDENCE
    assert "I2: equity differs" in flawed.verdict.reason


# ------------------------------------------------------------------------------------------------------- the document


def test_the_document_is_strict_json_and_keeps_the_contract(found: VerdictRun):
    document = json.loads(json.dumps(verdict_document(found, CONFIG), allow_nan=False))
    contract = {"verdict", "trades", "expectancy_quote", "interval", "break_even_fee_bps", "probability_positive"}
    assert contract <= set(document)
    low, high = document["interval"]
    assert low < document["expectancy_quote"] < high
    assert document["verdict"] == "TRADE"
    assert document["capacity"]["notional_quote"] == 1_000.0 * document["capacity"]["size_factor"]
    assert 0 < document["cost_share"] < 1


def test_its_trades_alone_tell_the_part_that_needs_no_other_session(found: VerdictRun, result: SessionResult):
    alone, whole = judgement_document(judgement_of(CONFIG, result.log), CONFIG), verdict_document(found, CONFIG)
    assert alone == {name: whole[name] for name in alone}
    assert set(whole) - set(alone) >= {"curves", "capacity", "break_even_fee_bps", "would_change"}


def test_what_would_change_it_names_the_side_it_lies_on(found: VerdictRun):
    trade = verdict_document(found, CONFIG)["would_change"]
    assert any(words.startswith("a taker fee above") for words in trade)
    assert "less a trade" in trade[0]
    nowhere = replace(found.fee, crossing=BreakEven(Reach.NOWHERE))
    below = replace(found.fee, crossing=BreakEven(Reach.UP_TO, 1.0))
    losing = replace(found, verdict=replace(found.verdict, outcome=Outcome.DO_NOT_TRADE))
    cheaper = verdict_document(replace(losing, fee=below, latency=nowhere), CONFIG)["would_change"]
    assert cheaper == ["a taker fee of 1 bps or less: there it earns (4 now)"]
    hopeless = verdict_document(replace(losing, fee=nowhere, latency=nowhere), CONFIG)["would_change"]
    assert hopeless == ["other settings or another market: no fee or latency that was tried earned anything"]


def test_a_session_without_trades_says_so_and_nothing_more():
    config = plan_session(Offer.of(FEED), ["entry_spread_bps=450"], market_overrides=PRESET.market_overrides)
    result = run_backtest(config, FEED)
    document = verdict_document(verdict_of(config, FEED, result.log), config)
    assert (document["verdict"], document["reason"]) == ("NOT ENOUGH EVIDENCE", "nothing was traded")
    nothing = ("expectancy_quote", "break_even_fee_bps", "probability_positive", "capacity", "cost_share")
    assert [document[name] for name in nothing] == [None] * len(nothing)
    assert document["interval"] == [None, None]


# ----------------------------------------------------------------------------------------------- the rows of a journal


def test_rows_that_a_journal_holds_are_a_feed(tmp_path):
    manifest = Manifest.of(
        CONFIG,
        session="held",
        session_key=1,
        source=INLINE,
        schema_version=SCHEMA_VERSION,
        code_version="test",
        created_ns=0,
    )
    with JournalWriter.create(tmp_path / "held", manifest) as journal:
        for rows in FEED:
            journal.append_rows(rows)
        journal.seal("0" * 64, {})
    feed = JournalRows(tmp_path / "held")
    assert isinstance(feed, Feed)
    assert (feed.venues, feed.symbols, feed.levels) == (FEED.venues, FEED.symbols, FEED.levels)
    for _ in range(2):
        assert np.concatenate(list(feed)).tobytes() == np.concatenate(list(FEED)).tobytes()
    assert feed.identity() == JournalRows(tmp_path / "held").identity()
    assert run_backtest(CONFIG, feed).document["pnl_quote"] == backtested(CONFIG)


@pytest.mark.parametrize("factor, believed", [(1.0, True), (1_000.0, False), (0.001, False)])
def test_what_was_earned_at_prices_too_far_apart_is_no_evidence(factor: float, believed: bool):
    with np.errstate(all="ignore"):
        session = held_until_the_end_at(factor)
    judgement = judgement_of(session.config, session.log)
    assert ("prices too far apart" in judgement.verdict.reason) is not believed
    assert judgement.verdict.outcome == Outcome.NOT_ENOUGH_EVIDENCE
