"""The run of a stress: the baseline, then each scenario beside it, and the table of both."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from arbitrage_core.domain.currency import money_text
from arbitrage_core.domain.errors import AnomalyFound, BadInput
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.scripted import Scripted
from arbitrage_core.scenarios.catalogue import CURRENCY, SCENARIOS, peg_script, scenario_of, stress_settings
from arbitrage_core.scenarios.judgement import alike, judged, traded
from arbitrage_core.scenarios.outcome import ScenarioOutcome, Traded
from arbitrage_core.scenarios.run import Run
from arbitrage_core.scenarios.scenario import Scenario, Setting
from arbitrage_core.scenarios.stress import run_of, setting_of, stressed_feed
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.preset_plan import params_below, plan_with_preset
from arbitrage_core.session.rows_fit import rows_notes
from console.complaint import ACCEPTED, FAILED
from console.document import print_document
from console.notes import say_notes
from console.page import Page, shown_of
from console.preset_named import preset_named
from console.progress import RowsProgress
from console.source import Source, Wanted, source_of
from flows.seed_rows import KeptRows

if TYPE_CHECKING:
    from arbitrage_core.storage.record.presets import StrategyPreset

SPAN_LEAST_S = 60.0
"""Shorter ones leave no room for what comes and goes."""
KEPT_ROWS_MAX = 2_000_000
"""So many rows are kept in memory; more are read anew each time they are gone through."""


@dataclass(frozen=True)
class Ground:
    """What every scenario is put into: the rows, how long they last, and what settings make of them."""

    source: Source
    settings: tuple[str, ...]
    seed: int
    setting: Setting
    feed: Feed
    preset: "StrategyPreset | None" = None

    @classmethod
    def of(cls, wanted: Wanted, settings: tuple[str, ...], preset: "StrategyPreset | None" = None) -> "Ground":
        """Opens the data and looks how long they last. Raises BadInput."""
        source = source_of(wanted)
        plain = _kept(source.feed, source.rows)
        setting = setting_of(plain)
        if setting.span_s < SPAN_LEAST_S:
            raise BadInput(
                f"the rows last {setting.span_s:.1f} s, too short for scenarios", f"take {SPAN_LEAST_S:g} s or more"
            )
        feed = _kept(Scripted(plain, peg_script(setting.span_s)), source.rows)
        return cls(source, settings, wanted.seed, setting, feed, preset)

    def plan(self, more: tuple[str, ...] = ()) -> SessionConfig:
        """The settings of all, the preset's, the operator's, and more. Raises BadInput."""
        source = self.source
        below = {"params": source.params, "market_overrides": source.market_overrides, "seed": self.seed}
        offer = Offer.of(source.feed, {CURRENCY})

        def plan(settings: tuple[str, ...]) -> SessionConfig:
            currency = plan_session(offer, settings, **below).reporting_currency
            of_all = stress_settings(source.feed.venues, source.feed.symbols, currency)
            stressed = dict(one.rsplit("=", 1) for one in of_all)
            return plan_session(offer, (*params_below(stressed, settings), *settings), **below)

        return plan_with_preset(self.preset, (*self.settings, *more), plan)


def run(
    wanted: Wanted, names: tuple[str, ...], settings: tuple[str, ...], preset: str | None = None, *, as_json: bool
) -> int:
    """Runs it, shows the table and gives the exit code. Raises BadInput, and what ends the baseline."""
    chosen = [scenario_of(name) for name in dict.fromkeys(names)] or list(SCENARIOS.values())
    ground = Ground.of(wanted, settings, preset_named(preset))
    possible = [one for one in chosen if len(ground.setting.symbols) >= one.symbols_least]
    if names and len(possible) < len(chosen):
        missing = next(one for one in chosen if one not in possible)
        raise BadInput(f"{missing.name} needs {missing.symbols_least} symbols", "name more with --symbols")
    config = ground.plan()
    notes = rows_notes(config, ground.source.feed)
    say_notes(notes)
    with RowsProgress(len(possible) + 1, "scenarios") as progress:
        baseline = run_of(config, ground.feed, config, notice=progress.notice)
        found: list[dict[str, Any]] = []
        outcomes: dict[str, Traded] = {}
        for number, scenario in enumerate(possible, start=1):
            document, stressed = _stressed(scenario, ground, baseline)
            found.append(document)
            if stressed is not None:
                outcomes[scenario.name] = stressed
            progress(number, 0)
    equal = alike(traded(baseline), outcomes)
    document = {
        "reporting_currency": config.reporting_currency,
        "baseline": {**_figures(traded(baseline)), "laws": baseline.document["laws"]},
        "scenarios": found,
        "notes": list(notes),
        "preset": None if ground.preset is None else ground.preset.cited,
        "equal": equal,
        "left_out": [one.name for one in chosen if one not in possible],
        "passed": not equal and not baseline.result.violations and all(one["passed"] for one in found),
    }
    print_document(document) if as_json else _show(document)
    return ACCEPTED if document["passed"] else FAILED


def _stressed(scenario: Scenario, ground: Ground, baseline: Run) -> tuple[dict[str, Any], Traded | None]:
    """A scenario's document, and what it came to; None when the session stopped itself."""
    injection = scenario.inject(ground.setting)
    feed = _kept(stressed_feed(ground.feed, injection), ground.source.rows)
    try:
        stressed = run_of(baseline.config, feed, ground.plan(injection.venue_settings))
    except AnomalyFound as crash:
        return _crashed(scenario, ground.setting, str(crash)), None
    outcome = judged(scenario, ground.setting, baseline, stressed)
    return _document(outcome), outcome.stressed


