"""The currencies of a session: what each symbol is quoted in, how that came to be known, and what was assumed."""

from collections.abc import Iterable
from typing import Any

from arbitrage_core.domain.currency import is_known
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.spelling import Known, quoted_in

NAMES_SHOWN = 4


def quote_currencies(config: SessionConfig) -> dict[str, dict[str, Any]]:
    """By symbol: `currencies` of its markets, and `known`: stated by the symbol, read off it, assumed, or set."""
    found = {}
    for symbol in config.symbols:
        used = list(dict.fromkeys(market.quote_currency for market in config.markets if market.symbol == symbol))
        spelled = quoted_in(symbol)
        known = spelled.known if used == [spelled.currency] else Known.SET
        found[symbol] = {"currencies": used, "known": str(known)}
    return found


def currency_notes(config: SessionConfig) -> list[str]:
    """What was read, assumed or not known of currencies, a line each; none where every symbol says its own."""
    quoted = quote_currencies(config)
    notes = []
    for known, words in ((Known.READ, "read off the spelling of"), (Known.ASSUMED, "assumed, there is none in")):
        mine = [symbol for symbol, one in quoted.items() if one["known"] == known]
        for currency in dict.fromkeys(quoted[symbol]["currencies"][0] for symbol in mine):
            names = [symbol for symbol in mine if quoted[symbol]["currencies"][0] == currency]
            otherwise = "; --set quote_currency=… says otherwise" if known is Known.ASSUMED else ""
            notes.append(f"{currency}, {words} {_listed(names)}{otherwise}")
    strangers = [currency for currency in config.currencies if not is_known(currency)]
    if strangers:
        notes.append(f"what {_listed(strangers)} is worth is not known: defaults of money are the figures of USDT")
    return notes


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {len(names) - NAMES_SHOWN} more" if names[NAMES_SHOWN:] else "")
