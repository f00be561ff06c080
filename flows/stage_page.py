"""A stage's page while it is run: its campaigns seed by seed, then its checks and its verdict."""

import threading
from collections.abc import Callable

from flows.live_page import LivePage
from flows.outcome import StageOutcome
from flows.stages.stage import Stage

SHOWN_MOST = 20


class StagePage:
    """The artifact `d65-now` of a run of D65. `line` is called with words for the log."""

    def __init__(self, stage: Stage, line: Callable[[str], object]) -> None:
        self._stage, self._line = stage, line
        self._done = dict.fromkeys((campaign.name for campaign in stage.campaigns), 0)
        self._planned = {campaign.name: len(campaign.seeds) for campaign in stage.campaigns}
        self._alone = threading.Lock()
        self._page = LivePage(f"{stage.name.lower()}-now", f"{stage.name}: how it stands", line)
        self._page.begin(self._running())

    def told(self, campaign: str, done: int, planned: int) -> None:
        """A campaign has come so far."""
        with self._alone:
            self._done[campaign], self._planned[campaign] = done, planned
            self._page.show(self._running())

    def judged(self, outcome: StageOutcome) -> None:
        """The verdict, in the log and on the page."""
        failed = [check for check in outcome.checks if not check.passed]
        said = (
            f"{len(outcome.checks)} checks, {len(failed)} failed" if failed else f"{len(outcome.checks)} checks passed"
        )
        self._line(f"{outcome.verdict}: {said}, {outcome.elapsed_s:.0f} s")
        for check in failed[:SHOWN_MOST]:
            self._line(f"{'failed' if check.critical else 'not as wished'}: {check.name}: {check.observed}")
        lines = [f"# {outcome.verdict}", "", f"{said}, {outcome.elapsed_s:.0f} s.", ""]
        lines += [f"- {check.name}: {check.observed}, expected {check.expected}" for check in failed[:SHOWN_MOST]]
        with self._alone:
            self._page.show("\n".join([*lines, "", self._campaigns()]), f"{outcome.verdict}: {said}")

    def _running(self) -> str:
        return f"# {self._stage.name} runs\n\n{self._campaigns()}"

    def _campaigns(self) -> str:
        rows = [f"| {name} | {done} of {self._planned[name]} |" for name, done in self._done.items()]
        return "\n".join(["| campaign | seeds |", "|---|---|", *rows])
