"""The calibration, short: the command on fewer markets, and a verdict that is too sure, which it catches."""

import numpy as np
import pytest

from arbitrage_core.statistics.stationary_bootstrap import MeanBootstrap
from arbitrage_core.statistics.verdict import CONFIDENCE, Outcome, Verdict, judge
from tests.statistics import verdict_calibration
from tests.statistics.binomial_bound import lower_bound, upper_bound
from tests.statistics.known_markets import SINGLY, TOGETHER, independent, jumps
from tests.statistics.verdict_calibration import POWERFUL, main, with_edge, without_edge

MARKETS = 80


def judged(nets: np.ndarray, seed: int) -> Verdict:
    return judge(nets, seed=seed, resamples=500)


def too_sure(nets: np.ndarray, seed: int) -> Verdict:
    """Takes trades that share their fate for independent."""
    low, _ = MeanBootstrap.of(nets, seed=seed, resamples=500, block=1.0).interval(CONFIDENCE)
    return Verdict(Outcome.TRADE if low > 0 else Outcome.NOT_ENOUGH_EVIDENCE, "", len(nets), 1)


@pytest.mark.parametrize("kind", [*SINGLY, *TOGETHER])
def test_a_market_without_an_edge_is_seldom_called_trade(kind: str):
    rate = without_edge({**SINGLY, **TOGETHER}[kind], MARKETS, judged)
    assert lower_bound(rate.traded, rate.markets, 0.99) <= 0.03
    assert rate.share <= 0.05


def test_trades_taken_for_independent_are_caught():
    assert without_edge(jumps, MARKETS, too_sure).share > 0.05
    assert without_edge(independent, MARKETS, too_sure).share <= 0.05


@pytest.mark.parametrize("kind, least", [*((kind, 0.9) for kind in POWERFUL), ("skewed", 0.8)])
def test_an_edge_of_a_tenth_is_found_in_1500_trades(kind: str, least: float):
    assert with_edge(SINGLY[kind], 40, judged).share >= least


def test_the_command_passes_and_fails(monkeypatch, capsys):
    """One market each cannot show a rate below 5 %, so that the command has to say what is missed."""
    others = ["skewed", "heavy", "jumps", "regimes", "engine"]
    assert main(["--markets", "60", "--resamples", "300", "--without", *others]) == 0
    assert capsys.readouterr().out.endswith("calibrated\n")
    assert main(["--markets", "3", "--resamples", "100", "--without", *others]) == 1
    assert "missed: independent false TRADE" in capsys.readouterr().out
    monkeypatch.setattr(verdict_calibration, "EDGE", 0.01)
    assert main(["--markets", "60", "--resamples", "100", "--without", *others]) == 1
    assert "independent power" in capsys.readouterr().out


@pytest.mark.parametrize(
    "seen, tries, bound",
    [(0, 400, 0.0074614), (12, 400, 0.0481539), (13, 400, 0.0511756), (0, 59, 0.0495076), (5, 5, 1.0)],
)
def test_the_bound_is_that_of_clopper_and_pearson(seen: int, tries: int, bound: float):
    """By `scipy.stats.beta.ppf(0.95, k + 1, n - k)`."""
    assert upper_bound(seen, tries) == pytest.approx(bound, abs=1e-6)
    assert lower_bound(tries - seen, tries) == pytest.approx(1.0 - bound, abs=1e-6)
