"""Tampering with money: I1, I2, I15 and REST."""

from tests.laws.moments import alone, at_rest, halfway
from tests.laws.tampering import Parts, Tampering, add, both, leave_out, more, repeat, set_state

FIRST_LEG = ("symbols", 0, "trades", 0, "legs", 0)


def _venue_cash(amount: int):
    def edit(parts: Parts) -> None:
        parts.venue_cash_amounts[0, 0] += amount

    return edit


def _venue_lots(lots: int):
    def edit(parts: Parts) -> None:
        parts.venue_position_lots[0, 0] += lots

    return edit


def _half_price(parts: Parts) -> None:
    parts.reports["cost_quote"][parts.reports["filled_lots"] == 10] *= 0.5


def _see_something_unrealised(parts: Parts) -> None:
    for name in ("unrealised_amount", "equity_amount"):
        parts.equity[name][-1] += 7
    parts.state["equity_amount"] += 7


def _slip_more(parts: Parts) -> None:
    add("fills", 0, "slippage_amount", 1)(parts)
    add("trades", 0, "slippage_amount", 1)(parts)


def _pay_other_funding(parts: Parts) -> None:
    """Booked everywhere as if it were true, but for the venue."""
    add("funding", 0, "amount", 1)(parts)
    add("trades", 0, "realised_amount", 1)(parts)
    add("trades", 0, "funding_amount", 1)(parts)


MONEY: list[Tampering] = [
    Tampering(
        "a fee never left the cash", at_rest, set_state("venues", 0, "cash_amounts", 0, more(2_400)), "I1 I2 I15"
    ),
    Tampering("the venue holds less cash", at_rest, _venue_cash(-1), "I1 I15"),
    Tampering("the venue holds less cash, at work", halfway, _venue_cash(-1), "I1 I15"),
    Tampering("the venue holds another position", at_rest, _venue_lots(1), "I1 I15"),
    Tampering("the venue holds another position, at work", halfway, _venue_lots(1), "I1 I15"),
    Tampering("a position nobody dealt", at_rest, set_state("symbols", 0, "position_lots", 0, 1), "I1 I15 REST"),
    Tampering("cash that was there from the start", at_rest, set_state("venues", 0, "start_amounts", 0, -5), "I1 I15"),
    Tampering("funding that was not paid", at_rest, _pay_other_funding, "I1 I2 I15"),
    Tampering("a mark off by one unit", at_rest, add("equity", 4, "equity_amount", 1), "I2"),
    Tampering(
        "a mark of other realised",
        at_rest,
        both(add("equity", 4, "realised_amount", 9), add("equity", 4, "unrealised_amount", -9)),
        "I2",
    ),
    Tampering("a booking without a mark", at_rest, leave_out("equity", 1), "I2"),
    Tampering("a flat book marked with something unrealised", at_rest, _see_something_unrealised, "I2"),
    Tampering("a peak that is not the highest mark", at_rest, set_state("peak_amount", more(1)), "I2"),
    Tampering("a drawdown that is not the deepest", at_rest, set_state("drawdown_amount", more(-1)), "I2"),
    Tampering("an equity that is not the last mark's", at_rest, set_state("equity_amount", more(1)), "I2"),
    Tampering("a start that is not the first mark's", at_rest, set_state("start_amount", more(1)), "I2"),
    Tampering("a fill that realised a unit more", at_rest, add("fills", 6, "realised_amount", 1), "I2"),
    Tampering("a conversion that is not the identity", at_rest, add("fills", 6, "cash_reporting_amount", 1), "I2"),
    Tampering("a fee converted to more", at_rest, add("fills", 6, "fee_reporting_amount", 1), "I2"),
    Tampering("a trade that stores another PnL", at_rest, add("trades", 0, "realised_amount", 1), "I2 I15"),
    Tampering("a trade that stores other fees", at_rest, add("trades", 0, "fees_amount", 1), "I2 I15"),
    Tampering("a trade that stores other funding", at_rest, add("trades", 0, "funding_amount", 1), "I2"),
    Tampering("slippage that was not", at_rest, _slip_more, "I2"),
    Tampering("a trade that stores another slippage", at_rest, add("trades", 0, "slippage_amount", 1), "I2"),
    Tampering("a trade of another entry notional", at_rest, add("trades", 0, "entry_notional_amount", 1), "I2"),
    Tampering("a trade with fills that is never stored", at_rest, leave_out("trades", 1), "I2 I15"),
    Tampering("a trade that is stored twice", at_rest, repeat("trades", 3), "I2"),
    Tampering(
        "a symbol that stores another PnL", at_rest, set_state("symbols", 0, "realised_amount", more(1)), "I2 I15"
    ),
    Tampering("a venue that stores another PnL", at_rest, set_state("venues", 1, "realised_amount", more(1)), "I2 I15"),
    Tampering("a symbol that stores other fees", at_rest, set_state("symbols", 0, "fees_amount", more(1)), "I2 I15"),
    Tampering("a session that stores other fees", at_rest, set_state("fees_amount", more(1)), "I2 I15"),
    Tampering("a session that stores another PnL", at_rest, set_state("realised_amount", more(1)), "I2 I15"),
    Tampering("a leg that holds another basis", halfway, set_state(*FIRST_LEG, "basis_amount", more(1)), "I2"),
    Tampering("a leg that closed more than it held", at_rest, add("fills", 3, "lots", 7), "I1 I2 I4 I7 I8"),
    Tampering(
        "a fee the venue does not tell of", at_rest, lambda p: p.venue_orders["fee_amount"].__setitem__(0, 0), "I4 I15"
    ),
    Tampering("reports that paid less", at_rest, _half_price, "I4 I15"),
    Tampering("something reserved for nothing", at_rest, set_state("venues", 1, "reserved_amounts", 0, 1), "REST"),
    Tampering(
        "a reserve that does not add up", halfway, set_state("venues", 0, "reserved_amounts", 0, more(1)), "REST"
    ),
    Tampering(
        "a final order that still holds something",
        alone,
        both(
            set_state(*FIRST_LEG, "order", 0, "reserved_amount", 1),
            set_state("venues", 0, "reserved_amounts", 0, more(1)),
        ),
        "REST",
    ),
    Tampering("exposure that is left", at_rest, set_state("symbols", 0, "exposure_lots", 1, 1), "I8 REST"),
    Tampering("a promised sale that is left", at_rest, set_state("symbols", 0, "selling_lots", 1, 1), "I8 REST"),
]
