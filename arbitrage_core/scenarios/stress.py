"""The stress: a scenario put into rows and venues, run beside the same session without it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.distorted import Distorted
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.scripted import NS_PER_S
from arbitrage_core.scenarios.catalogue import SCENARIOS, scenario_of
from arbitrage_core.scenarios.run import Run
from arbitrage_core.scenarios.scenario import Injection, Scenario, Setting
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.plan import Offer, read_settings

Plan = Callable[[tuple[str, ...]], SessionConfig]
"""Settings as --set takes them, laid over those of the session → its configuration. Raises BadInput."""


ALL = "all"
Model = TypeVar("Model", bound=BaseModel)


def scenarios_for(names: Iterable[str], config: SessionConfig) -> tuple[str, ...]:
    """The scenarios named, in the catalogue's order; `all`: those that there is something to inject of in such a
    session. Raises BadInput for one there is not, and for a named one of which there is nothing to inject."""
    chosen: list[Scenario] = []
    for name in names:
        everything = name.lower() == ALL
        found = [one for one in SCENARIOS.values() if _can_be(one, config)] if everything else [scenario_of(name)]
        if not all(_can_be(one, config) for one in found):
            raise BadInput(
                f"{found[0].name} needs {found[0].symbols_least} symbols and {found[0].currencies_least} currencies",
                "leave it out, or trade more",
            )
        chosen += found
    return tuple(name for name, one in SCENARIOS.items() if one in chosen)


def _can_be(scenario: Scenario, config: SessionConfig) -> bool:
    return len(config.symbols) >= scenario.symbols_least and len(config.currencies) >= scenario.currencies_least


def stressed_venues(config: SessionConfig, settings: Sequence[str]) -> SessionConfig:
    """What the venues of a session really do: these settings hold at every market and venue they reach, whatever the
    session itself says of one of them. Raises BadInput."""
    there = tuple((market.venue, market.symbol) for market in config.markets)
    names = tuple(venue.name for venue in config.venues)
    wishes = read_settings(settings, Offer(names, config.symbols, config.levels, there))
    markets = (_with(one, wishes.market | wishes.by_market.get((one.venue, one.symbol), {})) for one in config.markets)
    venues = (_with(one, wishes.venue | wishes.by_venue.get(one.name, {})) for one in config.venues)
    return _with(config, {"markets": tuple(markets), "venues": tuple(venues)})


def _with(model: Model, changed: dict[str, Any]) -> Model:
    return type(model).model_validate({**dict(model), **changed}) if changed else model


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
