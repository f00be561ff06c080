"""The acceptance: what had to be so for a stage, checked on what was measured, and the verdict.

Each check says what was observed and what was expected. A check whose evidence is missing fails: an empty list of
outcomes, a seed that never came back, a figure that is None.
"""

from collections.abc import Callable, Iterable, Set

from arbitrage_core.scenarios.catalogue import scenario_of
from flows.outcome import CampaignOutcome, Check, SeedOutcome
from flows.report.quantity import quantity, words
from flows.scenario_checks import scenario_campaign_checks, scenario_stage_checks
from flows.seed_rows import config_of
from flows.stages.stage import NO_END, Band, Campaign, Stage
from flows.study_checks import study_checks
from flows.verdict_checks import verdict_campaign_checks

SHOWN_MAX = 3
BEYOND_CHANCE = 100
"""Trades, all of which win or none: where four of five win by the market's design, once in five thousand million."""


def stage_checks(stage: Stage, outcomes: tuple[CampaignOutcome, ...]) -> tuple[Check, ...]:
    """All checks of a stage that its campaigns' outcomes answer, in the order of the report."""
    by_name = {outcome.campaign: outcome for outcome in outcomes}
    checks: list[Check] = []
    for campaign in stage.campaigns:
        checks.extend(_of_campaign(campaign, by_name.get(campaign.name)))
    everything = tuple(seed for outcome in outcomes for seed in outcome.all)
    checks.extend(scenario_stage_checks(stage, by_name))
    checks.extend(_of_all(everything, _spared(stage.campaigns)))
    checks.extend(_coverage(stage, everything))
    return tuple(checks)


def campaign_checks(campaign: Campaign, outcome: CampaignOutcome) -> tuple[Check, ...]:
    """All checks of one campaign run by itself."""
    return (*_of_campaign(campaign, outcome), *_of_all(outcome.all, _spared((campaign,))))


def paper_checks(campaign: Campaign, outcome: CampaignOutcome) -> tuple[Check, ...]:
    """All checks of one seed of a campaign that ran as a paper session by itself."""
    seeds = outcome.papers
    return (
        _settings(campaign, seeds),
        _closed(campaign, seeds),
        *(_band(campaign, band, seeds) for band in campaign.bands),
        *([_shows(campaign, seeds)] if campaign.shows else []),
        *_of_all(seeds),
    )


def _of_campaign(campaign: Campaign, outcome: CampaignOutcome | None) -> list[Check]:
    backtests = outcome.backtests if outcome is not None else ()
    return [
        _all_seeds(campaign, backtests),
        _settings(campaign, backtests),
        _closed(campaign, backtests),
        *(_band(campaign, band, backtests) for band in campaign.bands),
        *([_shows(campaign, backtests)] if campaign.shows else []),
        *([_paper(campaign, outcome)] if campaign.paper_seed is not None else []),
        *([_independent(campaign, backtests)] if campaign.alone else []),
        *scenario_campaign_checks(campaign, backtests),
        *study_checks(campaign, backtests),
        *verdict_campaign_checks(campaign, backtests),
    ]


def verdict_of(stage: Stage, checks: Iterable[Check]) -> str:
    """`D65_ACCEPTED` when there are checks and no critical one failed, else `D65_REJECTED`."""
    critical = [check for check in checks if check.critical]
    accepted = bool(critical) and all(check.passed for check in critical)
    return f"{stage.name}_{'ACCEPTED' if accepted else 'REJECTED'}"


# --------------------------------------------------------------------------------------------------- of one campaign


def _all_seeds(campaign: Campaign, seeds: tuple[SeedOutcome, ...]) -> Check:
    ran = sorted(seed.seed for seed in seeds)
    missing = sorted(set(campaign.seeds) - set(ran))
    return Check(
        name=f"{campaign.name} every seed ran",
        passed=ran == sorted(campaign.seeds),
        observed=f"{len(ran)} seeds" + (f", without {', '.join(map(str, missing))}" if missing else ""),
        expected=f"seeds {campaign.seeds[0]} to {campaign.seeds[-1]}",
    )


def _settings(campaign: Campaign, seeds: tuple[SeedOutcome, ...]) -> Check:
    stated = {seed.seed: seed.study.settings if seed.study is not None else () for seed in seeds}
    others = [
        seed.seed for seed in seeds if seed.config_digest != config_of(campaign, seed.seed, stated[seed.seed]).digest
    ]
    return Check(
        name=f"{campaign.name} settings as stated",
        passed=bool(seeds) and not others,
        observed=f"{len(seeds) - len(others)} of {len(seeds)} seeds",
        expected="all seeds",
        detail=_seeds(others),
    )


