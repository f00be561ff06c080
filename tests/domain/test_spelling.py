"""The currency a symbol is quoted in, as venues write symbols."""

import pytest

from arbitrage_core.domain.spelling import Known, quoted_in

STATED = [
    ("BTC/KRW", "KRW"),
    ("BTC/USDT:USDT", "USDT"),
    ("BTC/USDT:USDT-250328", "USDT"),
    ("btc/usdt", "USDT"),
    ("ETH/BTC", "BTC"),
    ("A/B/KRW", "KRW"),
    ("DOGE/points", "points"),
]
READ = [
    # one word
    ("BTCUSDT", "USDT"),
    ("btckrw", "KRW"),
    ("BTCKRW", "KRW"),
    ("ETHBTC", "BTC"),
    ("WBTCBTC", "BTC"),
    ("BNBUSD", "USD"),
    ("BTCFDUSD", "FDUSD"),
    ("USDTKRW", "KRW"),
    ("USDCUSDT", "USDT"),
    ("EURUSDT", "USDT"),
    ("SUSDC", "USDC"),
    ("1000SHIBUSDT", "USDT"),
    ("XXBTZUSD", "USD"),
    ("XBTUSDTM", "USDT"),
    ("BTCUSDTPERP", "USDT"),
    # parts, the base before the quote
    ("BTC-USD", "USD"),
    ("BTC-KRW", "KRW"),
    ("ETH_BTC", "BTC"),
    ("BTC-USDT-SWAP", "USDT"),
    ("BTC-USDT-250328", "USDT"),
    ("BTC-USD-28MAR25", "USD"),
    ("BTCUSD_PERP", "USD"),
    ("PERP_BTC_USDT", "USDT"),
    ("FX_BTC_JPY", "JPY"),
    ("EUR-USDT", "USDT"),
    ("USDT-EUR", "EUR"),
    ("USDT_THB", "THB"),
    # parts, the quote before the base
    ("KRW-BTC", "KRW"),
    ("KRW-DOGE", "KRW"),
    ("KRW-USDT", "KRW"),
    ("USDT-BTC", "USDT"),
    ("USDT_BTC", "USDT"),
    ("BTC-ETH", "BTC"),
    ("THB_BTC", "THB"),
]
ASSUMED = ["X", "BTC", "ATOM", "S01", "A.B_C", "WBTC", "BTC-PERPETUAL", "BTC-28MAR25", "odd/", "/", "", "-"]


@pytest.mark.parametrize("symbol, currency", STATED)
def test_what_stands_behind_the_slash_is_said_by_the_symbol(symbol, currency):
    assert quoted_in(symbol) == (currency, Known.STATED)


@pytest.mark.parametrize("symbol, currency", READ)
def test_without_a_slash_it_is_read_off_the_spelling(symbol, currency):
    assert quoted_in(symbol) == (currency, Known.READ)
    assert quoted_in(symbol.lower()) == (currency, Known.READ)


@pytest.mark.parametrize("symbol", ASSUMED)
def test_where_the_spelling_says_nothing_usdt_is_assumed_and_that_is_known(symbol):
    assert quoted_in(symbol) == ("USDT", Known.ASSUMED)
