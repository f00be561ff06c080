"""The run of a verdict: the session, backtested or replayed, then judged and run again over its rows."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.session.backtest import data_digest, run_backtest
from arbitrage_core.session.journal_rows import JournalRows
from arbitrage_core.session.replay import replay_session
from arbitrage_core.session.result import SessionResult
from arbitrage_core.session.rows_fit import rows_notes
from arbitrage_core.session.verdict_document import verdict_document
from arbitrage_core.session.verdict_run import RUNS, VerdictRun, verdict_of
from arbitrage_core.statistics.verdict import Outcome
from arbitrage_core.storage.manifest import Manifest
from console.backtest_run import chart_must_be_writable, config_of, traded_names
from console.complaint import ACCEPTED, FAILED
from console.document import print_document
from console.notes import say_notes
from console.preset_named import preset_named
from console.progress import RowsProgress
from console.session_folder import find_session
from console.source import Wanted, cited_source, source_of
from console.summary import far_exits_told


@dataclass(frozen=True)
class Order:
    """What the operator asked for."""

    wanted: Wanted
    settings: tuple[str, ...]
    session: str | None = None
    preset: str | None = None
    trials: int | None = None
    chart: Path | None = None
    as_json: bool = False


@dataclass(frozen=True, eq=False)
class _Case:
    """What is judged: a session's result, its rows, what speaks against its books, and the preset it ran with."""

    result: SessionResult
    feed: Feed
    title: str
    flaws: tuple[str, ...]
    session_key: int
    notes: tuple[str, ...] = ()

    @property
    def preset(self) -> dict[str, Any] | None:
        """What the session says of its preset, and whether it ran over the very rows it was chosen by: order ids are
        derived from a session's rows, and so is its key."""
        cited = self.result.document["preset"]
        if cited is None or cited["data_digest"] is None:
            return cited
        chosen_by = self.result.config.session_key(cited["data_digest"])
        return {**cited, "rows_of_its_study": chosen_by == self.session_key}

    def trials(self, by_hand: int | None) -> int:
        """How many settings were tried to find these: as told, or as many as the preset's study tried."""
        return by_hand or (self.preset or {}).get("trials") or 1


def run(order: Order) -> int:
    """Judges it, shows the verdict and gives the exit code. Raises BadInput, InvariantBroken."""
    if order.chart is not None:
        chart_must_be_writable(order.chart)
    case = _backtested(order) if order.session is None else _replayed(order, order.session)
    found = _judged(order, case)
    document = {
        "session": case.result.document["session"],
        "rows": case.result.document["rows"],
        "pnl_quote": case.result.document["pnl_quote"],
        "open": case.result.document["open"],
        "quoted_in": case.result.document["quoted_in"],
        "flaws": list(case.flaws),
        "preset": case.preset,
        "notes": list(case.notes),
        **verdict_document(found, case.result.config),
    }
    if order.chart is not None:
        from console.verdict_chart import write_chart

        write_chart(order.chart, document, title=case.title)
        document["chart"] = str(order.chart)
    if order.as_json:
        print_document(document)
    else:
        from console.verdict_page import print_verdict

        print_verdict(document, title=f"Verdict on {case.title}")
    return ACCEPTED if document["verdict"] == Outcome.TRADE else FAILED


def _judged(order: Order, case: _Case) -> VerdictRun:
    with RowsProgress(RUNS, "run again") as progress:
        return verdict_of(
            case.result.config,
            case.feed,
            case.result.log,
            trials=case.trials(order.trials),
            flaws=case.flaws,
            ran=lambda runs: progress(runs, time.monotonic_ns()),
        )


def _backtested(order: Order) -> _Case:
    source = source_of(order.wanted)
    preset = preset_named(order.preset)
    config = config_of(source, order.settings, order.wanted.seed, preset)
    notes = rows_notes(config, source.feed)
    say_notes(notes)
    cited = None if preset is None else preset.cited
    with RowsProgress(source.rows, "backtest") as progress:
        result = run_backtest(config, source.feed, preset=cited, progress=progress, notice=progress.notice)
    say_notes(far := far_exits_told(result.document))
    flaws = tuple(str(violation) for violation in result.violations)
    key = config.session_key(data_digest(source.feed))
    return _Case(result, source.feed, f"{source.label} · {traded_names(source)}", flaws, key, (*notes, *far))


def _replayed(order: Order, session: str) -> _Case:
    """The session as its journal replays it, over the rows it cites or holds."""
    wanted = order.wanted
    chosen = (wanted.synthetic, wanted.rows, wanted.venues, wanted.symbols, wanted.duration_ns, wanted.levels)
    if order.settings or order.preset is not None or any(one is not None for one in chosen):
        raise BadInput("a session has its own rows and settings", "leave out what chooses others, or the session")
    folder = find_session(session)
    manifest, _ = Manifest.read(folder)
    if manifest.preset is not None and order.trials is None:
        _must_be_as_recorded(manifest.preset)
    cited = None if manifest.is_inline else cited_source(folder, manifest.source, wanted.data).feed
    with RowsProgress(1, "replay") as progress:
        result = replay_session(folder, cited, progress=progress, notice=progress.notice)
    notes = () if cited is None else rows_notes(result.config, cited)
    notes = (*notes, *far_exits_told(result.document))
    say_notes(notes)
    flaws = () if result.document["identical"] else (f"its replay differs: {result.document['difference']}",)
    rows = JournalRows(folder) if cited is None else cited
    return _Case(result, rows, manifest.session, flaws, manifest.session_key, notes)


def _must_be_as_recorded(cited: dict[str, Any]) -> None:
    """A study's trials decide the verdict, and a journal only says how many: the record is asked. Raises BadInput."""
    cure = "say how many sets were tried: --trials N"
    try:
        kept = preset_named(f"{cited.get('name')}@{cited.get('version')}")
    except BadInput as error:
        raise BadInput(
            f"the preset that the journal cites is not to be had from the record: {error.cause}", cure
        ) from error
    if kept is None or kept.cited != cited:
        raise BadInput(f"the journal says of preset {cited.get('name')} what the record does not", cure)
