"""The arbitrage, measured: what the spread promised at decision, and what of it arrived.

Weighted by entry notional (the mean of both legs' opening cost), over ended trades. A trade that was unwound with one
leg only has half that leg's cost for its notional: it promised as much as was bought, and its loss counts in full.

The bridge, all in bps of the same notional:

    spread at decision  the gross spread of the two touches
    net edge            the spread less the closing cost aimed at, four taker fees and expected slippage
    realised            what was booked: net of fees, with funding and incidents
    fees, slippage, funding, incidents   their part in it; costs are positive, funding received is positive
"""

import numpy as np

from arbitrage_core.statistics.amounts import figure, money, quotient, total
from arbitrage_core.statistics.columns import Records
from arbitrage_core.statistics.distribution import distribution
from arbitrage_core.statistics.trade_metrics import BPS, ended, expected_amounts

NS_PER_MS = 1e6


def edge_figures(trades: Records, unit: float) -> dict[str, int | float | None]:
    """Edge promised against edge realised, of TRADE_OUT[n]; `unit`: booking unit of the reporting currency.

    decision_spread_bps, decision_edge_bps  Σ bps × notional / Σ notional
    realised_bps, fees_bps, slippage_bps, funding_bps, incident_bps  Σ amount / Σ notional
    notional, expected, realised            sums; expected = Σ net edge × notional, rounded once
    capture_ratio                           Σ realised / Σ expected; None unless something was expected
    fee_share_of_gross_edge                 Σ fees / Σ spread at decision × notional: of what the market offered
    fee_share_of_gross_pnl                  Σ fees / Σ (net + fees): of what was made before fees
    """
    over = ended(trades)
    notional = total(over["entry_notional_amount"])
    realised, fees = total(over["realised_amount"]), total(over["fees_amount"])
    expected = float(np.sum(expected_amounts(over)))
    offered = float(np.sum(over["spread_bps"] / BPS * over["entry_notional_amount"]))
    shares = {
        f"{name}_bps": quotient(total(over[f"{name}_amount"]) * BPS, notional)
        for name in ("realised", "fees", "slippage", "funding", "incident")
    }
    return {
        "decision_spread_bps": quotient(offered * BPS, notional),
        "decision_edge_bps": quotient(expected * BPS, notional),
        **shares,
        **money("notional", notional, unit),
        **money("expected", round(expected), unit),
        **money("realised", realised, unit),
        "capture_ratio": quotient(realised, expected),
        "fee_share_of_gross_edge": quotient(fees, offered),
        "fee_share_of_gross_pnl": quotient(fees, realised + fees),
    }


def leg_figures(trades: Records) -> dict[str, object]:
    """How far apart the legs were, of the ended trades of TRADE_OUT[n].

    leg_gap_ms        spread of the time between both legs' first fills, trades with two legs
    one_leg_only      trades in which only one leg ever filled
    unhedged_quote_s  Σ unhedged notional × seconds, money of the reporting currency times seconds
    """
    over = ended(trades)
    gaps = over["leg_gap_ns"][over["leg_gap_ns"] >= 0]
    return {
        "leg_gap_ms": distribution(gaps, NS_PER_MS),
        "one_leg_only": len(over) - len(gaps),
        "unhedged_quote_s": figure(np.sum(over["unhedged_quote_s"])),
    }