def _closed(campaign: Campaign, seeds: tuple[SeedOutcome, ...]) -> Check:
    counts = [(seed.figures.get("closed") or 0, seed.seed) for seed in seeds]
    least, worst = min(counts, default=(0, 0))
    return Check(
        name=f"{campaign.name} closed trades",
        passed=bool(counts) and least >= campaign.closed_least,
        observed=f"at least {least:,.0f} a seed (seed {worst})",
        expected=f"at least {campaign.closed_least:,} a seed",
    )


def _band(campaign: Campaign, band: Band, seeds: tuple[SeedOutcome, ...]) -> Check:
    values = [(seed.figure(band.figure, band.symbol), seed.seed) for seed in seeds]
    outside = [seed for value, seed in values if not band.holds(value)]
    known = [value for value, _ in values if value is not None]
    shown = [quantity(band.figure, end) for end in (min(known), max(known))] if known else []
    observed = " to ".join(shown) or "nothing measured"
    ends = f"{quantity(band.figure, band.least)} to {quantity(band.figure, band.most)}"
    if band.most >= NO_END:
        ends = f"at least {quantity(band.figure, band.least)}"
    return Check(
        name=f"{campaign.name} {band.name}",
        passed=bool(values) and not outside,
        observed=f"{observed} over {len(values)} seeds",
        expected=f"{ends}, every seed",
        detail=_seeds(outside),
    )


def _shows(campaign: Campaign, seeds: tuple[SeedOutcome, ...]) -> Check:
    least = {path: min((seed.at(path) or 0.0 for seed in seeds), default=0.0) for path in campaign.shows}
    short = [path for path, asked in campaign.shows.items() if not least[path] >= asked]
    return Check(
        name=f"{campaign.name} shows what it must",
        passed=bool(seeds) and not short,
        observed=", ".join(f"{_figure_name(path)} {value:,.0f}" for path, value in least.items()),
        expected=", ".join(f"{_figure_name(path)} {value:,.0f}" for path, value in campaign.shows.items())
        + ", or more, in every seed",
        detail=f"too little: {', '.join(short)}" if short else "",
    )


def _figure_name(path: str) -> str:
    return words(path.rpartition(".")[2])


def _independent(campaign: Campaign, seeds: tuple[SeedOutcome, ...]) -> Check:
    parted = [f"seed {seed.seed}: {where}" for seed in seeds for where in seed.not_independent]
    compared = sum(seed.compared_alone for seed in seeds)
    return Check(
        name=f"{campaign.name} each symbol decides as it does alone",
        passed=bool(seeds) and all(seed.compared_alone > 0 for seed in seeds) and not parted,
        observed=f"{compared - len(parted):,} of {compared:,} symbols, bit for bit, in {len(seeds)} seeds",
        expected="every symbol of every seed, alone and beside one switched off",
        detail="; ".join(parted[:SHOWN_MAX]),
    )


def _paper(campaign: Campaign, outcome: CampaignOutcome | None) -> Check:
    papers = outcome.papers if outcome is not None else ()
    hashes = {seed.seed: seed.state_hash for seed in (outcome.backtests if outcome is not None else ())}
    same = [paper for paper in papers if paper.state_hash and paper.state_hash == hashes.get(paper.seed)]
    shown = ", ".join(f"seed {paper.seed}: {paper.state_hash[:12] or 'none'}" for paper in papers)
    return Check(
        name=f"{campaign.name} paper session equals the backtest",
        passed=bool(papers) and len(same) == len(papers),
        observed=shown or "no paper session",
        expected=", ".join(f"seed {paper.seed}: {hashes.get(paper.seed, 'none')[:12]}" for paper in papers)
        or f"seed {campaign.paper_seed}",
    )


# ------------------------------------------------------------------------------------------------------ of all seeds


def _spared(campaigns: tuple[Campaign, ...]) -> set[tuple[str, str]]:
    """(campaign, check) where a scenario rules out what the check asks of every session."""
    return {(one.name, check) for one in campaigns if one.scenario for check in scenario_of(one.scenario).spares}


