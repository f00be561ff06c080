"""The series of a session are those of the record's frames."""

import numpy as np
import pandas as pd
import pytest

from arbitrage_core.storage.record.frames import decimals
from flows.report.series import SessionSeries, falls_quote

DIGITS = 8


def money(*values: float) -> object:
    """Amounts as the record's frames have them: exact decimals."""
    amounts = np.array([round(value * 10**DIGITS) for value in values], np.int64)
    return decimals(amounts, np.full(len(amounts), DIGITS))


def test_series_come_from_the_records_frames():
    equity = pd.DataFrame(
        {
            "now_ns": [10, 20, 30],
            "realised": money(0, -5.5, 2),
            "unrealised": money(1, 0, 0),
            "revaluation": money(0, 0, 0.25),
        }
    )
    trades = pd.DataFrame(
        {
            "phase": pd.Categorical(["CLOSED", "UNWOUND", "VOID", "CLOSED"]),
            "exit_reason": pd.Categorical(["CONVERGED", "NONE", "NONE", "STOP_LOSS"]),
            "realised": money(1.5, -7, 0, 1),
            "entry_notional": money(1000, 500, 0, 0),
            "net_edge_bps": [12.0, np.nan, 1.0, 3.0],
        }
    )
    made = SessionSeries.of_frames("C1", 1, equity, trades, currency="USDT", start_quote=100.0)
    assert made.equity_quote.tolist() == [101.0, 94.5, 102.25]
    assert made.pnl_quote.tolist() == [1.5, -7.0, 1.0]
    assert made.reasons.tolist() == ["CONVERGED", "UNWOUND", "STOP_LOSS"]
    np.testing.assert_array_equal(made.decided_bps, [12.0, np.nan, 3.0])
    np.testing.assert_array_equal(made.realised_bps, [15.0, -140.0, np.nan])


def test_series_of_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        SessionSeries("C1", 1, "USDT", 1.0, np.zeros(2), np.zeros(1), *(np.zeros(0) for _ in range(4)))


FALLS = [
    ([101.0, 94.5, 102.25], [0.0, -6.5, 0.0]),
    ([99.0, 97.0, 99.5], [-1.0, -3.0, -0.5]),  # the capital is the first peak
    ([], []),
]


@pytest.mark.parametrize("equity, falls", FALLS)
def test_equity_falls_from_its_highest_mark(equity: list[float], falls: list[float]):
    assert falls_quote(np.array(equity), 100.0).tolist() == falls
