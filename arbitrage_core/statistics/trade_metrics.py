"""The trade, measured: what ended trades earned, how often, how evenly and how long they took.

An *ended* trade is one that filled and is over, CLOSED or UNWOUND; VOID trades never were. Of each, `net` is the
realised amount, after fees and with funding; `gross` is net + fees. Slippage is inside both (it is in the fill prices)
and shown apart. A trade is won when its net is above 0, lost when below.
"""

import numpy as np

from arbitrage_core.domain.record import record
from arbitrage_core.domain.trade import Phase
from arbitrage_core.statistics.amounts import figure, money, quote_of, quotient, total
from arbitrage_core.statistics.columns import Columns, Records
from arbitrage_core.statistics.distribution import deviation, distribution, percentiles
from arbitrage_core.statistics.drawdown import NS_PER_S
from arbitrage_core.statistics.streaks import streaks

BPS = 1e4
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
SQN_TRADES_MAX = 100

TRADE_FIGURES = record(
    number="i8",
    net_quote="f8",
    gross_quote="f8",  # net + fees
    fees_quote="f8",
    funding_quote="f8",
    slippage_quote="f8",
    incident_quote="f8",
    expected_quote="f8",  # net edge at decision × entry notional
    net_bps="f8",  # of the entry notional
    capture="f8",  # net / expected; NaN unless something was expected
    r_multiple="f8",  # net / one R; NaN without a stop
    held_s="f8",  # from the first fill to the end
    leg_gap_ms="f8",  # NaN when only one leg filled
    symbol="i2",
    buy_venue="i2",
    sell_venue="i2",
    phase="i2",
    exit_reason="i2",
    won="i2",
)
"""The figures of one ended trade, money in the reporting currency."""


def ended(trades: Records) -> Columns:
    """Those of TRADE_OUT[n] that filled and are over, in the order they ended."""
    rows = Columns.of(trades)
    return rows.where((rows["phase"] == Phase.CLOSED) | (rows["phase"] == Phase.UNWOUND))


def trade_figures(trades: Records, unit: float) -> np.ndarray:
    """TRADE_FIGURES[k] of the k ended trades of TRADE_OUT[n]; `unit`: booking unit of the reporting currency."""
    over = ended(trades)
    figures = np.zeros(len(over), TRADE_FIGURES)
    for name in ("number", "symbol", "buy_venue", "sell_venue", "phase", "exit_reason"):
        figures[name] = over[name]
    net, fees, notional = over["realised_amount"], over["fees_amount"], over["entry_notional_amount"]
    per_whole = round(1.0 / unit)
    figures["net_quote"] = net / per_whole
    figures["gross_quote"] = (net + fees) / per_whole
    for name in ("fees", "funding", "slippage", "incident"):
        figures[f"{name}_quote"] = over[f"{name}_amount"] / per_whole
    expected = expected_amounts(over)
    figures["expected_quote"] = expected / per_whole
    figures["net_bps"] = _where_positive(net * BPS, notional)
    figures["capture"] = _where_positive(net, expected)
    figures["r_multiple"] = _where_positive(net, over["risk_amount"])
    figures["held_s"] = (over["ended_ns"] - over["opened_ns"]) / NS_PER_S
    figures["leg_gap_ms"] = np.where(over["leg_gap_ns"] >= 0, over["leg_gap_ns"] / 1e6, np.nan)
    figures["won"] = net > 0
    return figures


def expected_amounts(trades: Records) -> np.ndarray:
    """What each of TRADE_OUT[n] was expected to earn when it was decided: net edge × entry notional, float64[n]."""
    return trades["net_edge_bps"] / BPS * trades["entry_notional_amount"]


def r_multiples(trades: Records) -> np.ndarray:
    """Net result in units of the risk taken, of those of TRADE_OUT[n] that had a stop: float64[k].

    Van Tharp, "Trade Your Way to Financial Freedom" (1998): one R is what the stop would have lost.
    """
    stopped = Columns.of(trades).where(trades["risk_amount"] > 0)
    return stopped["realised_amount"] / stopped["risk_amount"]


def profit_factor(net_amounts: np.ndarray) -> float | None:
    """Sum won over sum lost of int64[n]; None when nothing was lost (it would be infinite, which JSON cannot hold)."""
    won = total(np.maximum(net_amounts, 0))
    return quotient(won, -total(np.minimum(net_amounts, 0)))


