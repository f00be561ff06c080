"""The series of a session: what the charts draw of it, as plain arrays."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from flows.report.exposure import Exposure
from flows.report.search import Search
from flows.report.track import Track

BPS = 1e4
UNWOUND, VOID = "UNWOUND", "VOID"


@dataclass(frozen=True, eq=False)
class SessionSeries:
    """Equity at its marks, and the trades that ended with something filled.

    Shapes and units: `marked_ns` int64[n] ascending and `equity_quote` float64[n]; of each trade `pnl_quote`,
    `decided_bps`, `realised_bps` float64[m] (net edge at decision, net PnL over entry notional; NaN where there is
    none) and `reasons` str[m], the exit reason or UNWOUND. Money is in units of `currency`. Floats: they are drawn,
    not added up. `realised` of each symbol, and `exposure`, only where the campaign tells its symbols apart;
    `search` only where the session's settings come of a study. Raises ValueError when lengths differ.
    """

    campaign: str
    seed: int
    currency: str
    start_quote: float
    marked_ns: np.ndarray
    equity_quote: np.ndarray
    pnl_quote: np.ndarray
    decided_bps: np.ndarray
    realised_bps: np.ndarray
    reasons: np.ndarray
    realised: tuple[Track, ...] | None = None
    exposure: Exposure | None = None
    search: Search | None = None

    def __post_init__(self) -> None:
        marks = {len(self.marked_ns), len(self.equity_quote)}
        trades = {len(self.pnl_quote), len(self.decided_bps), len(self.realised_bps), len(self.reasons)}
        if len(marks) > 1 or len(trades) > 1:
            raise ValueError(f"series of {self.campaign}, seed {self.seed}, differ in length: {marks}, {trades}")

    @classmethod
    def of_frames(
        cls, campaign: str, seed: int, equity: pd.DataFrame, trades: pd.DataFrame, *, currency: str, start_quote: float
    ) -> "SessionSeries":
        """From the record's `read_equity` and `read_trades` (storage/record/frames.py); `start_quote` is the capital.

        Equity is start + realised + unrealised + revaluation, as the drawdown's statistics have it.
        """
        ended = trades[trades["phase"].astype(str) != VOID]
        realised, notional = _floats(ended["realised"]), _floats(ended["entry_notional"])
        with np.errstate(divide="ignore", invalid="ignore"):
            realised_bps = np.where(notional > 0, realised / notional * BPS, np.nan)
        unwound = (ended["phase"].astype(str) == UNWOUND).to_numpy()
        parts = ("realised", "unrealised", "revaluation")
        return cls(
            campaign,
            seed,
            currency,
            float(start_quote),
            equity["now_ns"].to_numpy(np.int64),
            float(start_quote) + sum((_floats(equity[part]) for part in parts), np.zeros(len(equity))),
            realised,
            _floats(ended["net_edge_bps"]),
            realised_bps,
            np.where(unwound, UNWOUND, ended["exit_reason"].astype(str).to_numpy(dtype=str)),
        )


def falls_quote(equity_quote: np.ndarray, start_quote: float) -> np.ndarray:
    """How far equity stands below its highest mark so far, float64[n] ≤ 0, of finite float64[n] marks.

    The capital is the first peak, as in statistics/drawdown.py: losing from the very start is a drawdown too.
    """
    if not len(equity_quote):
        return np.zeros(0)
    return np.minimum(equity_quote - np.maximum(np.maximum.accumulate(equity_quote), start_quote), 0.0)


def _floats(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)
