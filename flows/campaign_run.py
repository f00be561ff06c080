"""The campaign run: every seed as a backtest in a pool of processes, one of them again as a paper session.

The engine is compiled once before the pool starts: each process that found it missing would compile it for itself.
"""

import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import insert, update

import arbitrage_core
from arbitrage_core.domain.errors import InvariantBroken
from arbitrage_core.monitoring.logs.log_book import open_logs
from arbitrage_core.session.binding import Notice, sources_digest
from arbitrage_core.session.live_runner import LiveRunner
from arbitrage_core.session.paper import PaperOrder, run_paper
from arbitrage_core.session.proof import prove
from arbitrage_core.session.session import Session
from arbitrage_core.storage.record.availability import RecordAway
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.tables import CAMPAIGN_RUNS, SESSIONS
from arbitrage_core.tuning.leaping_session import LeapingSession
from flows.digests import code_digest
from flows.outcome import CampaignOutcome, SeedOutcome
from flows.seed_faults import SeedFault, defect_of
from flows.seed_rows import config_of, feed_of
from flows.seed_run import PACE_OF_CAMPAIGNS, SeedOrder, counts_of, figures_of, run_seed, session_name
from flows.stages.stage import Campaign

Told = Callable[[str, int, int], None]
"""(campaign, seeds done, seeds planned)"""


@dataclass(frozen=True)
class Ground:
    """Where campaigns run: the home with its sessions, the stores, and how many processes at once.

    The URLs hold passwords, so this has no repr of them.
    """

    home: Path
    checkout_id: str
    postgres_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    workers: int = field(default_factory=lambda: max(1, os.cpu_count() or 1))

    @property
    def sessions(self) -> Path:
        """Where journals lie."""
        return self.home / "sessions"


def warm_up(campaigns: Iterable[Campaign], fault: SeedFault | None, notice: Notice) -> None:
    """Compiles the engines the campaigns need, or finds them on disk."""
    for campaign in campaigns:
        config = config_of(campaign, campaign.seeds[0])
        replaced = dict(defect_of(fault).replaced) or None
        for exchanged in (replaced, None) if replaced else (None,):
            Session(config, 0, notice=notice, replaced=exchanged)
        if campaign.study is not None:
            LeapingSession(config, 0, notice=notice)


def run_campaigns(
    campaigns: tuple[Campaign, ...],
    ground: Ground,
    *,
    stage: str | None = None,
    flow_run_id: str | None = None,
    fault: SeedFault | None = None,
    told: Told = lambda campaign, done, planned: None,
    notice: Notice = lambda text: None,
) -> tuple[CampaignOutcome, ...]:
    """Runs all seeds of these campaigns and records each campaign's run.

    What goes wrong with a seed is in its outcome. Raises BadInput when something all of them need is not there.
    """
    warm_up(campaigns, fault, notice)
    ground.sessions.mkdir(parents=True, exist_ok=True)
    runs = {campaign.name: begin_campaign(campaign, ground, stage, flow_run_id, fault) for campaign in campaigns}
    began = {campaign.name: time.perf_counter() for campaign in campaigns}
    backtests: dict[str, list[SeedOutcome]] = {campaign.name: [] for campaign in campaigns}
    papers: dict[str, tuple[SeedOutcome, ...]] = {}
    spawn = multiprocessing.get_context("spawn")
    with abandoned_if_left(ground, list(runs.values())), ProcessPoolExecutor(ground.workers, mp_context=spawn) as pool:
        waiting = {
            pool.submit(run_seed, order): campaign
            for campaign in campaigns
            for order in _orders(campaign, runs[campaign.name], ground, fault)
        }
        try:
            for campaign in campaigns:
                papers[campaign.name] = ()
                if campaign.paper_seed is not None:
                    notice(f"{campaign.name}: a paper session of seed {campaign.paper_seed}, beside the backtests")
                    papers[campaign.name] = (run_paper_seed(campaign, runs[campaign.name], ground),)
            for future in as_completed(waiting):
                campaign = waiting[future]
                backtests[campaign.name].append(future.result())
                told(campaign.name, len(backtests[campaign.name]), len(campaign.seeds))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # the block then waits for the seeds under way, seconds
            raise
    outcomes = tuple(
        CampaignOutcome(
            campaign=campaign.name,
            run_id=runs[campaign.name],
            backtests=tuple(sorted(backtests[campaign.name], key=lambda outcome: outcome.seed)),
            papers=papers[campaign.name],
            elapsed_s=time.perf_counter() - began[campaign.name],
        )
        for campaign in campaigns
    )
    return outcomes


