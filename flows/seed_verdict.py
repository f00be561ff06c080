"""The verdict on a seed: its trades judged as `arb verdict` judges them, and what that can be held against.

Every seed is judged. The one that the report shows is also run again with other fees, latencies and sizes, some sixty
sessions; where earning ends by those curves is then backtested once more, by settings and not by the curves' own way.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from arbitrage_core.domain.errors import AnomalyFound
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import Phase
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.result import SessionResult
from arbitrage_core.session.verdict_document import Document, judgement_document, verdict_document
from arbitrage_core.session.verdict_run import judgement_of, nets_of, verdict_of
from arbitrage_core.statistics.break_even import Reach
from arbitrage_core.statistics.verdict import Judge, Verdict, judge
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.frames import read_trades
from flows.report.symbols_apart import shown_seed
from flows.seed_rows import config_of
from flows.stages.stage import Campaign
from flows.verdict_outcome import Counted, RecordedTrades, RunAgain, SeedVerdict

TRIALS = (1, 10, 100)
"""Counted in besides: how much more careful the verdict must get."""
ENDED = (Phase.CLOSED.name, Phase.UNWOUND.name)
REACHES = (("taker_fee_bps", "fee_bps", "fee"), ("latency_ms", "latency_ms", "latency"))
"""Setting, curve, and how the verdict's document names where it ends."""


def judged_seed(
    campaign: Campaign,
    seed: int,
    feed: Feed,
    result: SessionResult,
    recorded: RecordedTrades | None,
    *,
    flaws: Sequence[str] = (),
    judged: Judge = judge,
) -> SeedVerdict:
    """What the verdict says of a seed. `flaws`: what speaks against its session; `judged`: a judge for experiments."""
    config, log = result.config, result.log
    if seed == shown_seed(campaign):
        run = verdict_of(config, feed, log, flaws=flaws, judged=judged)
        document = verdict_document(run, config)
        again = tuple(run_again(campaign, seed, feed, document))
    else:
        document = judgement_document(judgement_of(config, log, flaws=flaws, judged=judged), config)
        again = ()
    return SeedVerdict(document=document, counted=_counted(config, log, judged), recorded=recorded, again=again)


def recorded_trades(record: Record, session_id: int) -> RecordedTrades:
    """The trades of a session that ended with something filled, added up from the record. Raises RecordAway."""
    trades = read_trades(record, session_id)
    ended = trades[trades["phase"].isin(ENDED)]
    sums = {name: sum(ended[name], Decimal(0)) for name in ("realised", "fees", "slippage")}
    return RecordedTrades(
        trades=len(ended),
        realised_quote=sums["realised"],
        fees_quote=sums["fees"],
        slippage_quote=sums["slippage"],
    )


def run_again(campaign: Campaign, seed: int, feed: Feed, document: Document) -> Iterable[RunAgain]:
    """Backtests of a seed at the ends that its verdict names: where it still earns, and the next where it does not."""
    for setting, curve, name in REACHES:
        points = {point["value"]: point["pnl_quote"] for point in document["curves"][curve]}
        for value, earns in _ends(Reach(document[f"{name}_earns"]), document[f"break_even_{curve}"], sorted(points)):
            yield RunAgain(
                setting=setting,
                value=value,
                earns=earns,
                told_quote=points[value],
                pnl_quote=_backtested(config_of(campaign, seed, (f"{setting}={value!r}",)), feed),
            )


def _ends(reach: Reach, value: float | None, tried: list[float]) -> list[tuple[float, bool]]:
    """Values and whether they earn: of an end both sides of it, without one the outermost value tried."""
    if reach is Reach.UP_TO and value is not None:
        return [(value, True), *[(other, False) for other in tried if other > value][:1]]
    return [(tried[-1], True)] if reach is Reach.THROUGHOUT else [(tried[0], False)]


def _backtested(config: SessionConfig, feed: Feed) -> float | None:
    try:
        return run_backtest(config, feed).document["pnl_quote"]
    except AnomalyFound:
        return None


def _counted(config: SessionConfig, log, judged: Judge) -> tuple[Counted, ...]:
    nets = nets_of(log, config)
    found = [judged(nets, trials=trials, seed=config.seed) for trials in TRIALS]
    return tuple(Counted(trials=one.trials, verdict=one.outcome, least_quote=_least(one)) for one in found)


def _least(verdict: Verdict) -> float | None:
    return None if verdict.low is None else verdict.low - verdict.benchmark
