"""The synthetic feed: its laws of independence, and that the process is what its numbers say."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import RowKind
from arbitrage_core.feeds.synthetic import START_NS, SyntheticQuotes, synthetic_identity
from arbitrage_core.feeds.synthetic_market import SyntheticMarket
from arbitrage_core.feeds.synthetic_presets import preset
from tests.feeds.recordings import rows_of

VENUES = ("alpha", "beta")
FIFTY = tuple(f"S{number:02d}/USDT" for number in range(50))
PLAIN = SyntheticMarket(jumps_per_s=0.0, gaps_per_s=0.0, thin_per_s=0.0, calm_mean_s=1e7, stressed_mean_s=1e7)
"""Nothing but the walk of the mid and the noise of the premium, always calm."""


def market_rows(market: SyntheticMarket, rows: int, **options) -> np.ndarray:
    definition = {"venues": VENUES, "symbols": ("BTC/USDT",), "seed": 1, **options}
    return rows_of(SyntheticQuotes(market, rows=rows, **definition))


def restless_rows() -> np.ndarray:
    """A short stretch in which every kind of incident happens."""
    market = preset("thin").market.model_copy(update={"halts_per_s": 0.2, "halt_mean_s": 2.0})
    return market_rows(market, 1_000, levels=2)


def of_symbol(rows: np.ndarray, symbol: int) -> np.ndarray:
    """A symbol's rows, renumbered as if it were alone."""
    own = rows[rows["symbol"] == symbol].copy()
    own["symbol"] = 0
    return own


def centre(rows: np.ndarray) -> np.ndarray:
    return (rows["bid_px"][:, 0] + rows["ask_px"][:, 0]) / 2


# --------------------------------------------------------------------------------------------------- independence


@pytest.mark.parametrize("name", ("mixed", "thin"))
def test_a_symbol_among_fifty_has_the_rows_it_has_alone(name):
    market = preset(name).market
    together = market_rows(market, 100_000, symbols=FIFTY)
    for symbol in (0, 17, 49):
        among = of_symbol(together, symbol)
        alone = market_rows(market, len(among), symbols=(FIFTY[symbol],))
        assert len(among) > 1_000
        assert among.tobytes() == alone.tobytes()


def test_fewer_rows_are_the_first_of_more():
    market = preset("mixed").market
    longer = market_rows(market, 20_000, symbols=FIFTY[:3])
    assert market_rows(market, 5_001, symbols=FIFTY[:3]).tobytes() == longer[:5_001].tobytes()


def test_a_deeper_book_begins_with_the_shallower_one():
    shallow, deep = (market_rows(preset("thin").market, 10_000, levels=levels) for levels in (1, 5))
    for field in ("now_ns", "venue"):
        assert (shallow[field] == deep[field]).all()
    for field in ("bid_px", "bid_qty", "ask_px", "ask_qty"):
        assert (shallow[field][:, 0] == deep[field][:, 0]).all()


def test_names_of_venues_do_not_change_the_rows_but_the_identity():
    first, second = (
        SyntheticQuotes(PLAIN, venues=venues, symbols=("BTC/USDT",), rows=100) for venues in (VENUES, ("x", "y"))
    )
    assert rows_of(first).tobytes() == rows_of(second).tobytes()
    assert first.identity()["sha256"] != second.identity()["sha256"]


def test_symbols_and_seeds_have_draws_of_their_own():
    seen = {market_rows(PLAIN, 500, seed=seed)["now_ns"].tobytes() for seed in range(5)}
    seen |= {market_rows(PLAIN, 500, symbols=(name,))["now_ns"].tobytes() for name in FIFTY[:5]}
    assert len(seen) == 10


def test_these_rows_never_change_without_a_new_generator_version():
    """If NumPy or the process gives others, raise GENERATOR_VERSION and write the new hash here."""
    rows = market_rows(preset("thin").market, 10_000, symbols=("BTC/USDT", "DOGE/USDT"), levels=3)
    assert sha256(rows.tobytes()).hexdigest() == "3816942abf22954ec14009a1d0c995fd6286138c42a51a7fb4fc01c4d72c47d2"


@pytest.mark.slow
def test_the_interpreted_process_leaves_the_same_bytes():
    program = (
        "from tests.feeds.test_synthetic import restless_rows\n"
        "from hashlib import sha256\n"
        "print(sha256(restless_rows().tobytes()).hexdigest())"
    )
    interpreted = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    compiled = restless_rows()
    assert set(compiled["kind"]) == {RowKind.QUOTE, RowKind.FEED}
    assert interpreted.stdout.strip() == sha256(compiled.tobytes()).hexdigest()


# -------------------------------------------------------------------------------------------------------- process


def test_updates_come_at_the_stated_rate_with_exponential_gaps_alike_on_all_venues():
    rows = market_rows(PLAIN, 60_000, venues=("a", "b", "c"))
    for venue in range(3):
        gaps_s = np.diff(rows["now_ns"][rows["venue"] == venue]) * 1e-9
        assert np.mean(gaps_s) == pytest.approx(1 / PLAIN.updates_per_s, rel=0.03)
        assert np.mean(gaps_s > 2 / PLAIN.updates_per_s) == pytest.approx(np.exp(-2), rel=0.05)
    assert START_NS < rows["now_ns"][0] < START_NS + 10**9


