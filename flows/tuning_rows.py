"""The rows of a study, as plain data: what a process anywhere needs to be told to have the very same in memory."""

from pydantic import BaseModel, ConfigDict, Field

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.recorded import RecordedQuotes
from arbitrage_core.feeds.row_stream import rows_within
from arbitrage_core.feeds.synthetic import LEVELS_MAX, SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import SyntheticPreset, preset
from arbitrage_core.tuning.evaluation import Evaluator
from arbitrage_core.tuning.splits import WalkForward

ROWS_MAX = 50_000_000
"""What a study may hold in memory, in every process that evaluates."""

NS_PER_MS = 1_000_000


class TuningRows(BaseModel):
    """Which rows, and how their time is split. It holds no secret and is small, so it may be sent to a worker."""

    model_config = ConfigDict(extra="forbid")

    market: str | None = Field("mixed", description="a synthetic market; leave empty for recorded quotes")
    data: list[str] = Field(
        default_factory=list, description="Parquet files with recorded quotes; on a cluster, the same path everywhere"
    )
    venues: list[str] = Field(default_factory=list, description="which of them; none: all")
    symbols: list[str] = Field(default_factory=list, description="which of them; none: all")
    seed: int = Field(0, ge=0, lt=2**63, description="of the synthetic rows")
    rows: int | None = Field(200_000, ge=1, le=ROWS_MAX, description="end after so many quotes")
    duration_ms: float | None = Field(
        None, gt=0, le=1e12, description="end so long after the first quote, or after `rows` quotes if that is sooner"
    )
    levels: int | None = Field(
        None, ge=1, le=LEVELS_MAX, description="depth of the books; none: as deep as the data. Recorded: not deeper"
    )
    splits: int = Field(4, ge=1, le=50, description="walk-forward")
    embargo_ms: float = Field(60_000.0, ge=0, description="after each boundary")
    scenarios: list[str] = Field(
        default_factory=list, description="of the catalogue, or all; objectives are then the worst case over them"
    )

    def plain(self) -> "TuningRows":
        """These fields alone, without what a form adds to them."""
        return TuningRows(**{name: getattr(self, name) for name in TuningRows.model_fields})


def feed_of(rows: TuningRows) -> Feed:
    """The rows. Raises BadInput."""
    if bool(rows.data) == bool(rows.market):
        raise BadInput("the rows are either recorded or of a synthetic market, one of the two", "name one")
    duration_ns = None if rows.duration_ms is None else max(1, round(rows.duration_ms * NS_PER_MS))
    if rows.data:
        names = (rows.venues or None, rows.symbols or None)
        return RecordedQuotes(rows.data, *names, rows.levels, duration_ns=duration_ns, rows=rows.rows, paired=True)
    chosen = preset(rows.market or "")
    if duration_ns is None:
        return _synthetic(rows, chosen, rows.rows or chosen.rows)
    count = rows_within(_synthetic(rows, chosen, rows.rows or ROWS_MAX), duration_ns)
    if count == ROWS_MAX and rows.rows is None:
        raise BadInput(f"so long a market has more than {ROWS_MAX:,} rows", "choose less time, or say how many rows")
    return _synthetic(rows, chosen, count)


def walk_forward_of(rows: TuningRows) -> WalkForward:
    """How their time is split."""
    return WalkForward(count=rows.splits, embargo_ms=rows.embargo_ms)


def evaluator_of(rows: TuningRows) -> Evaluator:
    """The rows in memory, ready for parameter sets. Raises BadInput."""
    return Evaluator(feed_of(rows), walk_forward_of(rows), rows.scenarios)


def _synthetic(rows: TuningRows, chosen: SyntheticPreset, count: int) -> SyntheticQuotes:
    return SyntheticQuotes(
        chosen.market,
        venues=rows.venues or chosen.venues,
        symbols=rows.symbols or chosen.symbols,
        rows=count,
        seed=rows.seed,
        levels=rows.levels or chosen.levels,
    )
