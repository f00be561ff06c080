"""The rows and settings of a seed: what a campaign says, made up for one of its seeds."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.distorted import Distorted
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.scripted import Scripted
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.session.plan import Offer, plan_session
from flows.stages.stage import Campaign


def feed_of(campaign: Campaign, seed: int) -> Feed:
    """The rows of a seed, with what the campaign's script puts between them."""
    chosen = preset(campaign.preset)
    quotes = SyntheticQuotes(
        chosen.market,
        venues=chosen.venues,
        symbols=tuple(campaign.symbols) or chosen.symbols,
        rows=campaign.rows,
        seed=seed,
        levels=chosen.levels,
        markets={symbol: preset(name).market for symbol, name in campaign.symbols.items() if name != campaign.preset},
    )
    distorted = Distorted(quotes, campaign.distortions) if campaign.distortions else quotes
    return Scripted(distorted, campaign.script) if campaign.script else distorted


def config_of(campaign: Campaign, seed: int, more: tuple[str, ...] = ()) -> SessionConfig:
    """The settings of a seed; `more` settings besides those the campaign states."""
    chosen, feed = preset(campaign.preset), feed_of(campaign, seed)
    return plan_session(
        Offer.of(feed),
        (*campaign.settings, *more),
        params=chosen.params,
        market_overrides=chosen.market_overrides,
        seed=seed,
    )


class KeptRows:
    """A feed made once and kept: session, replay and model check each go through a seed's rows."""

    def __init__(self, feed: Feed) -> None:
        self.venues, self.symbols, self.levels = feed.venues, feed.symbols, feed.levels
        self._identity, self._arrays = feed.identity(), list(feed)

    def identity(self) -> dict[str, Any]:
        """That of the feed."""
        return self._identity

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self._arrays)