@contextmanager
def abandoned_if_left(ground: Ground, runs: list[int]) -> Iterator[None]:
    """Cancelled, interrupted or broken: the campaigns' runs end as abandoned, and so do sessions that did not end."""
    try:
        yield
    except BaseException:
        now_ns = time.time_ns()
        with suppress(RecordAway), Record.open(ground.postgres_url) as record, record.begin() as connection:
            for table, column in ((SESSIONS, SESSIONS.c.campaign_run_id), (CAMPAIGN_RUNS, CAMPAIGN_RUNS.c.id)):
                left = update(table).where(column.in_(runs), table.c.status == "running")
                connection.execute(left.values(status="abandoned", ended_ns=now_ns))
        raise


def _orders(campaign: Campaign, run_id: int, ground: Ground, fault: SeedFault | None) -> list[SeedOrder]:
    seeds = campaign.seeds[:-1] if defect_of(fault).leaves_out_a_seed else campaign.seeds
    return [SeedOrder(campaign, seed, run_id, ground.sessions, ground.postgres_url, fault) for seed in seeds]


def run_paper_seed(
    campaign: Campaign,
    run_id: int,
    ground: Ground,
    *,
    factor: float = PACE_OF_CAMPAIGNS,
    notice: Notice = lambda text: None,
    on_look: Callable[[LiveRunner], None] = lambda runner: None,
) -> SeedOutcome:
    """One seed through the live runner and its stores; `factor`: row seconds a wall second, as fast as can be unless
    told otherwise."""
    began = time.perf_counter()
    seed = campaign.paper_seed or campaign.seeds[0]
    config, feed = config_of(campaign, seed), feed_of(campaign, seed)
    name = session_name(campaign, seed, "paper", config, feed)
    folder = ground.sessions / name
    shutil.rmtree(folder, ignore_errors=True)
    order = PaperOrder(
        config=config,
        feed=feed,
        name=name,
        folder=folder,
        factor=factor,
        postgres_url=ground.postgres_url,
        redis_url=ground.redis_url,
        checkout_id=ground.checkout_id,
        campaign_run_id=run_id,
    )
    findings: tuple[str, ...] = ()
    with open_logs(ground.home, name) as book:
        try:
            result = run_paper(order, book, notice=notice, on_look=on_look)
        except InvariantBroken as broken:
            findings = (f"the session stopped itself: {broken}",)
            result = None
    if result is None:
        return SeedOutcome(
            campaign=campaign.name, seed=seed, mode="paper", session=name, record_id=0, config_digest=config.digest,
            state_hash="", figures={}, exits={}, order_states={}, findings=findings, identical=False,
            elapsed_s=time.perf_counter() - began,
        )  # fmt: skip
    identical = prove(result, folder, None)
    record = result.document["record"]
    differences = tuple(record["differences"]) if record["complete"] else (f"record incomplete: {record['reason']}",)
    return SeedOutcome(
        campaign=campaign.name,
        seed=seed,
        mode="paper",
        session=name,
        record_id=record["session"],
        config_digest=config.digest,
        state_hash=str(result.document["state_hash"]),
        figures=figures_of(result.document, result.log),
        **counts_of(result),
        findings=tuple(str(violation) for violation in result.violations),
        differences=differences,
        identical=identical,
        elapsed_s=time.perf_counter() - began,
    )


def begin_campaign(
    campaign: Campaign,
    ground: Ground,
    stage: str | None,
    flow_run_id: str | None,
    fault: SeedFault | None = None,
    mode: str = "backtest",
) -> int:
    """Writes down that a campaign begins; its number."""
    values = {
        "campaign": campaign.name,
        "stage": stage,
        "mode": mode,
        "bands": [band.model_dump() for band in campaign.bands],
        "status": "running",
        "code_version": f"{arbitrage_core.__name__}-{sources_digest()}",
        "code_digest": code_digest(),
        "seed_fault": fault,
        "flow_run_id": flow_run_id,
        "sessions_planned": len(campaign.seeds) + (campaign.paper_seed is not None) if mode == "backtest" else 1,
        "started_ns": time.time_ns(),
    }
    with Record.open(ground.postgres_url) as record, record.begin() as connection:
        return connection.execute(insert(CAMPAIGN_RUNS).values(values).returning(CAMPAIGN_RUNS.c.id)).scalar_one()


def end_campaign(outcome: CampaignOutcome, passed: bool, verdict_id: int | None, connection) -> None:
    """Writes down what came of a campaign."""
    connection.execute(
        update(CAMPAIGN_RUNS)
        .where(CAMPAIGN_RUNS.c.id == outcome.run_id)
        .values(
            outcome=outcome.model_dump(mode="json"),
            status="passed" if passed else "failed",
            stage_verdict_id=verdict_id,
            ended_ns=time.time_ns(),
        )
    )
