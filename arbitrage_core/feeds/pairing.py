"""The pairing: which symbols of a recording can be traded between venues, and what is left out because it cannot.

A recorder of everything records what one venue alone lists, too. Unless they were named, such symbols are left out and
said to be; named, they are refused.
"""

from collections.abc import Collection, Sequence

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.survey import MarketName

NAMES_SHOWN_MAX = 10


def paired_names(
    markets: Collection[MarketName],
    venues: Sequence[str],
    symbols: Sequence[str],
    *,
    venues_named: bool,
    symbols_named: bool,
) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """The venues and symbols to trade, and what is to be said of the others. `…_named`: they were asked for by name.

    Raises BadInput when there is nothing to pair, or not what was named.
    """
    by_symbol = {symbol: [venue for venue in venues if (venue, symbol) in markets] for symbol in symbols}
    quoted = [venue for venue in venues if any(venue in there for there in by_symbol.values())]
    if len(quoted) == 1:
        raise BadInput(
            f"one venue only, {quoted[0]}: an arbitrage needs two",
            "name two with --venues" if venues_named else "add the other venue's file: --data FILE FILE",
        )
    alone = {symbol: there for symbol, there in by_symbol.items() if len(there) < 2}
    if symbols_named and alone:
        symbol, there = next(iter(alone.items()))
        raise BadInput(
            f"symbol {symbol} is on {there[0] if there else 'none of these venues'}"
            f"{' only' if there else ''}: an arbitrage needs markets on two venues",
            "leave it out of --symbols, or add the file of another venue",
        )
    if len(alone) == len(by_symbol):
        raise BadInput(
            f"no symbol is on two venues: {_listed([f'{s} on {there[0]}' for s, there in alone.items() if there])}",
            "names are compared as they are written: give a coin the same symbol on each venue",
        )
    kept = tuple(symbol for symbol in symbols if symbol not in alone)
    notes = []
    if alone:
        names = _listed([f"{symbol} ({there[0]})" if there else symbol for symbol, there in alone.items()])
        are = "symbol is" if len(alone) == 1 else "symbols are"
        notes.append(f"{len(alone):,} of {len(by_symbol):,} {are} on one venue only and left out: {names}")
    idle = [venue for venue in venues if not any((venue, symbol) in markets for symbol in kept)]
    if idle and venues_named:
        notes.append(f"{_listed(idle)} quotes none of these symbols; a part of the capital lies there idle")
    elif idle:
        notes.append(f"{_listed(idle)} quotes none of these symbols and is left out")
    return tuple(v for v in venues if venues_named or v not in idle), kept, notes


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMES_SHOWN_MAX]) + (", …" if len(names) > NAMES_SHOWN_MAX else "")
