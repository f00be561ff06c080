"""The seed run: one session of a campaign, from its settings to its recorded and compared outcome.

Runs in a process of its own pool: whatever goes wrong with one seed is a finding of that seed, and never stands in for
a result. The journal lies where every session's does, so each seed can be replayed by its name.
"""

import shutil
import time
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

import arbitrage_core
from arbitrage_core.domain.errors import InvariantBroken
from arbitrage_core.domain.order import OrderState
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.engine.state import SCHEMA_VERSION
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.laws.standing_guards import EXPOSURES
from arbitrage_core.session.backtest import data_digest, run_backtest
from arbitrage_core.session.binding import sources_digest
from arbitrage_core.session.proof import prove
from arbitrage_core.session.result import SessionResult
from arbitrage_core.statistics.amounts import quotient
from arbitrage_core.statistics.guard_events import releases_of, trips_of
from arbitrage_core.statistics.model_check import model_differences
from arbitrage_core.statistics.portfolio import sums_that_differ
from arbitrage_core.storage.record.comparison import differences
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.session_row import SessionStart
from arbitrage_core.storage.record.writer import RecordWriter
from arbitrage_core.tuning.splits import WalkForward
from flows.independence import independence_of
from flows.outcome import SeedOutcome
from flows.report.exposure import crossed_limits, exposure_of
from flows.seed_faults import Defect, SeedFault, defect_of
from flows.seed_rows import KeptRows, base_feed_of, config_of
from flows.seed_stress import Stress
from flows.seed_study import SeedStudy
from flows.seed_verdict import judged_seed, recorded_trades
from flows.stages.stage import Campaign
from flows.study_evidence import StudyEvidence
from flows.study_review import reviewed
from flows.tuning_faults import LeakingSplits, RowAhead
from flows.verdict_outcome import SeedVerdict

KEY_DIGITS = 8


@dataclass(frozen=True)
class SeedOrder:
    """What is to be run: a seed of a campaign, into the record, with its journal below `sessions`.

    `fault` plants a defect. The URL holds a password, so this has no repr of it.
    """

    campaign: Campaign
    seed: int
    run_id: int
    sessions: Path
    postgres_url: str = field(repr=False)
    fault: SeedFault | None = None


def session_name(campaign: Campaign, seed: int, mode: str, config: SessionConfig, feed: Feed) -> str:
    """`backtest-c1-s07-3f9a2c1b`: readable, and derived."""
    key = f"{config.session_key(data_digest(feed)):016x}"
    return f"{mode}-{campaign.name.lower()}-s{seed:02}-{key[:KEY_DIGITS]}"


def run_seed(order: SeedOrder) -> SeedOutcome:
    """Backtests a seed, records it, compares the record with the ledger, replays its journal, checks the model. With a
    study the seed's settings are what that finds."""
    began = time.perf_counter()
    defect = defect_of(order.fault)
    base, name = KeptRows(base_feed_of(order.campaign, order.seed)), ""
    rows = KeptRows(RowAhead(base)) if defect.looks_ahead else base
    try:
        study = _study(order, base, defect)
        case = _Case.of(order, rows, defect, study.settings if study is not None else ())
        name = case.name
        shutil.rmtree(case.folder, ignore_errors=True)
        result = run_backtest(
            case.config,
            case.feed,
            folder=case.folder,
            name=name,
            replaced=dict(defect.replaced) or None,
            venue_config=case.venue_config,
        )
        against_baseline = case.stress.judged(result) if case.stress is not None else None
        evidence = reviewed(study, result) if study is not None else None
    except InvariantBroken as broken:
        return _broken(order, name, str(broken), time.perf_counter() - began)
    try:
        record_id, found = _recorded(_record(order.postgres_url), order, case, result)
    except InvariantBroken as refused:  # a rule of a table: the record takes nothing that breaks it
        record_id, found = 0, [str(refused)]
    identical = prove(result, case.folder, case.feed)
    compared, parted = 0, ()
    if order.campaign.alone:
        compared, parted = independence_of(case.config, case.feed, result.log, replaced=dict(defect.replaced) or None)
    return SeedOutcome(
        campaign=order.campaign.name,
        seed=order.seed,
        mode="backtest",
        session=case.name,
        record_id=record_id,
        config_digest=case.config.digest,
        state_hash=str(result.document["state_hash"]),
        figures=figures_of(result.document, result.log) | (figures_of_study(evidence) if evidence is not None else {}),
        **counts_of(result, marks_cross=order.campaign.marks_cross),
        findings=tuple(str(violation) for violation in result.violations),
        differences=tuple(found),
        compared_alone=compared,
        not_independent=parted,
        model_differences=tuple(model_differences(case.venue_config, case.feed, result.log)),
        stress=against_baseline,
        study=evidence,
        judged=_judged(order, case.feed, result, record_id, [] if identical else ["its replay differs"]),
        identical=identical,
        elapsed_s=time.perf_counter() - began,
    )


