"""The gate over input rows: open for what the synthetic market makes, and each rule seen failing once, alone."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from arbitrage_core.domain.row import RowKind
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from checks import gate_rows
from checks.input_rows import rules

LEVELS, ROWS = 5, 6_000
SYMBOLS, VENUES = ("BTC/USDT", "ETH/USDT"), ("alpha", "beta")


@cache
def market_rows() -> np.ndarray:
    """Rows of the synthetic market `thin`, with several levels and silences."""
    feed = SyntheticQuotes(
        preset("thin").market, venues=VENUES, symbols=SYMBOLS, rows=ROWS, chunk_rows=ROWS, levels=LEVELS
    )
    return next(iter(feed))


def test_the_gate_is_open_for_a_synthetic_market():
    result = gate_rows("thin", market_rows(), SYMBOLS, VENUES)
    assert result.passed, [str(one) for one in result.failures]
    assert [one.name for one in result.results] == [rule.name for rule in rules()]


def test_how_rows_are_batched_changes_nothing():
    rows = market_rows()
    whole = gate_rows("thin", rows, SYMBOLS, VENUES, gap_max_ms=300.0)
    batches = (rows[start : start + 700] for start in range(0, ROWS, 700))
    assert gate_rows("thin", batches, SYMBOLS, VENUES, gap_max_ms=300.0).results == whole.results
    assert [one.name for one in whole.warnings] == ["input: no market pauses for long"]


def quote(change: Callable[[np.record], None]) -> Callable[[np.ndarray], None]:
    """Spoils a quote in the middle."""

    def spoil(rows: np.ndarray) -> None:
        change(rows[np.flatnonzero(rows["kind"] == RowKind.QUOTE)[500]])

    return spoil


def crossed(row: np.record) -> None:
    """The bid above the ask, level by level."""
    row.bid_px[:] = row.ask_px[0] * 1.001 * (1 - np.arange(LEVELS) * 1e-6)


def back_in_time(rows: np.ndarray) -> None:
    """One row before the one that comes before it."""
    rows["now_ns"][500] = rows["received_ns"][500] = rows["now_ns"][499] - 1


def emptied(row: np.record) -> None:
    """The bid side is empty, as `domain/row.py` has it."""
    row.bid_px[:] = row.bid_qty[:] = 0.0


def silence(rows: np.ndarray) -> None:
    """Everything from one row on a minute later."""
    rows["now_ns"][500:] += 60 * 10**9


CRITICAL = [
    ("input: rows are in the order of time", back_in_time),
    ("input: no row is from the future", quote(lambda row: row.__setattr__("received_ns", row.now_ns + 1))),
    ("input: every quote names a market", quote(lambda row: row.__setattr__("venue", 7))),
    ("input: every price is positive and finite, or there is none", quote(lambda row: row.bid_px.__setitem__(4, -1.0))),
    (
        "input: every price is positive and finite, or there is none",
        quote(lambda row: row.ask_px.__setitem__(0, np.nan)),
    ),
    ("input: every quantity is finite and not negative", quote(lambda row: row.bid_qty.__setitem__(2, -1.0))),
    ("input: every quantity is finite and not negative", quote(lambda row: row.ask_qty.__setitem__(2, np.inf))),
    ("input: deeper levels are worse than those above", quote(lambda row: row.bid_px.__setitem__(4, row.bid_px[3]))),
]
WARNING = [
    ("input: no book is crossed", quote(crossed)),
    ("input: both sides have something", quote(lambda row: row.ask_qty.__setitem__(0, 0.0))),
    ("input: both sides have something", quote(emptied)),
    ("input: no market pauses for long", silence),
]


@pytest.mark.parametrize("name, spoil", CRITICAL, ids=range(len(CRITICAL)))
def test_what_spoils_a_session_closes_the_gate(name: str, spoil: Callable):
    result = gate_rows("thin", spoiled(spoil), SYMBOLS, VENUES)
    assert name in [one.name for one in result.failures]
    assert not result.passed
    (failed,) = [one for one in result.failures if one.name == name]
    assert failed.rows[0].startswith("row=")
    assert {one.name for one in result.failures + result.warnings} <= {
        name,
        "input: deeper levels are worse than those above",
    }


@pytest.mark.parametrize("name, spoil", WARNING, ids=range(len(WARNING)))
def test_what_the_engine_refuses_by_itself_only_warns(name: str, spoil: Callable):
    result = gate_rows("thin", spoiled(spoil), SYMBOLS, VENUES)
    assert result.passed
    assert [one.name for one in result.warnings] == [name]


@pytest.mark.parametrize("share, passed", [(0.0, False), (0.0001, False), (0.001, True)])
def test_more_crossed_books_than_allowed_close_the_gate(share: float, passed: bool):
    """One of 6,000 is crossed."""
    result = gate_rows("thin", spoiled(quote(crossed)), SYMBOLS, VENUES, crossed_share_max=share)
    assert result.passed is passed


def test_every_rule_is_seen_failing():
    seen = {name for name, _ in CRITICAL + WARNING} | {"input: there are quotes"}
    assert seen == {rule.name for rule in rules()}


def test_no_rows_close_the_gate():
    for rows in ([], market_rows()[:0]):
        result = gate_rows("none", rows, SYMBOLS, VENUES)
        assert [one.name for one in result.failures] == ["input: there are quotes"]


def spoiled(spoil: Callable) -> np.ndarray:
    """The market's rows with a defect."""
    rows = market_rows().copy()
    spoil(rows)
    return rows