def _document(outcome: ScenarioOutcome) -> dict[str, Any]:
    injections = [one.model_dump(mode="json") for one in outcome.injected]
    return {
        "name": outcome.scenario,
        "title": outcome.title,
        "injection": injections[0],
        "injections": injections,
        **_figures(outcome.stressed),
        "findings": [finding.model_dump(mode="json") for finding in outcome.findings],
        "passed": outcome.passed,
    }


def _crashed(scenario: Scenario, setting: Setting, why: str) -> dict[str, Any]:
    intended = {"intended": scenario.proofs[0].intended(setting), "measured": None}
    finding = {"name": "no crash and no law broken", "passed": False, "observed": why, "expected": "every law"}
    return {
        "name": scenario.name,
        "title": scenario.title,
        "injection": intended,
        "pnl_quote": None,
        "guards": {},
        "findings": [finding],
        "passed": False,
    }


def _figures(one: Traded) -> dict[str, Any]:
    return one.model_dump(mode="json")


def _kept(feed: Feed, rows: int) -> Feed:
    return KeptRows(feed) if rows <= KEPT_ROWS_MAX else feed


def _show(document: dict[str, Any]) -> None:
    document, console = shown_of(document), Page()
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for head in ("", "scenario", "injected", "net", "entries", "drawdown", "guards tripped"):
        fixed = head in ("scenario", "net", "entries", "drawdown")
        table.add_column(head, no_wrap=fixed, justify="right" if fixed and head != "scenario" else "left")
    base, currency = document["baseline"], document["reporting_currency"]
    table.add_row("", "(baseline)", "nothing", *_cells(base, currency))
    for one in document["scenarios"]:
        mark = "[green]✓[/green]" if one["passed"] else "[red]✗[/red]"
        measured, unit = one["injection"]["measured"], one["injection"].get("unit", "")
        injected = (
            f"{'nothing' if measured is None else f'{measured:,.4g}'} of {one['injection']['intended']:,.4g} {unit}"
        )
        table.add_row(mark, one["name"], injected, *(("–",) * 4 if one["pnl_quote"] is None else _cells(one, currency)))
    console.print(table)
    for one in document["scenarios"]:
        for finding in one["findings"]:
            if not finding["passed"]:
                words = f"{one['name']}: {finding['name']}: {finding['observed']}; expected {finding['expected']}"
                console.print(f"[red]{words}[/red]")
    for words in (*document["equal"], *(f"{name} was left out: too few symbols" for name in document["left_out"])):
        console.print(words)
    if document["preset"]:
        console.print(f"with the preset {document['preset']['name']}@{document['preset']['version']}")
    colour, said = ("green", "passed") if document["passed"] else ("red", "failed")
    console.print(f"\n[bold {colour}]stress {said}[/bold {colour}]")


def _cells(one: dict[str, Any], currency: str) -> tuple[str, ...]:
    tripped = [f"{rule.partition('_MUST')[0].lower().replace('_', ' ')} {n}" for rule, n in one["guards"].items()]
    guards = ", ".join(tripped) or "none"
    net, depth = money_text(one["pnl_quote"], currency, signed=True), money_text(one["max_drawdown_quote"], currency)
    return net, str(one["entries"]), depth, guards
