"""The model check finds nothing in what the simulated venue did, and names whatever was dealt or charged otherwise."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.order import Action, OrderState, OrderStyle
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.session.backtest import data_digest
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.session import Session
from arbitrage_core.statistics.model_check import SHOWN_MAX, model_check, model_differences
from arbitrage_core.statistics.standing_books import BATCH_ROWS
from tests.engine.small_market import WEST, Tape, interpreted, small_config

Run = tuple[SessionConfig, list[np.ndarray], SessionLog]
SLIPPING = (("slippage_bps", 1.0), ("tick", 0.01))
ROWS, INTERPRETED_ROWS, THIN_ROWS = 40_000, 400, 250
HURRIED = (("cooldown_ms", 0.0), ("entry_spread_bps", 4.0), ("entry_net_edge_bps", "off"), ("hold_max_ms", 500.0))
"""So many trades that a few seconds of market show a defect."""


@cache
def run(
    name: str = "mixed",
    market: tuple[tuple[str, float], ...] = (),
    params: tuple[tuple[str, object], ...] = (),
    planted: tuple[tuple[str, Callable], ...] = (),
    count: int = ROWS,
) -> Run:
    """A session on a synthetic market, with functions of the venue exchanged; few rows run interpreted."""
    chosen = preset(name)
    feed = SyntheticQuotes(
        chosen.market, venues=chosen.venues, symbols=chosen.symbols, rows=count, chunk_rows=7_000, levels=chosen.levels
    )
    config = plan_session(
        Offer.of(feed),
        params={**chosen.params, **dict(params)},
        market_overrides={**chosen.market_overrides, **dict(market)},
    )
    session = Session(config, config.session_key(data_digest(feed)), replaced=dict(planted), interpreted=count < ROWS)
    batches = list(feed)
    with np.errstate(over="ignore"):  # ids wrap on purpose, which NumPy's scalars remark on
        for batch in batches:
            session.feed(batch)
        session.end()
    return config, batches, session.log


HONEST = [
    ("mixed", (), ()),
    ("mixed", SLIPPING, ()),
    ("mixed", (("slippage_bps", 1.3),), ()),
    ("mixed", (("latency_ms", 0.0),), ()),
    ("mixed", (("reject_rate", 0.05), ("report_loss_rate", 0.05)), ()),
    ("mixed", (("taker_fee_bps", -1.0),), ()),
    ("mixed", (), (("entry_order", "market"), ("exit_order", "market"))),
    ("mixed", (), (("entry_order", "post_only"),)),
    ("thin", (), HURRIED),
    ("thin", (("latency_ms", 0.0), ("latency_jitter_ms", 0.0)), HURRIED),
]


@pytest.mark.parametrize("name, market, params", HONEST, ids=range(len(HONEST)))
def test_the_simulated_venue_is_as_the_model_has_it(name: str, market: tuple, params: tuple):
    config, rows, log = run(name, market, params, (), THIN_ROWS if name == "thin" else ROWS)
    check = model_check(config, rows, log)
    assert check.differences == []
    assert check.checked == len(np.unique(log.fills["client_id"])) > 15
    assert check.unchecked == {}


def test_the_thin_market_deals_over_several_levels_and_with_jitter():
    """What the cases above rest on: orders larger than a level, and instants that are drawn."""
    config, _, log = run("thin", (), HURRIED, (), THIN_ROWS)
    assert config.levels > 1
    assert config.markets[0].latency_jitter_ms > 0
    assert log.fills["slippage_amount"].max() > 0


@compiled
def fee_skipped(account, terms, s, order):
    """Every sale is free."""
    return (
        0.0 if order.side < 0 else order.taker_cost_quote * terms.symbols[s].markets[order.venue].taker_fee_bps * 1e-4
    )


@compiled
def slippage_zero(market, side, px):
    """The touch itself."""
    return px


PLANTED = [
    ("fee_of", fee_skipped, (), "fees", r"fee in units of 1e-08: \d+ by the model, 0 booked"),
    ("fill_px", slippage_zero, SLIPPING, "prices", r"mean price: [\d.]+ by the model, [\d.]+ booked"),
]


@pytest.mark.parametrize("function, wrong, market, kind, said", PLANTED, ids=[one[0] for one in PLANTED])
def test_a_defect_planted_in_the_venue_is_named(function: str, wrong: Callable, market: tuple, kind: str, said: str):
    """Interpreted, because compiling an engine with a defect takes a minute."""
    config, rows, log = run("mixed", market, HURRIED, ((function, wrong),), INTERPRETED_ROWS)
    found = model_differences(config, rows, log)
    assert re.search(said, found[0]), found
    assert len(found) <= 2 * (SHOWN_MAX + 1)
    assert len(found) <= SHOWN_MAX or any(line.startswith(f"{kind}: ") for line in found)
    honest = run("mixed", market, HURRIED, (), INTERPRETED_ROWS)
    assert model_differences(*honest) == []


ALTERED = [
    ("fee_amount", lambda fills: 0, "fee in units"),
    ("fee_amount", lambda fills: fills["fee_amount"] + 1, "fee in units"),
    ("cost_quote_amount", lambda fills: fills["cost_quote_amount"] + 1, "mean price"),
    ("cost_quote_amount", lambda fills: fills["cost_quote_amount"] + fills["lots"] * 10, "mean price"),
    ("lots", lambda fills: fills["lots"] + 1, "lots"),
    ("client_id", lambda fills: 77, "never sent"),
]


@pytest.mark.parametrize("field, value, said", ALTERED, ids=range(len(ALTERED)))
def test_one_altered_fill_is_named(field: str, value: Callable, said: str):
    config, rows, log = run("mixed", SLIPPING)
    fills = log.fills.copy()
    fills[field][30] = value(fills[30])
    found = model_differences(config, rows, replace(log, fills=fills))
    assert any(said in line for line in found), found
    assert len(found) <= 2
    assert str(fills["client_id"][30]) in found[0] or field == "client_id"


def test_a_fill_that_is_missing_is_named():
    config, rows, log = run("mixed")
    found = model_differences(config, rows, replace(log, fills=np.delete(log.fills, 30)))
    assert len(found) == 1
    assert "no fill of order" in found[0]
    assert "0 booked" in found[0]


def test_a_fill_of_a_rejected_order_is_named():
    config, rows, log = run("mixed")
    changes = log.changes.copy()
    order = log.fills["client_id"][30]
    changes["after"][np.flatnonzero(changes["client_id"] == order)[-1]] = 7
    found = model_differences(config, rows, replace(log, changes=changes))
    assert any("was rejected, yet lots were booked" in line for line in found)


def test_one_wrong_fee_in_the_configuration_is_seen_at_every_fill():
    config, rows, log = run("mixed")
    cheaper = [market.model_copy(update={"taker_fee_bps": 3.9}) for market in config.markets]
    other = config.model_copy(update={"markets": tuple(cheaper)})
    found = model_differences(other, rows, log)
    assert any("more orders differ" in line for line in found)


def test_how_the_rows_are_batched_makes_no_difference():
    config, rows, log = run("mixed", (("latency_ms", 0.0),))
    whole = np.concatenate([batch.view("V64") for batch in rows]).view(rows[0].dtype)
    assert len(whole) < BATCH_ROWS
    larger = np.concatenate([whole.view("V64")] * 1).view(whole.dtype)
    for size in (1_000, ROWS):
        parts = [larger[start : start + size] for start in range(0, ROWS, size)]
        assert model_differences(config, iter(parts), log) == []


def test_what_is_not_looked_at_is_counted():
    config, rows, log = run("mixed", (), (("entry_order", "gtc"),))
    check = model_check(config, rows, log)
    assert check.differences == []
    assert set(check.unchecked) == {"GTC: takes and rests at once"}
    entries = np.count_nonzero((log.orders["style"] == OrderStyle.GTC) & (log.orders["action"] == Action.SUBMIT))
    assert 0 < entries - check.unchecked["GTC: takes and rests at once"] < 10  # those that were rejected are judged
    unfinished = replace(log, changes=log.changes[:0])
    assert model_check(config, rows, unfinished).unchecked == {
        "without a final state": int(np.count_nonzero(log.orders["action"] == Action.SUBMIT))
    }


def test_a_session_that_sent_nothing_differs_in_nothing():
    config, rows, log = run("mixed")
    none = SessionLog(**{name: getattr(log, name)[:0] for name in vars(log)})
    assert model_differences(config, rows, none) == []


def test_at_a_crossed_book_nothing_is_dealt_by_the_model_either():
    tape = Tape().both(0, 100.0, 100.6).both(20, 100.0, 100.6).quote(299, WEST, 100.61, 50.3)
    tape.both(600, 100.0, 100.6).both(900, 100.0, 100.6)
    config = small_config(hold_max_ms=300.0, retry_ms=100.0, exit_wait_max_ms=50.0, cooldown_ms=60_000.0)
    with np.errstate(all="ignore"):
        session = interpreted(config, tape.rows)
    assert (session.log.changes["after"] == OrderState.EXPIRED).any(), "it tried"
    assert model_differences(config, [tape.rows], session.log) == []