@dataclass(frozen=True, eq=False)
class _Case:
    """A seed's session, ready to run; `stress` where a scenario is put into it."""

    config: SessionConfig
    venue_config: SessionConfig
    feed: Feed
    stress: Stress | None
    name: str
    folder: Path

    @classmethod
    def of(cls, order: SeedOrder, rows: KeptRows, defect: Defect, settings: tuple[str, ...]) -> "_Case":
        """Of the campaign's settings with these over them."""
        first = order.campaign.name.endswith("1") and order.seed == order.campaign.seeds[0]
        config = config_of(order.campaign, order.seed, (*settings, *(defect.settings_of_one_seed if first else ())))
        stress = Stress.of(order.campaign, order.seed, rows, injects=not defect.injects_nothing)
        feed, venue_config = rows, config
        if stress is not None:
            feed, venue_config = stress.feed, stress.venue_config
        name = session_name(order.campaign, order.seed, "backtest", config, feed)
        return cls(config, venue_config, feed, stress, name, order.sessions / name)


def _study(order: SeedOrder, base: KeptRows, defect: Defect) -> SeedStudy | None:
    return SeedStudy.of(
        order.campaign,
        order.seed,
        base,
        reads=RowAhead if defect.looks_ahead else lambda feed: feed,
        run_id=order.run_id,
        url=order.postgres_url,
        folder=order.sessions.parent / "tuning",
        walk_forward=LeakingSplits if defect.leaks_splits else WalkForward,
    )


def _judged(
    order: SeedOrder, feed: Feed, result: SessionResult, record_id: int, flaws: list[str]
) -> SeedVerdict | None:
    """What the verdict says of a seed whose campaign asks; `flaws`: what speaks against it besides laws broken."""
    if not order.campaign.verdicts:
        return None
    recorded = recorded_trades(_record(order.postgres_url), record_id) if record_id else None
    flaws = [*map(str, result.violations), *flaws]
    judged = defect_of(order.fault).judged
    return judged_seed(order.campaign, order.seed, feed, result, recorded, flaws=flaws, judged=judged)


def figures_of(document: dict[str, Any], log: SessionLog) -> dict[str, float | None]:
    """The figures that bands and checks speak of, from a session's document and log."""
    trades = log.trades[log.trades["phase"] >= Phase.UNWOUND]
    lost = trades[trades["realised_amount"] <= 0]
    by_time = np.count_nonzero(lost["exit_reason"] == ExitReason.HOLD_TIME)
    return {
        "entries": document["entries"],
        "closed": document["closed_trades"],
        "unwound": document["unwound"],
        "open": document["open"],
        "win_rate": document["win_rate"],
        "pnl_quote": document["pnl_quote"],
        "fees_quote": document["fees_quote"],
        "slippage_quote": document["slippage_quote"],
        "max_drawdown_quote": document["max_drawdown_quote"],
        "partial_closes": float(log.trades["partial_closes"].sum()),
        "hold_time_loss_share": float(by_time / len(lost)) if len(lost) else None,
        "rows": document["rows"],
        "start_quote": document["start_quote"],
        "rebalancing_cost_share": quotient(
            document["rebalancing"]["cost_quote"], document["rebalancing"]["priced_quote"]
        ),
        "refused_by_limits": sum(document["refusals"].get(rule.name, 0) for rule in SHARED_LIMITS),
    }


