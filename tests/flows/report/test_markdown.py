"""Text and figures show as they are, whatever is in them."""

import pytest

from flows.report.markdown import code, plain, table
from flows.report.quantity import quantity

PLAIN = [
    ("a | b", "a \\| b"),
    ("<b>&amp;", "\\<b\\>&amp;amp;"),
    ("two\nlines\r\n\x00", "two lines"),
    ("win_rate _x_ `c` *y* [z]", "win_rate \\_x\\_ \\`c\\` \\*y\\* \\[z\\]"),
    ("x" * 400, "x" * 299 + "…"),
    (None, "None"),
]


@pytest.mark.parametrize("words, shown", PLAIN)
def test_text_shows_as_it_is(words: object, shown: str):
    assert plain(words) == shown


def test_code_and_tables_keep_their_form():
    assert code("a|b`c`\nd") == "`a\\|b'c' d`"
    assert code("") == ""
    assert table(["a", "b"], [["1", "2"]], right=(1,)) == "| a | b |\n| :--- | ---: |\n| 1 | 2 |"
    assert table(["a"], []) == "None."


QUANTITIES = [
    ("win_rate", 0.5124, "51.2 %"),
    ("hold_time_loss_share", 1.0, "100.0 %"),
    ("pnl_quote", -1_234.567, "−1,234.57 USDT"),
    ("pnl_quote", -0.001, "0.00 USDT"),
    ("fees_quote", None, "–"),
    ("edge_bps", 12.0, "12.0 bps"),
    ("entries", 16.0, "16"),
    ("kelly", 0.25, "0.250"),
    ("win_rate", float("nan"), "–"),
    ("pnl_quote", float("-inf"), "−∞ USDT"),
    ("closed", 1e300, "1e+300"),
]


@pytest.mark.parametrize("name, value, words", QUANTITIES)
def test_a_figure_reads_in_its_unit(name: str, value: float | None, words: str):
    assert quantity(name, value, "USDT") == words


@pytest.mark.parametrize("currency, words", [("BTC", "+0.00012345 BTC"), ("KRW", "0 KRW"), ("", "0.00")])
def test_money_reads_in_the_digits_of_its_currency(currency: str, words: str):
    assert quantity("pnl_quote", 0.00012345, currency, signed=True) == words
