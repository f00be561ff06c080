"""The spelling: which currency a symbol is quoted in, read off the way venues write it.

    BTC/KRW, BTC/USDT:USDT      behind the slash, up to the colon: the symbol says so
    BTC-USD, ETH_BTC, KRW-BTC,  parts: the quote is the one that is cash; of two that are, the one of which a unit is
    USDT_BTC, BTC-USDT-SWAP     worth far less, else the last; of two coins BTC before ETH before BNB
    BTCUSDT, btckrw, ETHBTC     one word: the currency it ends in (WBTC is a coin, not W in BTC)
    anything else               nothing is known; USDT is assumed

The first kind is stated, the others are read, and whoever reads may err: a session's document says of each symbol how
its currency came to be known, and `quote_currency` can be set.

Where it is wrong: a word that happens to end like a currency (STETH is no ST in ETH), a single coin against a stable
one that is spelled backwards, BUSD and TUSD in one word (BNBUSD is read as BNB in USD, which is worth the same).
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from arbitrage_core.domain.currency import ABOUT_ONE_USDT, CASH, COINS

ASSUMED = "USDT"
KINDS_OF_CONTRACT = re.compile(r"PERP|PERPETUAL|SWAP|SPOT|FUTURES?|\d+|\d+[A-Z]{3}\d+")
"""Parts, or ends of a word, that say what is dealt in, not in which currency."""
FAR_LESS = 10.0
AS_ONE_WORD = tuple(sorted((set(ABOUT_ONE_USDT) - {"BUSD", "TUSD"}), key=len, reverse=True))
BASE_OF_A_COIN_LEAST = 2
"""Characters before the end: W before BTC and R before ETH make the name of a coin, not of a pair."""


class Known(StrEnum):
    """How a symbol's quote currency came to be known."""

    STATED = "stated by the symbol"
    READ = "read off its spelling"
    ASSUMED = "assumed: its spelling says none"
    SET = "set"


class Quoted(NamedTuple):
    """A currency and how it came to be known."""

    currency: str
    known: Known


def quoted_in(symbol: str) -> Quoted:
    """The currency a symbol is quoted in, by the rules above."""
    if "/" in symbol:
        behind = symbol.rpartition("/")[2].partition(":")[0].strip()
        return Quoted(_as_known(behind), Known.STATED) if behind else Quoted(ASSUMED, Known.ASSUMED)
    words = [word for word in re.split(r"[-_.: ]+", symbol.upper()) if word]
    words = [word for word in words if not KINDS_OF_CONTRACT.fullmatch(word)]
    currency = _of_parts(words) or next(filter(None, map(_of_word, words)), None)
    return Quoted(currency, Known.READ) if currency else Quoted(ASSUMED, Known.ASSUMED)


def _as_known(currency: str) -> str:
    """In capitals where that is a currency that is known: btc/usdt is BTC/USDT."""
    return currency.upper() if currency.upper() in ABOUT_ONE_USDT else currency


def _of_parts(words: Sequence[str]) -> str | None:
    if len(words) < 2:
        return None
    cash = [word for word in words if word in CASH]
    if not cash:
        return next((coin for coin in COINS if coin in words), None)
    dearest = min(ABOUT_ONE_USDT[word] for word in cash)
    cheap = [word for word in cash if ABOUT_ONE_USDT[word] >= FAR_LESS * dearest]
    return (cheap or cash)[-1]


def _of_word(word: str) -> str | None:
    """The longest currency that a word ends in, with something before it: BTCUSDT, XBTUSDTM, BTCUSDTPERP."""
    if word in ABOUT_ONE_USDT:
        return None
    bare = re.sub(r"(PERP|SWAP)$", "", word)
    for currency in AS_ONE_WORD:
        for end in (currency, f"{currency}M") if currency.startswith("USD") else (currency,):
            least = 1 if currency in CASH else BASE_OF_A_COIN_LEAST
            if bare.endswith(end) and len(bare) - len(end) >= least:
                return currency
    return None
