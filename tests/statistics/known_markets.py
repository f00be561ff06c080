"""Markets whose edge is known: net results of trades with mean 0 and deviation 1, drawn by a seed.

`engine` markets are sessions of the synthetic preset `mixed` through the real engine and simulated venue, with the mean
of all their trades taken off: what one session has more or less than that is chance. Where they are wrong: that mean is
itself an estimate, with a twentieth of one session's error when there are 400.
"""

from collections.abc import Callable

import numpy as np

from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.session import Session
from arbitrage_core.session.verdict_run import nets_of

Draw = np.random.Generator
Market = Callable[[Draw, int], np.ndarray]


def independent(draw: Draw, trades: int) -> np.ndarray:
    """Normal results, none knowing of the others."""
    return draw.standard_normal(trades)


def skewed(draw: Draw, trades: int) -> np.ndarray:
    """What an arbitrage is like: 19 of 20 win a little, one loses nineteen times that."""
    results = np.where(draw.random(trades) < 0.05, -19.0, 1.0) + 0.5 * draw.standard_normal(trades)
    return results / np.sqrt(19.0 + 0.25)


def heavy(draw: Draw, trades: int) -> np.ndarray:
    """Student's t with four degrees of freedom: now and then a very large result."""
    return draw.standard_t(4, trades) / np.sqrt(2.0)


def jumps(draw: Draw, trades: int) -> np.ndarray:
    """Trades of one jump share its fate: one to a few in a row that all win or all lose."""
    counts = 1 + draw.poisson(1.5, trades)
    fates = np.where(draw.random(trades) < 0.4, 1.5, -1.0)
    results = np.repeat(fates, counts)[:trades] + 0.3 * draw.standard_normal(trades)
    return results / np.sqrt(1.5 + 0.09)


def regimes(draw: Draw, trades: int) -> np.ndarray:
    """Good and bad times: a first-order autoregression of 0.5."""
    innovations = draw.standard_normal(trades + 100)
    results = np.zeros(trades + 100)
    for at in range(1, len(results)):
        results[at] = 0.5 * results[at - 1] + innovations[at]
    return results[100:] * np.sqrt(1.0 - 0.25)


SINGLY: dict[str, Market] = {"independent": independent, "skewed": skewed, "heavy": heavy}
"""Markets whose trades do not depend on each other."""

TOGETHER: dict[str, Market] = {"jumps": jumps, "regimes": regimes}
"""Markets whose trades do."""


def engine_markets(count: int, rows: int, first_seed: int = 1) -> list[np.ndarray]:
    """Net results of so many sessions of `mixed`, the mean over all taken off, in deviations over all."""
    chosen = preset("mixed")
    found = []
    for seed in range(first_seed, first_seed + count):
        feed = SyntheticQuotes(
            chosen.market, venues=chosen.venues, symbols=chosen.symbols, rows=rows, seed=seed, levels=chosen.levels
        )
        config = plan_session(Offer.of(feed), params=chosen.params, market_overrides=chosen.market_overrides, seed=seed)
        session = Session(config, config.session_key("calibration"))
        for batch in feed:
            session.feed(batch)
        session.end()
        found.append(nets_of(session.log, config))
    everything = np.concatenate(found)
    return [(nets - np.mean(everything)) / np.std(everything) for nets in found]