def test_the_mid_walks_with_the_stated_volatility():
    market = PLAIN.model_copy(update={"volatility_bps": 4.0, "premium_sd_bps": 0.0, "half_spread_bps": 0.1})
    rows = market_rows(market, 100_000)
    steps_bps = np.diff(np.log(centre(rows)[::20])) * 1e4
    seconds = np.diff(rows["now_ns"][::20]) * 1e-9
    assert np.std(steps_bps / np.sqrt(seconds)) == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize("reversion_s", (0.5, 5.0))
def test_the_premium_has_the_stated_deviation_and_forgets_in_the_stated_time(reversion_s):
    market = PLAIN.model_copy(
        update={"volatility_bps": 0.0, "premium_sd_bps": 6.0, "premium_reversion_s": reversion_s, "updates_per_s": 50.0}
    )
    rows = market_rows(market, 400_000, seed=3)
    premium_bps = (centre(rows)[rows["venue"] == 0] / 60_000 - 1) * 1e4
    later = premium_bps[int(reversion_s * 50) :]
    assert np.std(premium_bps) == pytest.approx(6.0, rel=0.08)
    assert np.corrcoef(premium_bps[: len(later)], later)[0, 1] == pytest.approx(np.exp(-1), abs=0.06)


@pytest.mark.parametrize("share, halved_within_s", ((1.0, 2.0), (0.0, 100.0)))
def test_jumps_have_the_stated_rate_and_size_and_revert_or_stay(share, halved_within_s):
    market = SyntheticMarket(
        volatility_bps=0.0,
        premium_sd_bps=0.0,
        half_spread_bps=0.1,
        jumps_per_s=0.005,
        jump_min_bps=20.0,
        jump_max_bps=40.0,
        jump_reverting_share=share,
        jump_decay_s=2.0,
        jump_persistence_s=100.0,
        calm_mean_s=1e7,
        stressed_mean_s=1e7,
        gaps_per_s=0.0,
    )
    rows = market_rows(market, 400_000)
    rows = rows[rows["venue"] == 0]
    premium_bps = (centre(rows) / 60_000 - 1) * 1e4
    jumped = np.flatnonzero(np.abs(np.diff(premium_bps)) > 12)
    sizes = np.abs(np.diff(premium_bps))[jumped]
    seconds = (rows["now_ns"][-1] - rows["now_ns"][0]) * 1e-9
    assert len(jumped) / seconds == pytest.approx(0.005 / 2, rel=0.3)
    assert np.mean(sizes) == pytest.approx(30.0, rel=0.1)
    assert np.mean(np.diff(premium_bps)[jumped] > 0) == pytest.approx(0.5, abs=0.15)
    after = np.searchsorted(rows["now_ns"], rows["now_ns"][jumped] + int(halved_within_s * 1e9))
    kept = after < len(rows)
    before = premium_bps[jumped[kept]]
    left = (premium_bps[after[kept]] - before) / (premium_bps[jumped[kept] + 1] - before)
    assert 0.3 < np.median(left) < 0.5


def test_stress_widens_books_and_premium_for_the_stated_share_of_time():
    market = PLAIN.model_copy(
        update={
            "volatility_bps": 0.0,
            "half_spread_bps": 2.0,
            "stressed_spread_factor": 3.0,
            "calm_mean_s": 60.0,
            "stressed_mean_s": 20.0,
        }
    )
    rows = market_rows(market, 300_000)
    widths_bps = (rows["ask_px"] - rows["bid_px"])[:, 0] / centre(rows) * 1e4
    stressed = widths_bps > 8.0
    assert np.mean(stressed) == pytest.approx(0.25, abs=0.06)
    assert np.median(widths_bps[~stressed]) == pytest.approx(4.0, abs=0.1)
    assert np.median(widths_bps[stressed]) == pytest.approx(12.0, abs=0.1)
    premium = centre(rows) / 60_000 - 1
    assert np.std(premium[stressed]) > 1.5 * np.std(premium[~stressed])


def test_gaps_silence_one_venue_for_about_the_stated_time():
    market = PLAIN.model_copy(update={"gaps_per_s": 0.01, "gap_mean_s": 10.0, "updates_per_s": 20.0})
    rows = market_rows(market, 400_000)
    silences_s = [np.diff(rows["now_ns"][rows["venue"] == venue]) * 1e-9 for venue in range(2)]
    long_s = np.concatenate(silences_s)
    long_s = long_s[long_s > 4.0]
    seconds = (rows["now_ns"][-1] - rows["now_ns"][0]) * 1e-9
    assert len(long_s) / seconds == pytest.approx(0.01, rel=0.3)
    assert np.mean(long_s) == pytest.approx(10.0, rel=0.15)
    assert long_s.max() < 25.0


