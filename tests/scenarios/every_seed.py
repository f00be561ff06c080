"""Every scenario of D69 on many seeds: what fails, and how near each measure came to its tolerance.

    python -m tests.scenarios.every_seed [FIRST-LAST]

Seeds 1 to 20 unless told otherwise. D69 runs three of them; that its limits suit its market, and not just those three,
this shows. Exits 1 when a finding fails.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from arbitrage_core.scenarios.judgement import alike
from arbitrage_core.scenarios.outcome import ScenarioOutcome
from arbitrage_core.scenarios.stress import run_of
from flows.seed_rows import KeptRows, base_feed_of
from flows.seed_stress import Stress
from flows.stages.d69 import R0, SCENARIO_CAMPAIGNS


def of_seed(seed: int) -> list[ScenarioOutcome]:
    """All scenarios on one seed."""
    base, found = KeptRows(base_feed_of(R0, seed)), []
    for campaign in SCENARIO_CAMPAIGNS:
        stress = Stress.of(campaign, seed, base)
        assert stress is not None
        found.append(stress.judged(run_of(stress.config, stress.feed, stress.venue_config).result))
    return found


def main(words: list[str]) -> int:
    """Prints what failed, and by scenario the worst of each measure; 1 when something failed."""
    first, _, last = (words[0] if words else "1-20").partition("-")
    seeds, failed = range(int(first), int(last or first) + 1), 0
    worst: dict[str, float] = {}
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for seed, found in zip(seeds, pool.map(of_seed, seeds), strict=True):
            equal = alike(found[0].baseline, {one.scenario: one.stressed for one in found})
            wrong = [f"{one.scenario}: {finding}" for one in found for finding in one.findings if not finding.passed]
            failed += len(wrong) + len(equal)
            print("\n".join(f"seed {seed}: {text}" for text in (*wrong, *equal)) or f"seed {seed}: all as stated")
            for one in found:
                for part in one.injected:
                    off = abs((part.measured or 0.0) / part.intended - 1.0)
                    name = f"{one.scenario}: {part.what}"
                    worst[name] = max(worst.get(name, 0.0), off)
    print("\n".join(f"{name:60} off by {off:.2%} at most" for name, off in worst.items()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
