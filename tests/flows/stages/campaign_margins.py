"""The margins of the campaigns: how far from the edges of its bands each one keeps, seed by seed.

`python -m tests.flows.stages.campaign_margins` runs the stage's own twenty seeds, `… 101-160` others, `--each` prints
each seed besides. Exit code 1 when a band is missed or something required does not occur.
"""

import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from os import cpu_count
from statistics import mean, stdev

import numpy as np

from arbitrage_core.domain.order import OrderState
from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.plan import Offer, plan_session
from flows.stages.d65 import D65
from flows.stages.stage import SEEDS, Campaign, Stage


@dataclass(frozen=True)
class Measured:
    """What one seed came to."""

    seed: int
    figures: dict[str, float]
    exits: Counter[str]
    order_states: Counter[str]
    laws: tuple[str, ...]
    elapsed_s: float


def measured(campaign: Campaign, seed: int, rows: int | None = None) -> Measured:
    """Backtests one seed of a campaign, of all its rows or the first so many. No journal, no stores."""
    began, chosen = time.perf_counter(), preset(campaign.preset)
    feed = SyntheticQuotes(
        chosen.market,
        venues=chosen.venues,
        symbols=chosen.symbols,
        rows=rows or campaign.rows,
        seed=seed,
        levels=chosen.levels,
    )
    config = plan_session(
        Offer.of(feed),
        campaign.settings,
        params=chosen.params,
        market_overrides=chosen.market_overrides,
        seed=seed,
    )
    result = run_backtest(config, feed)
    document = result.document
    names = ("entries", "unwound", "open", "win_rate", "fees_quote", "slippage_quote", "pnl_quote")
    return Measured(
        seed=seed,
        figures={
            **{name: float(document[name]) for name in names},
            "closed": float(document["closed_trades"]),
            "partial_closes": float(result.log.trades["partial_closes"].sum()),
            "hold_time_loss_share": hold_time_loss_share(result.log),
        },
        exits=Counter(document["exits"]),
        order_states=order_states(result.log),
        laws=tuple(str(violation) for violation in result.violations),
        elapsed_s=time.perf_counter() - began,
    )


def hold_time_loss_share(log: SessionLog) -> float:
    """Of the ended trades that did not win, the share that left by the holding time; NaN when all won."""
    trades = log.trades[np.isin(log.trades["phase"], (Phase.CLOSED, Phase.UNWOUND))]
    lost = trades[trades["realised_amount"] <= 0]
    return float(np.mean(lost["exit_reason"] == ExitReason.HOLD_TIME)) if len(lost) else float("nan")


def order_states(log: SessionLog) -> Counter[str]:
    """How often an order entered each state."""
    counts = np.bincount(log.changes["after"], minlength=max(OrderState) + 1)
    return Counter({state.name: int(counts[state]) for state in OrderState if counts[state]})


def missed(campaign: Campaign, one: Measured) -> list[str]:
    """Each band that a seed misses, in words."""
    found = [
        f"{band.figure} = {one.figures[band.figure]:.3f}, not within {band.least:g} to {band.most:g}"
        for band in campaign.bands
        if not band.holds(one.figures[band.figure])
    ]
    if one.figures["closed"] < campaign.closed_least:
        found.append(f"closed = {one.figures['closed']:.0f}, fewer than {campaign.closed_least}")
    return [f"{campaign.name} seed {one.seed}: {text}" for text in [*found, *one.laws]]


def absent(seen: list[Measured], stage: Stage = D65) -> list[str]:
    """The exit reasons and order states a stage requires and that did not occur."""
    exits = sum((one.exits for one in seen), Counter())
    states = sum((one.order_states for one in seen), Counter())
    return [name for name in stage.required_exits if not exits[name]] + [
        name for name in stage.required_order_states if not states[name]
    ]


def main(words: list[str], stage: Stage = D65) -> int:
    """Prints the table; 1 when something is missed."""
    each, ranges = "--each" in words, [word for word in words if word != "--each"]
    seeds = _seeds_of(ranges[0]) if ranges else SEEDS
    everything, wrong = [], []
    began = time.perf_counter()
    with ProcessPoolExecutor(cpu_count(), mp_context=get_context("spawn")) as pool:
        for campaign in stage.campaigns:
            ran = list(pool.map(measured, [campaign] * len(seeds), seeds))
            everything += ran
            wrong += [text for one in ran for text in missed(campaign, one)]
            _print_campaign(campaign, ran, each)
    wrong += [f"never seen: {name}" for name in absent(everything, stage)]
    print(f"{len(everything)} sessions in {time.perf_counter() - began:.1f} s")
    print("\n".join(wrong) or "every band holds for every seed; every exit reason and order state occurs")
    return 1 if wrong else 0


def _seeds_of(text: str) -> tuple[int, ...]:
    first, _, last = text.partition("-")
    return tuple(range(int(first), int(last or first) + 1))


def _print_campaign(campaign: Campaign, ran: list[Measured], each: bool) -> None:
    print(f"\n{campaign.name} {campaign.title} ({len(ran)} seeds, {mean(one.elapsed_s for one in ran):.2f} s each)")
    if each:
        for one in ran:
            print(
                f"  seed {one.seed:4}  win rate {one.figures['win_rate']:.3f}  closed {one.figures['closed']:5.0f}  "
                f"{'  '.join(f'{reason} {count}' for reason, count in one.exits.items() if count)}"
            )
    for name, least, most in (
        *((band.figure, band.least, band.most) for band in campaign.bands),
        ("closed", campaign.closed_least, float("inf")),
    ):
        values = [one.figures[name] for one in ran]
        spread = stdev(values) if len(values) > 1 else 0.0
        room = min(min(values) - least, most - max(values))
        print(
            f"  {name:22} {least:g} to {most:g}: mean {mean(values):.4g}, sd {spread:.3g}, "
            f"from {min(values):.4g} to {max(values):.4g}, room {room:.4g}"
        )
    for title, counts in (
        ("exits", [one.exits for one in ran]),
        ("order states", [one.order_states for one in ran]),
    ):
        names = sorted({name for count in counts for name in count})
        told = (
            f"{name} {min(c[name] for c in counts)}/{sum(c[name] for c in counts) // len(counts)}" for name in names
        )
        print(f"  {title} (least/mean of a seed): {', '.join(told)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