def figures_of_study(evidence: StudyEvidence) -> dict[str, float | None]:
    """Those of a seed's study."""
    return {
        "in_sample_pnl_quote": evidence.in_sample["pnl_quote"],
        "out_of_sample_pnl_quote": evidence.out_of_sample["pnl_quote"],
        "out_of_sample_trades": evidence.out_of_sample["trades"],
        "deflated_sharpe": evidence.deflated_sharpe,
        "overfit_probability": evidence.overfit_probability,
        "loss_probability": evidence.loss_probability,
        "plateau_share": evidence.plateau_share,
    }


SHARED_LIMITS = (*EXPOSURES, Refusal.CAPITAL_MUST_COVER)
"""Rules on what symbols share; of a symbol with a weight its part of it."""
SYMBOL_FIGURES = {
    "entries": "entries",
    "closed": "closed_trades",
    "unwound": "unwound",
    "open": "open",
    "win_rate": "win_rate",
    "pnl_quote": "pnl_quote",
    "fees_quote": "fees_quote",
}
"""Figures of each symbol, by their name in the document."""


def counts_of(result: SessionResult, *, marks_cross: bool = False) -> dict[str, Any]:
    """What was counted: exits, order states, refusals, missed opportunities, guards tripped, and figures by symbol.

    `marks_cross`: prices are meant to move past limits, so that exposure over one is not told.
    """
    document, log = result.document, result.log
    return {
        "exits": {reason: int(count) for reason, count in document["exits"].items()},
        "order_states": order_states_of(log),
        "symbols": {
            symbol: {figure: told[name] for figure, name in SYMBOL_FIGURES.items()}
            for symbol, told in document["per_symbol"].items()
        },
        "refusals": dict(document["refusals"]),
        "missed": dict(document["opportunities"]["missed_by"]),
        "moves": {
            f"{source} → {target}": own
            for source, targets in document["rebalancing"]["moves"].items()
            for target, own in targets.items()
        },
        "sums": sums_that_differ(result.config, log, result.state),
        "crossed": () if marks_cross else crossed_limits(exposure_of(result.config, log)),
        "trips": trips_of(log),
        "released": releases_of(log),
    }


def order_states_of(log: SessionLog) -> dict[str, int]:
    """How often an order entered each state."""
    counts = np.bincount(log.changes["after"], minlength=max(OrderState) + 1)
    return {state.name: int(counts[state]) for state in OrderState if state is not OrderState.NONE}


@lru_cache(maxsize=1)
def _record(url: str) -> Record:
    """The record, opened once a process: its schema is looked at then, and not for every seed."""
    return Record.open(url)


def _recorded(record: Record, order: SeedOrder, case: _Case, result: SessionResult) -> tuple[int, list[str]]:
    """Writes the session into the record; its number there, and where the record differs from the ledger."""
    start = SessionStart(
        name=case.name,
        mode="backtest",
        config=case.config,
        session_key=case.config.session_key(data_digest(case.feed)),
        data=case.feed.identity(),
        data_digest=data_digest(case.feed),
        epoch=1,
        schema_version=SCHEMA_VERSION,
        code_version=f"{arbitrage_core.__name__}-{sources_digest()}",
        started_ns=time.time_ns(),
        campaign_run_id=order.run_id,
    )
    log = result.log
    with RecordWriter.begin(record, start) as writer:
        writer.append({name: getattr(log, name) for name in writer.counts})
        writer.count_refusals(result.state)
        found = differences(record, writer.session.id, log, result.state)
        writer.end(
            status="complete",
            ended_ns=time.time_ns(),
            state_hash=str(result.document["state_hash"]),
            document=result.document,
            state=result.state,
        )
        return writer.session.id, found


def _broken(order: SeedOrder, name: str, why: str, elapsed_s: float) -> SeedOutcome:
    """A seed whose session stopped itself: nothing of it counts but that."""
    return SeedOutcome(
        campaign=order.campaign.name,
        seed=order.seed,
        mode="backtest",
        session=name,
        record_id=0,
        config_digest="",
        state_hash="",
        figures={},
        exits={},
        order_states={},
        findings=(f"the session stopped itself: {why}",),
        identical=False,
        elapsed_s=elapsed_s,
    )


PACE_OF_CAMPAIGNS = inf
"""Paper sessions of a campaign run as fast as they can."""
