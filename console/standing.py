"""The standing: what stood after the row a session was replayed to, as lines below its summary."""

from datetime import UTC, datetime
from typing import Any

from arbitrage_core.domain.currency import money_text
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.statistics.amounts import quote_of

SHOWN_MAX = 8
SIDES = {1: "bought", -1: "sold"}

Document = dict[str, Any]


def standing_lines(document: Document) -> list[tuple[str, str]]:
    """(label, text) of the document's `standing`; none when the whole session was replayed."""
    standing = document.get("standing")
    if standing is None:
        return []
    session, pnl, currency = standing["session"], standing["pnl"], document["reporting_currency"]
    unit = booking_unit(currency)
    fault = "" if session["fault"] == "NONE" else f", broken: {_words(session['fault'])}"
    instant = datetime.fromtimestamp(document["now_ns"] // 1000 / 1e6, UTC).isoformat(timespec="microseconds")
    realised, equity = (quote_of(pnl[name], unit) for name in ("realised_amount", "equity_amount"))
    return [
        ("at row", f"{document['to_row']:,}, {instant}, session {_words(session['phase'])}{fault}"),
        ("open trades", _listed([_trade(one) for one in standing["open_trades"]])),
        ("working orders", _listed([_order(one) for one in standing["working_orders"]])),
        ("realised", f"{money_text(realised, currency, signed=True)} {currency}"),
        ("equity", f"{money_text(equity, currency)} {currency} when it was last marked"),
    ]


def _trade(trade: Document) -> str:
    legs = ", ".join(f"{leg['lots']:,} lots {SIDES[leg['side']]} at {leg['venue']}" for leg in trade["legs"])
    leaving = "" if trade["exit_reason"] == "NONE" else f", leaving: {_words(trade['exit_reason'])}"
    return f"{trade['symbol']} {trade['number']} {trade['phase']} ({legs}{leaving})"


def _order(order: Document) -> str:
    verb = "buys" if order["side"] > 0 else "sells"
    return f"{order['symbol']} {order['trade']} {verb} {order['lots']:,} lots at {order['venue']} ({order['state']})"


def _listed(items: list[str]) -> str:
    more = f"; {len(items) - SHOWN_MAX} more" if len(items) > SHOWN_MAX else ""
    return f"{len(items)}: {'; '.join(items[:SHOWN_MAX])}{more}" if items else "none"


def _words(name: str) -> str:
    return name.lower().replace("_", " ")