def system_quality(trades: Records, trades_max: int | None = None) -> float | None:
    """System Quality Number of TRADE_OUT[n]: mean R over its sample deviation, times √n (n at most `trades_max`).

    Van Tharp, "Definitive Guide to Position Sizing Strategies" (2008); he caps n at 100 to compare systems. Where any
    trade had no stop the same constant R is taken for all, which cancels: net amounts are used. None for fewer than two
    trades or equal results.
    """
    multiples = r_multiples(trades)
    if len(multiples) < len(trades):
        multiples = trades["realised_amount"].astype(np.float64)
    spread = deviation(multiples)
    count = len(trades) if trades_max is None else min(len(trades), trades_max)
    return quotient(float(np.mean(multiples)) * count**0.5, spread) if spread > 0 else None


def trade_metrics(trades: Records, unit: float) -> dict[str, object]:
    """The figures of the ended trades of TRADE_OUT[n], in the order they ended; `unit`: reporting booking unit.

    trades, wins, losses, even     counts; win_rate = wins / trades
    net, gross, fees, funding, slippage: sums (`_amount` exact, `_quote`); gross_profit, gross_loss: of trades won, lost
    expectancy_quote, _bps         net per trade; net over entry notional, all trades together
    average_win_quote, _loss_quote mean of trades won, lost (the latter negative); payoff_ratio between them
    profit_factor                  sum won / sum lost; None when nothing was lost
    average_r, with_stop           mean R multiple of the trades that had a stop, and how many had
    sqn, sqn_100                   `system_quality`, uncapped and with n ≤ 100
    pnl_percentiles_quote, pnl_quote_min, _max, held_s, streaks
    partial_closes, stale, flagged counts; `stale` and `flagged` of trades
    """
    over = ended(trades)
    net = over["realised_amount"]
    won, lost = net[net > 0], net[net < 0]
    net_amount, fees_amount = total(net), total(over["fees_amount"])
    average_win, average_loss = quotient(total(won), len(won)), quotient(total(lost), len(lost))
    multiples = r_multiples(over)
    return {
        "trades": len(net),
        "wins": len(won),
        "losses": len(lost),
        "even": len(net) - len(won) - len(lost),
        "win_rate": quotient(len(won), len(net)),
        **money("net", net_amount, unit),
        **money("gross", net_amount + fees_amount, unit),
        **money("fees", fees_amount, unit),
        **money("funding", total(over["funding_amount"]), unit),
        **money("slippage", total(over["slippage_amount"]), unit),
        **money("gross_profit", total(won), unit),
        **money("gross_loss", total(lost), unit),
        "expectancy_quote": _mean_quote(net_amount, len(net), unit),
        "expectancy_bps": quotient(net_amount * BPS, total(over["entry_notional_amount"])),
        "average_win_quote": None if average_win is None else quote_of(average_win, unit),
        "average_loss_quote": None if average_loss is None else quote_of(average_loss, unit),
        "payoff_ratio": None if average_win is None or average_loss is None else quotient(average_win, -average_loss),
        "profit_factor": profit_factor(net),
        "average_r": figure(np.mean(multiples)) if len(multiples) else None,
        "with_stop": len(multiples),
        "sqn": system_quality(over),
        "sqn_100": system_quality(over, SQN_TRADES_MAX),
        "pnl_quote_min": quote_of(int(net.min()), unit) if len(net) else None,
        "pnl_quote_max": quote_of(int(net.max()), unit) if len(net) else None,
        "pnl_percentiles_quote": percentiles(net, PERCENTILES, round(1.0 / unit)),
        "held_s": distribution(over["ended_ns"] - over["opened_ns"], NS_PER_S),
        "streaks": streaks(net),
        "partial_closes": int(over["partial_closes"].sum()),
        "stale": int(np.count_nonzero(over["stale"])),
        "flagged": int(np.count_nonzero(over["flagged"])),
    }


def _mean_quote(amount: int, count: int, unit: float) -> float | None:
    mean = quotient(amount, count)
    return None if mean is None else quote_of(mean, unit)


def _where_positive(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """`numerator / denominator` where the denominator is positive, else NaN, float64[n]."""
    positive = denominator > 0
    return np.where(positive, numerator / np.where(positive, denominator, 1), np.nan)
