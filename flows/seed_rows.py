"""The rows and settings of a seed: what a campaign says, made up for one of its seeds."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.distorted import Distorted
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.row_stream import rows_within
from arbitrage_core.feeds.scripted import NS_PER_S, Scripted
from arbitrage_core.feeds.synthetic import ROWS_MAX, SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.scenarios.catalogue import scenario_of
from arbitrage_core.scenarios.stress import setting_of, stressed_feed
from arbitrage_core.session.plan import Offer, plan_session
from flows.stages.stage import Campaign


def feed_of(campaign: Campaign, seed: int) -> Feed:
    """The rows of a seed: those of `base_feed_of`, with what the campaign's scenario injects into them."""
    feed = base_feed_of(campaign, seed)
    if not campaign.scenario:
        return feed
    kept = KeptRows(feed)
    return stressed_feed(kept, scenario_of(campaign.scenario).inject(setting_of(kept)))


def base_feed_of(campaign: Campaign, seed: int) -> Feed:
    """The rows of a seed before any scenario, with what the campaign's script puts between them."""
    quotes = _quotes(campaign, seed, rows_of(campaign, seed))
    return Scripted(quotes, campaign.script) if campaign.script else quotes


def rows_of(campaign: Campaign, seed: int) -> int:
    """How many rows a seed has: as many as the campaign says, or as come within its span."""
    if campaign.span_s is None:
        return campaign.rows or 0
    return rows_within(_quotes(campaign, seed, ROWS_MAX), round(campaign.span_s * NS_PER_S))


def _quotes(campaign: Campaign, seed: int, rows: int) -> Feed:
    chosen = preset(campaign.preset)
    quotes = SyntheticQuotes(
        chosen.market,
        venues=chosen.venues,
        symbols=tuple(campaign.symbols) or chosen.symbols,
        rows=rows,
        seed=seed,
        levels=chosen.levels,
        markets={symbol: preset(name).market for symbol, name in campaign.symbols.items() if name != campaign.preset},
    )
    return Distorted(quotes, campaign.distortions) if campaign.distortions else quotes


def config_of(campaign: Campaign, seed: int, more: tuple[str, ...] = ()) -> SessionConfig:
    """The settings of a seed; `more` settings besides those the campaign states."""
    chosen = preset(campaign.preset)
    told = {step.currency for step in campaign.script if step.currency}
    return plan_session(
        Offer.of(_quotes(campaign, seed, rows=1), told),  # what there is to trade does not hang on how long
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
