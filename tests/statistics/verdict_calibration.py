"""The calibration of the verdict, as a command: how often it says TRADE where nothing is to be earned, and where it is.

    python -m tests.statistics.verdict_calibration [--markets 400] [--resamples N] [--without engine]

On markets of known edge (known_markets.py). *False TRADE*: markets without any edge and 150 to 1,500 trades; the 95 %
upper bound of the rate must be at most 5 % for each kind. *Power*: 1,500 trades with a mean of a tenth of their
deviation; where they do not depend on each other and are not skewed at least 90 % must be TRADE. Elsewhere 1,500 trades
tell less, and the share is shown only: nobody can know more than they hold. Exit code 1 when one is missed.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from arbitrage_core.statistics.stationary_bootstrap import RESAMPLES
from arbitrage_core.statistics.verdict import Outcome, Verdict, judge
from tests.statistics.binomial_bound import upper_bound
from tests.statistics.known_markets import SINGLY, TOGETHER, Market, engine_markets

POWERFUL = ("independent", "heavy")
"""The kinds whose power is claimed. Of results as skewed as `skewed` 88 % were found."""

MARKETS = 400
TRADES_MIN, TRADES = 150, 1_500
EDGE = 0.1
FALSE_MAX, POWER_MIN = 0.05, 0.9
ENGINE_ROWS = 250_000

Judge = Callable[[np.ndarray, int], Verdict]


@dataclass(frozen=True)
class Rate:
    """How many of so many markets were called TRADE."""

    traded: int
    markets: int

    @property
    def share(self) -> float:
        """Of the markets."""
        return self.traded / self.markets

    @property
    def bound(self) -> float:
        """What the true share is below, at 95 %."""
        return upper_bound(self.traded, self.markets)


def without_edge(market: Market, markets: int, judged: Judge) -> Rate:
    """TRADE on markets of one kind without an edge, of 150 to 1,500 trades each."""
    traded = 0
    for number in range(markets):
        draw = np.random.default_rng([number, 0])
        nets = market(draw, int(draw.integers(TRADES_MIN, TRADES + 1)))
        traded += judged(nets, number).outcome is Outcome.TRADE
    return Rate(traded, markets)


def with_edge(market: Market, markets: int, judged: Judge) -> Rate:
    """TRADE on markets of one kind with an edge of a tenth of the deviation and 1,500 trades each."""
    found = (judged(market(np.random.default_rng([number, 1]), TRADES) + EDGE, number) for number in range(markets))
    return Rate(sum(verdict.outcome is Outcome.TRADE for verdict in found), markets)


def of_sessions(nets: list[np.ndarray], edge: float, judged: Judge) -> Rate:
    """TRADE on sessions of the engine, each with its own trades."""
    found = [judged(one + edge, number) for number, one in enumerate(nets)]
    return Rate(sum(verdict.outcome is Outcome.TRADE for verdict in found), len(found))


def main(arguments: list[str]) -> int:
    """Prints a line for each kind of market and gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markets", type=int, default=MARKETS)
    parser.add_argument("--resamples", type=int, default=RESAMPLES)
    parser.add_argument("--without", nargs="*", default=[], choices=[*SINGLY, *TOGETHER, "engine"])
    wanted = parser.parse_args(arguments)

    def judged(nets: np.ndarray, seed: int) -> Verdict:
        return judge(nets, seed=seed, resamples=wanted.resamples)

    missed = []
    print(f"{wanted.markets} markets of each kind, seeds 0 to {wanted.markets - 1}")
    for name, market in {**SINGLY, **TOGETHER}.items():
        if name not in wanted.without:
            false = without_edge(market, wanted.markets, judged)
            power = with_edge(market, wanted.markets, judged)
            missed += _told(name, false, power, powerful=name in POWERFUL)
    if "engine" not in wanted.without:
        nets = engine_markets(wanted.markets, ENGINE_ROWS)
        sizes = [len(one) for one in nets]
        print(f"engine: sessions of `mixed`, {ENGINE_ROWS:,} rows, {min(sizes):,} to {max(sizes):,} trades")
        missed += _told("engine", of_sessions(nets, 0.0, judged), of_sessions(nets, EDGE, judged), powerful=False)
    print(f"missed: {', '.join(missed)}" if missed else "calibrated")
    return 1 if missed else 0


def _told(name: str, false: Rate, power: Rate, *, powerful: bool) -> list[str]:
    """Prints the line of one kind, and names what it misses."""
    claim = f"(at least {POWER_MIN:.0%})" if powerful else "(shown)"
    print(
        f"{name:12} without an edge: TRADE {false.traded} of {false.markets}, below {false.bound:.2%} at 95 % "
        f"(at most {FALSE_MAX:.0%}) · with one: TRADE {power.share:.1%} {claim}",
        flush=True,
    )
    missed = [f"{name} false TRADE"] if not false.bound <= FALSE_MAX else []
    return missed + ([f"{name} power"] if powerful and not power.share >= POWER_MIN else [])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
