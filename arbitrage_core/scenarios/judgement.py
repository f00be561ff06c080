"""The judgement: a stressed session against its baseline, by what the scenario stated beforehand."""

from collections.abc import Iterable

import numpy as np

from arbitrage_core.domain.currency import money_text
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.scenarios.matched import matched_cost
from arbitrage_core.scenarios.outcome import Finding, Injected, ScenarioOutcome, Traded
from arbitrage_core.scenarios.run import Run
from arbitrage_core.scenarios.scenario import Direction, Scenario, Setting
from arbitrage_core.statistics.guard_events import releases_of, trips_of

COST_TOLERANCE, MATCHED_LEAST = 0.05, 30
"""Of what matched orders cost more, and how many there must be at least."""
ENTRIES_PER_MINUTE_SPARE = 10
"""Beyond so many times the baseline's busiest minute: of a few entries a factor says little."""


def judged(scenario: Scenario, setting: Setting, baseline: Run, stressed: Run) -> ScenarioOutcome:
    """All findings of a scenario. Both runs must have ended; that the laws held is asked here, too."""
    before, after = traded(baseline), traded(stressed)
    injected = tuple(
        Injected(
            what=proof.what,
            unit=proof.unit,
            intended=proof.intended(setting),
            measured=proof.measure(baseline, stressed),
            tolerance=proof.tolerance,
        )
        for proof in scenario.proofs
    )
    found = [
        _injection(injected),
        _laws(stressed),
        _direction(scenario.direction, before, after, baseline.config.reporting_currency),
        _pace(scenario, baseline, stressed),
        _drawdown(stressed.config, after),
    ]
    if scenario.trips or scenario.refuses:
        found.append(_guards(scenario, before, after))
    if scenario.raised_term:
        found.append(_cost(scenario.raised_term, baseline, stressed))
    return ScenarioOutcome(
        scenario=scenario.name,
        title=scenario.title,
        injected=injected,
        baseline=before,
        stressed=after,
        findings=tuple(found),
    )


def traded(run: Run) -> Traded:
    """What a session came to."""
    document = run.document
    return Traded(
        entries=document["entries"],
        fills=len(run.log.fills),
        refusals=dict(document["refusals"]),
        pnl_quote=document["pnl_quote"],
        max_drawdown_quote=document["max_drawdown_quote"],
        guards=trips_of(run.log),
        released=releases_of(run.log),
        state_hash=document["state_hash"],
    )


def alike(baseline: Traded, stressed: dict[str, Traded]) -> list[str]:
    """Which scenarios, by name, came to the very same as the baseline or as another one, in words."""
    seen: dict[tuple[object, ...], str] = {baseline.mark: "the baseline"}
    found = []
    for name, one in stressed.items():
        if one.mark in seen:
            found.append(f"{name} is {seen[one.mark]}")
        seen.setdefault(one.mark, name)
    return found


# ------------------------------------------------------------------------------------------------------- the findings


def _injection(injected: tuple[Injected, ...]) -> Finding:
    return Finding(
        name="injection is measured",
        passed=all(one.is_there for one in injected),
        observed="; ".join(one.observed for one in injected),
        expected="; ".join(f"{one.intended:,.4g} {one.unit}, within {one.tolerance:.0%}" for one in injected),
    )


def _laws(stressed: Run) -> Finding:
    broken = [str(violation) for violation in stressed.result.violations]
    return Finding(
        name="no crash and no law broken",
        passed=not broken,
        observed=broken[0] if broken else "every law held to the end",
        expected="every law",
    )


def _direction(direction: Direction, before: Traded, after: Traded, currency: str) -> Finding:
    was, became = (money_text(one.pnl_quote, currency, signed=True) for one in (before, after))
    moved = {
        Direction.DOWN: after.pnl_quote < before.pnl_quote,
        Direction.UP: after.pnl_quote > before.pnl_quote,
        Direction.NEARER_ZERO: abs(after.pnl_quote) < abs(before.pnl_quote),
    }
    return Finding(
        name="PnL moved as stated",
        passed=moved[direction],
        observed=f"{was} became {became}",
        expected=direction.value,
    )


def _pace(scenario: Scenario, baseline: Run, stressed: Run) -> Finding:
    before, after = (_busiest_minute(run.log) for run in (baseline, stressed))
    most = round(scenario.entries_most * before) + ENTRIES_PER_MINUTE_SPARE
    return Finding(
        name="no runaway entries",
        passed=after <= most,
        observed=f"{after} entries in the busiest minute, {before} in the baseline",
        expected=f"at most {most}",
    )


def _drawdown(config: SessionConfig, after: Traded) -> Finding:
    """FLATTEN ends the session at its multiple of the limit; what stands beyond it was never the guard's."""
    steps = 1.0 if config.flatten_at == "off" else config.flatten_at
    share = 1.0 if config.drawdown_max_share == "off" else config.drawdown_max_share
    most = steps * min(config.drawdown_max_quote, share * config.initial_capital_quote)
    return Finding(
        name="drawdown stays within its guard",
        passed=after.max_drawdown_quote <= most,
        observed=f"{money_text(after.max_drawdown_quote, config.reporting_currency)} at most",
        expected=f"at most {money_text(most, config.reporting_currency)}, where the session is ended",
    )


def _guards(scenario: Scenario, before: Traded, after: Traded) -> Finding:
    missing = [f"{rule} did not trip" for rule in scenario.trips if not after.guards.get(rule)]
    missing += [f"{rule} was not released" for rule in scenario.releases if not after.released.get(rule)]
    missing += [
        f"{rule} refused no more than in the baseline"
        for rule in scenario.refuses
        if not after.refusals.get(rule, 0) > before.refusals.get(rule, 0)
    ]
    early = [f"{rule} tripped in the baseline" for rule in scenario.trips if before.guards.get(rule)]
    counts = [f"{rule} {after.guards.get(rule, 0)}" for rule in scenario.trips]
    counts += [
        f"{rule} {before.refusals.get(rule, 0):,} to {after.refusals.get(rule, 0):,}" for rule in scenario.refuses
    ]
    released = f", released: {', '.join(scenario.releases)}" if scenario.releases else ""
    return Finding(
        name="the right guards answer",
        passed=not missing and not early,
        observed="; ".join([*missing, *early]) or ", ".join(counts),
        expected=f"{_listed('trip', scenario.trips)}{_listed('refuse more', scenario.refuses)}{released}".lstrip(", "),
    )


def _listed(verb: str, rules: Iterable[str]) -> str:
    names = ", ".join(rules)
    return f", {verb}: {names}" if names else ""


def _cost(term: str, baseline: Run, stressed: Run) -> Finding:
    cost, currency = matched_cost(baseline, stressed, term), baseline.config.reporting_currency
    measured, intended = (money_text(one, currency) for one in (cost.measured_quote, cost.intended_quote))
    return Finding(
        name="matched orders cost just what was injected",
        passed=cost.holds(COST_TOLERANCE, MATCHED_LEAST),
        observed=f"{measured} more for {cost.orders} orders decided alike",
        expected=f"{intended} within {COST_TOLERANCE:.0%}, of at least {MATCHED_LEAST} orders",
    )


def _busiest_minute(log: SessionLog) -> int:
    opened_ns = log.trades["opened_ns"]
    opened_ns = np.sort(opened_ns[opened_ns > 0])
    if not len(opened_ns):
        return 0
    ends = np.searchsorted(opened_ns, opened_ns + 60_000_000_000, side="left")
    return int((ends - np.arange(len(opened_ns))).max())