def _of_all(seeds: tuple[SeedOutcome, ...], spared: Set[tuple[str, str]] = frozenset()) -> list[Check]:
    """`spared`: (campaign, check) that is not asked."""

    def every(name: str, expected: str, fault: Callable[[SeedOutcome], str | None]) -> Check:
        asked = [seed for seed in seeds if (seed.campaign, name) not in spared]
        faults = [(seed, found) for seed in asked if (found := fault(seed)) is not None]
        named = [f"{seed.campaign} seed {seed.seed} {seed.mode}: {found}" for seed, found in faults]
        return Check(
            name=name,
            passed=bool(seeds) and not faults,
            observed=f"{len(asked) - len(faults)} of {len(asked)} sessions" if asked or not seeds else "not asked here",
            expected=expected,
            detail="; ".join(
                [*named[:SHOWN_MAX], *([f"and {len(named) - SHOWN_MAX} more"] if named[SHOWN_MAX:] else [])]
            ),
        )

    return [
        every("entries = closed + unwound + open", "every session", _accounting),
        every("all laws hold", "every session", lambda seed: _first(seed.findings)),
        every("record equals ledger", "every session, entry by entry", lambda seed: _first(seed.differences)),
        every("replay is identical", "every session", lambda seed: None if seed.identical else "it differs"),
        every("all parts of the portfolio add up", "every session, to the unit", lambda seed: _first(seed.sums)),
        every("no exposure limit is crossed", "every session, at every instant", lambda seed: _first(seed.crossed)),
        every("fees and slippage are the model's", "every fill", lambda seed: _first(seed.model_differences)),
        every("no win rate is all or nothing", "every session and symbol that traded much", _all_or_nothing),
        every("fees are paid", "more than 0 in every session", _not_zero("fees_quote")),
        every("slippage is felt", "not 0 in every session", _not_zero("slippage_quote")),
    ]


def _all_or_nothing(seed: SeedOutcome) -> str | None:
    """Where every trade won, or none, of so many that chance is no reason."""
    for whose, figures in (("", seed.figures), *seed.symbols.items()):
        rate, ended = figures.get("win_rate"), (figures.get("closed") or 0) + (figures.get("unwound") or 0)
        if rate in (0.0, 1.0) and ended >= BEYOND_CHANCE:
            return f"{rate:.0%} of {ended:,.0f} trades won {whose}".rstrip()
    return None


def _accounting(seed: SeedOutcome) -> str | None:
    entries, closed, unwound, left = (seed.figures.get(name) for name in ("entries", "closed", "unwound", "open"))
    if entries is None or closed is None or unwound is None or left is None:
        return "nothing measured"
    if entries == closed + unwound + left:
        return None
    return f"{entries:,.0f} entries, {closed:,.0f} closed, {unwound:,.0f} unwound, {left:,.0f} open"


def _not_zero(figure: str) -> Callable[[SeedOutcome], str | None]:
    def fault(seed: SeedOutcome) -> str | None:
        value = seed.figures.get(figure)
        return None if value is not None and value > 0 else f"{figure} is {value}"

    return fault


def _coverage(stage: Stage, seeds: tuple[SeedOutcome, ...]) -> list[Check]:
    counted = {
        "every exit reason occurs": (stage.required_exits, [seed.exits for seed in seeds]),
        "every order state occurs": (stage.required_order_states, [seed.order_states for seed in seeds]),
        "every refusal occurs": (stage.required_refusals, [seed.refusals for seed in seeds]),
        "every guard trips": (stage.required_trips, [seed.trips for seed in seeds]),
    }
    partial = sum(seed.figures.get("partial_closes") or 0 for seed in seeds)
    return [
        *(
            _occurs(name, {what: sum(found.get(what, 0) for found in counts) for what in required})
            for name, (required, counts) in counted.items()
            if required
        ),
        Check(
            name="partial closes occur",
            passed=partial > 0,
            observed=f"{partial:,.0f}",
            expected="more than 0",
        ),
    ]


def _occurs(name: str, counts: dict[str, int]) -> Check:
    never = [what for what, count in counts.items() if count <= 0]
    return Check(
        name=name,
        passed=bool(counts) and not never,
        observed=", ".join(f"{what} {count:,}" for what, count in counts.items()) or "none asked for",
        expected="each more than 0",
        detail=f"never: {', '.join(never)}" if never else "",
    )


def _first(found: tuple[str, ...]) -> str | None:
    return found[0] if found else None


def _seeds(seeds: list[int]) -> str:
    return f"seeds {', '.join(map(str, seeds))}" if seeds else ""


def passed_campaigns(stage: Stage, checks: Iterable[Check]) -> set[str]:
    """The campaigns of a stage none of whose own critical checks failed."""
    failed = {check.name.partition(" ")[0] for check in checks if check.critical and not check.passed}
    return {campaign.name for campaign in stage.campaigns if campaign.name not in failed}
