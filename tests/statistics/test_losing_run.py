"""The losing run to expect: against the published length for independent trades, and longer where losses cluster."""

from math import log

import numpy as np
import pytest

from arbitrage_core.statistics.losing_run import losing_run


def outcomes(share_lost: float, trades: int, seed: int = 1) -> np.ndarray:
    return np.where(np.random.default_rng(seed).random(trades) < share_lost, -1.0, 1.0)


@pytest.mark.parametrize("share_lost", [0.2, 0.5])
def test_of_independent_trades_it_is_the_published_length(share_lost: float):
    """Schilling (1990): about log(n (1 − q)) to the base 1/q, and a spread that does not grow with n."""
    expected = log(2_000 * (1 - share_lost)) / log(1 / share_lost)
    found = losing_run(outcomes(share_lost, 2_000))
    assert found["median"] == pytest.approx(expected, abs=1.6)
    assert found["median"] < found["p95"] <= expected + 3.5 / log(1 / share_lost)


def test_losses_that_come_together_make_longer_runs():
    alone = outcomes(0.5, 1_000)
    together = np.repeat(outcomes(0.5, 250), 4)
    assert losing_run(together)["median"] > 1.5 * losing_run(alone)["median"]


def test_edges():
    assert losing_run(np.zeros(0)) == {"seen": 0, "median": None, "p95": None}
    assert losing_run(np.ones(50)) == {"seen": 0, "median": 0, "p95": 0}
    assert losing_run(-np.ones(50)) == {"seen": 50, "median": 50, "p95": 50}
    assert losing_run(np.array([-1.0, -1.0, 0.0, -1.0, 1.0]))["seen"] == 2
