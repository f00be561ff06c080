"""The baselines of the benchmark: what this machine could do at most, to read the engine's figures by.

Memory: how fast one core reads the very bytes of the rows. Computing: a bare loop that keeps the last touches of every
market and tests the edge, and does nothing else a trading system does. Machines differ by a factor of three; how much
of the bare loop's speed the engine keeps differs little.
"""

import time

import numpy as np
from numba import njit

SCALE = 1e-4


def bandwidth(rows: np.ndarray, runs: int) -> dict[str, float]:
    """What one core reads of these bytes: nothing that looks at every byte of ROW[n] can be faster."""
    words = rows.view(np.int64)
    seconds = _best_s(runs, _sum_of, words)
    bytes_per_s = rows.nbytes / seconds
    return {
        "memory_bandwidth_gb_s": round(bytes_per_s / 1e9, 2),
        "memory_bound_rows_per_s": round(bytes_per_s / rows.dtype.itemsize),
        "row_bytes": rows.dtype.itemsize,
    }


def bare_rows_per_s(rows: np.ndarray, entry_spread_bps: float, runs: int) -> int:
    """Rows a second of the bare loop over ROW[n] of quotes of two venues."""
    symbols = int(rows["symbol"].max()) + 1
    touches = np.zeros((symbols, 2, 2))
    seconds = _best_s(runs, _bare_fold, rows, touches, 1.0 + entry_spread_bps * SCALE)
    return round(len(rows) / seconds)


def _best_s(runs: int, function, *arguments: object) -> float:
    function(*arguments)  # compiles
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        function(*arguments)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


@njit(cache=True)
def _sum_of(words):
    """The wrapping sum of i8[n]."""
    total = np.int64(0)
    for word in words:
        total += word
    return total


@njit(error_model="numpy", boundscheck=True, cache=True)
def _bare_fold(rows, touches, factor):
    """How often either pair of touches f8[symbols, 2, (bid, ask)] exceeds the factor, after each row."""
    above = 0
    for at in range(rows.shape[0]):
        row = rows[at]
        here, there = touches[row.symbol, row.venue], touches[row.symbol, 1 - row.venue]
        here[0], here[1] = row.bid_px[0], row.ask_px[0]
        above += (here[0] > there[1] * factor) | (there[0] > here[1] * factor)
    return above
