"""The margins of the campaigns: how far from the edges of its bands each one keeps, seed by seed.

`python -m tests.flows.stages.campaign_margins` runs the twenty seeds of D65, `… D66` those of another stage,
`… 101-160` other seeds, `--each` prints each seed besides. Exit code 1 when a band is missed, a law broken, a sum off,
a limit crossed, or something required does not occur.
"""

import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from math import nan
from multiprocessing import get_context
from os import cpu_count
from statistics import mean, stdev

from arbitrage_core.session.backtest import run_backtest
from flows.seed_rows import config_of, feed_of
from flows.seed_run import counts_of, figures_of
from flows.stages.d65 import D65
from flows.stages.registry import STAGES
from flows.stages.stage import Band, Campaign, Stage


@dataclass(frozen=True)
class Measured:
    """What one seed came to."""

    seed: int
    figures: dict[str, float]
    symbols: dict[str, dict[str, float | None]]
    exits: Counter[str]
    order_states: Counter[str]
    refusals: Counter[str]
    trips: Counter[str]
    wrong: tuple[str, ...]
    """Laws broken, sums that differ, limits crossed."""
    elapsed_s: float

    def figure(self, band: Band) -> float:
        """The figure of a band; NaN when it was not measured."""
        found = self.symbols.get(band.symbol, {}).get(band.figure) if band.symbol else self.figures[band.figure]
        return nan if found is None else found


def measured(campaign: Campaign, seed: int, rows: int | None = None) -> Measured:
    """Backtests one seed of a campaign, of all its rows or the first so many. No journal, no stores."""
    began = time.perf_counter()
    cut = campaign.model_copy(update={"rows": rows or campaign.rows})
    result = run_backtest(config_of(cut, seed), feed_of(cut, seed))
    counts = counts_of(result, marks_cross=cut.marks_cross)
    return Measured(
        seed=seed,
        figures={
            name: nan if value is None else value for name, value in figures_of(result.document, result.log).items()
        },
        symbols=counts["symbols"],
        exits=Counter(counts["exits"]),
        order_states=Counter({state: count for state, count in counts["order_states"].items() if count}),
        refusals=Counter(counts["refusals"]),
        trips=Counter(counts["trips"]),
        wrong=(*map(str, result.violations), *counts["sums"], *counts["crossed"]),
        elapsed_s=time.perf_counter() - began,
    )


def missed(campaign: Campaign, one: Measured) -> list[str]:
    """Each band that a seed misses, in words."""
    found = [
        f"{band.name.replace(' ', '_')} = {one.figure(band):.3f}, not within {band.least:g} to {band.most:g}"
        for band in campaign.bands
        if not band.holds(one.figure(band))
    ]
    if one.figures["closed"] < campaign.closed_least:
        found.append(f"closed = {one.figures['closed']:.0f}, fewer than {campaign.closed_least}")
    return [f"{campaign.name} seed {one.seed}: {text}" for text in [*found, *one.wrong]]


def absent(seen: list[Measured], stage: Stage = D65) -> list[str]:
    """The exit reasons, order states, refusals and trips a stage requires and that did not occur."""
    required = {
        "exits": stage.required_exits,
        "order_states": stage.required_order_states,
        "refusals": stage.required_refusals,
        "trips": stage.required_trips,
    }
    return [
        name for kind, names in required.items() for name in names if not sum(getattr(one, kind)[name] for one in seen)
    ]


def main(words: list[str], stage: Stage = D65) -> int:
    """Prints the table; 1 when something is missed."""
    each, named = "--each" in words, [word for word in words if word in STAGES]
    stage = STAGES[named[0]] if named else stage
    ranges = [word for word in words if word not in ("--each", *named)]
    everything, wrong = [], []
    began = time.perf_counter()
    with ProcessPoolExecutor(cpu_count(), mp_context=get_context("spawn")) as pool:
        for campaign in stage.campaigns:
            seeds = _seeds_of(ranges[0]) if ranges else campaign.seeds
            ran = list(pool.map(measured, [campaign] * len(seeds), seeds))
            everything += ran
            wrong += [text for one in ran for text in missed(campaign, one)]
            _print_campaign(campaign, ran, each)
    wrong += [f"never seen: {name}" for name in absent(everything, stage)]
    print(f"{len(everything)} sessions in {time.perf_counter() - began:.1f} s")
    print("\n".join(wrong) or "every band holds for every seed; all that is required occurs")
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
    closed = Band(figure="closed", least=campaign.closed_least, most=1e12)
    for band in (*campaign.bands, closed):
        name, least, most = band.name, band.least, band.most
        values = [one.figure(band) for one in ran]
        spread = stdev(values) if len(values) > 1 else 0.0
        room = min(min(values) - least, most - max(values))
        print(
            f"  {name:22} {least:g} to {most:g}: mean {mean(values):.4g}, sd {spread:.3g}, "
            f"from {min(values):.4g} to {max(values):.4g}, room {room:.4g}"
        )
    for title, counts in (
        ("exits", [one.exits for one in ran]),
        ("order states", [one.order_states for one in ran]),
        ("trips", [one.trips for one in ran]),
    ):
        names = sorted({name for count in counts for name in count})
        told = (
            f"{name} {min(c[name] for c in counts)}/{sum(c[name] for c in counts) // len(counts)}" for name in names
        )
        print(f"  {title} (least/mean of a seed): {', '.join(told)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
