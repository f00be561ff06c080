"""The fit of rows and settings: a cadence coarser than its guards is said, a tick that no price can have is refused."""

import numpy as np
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.recorded import RecordedQuotes
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import PRESETS, preset
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.rows_fit import rows_notes
from tests.feeds.recordings import SECOND_NS, columns, written


def notes_of(path, settings=(), *, step_ns=SECOND_NS // 20, prices=None, count=400):
    """Of a recording of BTC and ETH on alpha and beta: each market is quoted every four steps."""
    made = columns(count, step_ns=step_ns)
    if prices is not None:
        symbols = np.array(made["symbol"])
        made["bid_px"] = np.select([symbols == name for name in prices], list(prices.values()))
        made["ask_px"] = made["bid_px"] * 1.5
    feed = RecordedQuotes(written(path, made), paired=True)
    return rows_notes(plan_session(Offer.of(feed), settings), feed)


# -------------------------------------------------------------------------------------------------------- cadence


@pytest.mark.parametrize("interval_s", (0.004, 0.2, 0.9, 1.0))
def test_a_cadence_within_its_guards_is_not_mentioned(path, interval_s):
    assert notes_of(path, step_ns=int(interval_s * SECOND_NS / 4)) == ()


@pytest.mark.parametrize("interval_s", (1.5, 2.0, 8.0))
def test_a_coarser_one_is_with_the_settings_and_what_would_fit(path, interval_s):
    step_ns = int(interval_s * SECOND_NS / 4)
    (note,) = notes_of(path, step_ns=step_ns)
    assert " and so 3 more, is quoted every " in note
    assert "quote_age_max_ms = 1000, skew_max_ms = 1000: " in note
    assert "frozen_max_ms" not in note
    assert "another unit" not in note
    fitting = note[note.index("--set") : note.index(" would fit")].replace("--set ", "").split()
    assert notes_of(path, fitting, step_ns=step_ns) == ()
    assert all(1.0 <= float(one.partition("=")[2]) / 1e3 / interval_s < 1.4 for one in fitting)


def test_quotes_minutes_apart_may_be_times_in_another_unit(path):
    (note,) = notes_of(path, step_ns=30 * SECOND_NS)
    assert "frozen_max_ms = 60000" in note
    assert note.endswith("or are its times in another unit?")


def test_each_symbol_is_held_to_its_own_guards_and_off_is_none(path):
    wide = ("symbol.BTC.quote_age_max_ms=9000", "symbol.BTC.skew_max_ms=9000")
    (note,) = notes_of(path, wide, step_ns=SECOND_NS)
    assert note.startswith("ETH on beta, and so 1 more,")
    everything = ("quote_age_max_ms=200000", "skew_max_ms=200000", "frozen_max_ms=off")
    assert notes_of(path, everything, step_ns=30 * SECOND_NS) == ()


def test_a_market_that_pauses_or_is_quoted_once_has_no_cadence_to_speak_of(path):
    assert notes_of(path, count=4, step_ns=SECOND_NS // 4) == ()
    made = columns(400, step_ns=SECOND_NS // 20)
    made["ts_ns"] = np.where(np.arange(400) >= 200, np.array(made["ts_ns"]) + 86_400 * SECOND_NS, made["ts_ns"])
    feed = RecordedQuotes(written(path, made), paired=True)
    assert rows_notes(plan_session(Offer.of(feed)), feed) == ()


# ----------------------------------------------------------------------------------------------------------- tick


@pytest.mark.parametrize("reach", ("", "market.beta.ETH.", "market.alpha.ETH."))
def test_a_tick_above_a_price_is_refused_and_the_market_named(path, reach):
    with pytest.raises(BadInput) as refused:
        notes_of(path, (f"{reach}tick=0.1",), prices={"BTC": 60_000.0, "ETH": 0.08})
    market = reach.removeprefix("market.").removesuffix(".") or "alpha.ETH"
    assert f"tick = 0.1 of market {market}, which is quoted at 0.08: " in refused.value.cause
    assert refused.value.cure == f"give each market its own, this one by --set market.{market}.tick=…"


def test_the_same_tick_where_it_belongs_is_taken(path):
    settings = ("market.alpha.BTC.tick=0.1", "market.beta.BTC.tick=0.1")
    assert notes_of(path, settings, prices={"BTC": 60_000.0, "ETH": 0.08}) == ()


def test_so_coarse_a_tick_that_prices_cannot_be_its_multiples_is_refused(path):
    with pytest.raises(BadInput, match=r"tick = 0\.05 of market alpha\.ETH"):
        notes_of(path, ("tick=0.05",), prices={"BTC": 60_000.0, "ETH": 0.08})


def test_one_as_coarse_that_they_are_multiples_of_is_a_market_like_others(path):
    assert notes_of(path, ("tick=0.04",), prices={"BTC": 60_000.0, "ETH": 0.08}) == ()


def test_a_fine_tick_that_most_prices_are_off_is_taken_and_said(path):
    notes = notes_of(path, ("tick=0.001",), prices={"BTC": 60_000.0003, "ETH": 2_000.0})
    assert len(notes) == 2
    assert notes[0].startswith(
        "tick = 0.001 of market alpha.BTC: 100% of its prices are no multiples of it, the first 60000"
    )
    assert "up to 0.000167 bps" in notes[0]


@pytest.mark.parametrize("tick", (0.1, 0.01, 1e-8, 0.05, 0.25, 1 / 3))
def test_what_floats_make_of_a_multiple_is_no_matter(path, tick):
    steps = 100_000 + np.arange(400)
    made = columns(400, step_ns=SECOND_NS // 20)
    made |= {"bid_px": steps * tick, "ask_px": (steps + 1) * tick}
    feed = RecordedQuotes(written(path, made), paired=True)
    assert rows_notes(plan_session(Offer.of(feed), (f"tick={tick!r}",)), feed) == ()


def test_an_empty_side_is_no_price_of_a_tick(path):
    made = columns(400, step_ns=SECOND_NS // 20) | {"bid_px": [0.0] * 400, "ask_px": [100.0] * 400}
    feed = RecordedQuotes(written(path, made), paired=True)
    assert rows_notes(plan_session(Offer.of(feed), ("tick=0.1",)), feed) == ()


@pytest.mark.parametrize("name", PRESETS)
def test_of_synthetic_markets_nothing_is_to_be_said(name):
    chosen = preset(name)
    feed = SyntheticQuotes(chosen.market, venues=chosen.venues, symbols=chosen.symbols, rows=20_000, seed=0)
    below = {"params": chosen.params, "market_overrides": chosen.market_overrides}
    assert rows_notes(plan_session(Offer.of(feed), **below), feed) == ()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "quotes.parquet"


# ----------------------------------------------------------------------------------------------------------- size

TINY = {"BTC": 5e-9, "ETH": 5e-9}


def test_a_size_of_more_lots_than_can_be_counted_is_refused_and_the_lot_is_named(path):
    """1,000 USDT of a coin at 7.5e-9 are 1.3e11 coins."""
    with pytest.raises(BadInput, match="more lots of 1e-08 than can be counted") as found:
        notes_of(path, ("lot=1e-8", "notional_quote=1000"), prices=TINY)
    lot = found.value.cure.rpartition("--set ")[2]
    assert notes_of(path, (lot, "notional_quote=1000"), prices=TINY) == ()


@pytest.mark.parametrize("name", ["qty_base", "initial_base", "short_limit_base"])
def test_a_quantity_set_by_hand_is_refused_likewise(path, name):
    with pytest.raises(BadInput, match=f"{name} = 1e.09 are more lots of 1e-08"):
        notes_of(path, (f"{name}=1e9", "lot=1e-8", "kind=spot"))
