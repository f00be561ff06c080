"""The stress: a scenario put into rows and venues, run beside the same session without it."""

from collections.abc import Callable
from typing import Any

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.distorted import Distorted
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.scripted import NS_PER_S
from arbitrage_core.scenarios.run import Run
from arbitrage_core.scenarios.scenario import Injection, Setting
from arbitrage_core.session.backtest import run_backtest

Plan = Callable[[tuple[str, ...]], SessionConfig]
"""Settings as --set takes them, laid over those of the session → its configuration. Raises BadInput."""


def setting_of(feed: Feed) -> Setting:
    """What a scenario is put into; goes once through the rows."""
    first_ns = last_ns = 0
    for rows in feed:
        first_ns = first_ns or int(rows["now_ns"][0])
        last_ns = int(rows["now_ns"][-1])
    return Setting(feed.venues, feed.symbols, (last_ns - first_ns) / NS_PER_S)


def stressed_feed(feed: Feed, injection: Injection) -> Feed:
    """The rows with what is injected into them."""
    return Distorted(feed, injection.distortions) if injection.distortions else feed


def run_of(config: SessionConfig, feed: Feed, venue_config: SessionConfig, **options: Any) -> Run:
    """One session as a run; `options` as `run_backtest` takes them. Raises what that raises."""
    return Run(feed, venue_config, run_backtest(config, feed, venue_config=venue_config, **options))
