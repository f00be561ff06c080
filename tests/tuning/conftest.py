"""Rows and sessions for the tests of the tuner."""

from collections.abc import Sequence

import numpy as np
import pytest

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.tuning.evaluation import Evaluator
from arbitrage_core.tuning.splits import WalkForward
from tests.services.servers import postgres_url
from tests.storage.record.conftest import empty_url, new_database

__all__ = ["empty_url", "new_database", "postgres_url"]

ROWS = 60_000


class Given:
    """A feed and an array in memory, as a feed."""

    def __init__(self, feed: SyntheticQuotes, rows: np.ndarray) -> None:
        self.venues, self.symbols, self.levels = feed.venues, feed.symbols, feed.levels
        self._feed, self._rows = feed, rows

    def identity(self) -> dict[str, object]:
        """As the feed's: the same session key, whatever became of the rows."""
        return self._feed.identity()

    def __iter__(self):
        yield self._rows


def market_feed(name: str = "mixed", rows: int = ROWS, seed: int = 1) -> SyntheticQuotes:
    """The rows of a synthetic preset."""
    chosen = preset(name)
    return SyntheticQuotes(
        chosen.market, venues=chosen.venues, symbols=chosen.symbols, rows=rows, seed=seed, levels=chosen.levels
    )


def config_of(settings: Sequence[str], name: str = "mixed") -> SessionConfig:
    """A session on that preset's market."""
    chosen = preset(name)
    offer = Offer(chosen.venues, chosen.symbols, chosen.levels, rates=frozenset({1}))
    return plan_session(offer, settings, params=chosen.params, market_overrides=chosen.market_overrides, seed=1)


@pytest.fixture(scope="session")
def evaluator() -> Evaluator:
    """The `mixed` market, ready."""
    made = Evaluator(market_feed(), WalkForward(count=3, embargo_ms=5_000))
    made.prepare(config_of([]))
    return made