def test_thin_books_show_the_stated_fraction_of_the_depth():
    market = PLAIN.model_copy(
        update={"thin_per_s": 0.02, "thin_mean_s": 10.0, "thin_factor": 0.01, "level_sigma": 0.3, "volatility_bps": 0.0}
    )
    notional = market_rows(market, 200_000)["bid_qty"][:, 0] * 60_000
    thin = notional < 2_000
    assert np.median(notional[~thin]) == pytest.approx(20_000, rel=0.02)
    assert np.median(notional[thin]) == pytest.approx(200, rel=0.05)
    assert np.std(np.log(notional[~thin])) == pytest.approx(0.3, rel=0.05)
    assert np.mean(thin) == pytest.approx(0.1, abs=0.04)


@pytest.mark.parametrize("symbol", ("BTC/USDT", "ETH/USDT", "S01/USDT", "S05/USDT"))
def test_prices_and_quantities_lie_on_their_steps(symbol):
    rows = market_rows(preset("thin").market, 2_000, symbols=(symbol,), levels=3)
    for field in ("bid_px", "ask_px"):
        decimals = max(len(f"{px!r}".rstrip("0").partition(".")[2]) for px in rows[field].ravel().tolist())
        step = 10.0**-decimals
        assert step / rows[field].min() * 1e4 <= preset("thin").market.tick_bps * 1.3
    lots = rows["bid_qty"] * 1e5
    assert np.abs(lots - np.rint(lots)).max() < 1e-3
    assert rows["bid_qty"].min() >= 1e-5


@pytest.mark.parametrize("tick_bps", (0.01, 10.0))
def test_a_book_is_never_crossed_or_locked_however_tight(tick_bps):
    market = PLAIN.model_copy(update={"half_spread_bps": 0.0, "tick_bps": tick_bps})
    rows = market_rows(market, 20_000)
    assert (rows["bid_px"] < rows["ask_px"]).all()


def test_prices_stay_positive_however_wild_the_market():
    market = SyntheticMarket(
        volatility_bps=1_000.0, premium_sd_bps=1_000.0, jump_max_bps=1_000.0, jumps_per_s=0.5, level_step_bps=900.0
    )
    rows = market_rows(market, 100_000, levels=20)
    assert (rows["bid_px"] > 0).all()
    assert np.isfinite(rows["ask_px"]).all()
    assert (rows["bid_px"] < rows["ask_px"]).all()
    assert (np.diff(rows["bid_px"], axis=1) < 0).all()


# ----------------------------------------------------------------------------------------------- identity, input


def test_the_identity_names_everything_the_rows_follow_from():
    definition = {"seed": 1, "rows": 100, "venues": VENUES, "symbols": ("BTC/USDT",), "levels": 1}
    others = (
        {"seed": 2},
        {"rows": 101},
        {"venues": ("beta", "alpha")},
        {"symbols": ("ETH/USDT",)},
        {"levels": 2},
    )
    identities = {synthetic_identity(PLAIN, **definition)}
    identities |= {synthetic_identity(PLAIN, **{**definition, **other}) for other in others}
    identities.add(synthetic_identity(PLAIN.model_copy(update={"tick_bps": 1.0}), **definition))
    assert len(identities) == len(others) + 2
    assert synthetic_identity(PLAIN, **definition) == SyntheticQuotes(PLAIN, **definition).identity()["sha256"]


@pytest.mark.parametrize(
    "wrong, message",
    (
        ({"venues": ("alpha",)}, "2 to 8"),
        ({"venues": tuple("abcdefghi")}, "2 to 8"),
        ({"venues": ("alpha", "alpha")}, "alpha"),
        ({"venues": ("alpha", "")}, "empty"),
        ({"symbols": ()}, "1 to 64"),
        ({"symbols": ("A", "A")}, "symbol named twice"),
        ({"rows": 0}, "rows = 0"),
        ({"seed": -1}, "seed = -1"),
        ({"levels": 0}, "levels = 0"),
        ({"levels": 21}, "levels = 21"),
        ({"chunk_rows": 0}, "chunk_rows = 0"),
    ),
)
def test_impossible_feeds_are_refused_with_the_cure(wrong, message):
    definition = {"venues": VENUES, "symbols": ("BTC/USDT",), "rows": 10, **wrong}
    with pytest.raises(BadInput, match=message):
        SyntheticQuotes(PLAIN, **definition)


@pytest.mark.parametrize(
    "wrong",
    (
        {"updates_per_s": 0.0},
        {"volatility_bps": float("nan")},
        {"jump_min_bps": 50.0, "jump_max_bps": 20.0},
        {"jump_reverting_share": 1.5},
        {"premium_reversion_s": 0.0},
        {"jumps_per_s": 10.0},
        {"level_notional_quote": 0.0},
        {"no_such_number": 1.0},
    ),
    ids=str,
)
def test_impossible_markets_are_refused(wrong):
    with pytest.raises(ValidationError):
        SyntheticMarket(**wrong)
