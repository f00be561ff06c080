"""The currencies of a session: what each symbol is quoted in, how that came to be known, and what was assumed."""

from collections.abc import Iterable, Mapping
from typing import Any

from arbitrage_core.domain.currency import is_known
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.spelling import Known, quoted_in

NAMES_SHOWN = 4

Quoted = Mapping[str, Mapping[str, Any]]


def quote_currencies(config: SessionConfig) -> dict[str, dict[str, Any]]:
    """By symbol: `currency` (of several markets' all, in words), `known`: stated by the symbol, read off it, assumed or
    set, and `typical`: whether defaults are typical amounts of it, and not the figures of USDT."""
    found = {}
    for symbol in config.symbols:
        used = list(dict.fromkeys(market.quote_currency for market in config.markets if market.symbol == symbol))
        spelled = quoted_in(symbol)
        known = spelled.known if used == [spelled.currency] else Known.SET
        found[symbol] = {"currency": " and ".join(used), "known": str(known), "typical": all(map(is_known, used))}
    return found


def currency_notes(quoted: Quoted) -> list[str]:
    """What was read, assumed or not known of currencies, a line each; none where every symbol says its own."""
    notes = []
    for known, words in ((Known.READ, "read off the spelling of"), (Known.ASSUMED, "assumed, there is none in")):
        mine = [symbol for symbol, one in quoted.items() if one["known"] == known]
        for currency in dict.fromkeys(quoted[symbol]["currency"] for symbol in mine):
            names = [symbol for symbol in mine if quoted[symbol]["currency"] == currency]
            otherwise = "; --set quote_currency=… says otherwise" if known is Known.ASSUMED else ""
            notes.append(f"{currency}, {words} {_listed(names)}{otherwise}")
    strangers = dict.fromkeys(one["currency"] for one in quoted.values() if not one["typical"])
    if strangers:
        notes.append(f"what {_listed(strangers)} is worth is not known: defaults of money are the figures of USDT")
    return notes


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {len(names) - NAMES_SHOWN} more" if names[NAMES_SHOWN:] else "")
