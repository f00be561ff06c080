"""The stress of a seed: its scenario put into its rows and venues, and the same session without it to compare with.

The baseline runs here once more, in the process of the seed: it takes a tenth of a second, and so both have the very
same rows. That it is the recorded baseline of its stage, a check says (flows/scenario_checks.py).
"""

from dataclasses import dataclass

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.scenarios.catalogue import scenario_of
from arbitrage_core.scenarios.judgement import judged
from arbitrage_core.scenarios.outcome import ScenarioOutcome
from arbitrage_core.scenarios.run import Run
from arbitrage_core.scenarios.scenario import Injection, Scenario, Setting
from arbitrage_core.scenarios.stress import run_of, setting_of, stressed_feed
from arbitrage_core.session.result import SessionResult
from flows.seed_rows import KeptRows, config_of
from flows.stages.stage import Campaign


@dataclass(frozen=True)
class Stress:
    """`feed` and `venue_config`: the stressed rows, and what the venues really do. `base`: the rows as they were."""

    scenario: Scenario
    setting: Setting
    base: KeptRows
    feed: KeptRows
    config: SessionConfig
    venue_config: SessionConfig

    @classmethod
    def of(cls, campaign: Campaign, seed: int, base: KeptRows, *, injects: bool = True) -> "Stress | None":
        """That of a campaign's scenario; None without one. `injects` False: all is as ever, but nothing is injected."""
        if not campaign.scenario:
            return None
        scenario, setting = scenario_of(campaign.scenario), setting_of(base)
        injection = scenario.inject(setting) if injects else Injection()
        return cls(
            scenario=scenario,
            setting=setting,
            base=base,
            feed=KeptRows(stressed_feed(base, injection)),
            config=config_of(campaign, seed),
            venue_config=config_of(campaign, seed, injection.venue_settings),
        )

    def judged(self, result: SessionResult) -> ScenarioOutcome:
        """What the session came to, against the same one without the scenario."""
        baseline = run_of(self.config, self.base, self.config)
        return judged(self.scenario, self.setting, baseline, Run(self.feed, self.venue_config, result))
